"""The report of `dscost compare`."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from deepseek_cost.assumptions import of_prompt
from deepseek_cost.assumptions.workload import of_workload, warnings_of_workload
from deepseek_cost.comparison import BreakEven, Line, break_evens, lines_of, scale
from deepseek_cost.history import list_before_discount
from deepseek_cost.pricebook import Price, PriceBook
from deepseek_cost.prices import Currency
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Input,
    Instant,
    Part,
    PeriodNote,
    assumption_entries,
    described,
    input_entries,
    period_note,
    source_warnings,
)
from deepseek_cost.schedule import Tier
from deepseek_cost.workload import Workload

_RATIOS: Final = tuple(Decimal(tenth) / 10 for tenth in range(11))


class CostAt(Part):
    """The cost of all requests at a cache-hit ratio."""

    ratio: Amount
    cost: Amount


class LineEntry(Part):
    """What a model costs in a tier, over the share of cache hits; output is in it where known.

    The averages are at the report's ratio, rounded to 28 digits where they do not end.
    """

    model: str
    tier: Tier
    input_tokens: int
    output_tokens: int | None
    costs: tuple[CostAt, ...]
    per_1000_requests: Amount
    per_day: Amount | None
    period: PeriodNote


class Side(Part):
    """A line by its model and tier."""

    model: str
    tier: Tier


class Share(Part):
    """A cache-hit ratio that was worked out exactly."""

    ratio: Amount = described("rounded to six decimals")
    exact: str = described("as a fraction")


class BreakEvenEntry(Part):
    """Two lines; `cheaper` is said of the report's cache-hit ratio.

    `crossing` is the share, equal for both, at which they cost the same; `reached_at` the share at
    which the dearer costs what the cheaper costs at the report's ratio. Null: there is none.
    """

    cheaper: Side
    dearer: Side
    crossing: Share | None
    reached_at: Share | None


class ListPriceEntry(Part):
    """What a model would cost at the undiscounted list that was last shown for it."""

    model: str
    per_1000_requests: Amount
    period: str


class CompareReport(Part):
    """`dscost compare --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["compare"] = "compare"
    currency: Currency
    priced_at: Instant
    inputs: tuple[Input, ...]
    requests: int
    cache_hit_ratio: Amount
    requests_per_day: int | None
    lines: tuple[LineEntry, ...]
    break_even: tuple[BreakEvenEntry, ...]
    list_prices: tuple[ListPriceEntry, ...]
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def compare_report(
    book: PriceBook,
    prices: Sequence[Price],
    workload: Workload,
    *,
    ratio: Decimal,
    per_day: int | None,
    skipped: Sequence[str],
) -> CompareReport:
    """Report the costs of the sources' requests over the cache-hit ratio, in both tiers."""
    first = prices[0]
    tallies = workload.totals()
    lines = [
        (line, price)
        for price, tally in zip(prices, tallies, strict=True)
        for line in lines_of(price.model, price.period.rates[price.currency], tally)
    ]
    warnings = (
        *source_warnings(workload.subtotal.tallied, skipped),
        *book.warnings_at(first.at),
        *warnings_of_workload(workload),
    )
    assumed = of_prompt(workload.scenario, workload.models)
    return CompareReport(
        currency=first.currency,
        priced_at=first.at,
        inputs=input_entries(workload.subtotal.tallied),
        requests=tallies[0].requests,
        cache_hit_ratio=ratio,
        requests_per_day=per_day,
        lines=tuple(_line(line, price, ratio, per_day) for line, price in lines),
        break_even=tuple(map(_break_even, break_evens([line for line, _ in lines], ratio))),
        list_prices=tuple(_list_prices(book, [line for line, _ in lines], first, ratio)),
        assumptions=assumption_entries(of_workload(workload, assumed)),
        warnings=warnings,
    )


def _line(line: Line, price: Price, ratio: Decimal, per_day: int | None) -> LineEntry:
    cost, requests = line.cost(ratio), line.tally.requests
    return LineEntry(
        model=line.model.name,
        tier=line.tier,
        input_tokens=line.tally.input,
        output_tokens=line.tally.output,
        costs=tuple(CostAt(ratio=at, cost=line.cost(at)) for at in _RATIOS),
        per_1000_requests=scale(cost, requests, 1_000),
        per_day=None if per_day is None else scale(cost, requests, per_day),
        period=period_note(price.period, price.period_until),
    )


def _break_even(pair: BreakEven) -> BreakEvenEntry:
    return BreakEvenEntry(
        cheaper=_side(pair.cheaper),
        dearer=_side(pair.dearer),
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
