"""A model's part of an estimate: its fields and how they are filled."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from deepseek_cost.billing.histogram import Histogram
from deepseek_cost.errors import Advice, Advised
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.entries import Rates
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.reports.balance import Affordable, affordable
from deepseek_cost.reports.count import ImageTokens, PromptTokenCounts
from deepseek_cost.reports.parts import Part, PeriodNote, Timestamp, period_note
from deepseek_cost.reports.requests import (
    BreakdownEntry,
    CacheForecastEntry,
    DistributionEntry,
    ExpensiveRequest,
    LedgerDetails,
    RefusalEntry,
    UnknownImages,
    cache_forecast,
    unknown_images,
)
from deepseek_cost.reports.unknown_input import (
    Ceiling,
    UnknownInputs,
    unknown_entries,
)
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance


class OtherTier(Part):
    """What the same requests cost at the other rate of the same price list."""

    tier: Tier
    total: Decimal | None
    floor: Decimal
    ceiling: Ceiling


class Waiting(Part):
    """What sending the same requests after peak hours would save."""

    until: Timestamp
    total: Decimal | None
    floor: Decimal
    ceiling: Ceiling


def other_tier(estimate: Estimate) -> OtherTier | None:
    """Report the cost at the other rate; None if the price is flat."""
    tier, rates = estimate.price.tier.other, estimate.price.other_rates
    if tier is None or rates is None:
        return None
    return OtherTier(
        tier=tier,
        total=estimate.total_at(rates),
        floor=estimate.floor_at(rates),
        ceiling=estimate.ceiling_at(rates),
    )


def waiting(estimate: Estimate) -> Waiting | None:
    """Report what waiting saves; None outside peak hours."""
    price = estimate.price
    if price.tier is not Tier.PEAK or price.other_rates is None or price.tier_until is None:
        return None
    total = estimate.total_at(price.other_rates)
    now, later = estimate.ceiling, estimate.ceiling_at(price.other_rates)
    return Waiting(
        until=price.tier_until,
        total=None if total is None else EXACT.subtract(estimate.total or total, total),
        floor=EXACT.subtract(estimate.floor, estimate.floor_at(price.other_rates)),
        ceiling=None if now is None or later is None else EXACT.subtract(now, later),
    )


class LearnedOutput(Part):
    """Output tokens per request, learned from earlier responses, and the cost of all requests.

    `tokens.output` and `cost` of the estimate use the mean. A total at p50 or p95 assumes that all
    requests have that much output: it is exact for one request and an upper bound for many.
    """

    answers: int
    mean: Annotated[Decimal, Meta(description="rounded to hundredths")]
    p50: int
    p95: int
    total_p50: Decimal | None
    total_p95: Decimal | None


def learned_outputs(quote: Quote, tallies: Sequence[Tally]) -> list[LearnedOutput | None]:
    """Report the learned output for each model; None for a model without any."""
    if quote.learned is None:
        return [None] * len(tallies)
    halves, tops = (quote.price(tallies, percent) for percent in (50, 95))
    return [
        _entry(spread, half.total, top.total) if spread else None
        for spread, half, top in zip(quote.learned.spreads, halves, tops, strict=True)
    ]


def with_learned(quote: Quote, assumed: Sequence[Assumption]) -> list[Assumption]:
    """Return the assumptions with the source of learned output in place of unknown output."""
    if quote.learned is None:
        return list(assumed)
    responses = " and ".join(
        f"{spread.total:,} of {price.model.name}"
        for price, spread in zip(quote.prices, quote.learned.spreads, strict=True)
        if spread
    )
    value = f"the mean of responses in {unicode_name(quote.learned.source)}: {responses or 'none'}"
    learned = Assumption("output_tokens", value, "output_from")
    return [learned if one.about == "output_tokens" else one for one in assumed]


def unlearned(quote: Quote) -> list[str]:
    """Return a warning for each model without a response to learn from."""
    spreads = quote.learned.spreads if quote.learned else ()
    return [
        Advised("", Advice.NOT_LEARNED, price.model.name)
        for price, spread in zip(quote.prices, spreads, strict=False)
        if spread is None
    ]


def _entry(spread: Histogram, half: Decimal | None, top: Decimal | None) -> LearnedOutput:
    return LearnedOutput(
        answers=spread.total,
        mean=Decimal(round(spread.mean * 100)) / 100,
        p50=spread.quantile(50),
        p95=spread.quantile(95),
        total_p50=half,
        total_p95=top,
    )


class TokenCounts(PromptTokenCounts):
    """Billed tokens summed over requests; output is null if it is unknown."""

    cache_hit: int
    cache_miss: int
    output: int | None
    output_ceiling: Annotated[int, Meta(description="the most output that the requests allow")]


class Costs(Part):
    """Costs in the report's currency; output and total are null if the output is unknown."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal | None
    total: Decimal | None
    floor: Annotated[Decimal, Meta(description="the cost with no output")]
    ceiling: Ceiling
    fees: Annotated[
        Decimal | UnsetType,
        Meta(
            description="what calls of server tools cost at most, as far as the requests limit "
            "them; in the ceiling, absent without any"
        ),
    ] = UNSET


class EstimateEntry(Part):
    """The tokens and the cost of all requests for one model."""

    model: str
    billed_as: str
    version: str
    tier: Tier
    tier_until: Timestamp | None
    requests: int
    tokens: TokenCounts
    rates_per_million: Rates
    cost: Costs
    other_tier: OtherTier | None
    waiting: Waiting | None
    period: PeriodNote
    learned_output: Annotated[LearnedOutput | None, Meta(description="with --output-from")] = None
    affordable: Annotated[Affordable | None, Meta(description="with --granted or --topped-up")] = (
        None
    )
    over_context: Annotated[
        int,
        Meta(description="by how many tokens the largest request is longer than the API accepts"),
    ]
    unknown_images: UnknownImages | None = None
    unknown_input: UnknownInputs = ()
    cache: Annotated[
        CacheForecastEntry | None,
        Meta(description="with --cache-hit-ratio auto: the range of the hits"),
    ] = None
    refused: RefusalEntry | None = None
    images: ImageTokens = UNSET
    breakdown: Annotated[BreakdownEntry | None, Meta(description="with --breakdown")] = None
    distribution: Annotated[DistributionEntry | None, Meta(description="of several bodies")] = None
    dearest: Annotated[
        tuple[ExpensiveRequest, ...] | None, Meta(description="of several bodies")
    ] = None
    tier_is_certain: Annotated[
        bool,
        Meta(description="false: the day may become a holiday, and the other rate apply"),
    ] = True
    concurrent_requests: Annotated[
        int | None, Meta(description="that the API serves at a time; given for several bodies")
    ] = None


def estimate_entry(
    estimate: Estimate,
    details: LedgerDetails | None = None,
    balance: "Balance | None" = None,
    learned: LearnedOutput | None = None,
) -> EstimateEntry:
    """Report an estimate, with what is known about its requests, the account and the output."""
    price, tally = estimate.price, estimate.tally
    return EstimateEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        tier=price.tier,
        tier_until=price.tier_until,
        tier_is_certain=price.is_tier_certain,
        requests=tally.requests,
        tokens=_tokens(tally),
        rates_per_million=price.rates,
        cost=_costs(estimate),
        other_tier=other_tier(estimate),
        waiting=waiting(estimate),
        period=period_note(price.period, price.period_until),
        learned_output=learned,
        affordable=affordable(balance, estimate) if balance else None,
        over_context=estimate.over_context,
        unknown_images=unknown_images(tally.unknown_images),
        unknown_input=unknown_entries(tally.unknown),
        cache=cache_forecast(estimate),
        **(asdict(details) if details else {}),
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
        fees=estimate.fees or UNSET,
    )
