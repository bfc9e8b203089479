"""The report of `dscost check`."""

from typing import Literal

from deepseek_cost.cost import cost_of
from deepseek_cost.pricebook import Price
from deepseek_cost.prices import Currency
from deepseek_cost.report.parts import Amount, Instant, Part, described
from deepseek_cost.schedule import Tier
from deepseek_cost.usage import TokenUsage

_BLOCK = 128


class ExpectedTokens(Part):
    """The forecast: prompt tokens, and the most of them that can be cache hits."""

    input: int
    cache_hit_at_most: int


class AnsweredTokens(Part):
    """What the answer's usage says."""

    input: int
    cache_hit: int
    cache_miss: int
    output: int


class LiveReport(Part):
    """`dscost check --live --json`: a request's forecast beside what the API billed for it."""

    schema_version: Literal["1"] = "1"
    command: Literal["check"] = "check"
    source: str
    model: str
    tier: Tier
    currency: Currency
    priced_at: Instant
    forecast: ExpectedTokens
    billed: AnsweredTokens
    difference: int = described("billed less forecast input")
    likely_reason: str | None = described("null where there is no difference")
    cost: Amount
    warnings: tuple[str, ...] = ()


def live_report(
    source: str, price: Price, forecast: int, billed: TokenUsage, reason: str
) -> LiveReport:
    """Report a forecast of prompt tokens beside the bill."""
    difference = billed.input - forecast
    return LiveReport(
        source=source,
        model=price.model.name,
        tier=price.tier,
        currency=price.currency,
        priced_at=price.at,
        forecast=ExpectedTokens(
            input=forecast, cache_hit_at_most=max(0, forecast - 1) // _BLOCK * _BLOCK
        ),
        billed=AnsweredTokens(
            input=billed.input,
            cache_hit=billed.cache_hit,
            cache_miss=billed.cache_miss,
            output=billed.output,
        ),
        difference=difference,
        likely_reason=reason if difference else None,
        cost=cost_of(billed, price.rates).total,
    )
