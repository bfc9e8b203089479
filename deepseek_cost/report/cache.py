"""The report of `dscost cache`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from deepseek_cost.assumptions import warnings_of
from deepseek_cost.assumptions.sequences import of_trace, warnings_of_trace
from deepseek_cost.cache.misses import Cause
from deepseek_cost.cost import cost_of
from deepseek_cost.diagnosis import Diagnosed, MissGroup
from deepseek_cost.estimates import Estimate
from deepseek_cost.pricebook import Price
from deepseek_cost.prices import Currency
from deepseek_cost.quote import Quote
from deepseek_cost.report.hits import CacheForecast, cache_forecast, mean
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Input,
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    assumption_entries,
    described,
    left_out,
    period_note,
    rates_entry,
)
from deepseek_cost.schedule import Tier
from deepseek_cost.usage import TokenUsage

if TYPE_CHECKING:
    from deepseek_cost.trace import Trace

_THOUSAND: Final = 1_000


class CacheEntry(Part):
    """The requests to one model: their input, and what of it hits."""

    model: str
    billed_as: str
    version: str
    tier: Tier
    requests: int
    input: int
    cache: CacheForecast = described("floor: the cost of the input")
    rates_per_million: RatesPerMillion
    period: PeriodNote


class MissEntry(Part):
    """What made requests miss tokens that an earlier one had sent."""

    model: str
    cause: Cause
    requests: int
    tokens: int = described("what those requests shared with an earlier one in vain")
    cost_per_1000_requests: Amount = described(
        "what that costs more than hits, for 1,000 requests like all of the sequence"
    )
    example: str
    advice: str


class RequestEntry(Part):
    """A request of the sequence, and why it missed what an earlier one had sent."""

    number: int
    source: str
    line: int
    custom_id: str | None
    model: str
    input: int
    cache_hit: int
    cache_hit_best: int
    cause: Cause | None
    reason: str | None


class CacheReport(Part):
    """`dscost cache --json`; `listed` has the first 1,000 requests."""

    schema_version: Literal["1"] = "1"
    command: Literal["cache"] = "cache"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    inputs: tuple[Input, ...]
    requests: int
    models: tuple[CacheEntry, ...]
    misses: tuple[MissEntry, ...]
    listed: tuple[RequestEntry, ...]
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def cache_report(
    quote: Quote, trace: "Trace", table: PriceTable, skipped: Sequence[str]
) -> CacheReport:
    """Report what a sequence hits, and why it misses the rest; a price of the quote a model."""
    found = trace.diagnosis
    estimates = quote.price(list(found.tallies.values()))
    prices = {price.model.name: price for price in quote.prices}
    return CacheReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        price_table=table,
        inputs=tuple(Input(source=s, kind=kind, requests=n) for s, kind, n in trace.sources),
        requests=found.requests,
        models=tuple(map(_model_entry, estimates)),
        misses=tuple(_miss_entries(found.groups.values(), prices, found.requests)),
        listed=tuple(map(_request_entry, found.listed)),
        assumptions=assumption_entries(of_trace(trace, quote.scenario, estimates, quote.moving)),
        warnings=(
            *left_out(skipped),
            *warnings_of(quote.book, estimates),
            *warnings_of_trace(trace),
        ),
    )


def _model_entry(estimate: Estimate) -> CacheEntry:
    price, cache = estimate.price, cache_forecast(estimate)
    assert cache is not None  # noqa: S101 - a trace is always forecast
    return CacheEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        tier=price.tier,
        requests=estimate.tally.requests,
        input=estimate.tally.input,
        cache=cache,
        rates_per_million=rates_entry(price.rates),
        period=period_note(price.period, price.period_until),
    )


def _miss_entries(
    groups: Iterable[MissGroup], prices: Mapping[str, Price], requests: int
) -> list[MissEntry]:
    entries = [_miss_entry(group, prices[group.model.name], requests) for group in groups]
    return sorted(entries, key=lambda entry: entry.cost_per_1000_requests, reverse=True)


def _miss_entry(group: MissGroup, price: Price, requests: int) -> MissEntry:
    missed = cost_of(TokenUsage(0, group.tokens), price.rates).total
    hit = cost_of(TokenUsage(group.tokens, 0), price.rates).total
    return MissEntry(
        model=group.model.name,
        cause=group.cause,
        requests=group.requests,
        tokens=group.tokens,
        cost_per_1000_requests=mean((missed - hit) * _THOUSAND, requests),
        example=group.example,
        advice=group.cause.advice,
    )


def _request_entry(found: Diagnosed) -> RequestEntry:
    hits = found.tally.hits
    return RequestEntry(
        number=found.number,
        source=found.place.source,
        line=found.place.line,
        custom_id=found.place.custom_id,
        model=found.model.name,
        input=found.tally.input,
        cache_hit=hits.expected,
        cache_hit_best=hits.best or 0,
        cause=found.miss.cause if found.miss else None,
        reason=found.told,
    )
