"""Reports made from the values of the domain."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from deepseek_cost.assumptions import Assumption, of_estimate, of_prompt, warnings_of
from deepseek_cost.batch import TalliedSource, totals
from deepseek_cost.estimates import Estimate, Scenario, Tally
from deepseek_cost.pricebook import Price, PriceBook
from deepseek_cost.prices import Currency, Model, Period, RateList, Rates
from deepseek_cost.report.contract import (
    AssumptionEntry,
    Costs,
    CountEntry,
    CountReport,
    EstimateEntry,
    EstimateReport,
    FileCounts,
    FileEstimates,
    Input,
    ListedPrice,
    OtherTier,
    PeriodNote,
    PricesReport,
    PriceTable,
    PromptTokenCounts,
    RatesPerMillion,
    TokenCounts,
)
from deepseek_cost.schedule import Tier


@dataclass(frozen=True, slots=True)
class Quote:
    """The prices that an estimate is made with, a model each, and what is assumed."""

    book: PriceBook
    prices: Sequence[Price]
    scenario: Scenario
    now: bool

    def estimates(self, tallied: Sequence[TalliedSource]) -> list[Estimate]:
        """Price the totals of all sources, a model each."""
        return self.price(totals(tallied))

    def price(self, tallies: Sequence[Tally]) -> list[Estimate]:
        """Price tallies, a model each."""
        return [Estimate(tally, price) for tally, price in zip(tallies, self.prices, strict=True)]


def estimate_report(
    quote: Quote,
    tallied: Sequence[TalliedSource],
    table: PriceTable,
    skipped: Sequence[str],
    *,
    per_file: bool,
) -> EstimateReport:
    """Report what the sources cost, all together and, if wanted, each."""
    estimates = quote.estimates(tallied)
    files = (
        FileEstimates(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(estimate_entry, quote.price(source.tallies))),
        )
        for source in tallied
    )
    return EstimateReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        price_table=table,
        inputs=_inputs(tallied),
        estimates=tuple(map(estimate_entry, estimates)),
        files=tuple(files) if per_file else None,
        assumptions=_assumptions(of_estimate(quote.scenario, estimates, now=quote.now)),
        warnings=(*_warnings(tallied, skipped), *warnings_of(quote.book, estimates)),
    )


def count_report(
    models: Sequence[Model],
    scenario: Scenario,
    tallied: Sequence[TalliedSource],
    skipped: Sequence[str],
    *,
    per_file: bool,
) -> CountReport:
    """Report the tokens of the sources, all together and, if wanted, each."""
    names = [model.name for model in models]
    files = (
        FileCounts(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(count_entry, names, source.tallies)),
        )
        for source in tallied
    )
    return CountReport(
        inputs=_inputs(tallied),
        estimates=tuple(map(count_entry, names, totals(tallied))),
        files=tuple(files) if per_file else None,
        assumptions=_assumptions(of_prompt(scenario)),
        warnings=tuple(_warnings(tallied, skipped)),
    )


def prices_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> PricesReport:
    """Report the price list in force: of the names given, or of every name accepted then.

    Raises UnpricedError for a name without a price, or if no name has one.
    """
    chosen = names or [model.name for model in book.model if model.is_accepted(at)]
    if not chosen:
        chosen = [book.model[0].name]  # its error says when prices begin
    return PricesReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        prices=tuple(listed_price(book, name, at, currency) for name in chosen),
        warnings=(),
    )


def count_entry(model: str, tally: Tally) -> CountEntry:
    """Report the prompt tokens of a tally."""
    tokens = PromptTokenCounts(input=tally.input, text=tally.text, template=tally.template)
    return CountEntry(model=model, requests=tally.requests, tokens=tokens)


def estimate_entry(estimate: Estimate) -> EstimateEntry:
    """Report an estimate."""
    price, tally = estimate.price, estimate.tally
    return EstimateEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        tier=price.tier,
        tier_until=price.tier_until,
        requests=tally.requests,
        tokens=_tokens(tally),
        rates_per_million=rates_entry(price.rates),
        cost=_costs(estimate),
        other_tier=_other_tier(estimate),
        period=period_note(price.period, price.period_until),
        over_context=estimate.over_context,
    )


def listed_price(book: PriceBook, name: str, at: datetime, currency: Currency) -> ListedPrice:
    """Report the prices of a model's name at an instant; raises UnpricedError."""
    price = book.price(name, at, currency)
    return ListedPrice(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        status=price.model.status,
        tier=price.tier,
        rates_per_million=_all_tiers(price.period.rates, currency) or {},
        list_rates_per_million=_all_tiers(price.period.list, currency),
        period=period_note(price.period, price.period_until),
    )


def rates_entry(rates: Rates) -> RatesPerMillion:
    """Report rates."""
    return RatesPerMillion(
        cache_hit=rates.cache_hit, cache_miss=rates.cache_miss, output=rates.output
    )


def period_note(period: Period, until: datetime | None) -> PeriodNote:
    """Report where a price comes from."""
    return PeriodNote(
        id=period.id,
        since=period.since,
        until=until,
        precision=period.precision,
        confidence=period.confidence,
        checked=period.checked,
        last_shown=period.last_shown,
        source=period.source,
        note=period.note,
    )


def _tokens(tally: Tally) -> TokenCounts:
    return TokenCounts(
        input=tally.input,
        text=tally.text,
        template=tally.template,
        cache_hit=tally.cache_hit,
        cache_miss=tally.input - tally.cache_hit,
        output=tally.output,
        output_ceiling=tally.output_ceiling,
    )


def _costs(estimate: Estimate) -> Costs:
    cost = estimate.cost
    return Costs(
        cache_hit=cost.cache_hit,
        cache_miss=cost.cache_miss,
        output=None if estimate.total is None else cost.output,
        total=estimate.total,
        floor=estimate.floor,
        ceiling=estimate.ceiling,
    )


def _other_tier(estimate: Estimate) -> OtherTier | None:
    tier, rates = estimate.price.tier.other, estimate.price.other_rates
    if tier is None or rates is None:
        return None
    return OtherTier(
        tier=tier,
        total=estimate.total_at(rates),
        floor=estimate.floor_at(rates),
        ceiling=estimate.ceiling_at(rates),
    )


def _all_tiers(rates: RateList, currency: Currency) -> dict[Tier, RatesPerMillion] | None:
    tiers = rates.get(currency)
    return {tier: rates_entry(tiers[tier]) for tier in tiers} if tiers else None


def _inputs(tallied: Sequence[TalliedSource]) -> tuple[Input, ...]:
    return tuple(Input(source=source.source, requests=source.requests) for source in tallied)


def _assumptions(assumptions: Sequence[Assumption]) -> tuple[AssumptionEntry, ...]:
    return tuple(AssumptionEntry(**asdict(assumption)) for assumption in assumptions)


def _warnings(tallied: Sequence[TalliedSource], skipped: Sequence[str]) -> Iterable[str]:
    for source in tallied:
        if source.is_empty:
            yield f"{source.source}: empty; the template around it is billed all the same"
    if skipped:
        files = "file" if len(skipped) == 1 else "files"
        yield f"left out {len(skipped)} binary {files}: {', '.join(skipped)}"
