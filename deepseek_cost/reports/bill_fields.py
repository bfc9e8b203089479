"""The parts of a bill's report: their fields and how they are filled."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Annotated, TypeVar

from msgspec import Meta

from deepseek_cost.billing.account import Account, Group
from deepseek_cost.billing.budget import Budget
from deepseek_cost.billing.dimensions import By
from deepseek_cost.billing.intake import Intake
from deepseek_cost.billing.tariff import BillTotals, total
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.reports.breakdown import broken_down
from deepseek_cost.reports.parts import Part, Timestamp

Key = TypeVar("Key", bound=Hashable)


Groups = Sequence[tuple[Group, BillTotals]]


class BilledTokens(Part):
    """Tokens as reported by the responses; reasoning is part of the output."""

    input: int
    cache_hit: int
    cache_miss: int
    output: int
    reasoning: Annotated[
        int | None, Meta(description="null if there are responses that do not report theirs")
    ]
    reported_reasoning: Annotated[
        int | None, Meta(description="of the responses that report it; earlier reports lack it")
    ] = None


class BilledCost(Part):
    """What tokens and server tools cost, each at the price in force at the time."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal
    total: Decimal
    fees: Annotated[Decimal, Meta(description="of web searches and fetches on the server")] = (
        Decimal(0)
    )


class BillFigures(Part):
    """Requests, their tokens and cost, and what they would have cost otherwise."""

    requests: int
    tokens: BilledTokens
    cost: BilledCost
    saved_by_cache: Annotated[
        Decimal, Meta(description="against the same input without a cache hit")
    ]
    peak_extra: Annotated[Decimal, Meta(description="over the off-peak rates of the same period")]
    other_model: Annotated[
        Decimal | None,
        Meta(description="the same tokens at the other default model's rates; null: it had none"),
    ]


class DayEntry(Part):
    """The figures of a day in the report's time zone."""

    day: date
    figures: BillFigures


class ModelEntry(Part):
    """The figures of a model name."""

    model: str
    other_model: str
    figures: BillFigures


class TierEntry(Part):
    """The figures of a rate: peak, off-peak or flat."""

    tier: Tier
    figures: BillFigures


class KeyEntry(Part):
    """The figures of a key or user, masked if it looks like a secret; null: not reported."""

    key: str | None
    figures: BillFigures


class AgentEntry(Part):
    """The figures of a tool that sent requests; null: the log is not from a known tool."""

    agent: str | None
    figures: BillFigures


class GroupEntry(Part):
    """The figures of a day, model, rate, key and agent, and of anything else asked for."""

    day: date
    model: str
    tier: Tier
    key: str | None
    agent: str | None = None
    project: str | None = None
    session: str | None = None
    hour: Timestamp | None = None
    figures: BillFigures


class LogEntry(Part):
    """A log that was read; `-` is standard input."""

    source: str
    format: Annotated[
        str | None, Meta(description="the tool that writes it; null: read by its fields")
    ] = None
    requests: int
    unpriced: int


class HostEntry(Part):
    """Responses served by another host, which are not on DeepSeek's bill."""

    host: str
    responses: int
    stated_cost: Annotated[
        Decimal | None, Meta(description="in USD, as the log says; null: it does not")
    ]


class LeftOutEntry(Part):
    """Records of a kind that costs nothing."""

    reason: str
    records: int


class Unpriced(Part):
    """Lines not included in any figure; the first ones are named with place and reason."""

    lines: int
    named: tuple[str, ...]


class NamedFigures(Part):
    """The figures of one entry of the breakdown, with a name for each `by`; null: not reported."""

    names: tuple[str | None, ...]
    figures: BillFigures


class BudgetEntry(Part):
    """A budget for a period, how much of it was used, and the projected total at the period's end.

    null: the period has ended or has not begun.
    """

    amount: Decimal
    used: Decimal
    since: Timestamp
    until: Timestamp
    projected: Annotated[Decimal | None, Meta(description="rounded to four decimals")]
    is_over: bool


def budget_entry(budget: Budget, groups: Groups) -> BudgetEntry:
    """Report how much of a budget was used."""
    first, last = budget.since.date(), (budget.until - timedelta.resolution).date()
    used = total(figures for group, figures in groups if first <= group.day <= last).total
    projected = budget.projected(used)
    return BudgetEntry(
        amount=budget.amount,
        used=used,
        since=budget.since,
        until=budget.until,
        projected=projected,
        is_over=used > budget.amount,
    )


def log_entries(intake: Intake, formats: Mapping[str, str | None]) -> tuple[LogEntry, ...]:
    """Report the logs that were read, with their names and formats."""
    return tuple(
        LogEntry(
            source=log, format=name, requests=intake.priced[log], unpriced=intake.unpriced(log)
        )
        for log, name in formats.items()
    )


def day_entries(groups: Groups) -> tuple[DayEntry, ...]:
    """Report the figures per day."""
    found = _figures_by(groups, lambda group: group.day)
    return tuple(DayEntry(day=day, figures=figures) for day, figures in found)


def model_entries(groups: Groups, other: Callable[[str], str]) -> tuple[ModelEntry, ...]:
    """Report the figures per model, each with the model it is compared with."""
    found = _figures_by(groups, lambda group: group.model)
    return tuple(
        ModelEntry(model=name, other_model=other(name), figures=figures) for name, figures in found
    )


def tier_entries(groups: Groups) -> tuple[TierEntry, ...]:
    """Report the figures per rate."""
    found = _figures_by(groups, lambda group: group.tier)
    return tuple(TierEntry(tier=Tier(tier), figures=figures) for tier, figures in found)


def key_entries(groups: Groups) -> tuple[KeyEntry, ...]:
    """Report the figures per key."""
    found = _figures_by(groups, lambda group: group.key)
    return tuple(KeyEntry(key=key, figures=figures) for key, figures in found)


def agent_entries(groups: Groups) -> tuple[AgentEntry, ...]:
    """Report the figures per agent."""
    found = _figures_by(groups, lambda group: group.agent)
    return tuple(AgentEntry(agent=agent, figures=figures) for agent, figures in found)


def group_entries(groups: Groups) -> tuple[GroupEntry, ...]:
    """Report the smallest groups that an account distinguishes."""
    found = _figures_by(groups, lambda group: group)
    return tuple(_group_entry(group, figures) for group, figures in found)


def named_figures(groups: Groups, by: Sequence[By], zone: tzinfo) -> tuple[NamedFigures, ...]:
    """Report the breakdown asked for; empty if none was."""
    found = broken_down(groups, by, zone) if by else ()
    return tuple(NamedFigures(names=names, figures=figures_entry(one)) for names, one in found)


def host_entries(account: Account) -> tuple[HostEntry, ...]:
    """Report the responses that other hosts served."""
    return tuple(
        HostEntry(host=host, responses=one.responses, stated_cost=one.stated_cost)
        for host, one in sorted(account.hosts.items())
    )


def left_out_entries(account: Account) -> tuple[LeftOutEntry, ...]:
    """Report the records that cost nothing."""
    found = sorted(account.costless.items())
    return tuple(LeftOutEntry(reason=reason, records=count) for reason, count in found)


def unpriced(account: Account) -> Unpriced:
    """Report the lines that could not be priced."""
    return Unpriced(lines=account.unpriced, named=tuple(one.message for one in account.faults))


def _group_entry(group: Group, figures: BillFigures) -> GroupEntry:
    """Report the figures of a group."""
    hour = None if group.hour is None else datetime.fromtimestamp(group.hour, UTC)
    return GroupEntry(**group._replace(hour=None)._asdict() | {"hour": hour}, figures=figures)


def _figures_by(groups: Groups, key: Callable[[Group], Key]) -> Iterable[tuple[Key, BillFigures]]:
    """Yield the figures summed by a key of their group, in the order of the keys."""
    parts: dict[Key, list[BillTotals]] = {}
    for group, figures in groups:
        parts.setdefault(key(group), []).append(figures)
    return ((name, figures_entry(total(parts[name]))) for name in sorted(parts, key=_order))


def _order(name: object) -> tuple[bool, str]:
    """Return a sort key: by name, with a missing name last."""
    return name is None, str(name)


def figures_entry(figures: BillTotals) -> BillFigures:
    """Report the figures of a group or a sum of groups."""
    sums, cost = figures.sums, figures.cost
    return BillFigures(
        requests=sums.requests,
        tokens=BilledTokens(
            input=sums.usage.input,
            cache_hit=sums.cache_hit,
            cache_miss=sums.cache_miss,
            output=sums.output,
            reasoning=None if sums.unreported else sums.reasoning,
            reported_reasoning=sums.reasoning,
        ),
        cost=BilledCost(
            cache_hit=cost.cache_hit,
            cache_miss=cost.cache_miss,
            output=cost.output,
            fees=sums.fees,
            total=figures.total,
        ),
        saved_by_cache=figures.saved,
        peak_extra=figures.peak_extra,
        other_model=figures.alternative,
    )
