"""The report of `dscost bill`."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Literal, TypeVar

from msgspec import Struct

from deepseek_cost.bill.account import Account, Group
from deepseek_cost.bill.balance import Balance
from deepseek_cost.bill.basis import assumptions_of, warnings_of
from deepseek_cost.bill.figures import Figures, total
from deepseek_cost.bill.intake import Intake
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency
from deepseek_cost.report.balance import RunDownEntry, run_down_entry
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Instant,
    Part,
    PriceTable,
    assumption_entries,
    described,
)
from deepseek_cost.report.proof import ProofEntry, proof_entry
from deepseek_cost.schedule import Tier, TierBy

Key = TypeVar("Key", bound=Hashable)
Groups = Sequence[tuple[Group, Figures]]


class BilledTokens(Part):
    """Tokens as the answers tell them; reasoning is part of the output."""

    input: int
    cache_hit: int
    cache_miss: int
    output: int
    reasoning: int = described("as far as the lines tell it")


class BilledCost(Part):
    """What the tokens came to, each at the price of its own instant."""

    cache_hit: Amount
    cache_miss: Amount
    output: Amount
    total: Amount


class BillFigures(Part):
    """Requests, their tokens and cost, and what they would have cost otherwise."""

    requests: int
    tokens: BilledTokens
    cost: BilledCost
    saved_by_cache: Amount = described("against the same input without a cache hit")
    peak_extra: Amount = described("over the off-peak rates of the same period")
    other_model: Amount | None = described(
        "the same tokens at the other default model's rates; null: it had none"
    )


class DayEntry(Part):
    """The figures of a day by the report's time zone."""

    day: date
    figures: BillFigures


class ModelEntry(Part):
    """The figures of a model's name."""

    model: str
    other_model: str
    figures: BillFigures


class TierEntry(Part):
    """The figures of a tier."""

    tier: Tier
    figures: BillFigures


class KeyEntry(Part):
    """The figures of a key or user, masked where it looks like a secret; null: not told."""

    key: str | None
    figures: BillFigures


class GroupEntry(Part):
    """The figures of a day, model, tier and key."""

    day: date
    model: str
    tier: Tier
    key: str | None
    figures: BillFigures


class LogEntry(Part):
    """A log that was read; `-` is standard input."""

    source: str
    requests: int
    unpriced: int


class Unpriced(Part):
    """Lines that no figure holds; the first of them are named with place and reason."""

    lines: int
    named: tuple[str, ...]


class BillReport(Part):
    """`dscost bill --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["bill"] = "bill"
    currency: Currency
    timezone: str
    price_table: PriceTable
    inputs: tuple[LogEntry, ...]
    first: Instant | None
    last: Instant | None
    tier_by: TierBy
    near_edge: int = described("requests within a minute of a change of price")
    total: BillFigures
    by_day: tuple[DayEntry, ...]
    by_model: tuple[ModelEntry, ...]
    by_tier: tuple[TierEntry, ...]
    by_key: tuple[KeyEntry, ...]
    groups: tuple[GroupEntry, ...]
    balance: RunDownEntry | None = None
    forecast: ProofEntry | None = described("of lines with their request", default=None)
    unpriced: Unpriced
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


class Terms(Struct, frozen=True):
    """What a bill is made by: prices with their table, currency, zone, the model beside each."""

    book: PriceBook
    table: PriceTable
    currency: Currency
    zone: str
    beside: Callable[[str], str]
    balance: Balance | None = None


def bill_report(
    terms: Terms, intake: Intake, logs: Sequence[str], skipped: Sequence[str]
) -> BillReport:
    """Report what was taken in of logs, all together and by day, model, tier and key."""
    account = intake.account
    groups = list(account.figures())
    left_out = [f"left out binary files: {', '.join(skipped)}"] if skipped else []
    return BillReport(
        currency=terms.currency,
        timezone=terms.zone,
        price_table=terms.table,
        inputs=tuple(
            LogEntry(source=log, requests=intake.priced[log], unpriced=intake.unpriced[log])
            for log in logs
        ),
        first=_instant(account.first),
        last=_instant(account.last),
        tier_by=account.tier_by,
        near_edge=account.near_edge,
        total=_entry(total(figures for _, figures in groups)),
        by_day=tuple(DayEntry(day=day, figures=sub) for day, sub in _by(groups, lambda g: g.day)),
        by_model=tuple(
            ModelEntry(model=name, other_model=terms.beside(name), figures=sub)
            for name, sub in _by(groups, lambda g: g.model)
        ),
        by_tier=tuple(
            TierEntry(tier=Tier(tier), figures=sub) for tier, sub in _by(groups, lambda g: g.tier)
        ),
        by_key=tuple(KeyEntry(key=key, figures=sub) for key, sub in _by(groups, lambda g: g.key)),
        groups=tuple(
            GroupEntry(**group._asdict(), figures=sub) for group, sub in _by(groups, lambda g: g)
        ),
        balance=_run_down(terms.balance, account),
        forecast=proof_entry(intake.proof) if intake.proof else None,
        unpriced=Unpriced(lines=account.unpriced, named=tuple(map(str, account.faults))),
        assumptions=assumption_entries(list(assumptions_of(account))),
        warnings=(*left_out, *warnings_of(account, terms.book)),
    )


def _run_down(balance: Balance | None, account: Account) -> RunDownEntry | None:
    if balance is None:
        return None
    seconds = (account.last or 0) - (account.first or 0)
    return run_down_entry(balance, account.costs_by_hour(), account.requests, seconds)


def _by(groups: Groups, key: Callable[[Group], Key]) -> Iterable[tuple[Key, BillFigures]]:
    """Yield the figures added up by a part of their group."""
    parts: dict[Key, list[Figures]] = {}
    for group, figures in groups:
        parts.setdefault(key(group), []).append(figures)
    return ((name, _entry(total(parts[name]))) for name in sorted(parts, key=_order))


def _order(name: object) -> tuple[bool, str]:
    """Sort by name, what is not told last."""
    return name is None, str(name)


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


def _entry(figures: Figures) -> BillFigures:
    sums, cost = figures.sums, figures.cost
    return BillFigures(
        requests=sums.requests,
        tokens=BilledTokens(
            input=sums.usage.input,
            cache_hit=sums.cache_hit,
            cache_miss=sums.cache_miss,
            output=sums.output,
            reasoning=sums.reasoning,
        ),
        cost=BilledCost(
            cache_hit=cost.cache_hit,
            cache_miss=cost.cache_miss,
            output=cost.output,
            total=cost.total,
        ),
        saved_by_cache=figures.saved,
        peak_extra=figures.peak_extra,
        other_model=figures.beside,
    )
