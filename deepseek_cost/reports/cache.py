"""The report of `dscost cache`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

from msgspec import Meta

from deepseek_cost.estimates.assumptions import of_trace, warnings_of, warnings_of_trace
from deepseek_cost.estimates.cache_run import Diagnosed, MissGroup
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Rates, stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.prompt.misses import Cause
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Page, Table, Words, grid, page_of, short, words
from deepseek_cost.reports.parts import (
    InputEntry,
    Json,
    Part,
    PeriodNote,
    PriceTable,
    Report,
    Timestamp,
    assumed,
    inputs,
    left_out,
    period_note,
    price_sources,
    thinking_of,
)
from deepseek_cost.reports.requests import CacheForecastEntry, cache_forecast, mean
from deepseek_cost.reports.unknown_input import (
    UnknownInputs,
    at_least,
    unknown_entries,
)

if TYPE_CHECKING:
    from deepseek_cost.estimates.cache_run import Trace
    from deepseek_cost.inputs.source import SkippedSource

_THOUSAND: Final = 1_000


class CacheEntry(Part):
    """The requests to one model: their input, and how much of it hits the cache."""

    model: str
    billed_as: str
    version: str
    tier: Tier
    requests: int
    input: int
    cache: Annotated[CacheForecastEntry, Meta(description="floor: the cost of the input")]
    rates_per_million: Rates
    period: PeriodNote
    unknown_input: UnknownInputs = ()


class MissEntry(Part):
    """Why requests missed tokens that an earlier one had sent."""

    model: str
    cause: Cause
    requests: int
    tokens: Annotated[
        int, Meta(description="what those requests shared with an earlier one in vain")
    ]
    cost_per_1000_requests: Annotated[
        Decimal,
        Meta(description="what that costs more than hits, for 1,000 requests like those given"),
    ]
    example: str
    advice: str


class RequestEntry(Part):
    """A request of the sequence, and why it missed tokens that an earlier one had sent."""

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


class CacheReport(Report):
    """The output of `dscost cache --json`; `listed` has the first 1,000 requests."""

    command: Literal["cache"] = "cache"
    currency: Currency
    priced_at: Timestamp
    price_table: PriceTable
    inputs: tuple[InputEntry, ...]
    requests: int
    models: tuple[CacheEntry, ...]
    misses: tuple[MissEntry, ...]
    listed: tuple[RequestEntry, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe why requests miss and what to do about it, the range of hits, the requests."""
        return page_of(
            f"{inputs(self.inputs)} · prices of {stamp(self.priced_at)}",
            *_misses(self),
            _hits(self),
            _requests(self),
            details=(assumed(self.assumptions), price_sources(self.models, self.price_table)),
            basis=thinking_of(self.assumptions),
            warnings=self.warnings,
            headline=_headline(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the listed requests."""
        return cast("Iterable[Json]", document["listed"])


def cache_report(
    quote: Quote, trace: "Trace", table: PriceTable, skipped: "Sequence[SkippedSource]"
) -> CacheReport:
    """Report a sequence's cache hits and why it misses the rest, with the quote's prices."""
    found = trace.diagnosis
    estimates = quote.price(list(found.tallies.values()))
    prices = {price.model.name: price for price in quote.prices}
    return CacheReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        price_table=table,
        inputs=tuple(InputEntry(source=s, kind=kind, requests=n) for s, kind, n in trace.sources),
        requests=found.requests,
        models=tuple(map(_model_entry, estimates)),
        misses=tuple(_miss_entries(found.groups.values(), prices, found.requests)),
        listed=tuple(map(_request_entry, found.listed)),
        assumptions=tuple(of_trace(trace, quote.scenario, estimates, quote.time_label)),
        warnings=(
            *left_out(skipped),
            *warnings_of(quote.book, estimates),
            *warnings_of_trace(trace),
        ),
    )


def _model_entry(estimate: Estimate) -> CacheEntry:
    price, cache = estimate.price, cache_forecast(estimate)
    assert cache is not None  # noqa: S101 - a trace always has a forecast
    return CacheEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        tier=price.tier,
        requests=estimate.tally.requests,
        input=estimate.tally.input,
        cache=cache,
        rates_per_million=price.rates,
        period=period_note(price.period, price.period_until),
        unknown_input=unknown_entries(estimate.tally.unknown),
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
        reason=found.message,
    )


# The number of requests in the table; JSON has more.
_SHOWN = 24


def _headline(report: CacheReport) -> str:
    """Return how much of the input hits the cache and what the input costs, in a sentence."""
    parts = [
        f"{entry.cache.expected.cache_hit_ratio:.1%} of the input is expected to hit the cache on "
        f"{entry.model}: it costs "
        f"{at_least(money(entry.cache.expected.floor, report.currency), entry.unknown_input)}"
        for entry in report.models
    ]
    return "; ".join(parts)


def _hits(report: CacheReport) -> Table:
    table = grid("", *(entry.model for entry in report.models), is_by_model=True)
    caches = [entry.cache for entry in report.models]
    unknown = [entry.unknown_input for entry in report.models]
    table.add_row("requests", *(f"{entry.requests:,}" for entry in report.models))
    cells = [at_least(f"{entry.input:,}", entry.unknown_input) for entry in report.models]
    table.add_row("input tokens", *cells)
    table.add_row("  cache hits, expected", *(f"{c.expected.cache_hit:,}" for c in caches))
    table.add_row("  cache hits, at least", *(f"{c.worst.cache_hit:,}" for c in caches))
    table.add_row("  cache hits, at most", *(f"{c.best.cache_hit:,}" for c in caches))
    table.add_row("  hit rate", *(f"{c.expected.cache_hit_ratio:.1%}" for c in caches))
    costs = [money(c.expected.floor, report.currency) for c in caches]
    table.add_row("input cost", *(at_least(*pair) for pair in zip(costs, unknown, strict=True)))
    table.add_row("  with no cache hits", *(money(c.worst.floor, report.currency) for c in caches))
    table.add_row("  with the most", *(money(c.best.floor, report.currency) for c in caches))
    return table


def _misses(report: CacheReport) -> Iterable[Words]:
    """Yield a paragraph for each cause."""
    if not report.misses:
        yield words(["No request misses what an earlier one sent."])
    for miss in report.misses:
        cost = money(miss.cost_per_1000_requests, report.currency)
        requests = f"{miss.requests:,} request{'s' if miss.requests > 1 else ''}"
        line = f"{requests} to {short(miss.model)} missed {miss.tokens:,} tokens sent before:"
        more = f"  costs {cost} more per 1,000 requests; {miss.advice}"
        yield words([line, f"  {miss.example}", more])


def _requests(report: CacheReport) -> Table:
    table = grid("request", "model", "input", "hits", "at most", "miss")
    for entry in report.listed[:_SHOWN]:
        table.add_row(
            f"{entry.number} {entry.source}:{entry.line}",
            short(entry.model),
            f"{entry.input:,}",
            f"{entry.cache_hit:,}",
            f"{entry.cache_hit_best:,}",
            entry.cause.value.replace("_", " ") if entry.cause else "",
        )
    if report.requests > _SHOWN:
        table.more = f"and {report.requests - _SHOWN:,} more requests"
    return table
