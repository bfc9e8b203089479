"""The report of `dscost bill`: its fields, how they are filled, how they are shown."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import inf
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.assumptions import assumptions_of, warnings_of
from deepseek_cost.billing.balance import Balance
from deepseek_cost.billing.budget import Budget
from deepseek_cost.billing.dimensions import By
from deepseek_cost.billing.intake import Intake
from deepseek_cost.billing.tariff import total
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.render.money import money
from deepseek_cost.render.page import (
    Bars,
    Note,
    Notes,
    Page,
    Table,
    bars,
    grid,
    page_of,
    short,
    words,
)
from deepseek_cost.reports.balance import RunDownEntry, run_down_entry
from deepseek_cost.reports.bill_fields import (
    AgentEntry,
    BilledCost,
    BillFigures,
    BudgetEntry,
    DayEntry,
    GroupEntry,
    HostEntry,
    KeyEntry,
    LeftOutEntry,
    LogEntry,
    ModelEntry,
    NamedFigures,
    TierEntry,
    Unpriced,
    agent_entries,
    budget_entry,
    day_entries,
    figures_entry,
    group_entries,
    host_entries,
    key_entries,
    left_out_entries,
    log_entries,
    model_entries,
    named_figures,
    tier_entries,
    unpriced,
)
from deepseek_cost.reports.bill_rows import FIGURE_COLUMNS, GROUP_COLUMNS, group_rows, rows_by_name
from deepseek_cost.reports.breakdown import bar_of, names_of, with_bars
from deepseek_cost.reports.parts import PriceTable, Report, Timestamp, assumed, listed
from deepseek_cost.reports.proof import ProofEntry, proof_entry, proof_tables
from deepseek_cost.text import quantity

_MOST_BARS: Final = 400


class BillReport(Report):
    """The output of `dscost bill --json`."""

    command: Literal["bill"] = "bill"
    currency: Currency
    timezone: str
    price_table: PriceTable
    inputs: tuple[LogEntry, ...]
    first: Timestamp | None
    last: Timestamp | None
    tier_by: TierBy
    near_edge: Annotated[int, Meta(description="requests within a minute of a change of price")]
    total: Annotated[BillFigures | None, Meta(description="null: nothing could be priced")]
    by_day: tuple[DayEntry, ...]
    by_model: tuple[ModelEntry, ...]
    by_tier: tuple[TierEntry, ...]
    by_key: tuple[KeyEntry, ...]
    by_agent: tuple[AgentEntry, ...] = ()
    groups: tuple[GroupEntry, ...]
    since: Annotated[Timestamp | None, Meta(description="where a range was asked for")] = None
    until: Annotated[Timestamp | None, Meta(description="the end of the range, excluded")] = None
    outside: Annotated[int, Meta(description="responses at other times than the range's")] = 0
    by: tuple[By, ...] = ()
    breakdown: tuple[NamedFigures, ...] = ()
    budget: BudgetEntry | None = None
    balance: RunDownEntry | None = None
    forecast: Annotated[ProofEntry | None, Meta(description="of lines with their request")] = None
    unpriced: Unpriced
    unreported_reasoning: Annotated[
        int, Meta(description="responses without their reasoning tokens, which are in the output")
    ] = 0
    repeated: Annotated[int, Meta(description="records of responses that were counted before")] = 0
    copies: Annotated[
        tuple[str, ...], Meta(description="files whose contents were read before")
    ] = ()
    other_hosts: tuple[HostEntry, ...] = ()
    left_out: tuple[LeftOutEntry, ...] = ()
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe the totals, what they would have been otherwise, and their breakdown."""
        apart = (words(_unpriced(self)), words(_left_out(self), is_quiet=True))
        if self.total is None or not self.total.requests:
            return page_of(f"{_logs(self)}: {_nothing(self)}", *apart, warnings=self.warnings)
        whole = self.total
        blocks = [_by_names(self, whole)] if self.by else [_totals(self, whole), _breakdown(self)]
        return page_of(
            f"{_logs(self)} · {_span(self)}",
            words(budget_lines(self)),
            *blocks,
            *(proof_tables(self.forecast, self.currency) if self.forecast else ()),
            words(balance_lines(self)),
            *apart,
            words(one.value for one in self.assumptions if one.about == "log"),
            details=(assumed(self.assumptions), _table_note(self.price_table)),
            warnings=self.warnings,
            bars=_bars(self),
            headline=_headline(whole, self.currency),
        )

    def live_page(self, head: str) -> Page:
        """Describe the breakdown alone, below a line of text."""
        if self.total is None or not self.total.requests:
            return page_of(head, words(_unpriced(self)))
        table = _by_names(self, self.total) if self.by else _breakdown(self)
        return page_of(head, table, words(_unpriced(self)))

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row per day, model, rate and key, or per name asked for; amounts are exact."""
        if self.by:
            return (*self.by, *FIGURE_COLUMNS), rows_by_name(self.breakdown, self.currency)
        return GROUP_COLUMNS, group_rows(self.groups, self.timezone, self.currency)


class Terms(Struct, frozen=True):
    """What a bill is based on: prices and their table, currency, zone, alternative models."""

    book: PriceBook
    table: PriceTable
    currency: Currency
    zone: str
    alternative: Callable[[str], str]
    balance: Balance | None = None
    since: datetime | None = None
    until: datetime | None = None
    by: tuple[By, ...] = ()
    budget: Budget | None = None


class Read(Struct):
    """The logs that were read, with their formats, and the files that were not.

    `copies` are files with the same contents as one already read, `skipped` are files without a
    log, and `caveats` say what a bill made from a format lacks.
    """

    formats: dict[str, str | None] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)
    caveats: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def bill_report(terms: Terms, intake: Intake, read: Read) -> BillReport:
    """Report what was read from logs, in total and by day, model, rate, key and agent."""
    account = intake.account
    groups = list(account.figures())
    left_out = [f"left out {listed(read.skipped)}"] if read.skipped else []
    is_known = bool(groups) or not account.unpriced
    whole = total(figures for _, figures in groups)
    return BillReport(
        currency=terms.currency,
        timezone=terms.zone,
        price_table=terms.table,
        inputs=log_entries(intake, read.formats),
        first=_time(account.first),
        last=_time(account.last),
        tier_by=account.charging.tier_by,
        near_edge=account.near_edge,
        total=figures_entry(whole) if is_known else None,
        by_day=day_entries(groups),
        by_model=model_entries(groups, terms.alternative),
        by_tier=tier_entries(groups),
        by_key=key_entries(groups),
        by_agent=agent_entries(groups),
        groups=group_entries(groups),
        since=terms.since,
        until=terms.until,
        outside=account.outside,
        by=terms.by,
        breakdown=named_figures(groups, terms.by, account.zone),
        budget=budget_entry(terms.budget, groups) if terms.budget and is_known else None,
        balance=_run_down(terms.balance, account) if is_known else None,
        forecast=proof_entry(intake.proof) if intake.proof else None,
        unpriced=unpriced(account),
        unreported_reasoning=account.unreported_reasoning,
        repeated=account.repeated,
        copies=tuple(read.copies),
        other_hosts=host_entries(account),
        left_out=left_out_entries(account),
        assumptions=(
            *assumptions_of(account, whole.cost.total),
            *(Assumption("log", one) for one in read.caveats),
        ),
        warnings=(*left_out, *warnings_of(account, terms.book, whole.cost.total)),
    )


def _run_down(balance: Balance | None, account: Account) -> RunDownEntry | None:
    if balance is None:
        return None
    seconds = (account.last or 0) - (account.first or 0)
    return run_down_entry(balance, account.costs_by_hour(), account.requests, seconds)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(int(seconds), UTC)


# What each bar covers, the number of days a span must stay below, and how much of a date to show.
_UNITS: Final = (("day", 62, 10), ("month", 62 * 31, 7), ("year", inf, 4))


def _bars(report: BillReport) -> Bars | None:
    """Return the cost over time, including times without any; a single day is shown by model."""
    if report.by:
        names = [(", ".join(names_of(one.names, report.by)), one) for one in report.breakdown]
        costs = [(name, [one.figures.cost]) for name, one in names[-_MOST_BARS:]]
        return bars(f"cost by {' and '.join(report.by)}", costs, report.currency)
    days = {entry.day: entry.figures.cost for entry in report.by_day}
    if len(days) < 2:  # noqa: PLR2004 - one day shows no trend
        costs = [(short(entry.model), [entry.figures.cost]) for entry in report.by_model]
        return bars("cost by model", costs, report.currency)
    first, span = min(days), (max(days) - min(days)).days
    unit, digits = next((name, digits) for name, most, digits in _UNITS if span < most)
    found: dict[str, list[BilledCost]] = {}
    for number in range(span + 1):
        found.setdefault(f"{first + timedelta(number)}"[:digits], [])
    for day, cost in days.items():
        found[f"{day}"[:digits]].append(cost)
    return bars(f"cost by {unit}", list(found.items()), report.currency)


def _headline(total: BillFigures, currency: Currency) -> str:
    """Return what was spent, in a sentence."""
    return f"{money(total.cost.total, currency)} spent on {quantity(total.requests, 'request')}"


def _table_note(table: PriceTable) -> Notes:
    return Notes("Prices", (Note(f"price table: {table.source}, checked {table.checked}"),))


def _by_names(report: BillReport, total: BillFigures) -> Table:
    """Return the total, then the breakdown asked for, with bars relative to the largest."""
    headings = ["week of" if one is By.WEEK else one.value for one in report.by]
    table = with_bars(*headings, "requests", "hits", "misses", "output", "cost", left=len(headings))
    empty = [""] * (len(headings) - 1)
    table.add_row("TOTAL", *empty, *_cells(total, report.currency))
    table.add_section()
    most = max((one.figures.cost.total for one in report.breakdown), default=Decimal(0))
    for one in report.breakdown:
        bar = bar_of(one.figures.cost.total, most)
        table.add_row(*names_of(one.names, report.by), *_cells(one.figures, report.currency), bar)
    return table


def budget_lines(report: BillReport) -> Iterator[str]:
    """Yield how much of the budget is used, and how much will be; nothing without a budget."""
    if (found := report.budget) is None:
        return
    used, whole = money(found.used, report.currency), money(found.amount, report.currency)
    share = f"{found.used / found.amount:.0%} of {whole}" if found.amount else f"of {whole}"
    span = f"{stamp(found.since)} to {stamp(found.until)}"
    yield f"budget, {span}: {used} used, {share}{' - OVER BUDGET' if found.is_over else ''}"
    if found.projected is not None:
        yield f"at this rate it will be {money(found.projected, report.currency)} at the end"


def _totals(report: BillReport, figures: BillFigures) -> Table:
    currency = report.currency
    tokens, cost = figures.tokens, figures.cost
    table = grid("", "tokens", "cost")
    whole = f"{tokens.input + tokens.output:,}"
    table.add_row("total", whole, money(cost.total, currency))
    table.add_section()
    hits = "cache hits"
    table.add_row(hits, f"{tokens.cache_hit:,}", money(cost.cache_hit, currency))
    table.add_row("cache misses", f"{tokens.cache_miss:,}", money(cost.cache_miss, currency))
    table.add_row("output", f"{tokens.output:,}", money(cost.output, currency))
    table.add_row("  reasoning", _reasoning(report, figures), "")
    if cost.fees:
        table.add_row("web searches and fetches", "", money(cost.fees, currency))
    table.add_section()
    table.add_row("saved by the cache", "", money(figures.saved_by_cache, currency))
    table.add_row("extra at peak hours", "", money(figures.peak_extra, currency))
    for entry in report.by_model:
        label = f"{short(entry.model)} requests, if sent to {short(entry.other_model)}"
        alternative = entry.figures.other_model
        shown = "unknown" if alternative is None else money(alternative, currency)
        table.add_row(label, "", shown)
    return table


def _reasoning(report: BillReport, figures: BillFigures) -> str:
    """Return the reasoning tokens, which not every response reports."""
    if report.unreported_reasoning >= figures.requests:
        return "unknown"
    least = "at least " if report.unreported_reasoning else ""
    tokens = figures.tokens
    reported = tokens.reasoning if tokens.reported_reasoning is None else tokens.reported_reasoning
    return f"{least}{reported or 0:,}"


def _breakdown(report: BillReport) -> Table:
    table = with_bars("", "requests", "hits", "misses", "output", "cost")
    most = max((entry.figures.cost.total for entry in report.by_day), default=Decimal(0))
    for entry in report.by_day:
        bar = bar_of(entry.figures.cost.total, most) if len(report.by_day) > 1 else ""
        table.add_row(f"{entry.day}", *_cells(entry.figures, report.currency), bar)
    for rows in (
        [(short(entry.model), entry.figures) for entry in report.by_model],
        [(entry.tier.label, entry.figures) for entry in report.by_tier],
        _keys(report),
        _agents(report),
    ):
        table.add_section()
        for label, figures in rows:
            table.add_row(label, *_cells(figures, report.currency))
    return table


def _keys(report: BillReport) -> list[tuple[str, BillFigures]]:
    if all(entry.key is None for entry in report.by_key):
        return []
    return [(entry.key or "(no key)", entry.figures) for entry in report.by_key]


def _agents(report: BillReport) -> list[tuple[str, BillFigures]]:
    if len(report.by_agent) < 2:  # noqa: PLR2004 - one is the total
        return []
    return [(entry.agent or "(other)", entry.figures) for entry in report.by_agent]


def _nothing(report: BillReport) -> str:
    if report.unpriced.lines:
        return "nothing in it could be priced"
    if report.outside and not report.other_hosts:
        return "nothing in it is from that time"
    return "nothing in it is on DeepSeek's bill"


def _left_out(report: BillReport) -> Iterable[str]:
    """Yield a line for everything that is not billed or was already counted."""
    again = [quantity(report.repeated, "repeated record")] if report.repeated else []
    again += [quantity(len(report.copies), "copied file")] if report.copies else []
    if again:
        yield f"counted once: {' and '.join(again)}"
    for entry in report.other_hosts:
        cost = entry.stated_cost
        stated = "" if cost is None else f" (stated cost {money(cost, Currency.USD)})"
        yield f"not DeepSeek's: {quantity(entry.responses, 'response')} of {entry.host}{stated}"
    if report.outside:
        yield f"at other times: {quantity(report.outside, 'response')}"
    costless = [f"{entry.records:,} x {entry.reason}" for entry in report.left_out]
    if costless:
        yield f"cost nothing: {', '.join(costless)}"


def _cells(figures: BillFigures, currency: Currency) -> list[str]:
    tokens = figures.tokens
    counts = (figures.requests, tokens.cache_hit, tokens.cache_miss, tokens.output)
    return [*(f"{count:,}" for count in counts), money(figures.cost.total, currency)]


def _logs(report: BillReport) -> str:
    if not report.inputs:
        return "no logs"
    first = report.inputs[0].source
    name = "standard input" if first == "-" else first
    more = f" and {len(report.inputs) - 1:,} more" if len(report.inputs) > 1 else ""
    formats = list(dict.fromkeys(entry.format for entry in report.inputs))
    if more and None not in formats:
        name, more = ", ".join(map(str, formats)), f" ({len(report.inputs):,} logs)"
    requests = report.total.requests if report.total else 0
    return f"{name}{more}: {requests:,} request{'s' if requests != 1 else ''} priced"


def _span(report: BillReport) -> str:
    if report.first is None or report.last is None:
        return "no times"
    return f"{stamp(report.first)} to {stamp(report.last)}, days in {report.timezone}"


def balance_lines(report: BillReport) -> Iterable[str]:
    """Yield when each part of the balance ran out, what is left, and how far it goes."""
    if (found := report.balance) is None:
        return
    parts = {
        "granted": (found.before.granted, found.granted_used_up, found.after.granted),
        "topped up": (found.before.topped_up, found.topped_up_used_up, found.after.topped_up),
    }
    for name, (before, used_up, after) in parts.items():
        if before:
            left = f"{money(after, report.currency)} left"
            end = f"used up in the hour from {stamp(used_up)}" if used_up else left
            yield f"{name} {money(before, report.currency)}: {end}"
    if found.owed:
        yield f"billed after all was used up: {money(found.owed, report.currency)}"
    elif found.requests_left is not None:
        days = f", {found.days_left} days" if found.days_left is not None else ""
        yield f"at this rate it lasts for {found.requests_left:,} more requests{days}"


def _unpriced(report: BillReport) -> Iterable[str]:
    """Yield the lines that could not be priced."""
    unpriced = report.unpriced
    if unpriced.lines:
        yield f"not priced: {unpriced.lines:,}"
        yield from (f"  {named}" for named in unpriced.named)
        if unpriced.lines > len(unpriced.named):
            yield f"  and {unpriced.lines - len(unpriced.named):,} more"
