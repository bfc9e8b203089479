"""Reports made from the values of the domain."""

from collections.abc import Sequence
from datetime import datetime

from deepseek_cost.assumptions import Assumption
from deepseek_cost.estimate import Estimate, Tally
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency, Period, RateList, Rates
from deepseek_cost.report.contract import (
    AssumptionEntry,
    Costs,
    CountEntry,
    EstimateEntry,
    ListedPrice,
    OtherTier,
    PeriodNote,
    PromptTokenCounts,
    RatesPerMillion,
    TokenCounts,
)
from deepseek_cost.schedule import Tier


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


def assumption_entries(assumptions: Sequence[Assumption]) -> tuple[AssumptionEntry, ...]:
    """Report assumptions."""
    return tuple(
        AssumptionEntry(about=a.about, value=a.value, set_by=a.set_by) for a in assumptions
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
