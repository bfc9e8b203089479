"""The report of `dscost compare`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Final, Literal

from msgspec import Meta

from deepseek_cost.estimates.assumptions import of_prompt, of_workload, warnings_of_workload
from deepseek_cost.estimates.break_even import BreakEven, Line, break_evens, lines_of, scale
from deepseek_cost.estimates.workload import Workload
from deepseek_cost.inputs.source import SkippedSource
from deepseek_cost.pricing.book import Price, PriceBook, list_before_discount
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import (
    BREAK,
    MARKERS,
    Chart,
    Drawing,
    Note,
    Notes,
    Page,
    Table,
    grid,
    page_of,
    short,
    words,
)
from deepseek_cost.reports.parts import (
    InputEntry,
    Json,
    Part,
    PeriodNote,
    Report,
    Timestamp,
    assumed,
    input_entries,
    inputs,
    period_note,
    source_assumptions,
    source_warnings,
    thinking_of,
    without,
)
from deepseek_cost.reports.unknown_input import (
    UnknownInputs,
    at_least,
    unknown_entries,
)

# The cache hit rates in the table and the chart; a workload must be tallied at each.
RATIOS: Final = tuple(Decimal(tenth) / 10 for tenth in range(11))


class CostAt(Part):
    """The cost of all requests at a cache hit rate."""

    ratio: Decimal
    cost: Decimal


class LineEntry(Part):
    """A model's cost at the peak or off-peak rate by cache hit rate, with output if it is known.

    Averages are at the report's cache hit rate, rounded to 28 digits if they do not terminate.
    """

    model: str
    tier: Tier
    input_tokens: int
    output_tokens: int | None
    costs: tuple[CostAt, ...]
    per_1000_requests: Decimal
    per_day: Decimal | None
    per_month: Decimal | None = None
    period: PeriodNote
    unknown_input: UnknownInputs = ()


class Side(Part):
    """A line, identified by its model and its peak or off-peak rate."""

    model: str
    tier: Tier


class Share(Part):
    """A cache hit rate that was computed exactly."""

    ratio: Annotated[Decimal, Meta(description="rounded to six decimals")]
    exact: Annotated[str, Meta(description="as a fraction")]


class BreakEvenEntry(Part):
    """Two lines; `cheaper` is the cheaper one at the report's cache hit rate.

    `crossing` is the cache hit rate, the same for both, at which they cost the same. `reached_at`
    is the rate at which the more expensive one costs what the cheaper one costs at the report's
    rate. Null: there is no such rate.
    """

    cheaper: Side
    dearer: Side
    crossing: Share | None
    reached_at: Share | None


class ListPriceEntry(Part):
    """What a model would cost at the last undiscounted list price shown for it."""

    model: str
    per_1000_requests: Decimal
    period: str


class CompareReport(Report):
    """The output of `dscost compare --json`."""

    command: Literal["compare"] = "compare"
    currency: Currency
    priced_at: Timestamp
    inputs: tuple[InputEntry, ...]
    requests: int
    cache_hit_ratio: Decimal
    requests_per_day: int | None
    requests_per_month: int | None = None
    lines: tuple[LineEntry, ...]
    break_even: tuple[BreakEvenEntry, ...]
    list_prices: tuple[ListPriceEntry, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe cost by cache hit rate as a table and a chart, and where the lines cross."""
        output = self.lines[0].output_tokens
        scope = "input alone" if output is None else f"{output:,} output tokens"
        if any(line.unknown_input for line in self.lines):
            scope += ", the known input alone"
        return page_of(
            (
                f"{inputs(self.inputs)}, {scope} · prices of {stamp(self.priced_at)}",
                "cost of 1,000 requests at each cache hit rate",
            ),
            _costs(self),
            Drawing(_chart(self)),
            words(_list_costs(self)),
            details=(
                words(_crossings(self)),
                assumed(self.assumptions),
                Notes("Prices", tuple(Note(line) for line in _periods(self))),
            ),
            basis=thinking_of(self.assumptions),
            warnings=self.warnings,
            headline=_headline(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the records for a spreadsheet."""
        for line in document["lines"]:
            yield from (without(line, "period", "unknown_input") | at for at in line["costs"])


def compare_report(
    book: PriceBook,
    prices: Sequence[Price],
    workload: Workload,
    *,
    ratio: Decimal,
    per_day: int | None,
    per_month: int | None = None,
    skipped: Sequence[SkippedSource],
) -> CompareReport:
    """Report what the sources' requests cost by cache hit rate, at the peak and off-peak rates."""
    first = prices[0]
    tallies = workload.totals()
    lines = [
        (line, price)
        for price, tally in zip(prices, tallies, strict=True)
        for line in lines_of(price.model, price.period.rates[price.currency], tally)
    ]
    warnings = (
        *source_warnings(workload.partial.tallied, skipped),
        *book.warnings_at(first.at, tiered=False),
        *warnings_of_workload(workload),
    )
    found = of_prompt(workload.scenario, workload.models)
    return CompareReport(
        currency=first.currency,
        priced_at=first.at,
        inputs=input_entries(workload.partial.tallied),
        requests=tallies[0].requests,
        cache_hit_ratio=ratio,
        requests_per_day=per_day,
        requests_per_month=per_month,
        lines=tuple(_line(line, price, ratio, per_day, per_month) for line, price in lines),
        break_even=tuple(map(_break_even, break_evens([line for line, _ in lines], ratio))),
        list_prices=tuple(_list_prices(book, [line for line, _ in lines], first, ratio)),
        assumptions=(
            *of_workload(workload, found),
            *source_assumptions(workload.partial.tallied, skipped),
        ),
        warnings=warnings,
    )


def _line(
    line: Line, price: Price, ratio: Decimal, per_day: int | None, per_month: int | None
) -> LineEntry:
    cost, requests = line.cost(ratio), line.tally.requests
    return LineEntry(
        model=line.model.name,
        tier=line.tier,
        input_tokens=line.tally.input,
        output_tokens=line.tally.output,
        costs=tuple(CostAt(ratio=at, cost=line.cost(at)) for at in RATIOS),
        per_1000_requests=scale(cost, requests, 1_000),
        per_day=None if per_day is None else scale(cost, requests, per_day),
        per_month=None if per_month is None else scale(cost, requests, per_month),
        period=period_note(price.period, price.period_until),
        unknown_input=unknown_entries(line.tally.unknown),
    )


def _break_even(pair: BreakEven) -> BreakEvenEntry:
    return BreakEvenEntry(
        cheaper=_side(pair.cheaper),
        dearer=_side(pair.costlier),
        crossing=_share(pair.ratio),
        reached_at=_share(pair.reached_at),
    )


def _share(ratio: Fraction | None) -> Share | None:
    if ratio is None:
        return None
    return Share(ratio=Decimal(round(ratio * 10**6)) / 10**6, exact=str(ratio))


def _side(line: Line) -> Side:
    return Side(model=line.model.name, tier=line.tier)


def _list_prices(
    book: PriceBook, lines: Sequence[Line], price: Price, ratio: Decimal
) -> list[ListPriceEntry]:
    found = []
    for line in {line.model.name: line for line in lines}.values():
        listed = list_before_discount(book, line.model, price.at, price.currency)
        if listed is not None:
            period, rates = listed
            cost = Line(line.model, Tier.FLAT, rates, line.tally).cost(ratio)
            per_1000 = scale(cost, line.tally.requests, 1_000)
            found.append(
                ListPriceEntry(model=line.model.name, per_1000_requests=per_1000, period=period.id)
            )
    return found


def _headline(report: CompareReport) -> str:
    """Return which model is cheaper, and the hit rate at which the other one costs as much."""
    hits = f"{_percent(report.cache_hit_ratio)} cache hits" if report.cache_hit_ratio else "no hits"
    for pair in report.break_even:
        if pair.cheaper.tier is pair.dearer.tier and pair.cheaper.tier is not Tier.PEAK:
            cheaper, dearer = short(pair.cheaper.model), short(pair.dearer.model)
            rate = "" if pair.cheaper.tier is Tier.FLAT else f"{pair.cheaper.tier.label}, "
            costs = f"{_cost_of(pair.cheaper, report)} and {_cost_of(pair.dearer, report)}"
            return (
                f"1,000 requests cost {costs} on {cheaper} and {dearer} ({rate}{hits})"
                f"; {_meeting(pair, cheaper, dearer)}"
            )
    costs = " and ".join(
        f"{at_least(money(line.per_1000_requests, report.currency), line.unknown_input)} on "
        f"{_heading(line).replace(BREAK, ' ')}"
        for line in report.lines
    )
    return f"1,000 requests cost {costs} ({hits})"


def _meeting(pair: BreakEvenEntry, cheaper: str, dearer: str) -> str:
    if pair.crossing is not None:
        return f"both cost the same at a hit rate of {_percent(pair.crossing.ratio)}"
    if pair.reached_at is None:
        return f"even at 100% hits {dearer} costs more"
    share = _percent(pair.reached_at.ratio)
    return f"{dearer} needs {share} hits to cost no more than {cheaper}"


def _cost_of(side: Side, report: CompareReport) -> str:
    lines = (line for line in report.lines if (line.model, line.tier) == (side.model, side.tier))
    line = next(lines)
    return at_least(money(line.per_1000_requests, report.currency), line.unknown_input)


def _crossings(report: CompareReport) -> Iterable[str]:
    """Yield where each pair of lines crosses."""
    ratio = _percent(report.cache_hit_ratio)
    for pair in report.break_even:
        yield from _crossing(pair, ratio)


def _list_costs(report: CompareReport) -> Iterable[str]:
    """Yield what each model costs without the discount in force, if it has one."""
    ratio = _percent(report.cache_hit_ratio)
    in_force = {line.period.id for line in report.lines}
    for listed in report.list_prices:
        if listed.period in in_force:
            amount = money(listed.per_1000_requests, report.currency)
            name = f"{short(listed.model)} at its list price before the discount"
            yield f"{name}: {amount} at {ratio} hits"
            yield f"  ({listed.period})"


def _periods(report: CompareReport) -> Iterable[str]:
    for model, period in {line.model: line.period for line in report.lines}.items():
        yield f"{model}: {period.id}, since {stamp(period.since)}, checked {period.checked}"
        yield f"  {period.source[0]}"


def _costs(report: CompareReport) -> Table:
    table = grid("cache hits", *map(_heading, report.lines, MARKERS))
    for row, at in enumerate(report.lines[0].costs):
        costs = [_per_1000(line, row, report) for line in report.lines]
        table.add_row(f"{at.ratio:.0%}", *_cells(costs, report))
    table.add_section()
    ratio = _percent(report.cache_hit_ratio)
    for requests, span, name in (
        (report.requests_per_day, "day", "per_day"),
        (report.requests_per_month, "month", "per_month"),
    ):
        if requests is not None:
            costs = [getattr(line, name) or Decimal(0) for line in report.lines]
            table.add_row(f"{requests:,} a {span}, {ratio}", *_cells(costs, report))
    return table


def _cells(costs: Sequence[Decimal], report: CompareReport) -> list[str]:
    """Format a cost for each line, marked if unknown input adds to it."""
    pairs = zip(costs, report.lines, strict=True)
    return [at_least(money(cost, report.currency), line.unknown_input) for cost, line in pairs]


def _per_1000(line: LineEntry, row: int, report: CompareReport) -> Decimal:
    return line.costs[row].cost * 1_000 / report.requests


def _heading(line: LineEntry, marker: str = "") -> str:
    return f"{marker} {short(line.model)}{BREAK}{line.tier.label}".lstrip()


def _chart(report: CompareReport) -> Chart:
    """Return the cost of 1,000 requests by cache hit rate, a line per model and rate."""
    return Chart(
        title=f"{inputs(report.inputs)}: cost of 1,000 requests, {stamp(report.priced_at)}",
        x_title="cache hit rate",
        lines=[
            (
                f"{short(line.model)} {line.tier.label}",
                [(float(at.ratio), float(at.cost * 1_000 / report.requests)) for at in line.costs],
            )
            for line in report.lines
        ],
        x_ticks=[share / 10 for share in range(11)],
        x_label=lambda share: f"{share:.0%}",
        currency=report.currency,
    )


def _crossing(pair: BreakEvenEntry, ratio: str) -> Iterable[str]:
    cheaper, dearer = _name(pair.cheaper), _name(pair.dearer)
    if pair.crossing is None:
        yield f"{cheaper} is cheaper than {dearer} at every hit rate"
    else:
        yield f"{cheaper} and {dearer} cost the same at {_percent(pair.crossing.ratio)} hits"
    if pair.reached_at is None:
        yield f"  {dearer} never gets down to what {cheaper} costs at {ratio} hits"
    else:
        share = _percent(pair.reached_at.ratio)
        yield f"  {dearer} at {share} hits costs what {cheaper} costs at {ratio}"


def _percent(ratio: Decimal) -> str:
    share = f"{ratio * 100:.2f}"
    return f"{share.rstrip('0').rstrip('.')}%"


def _name(side: Side) -> str:
    return short(side.model) + ("" if side.tier is Tier.FLAT else f" {side.tier.label}")
