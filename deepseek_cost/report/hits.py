"""What reports say of a cache forecast: the range of the hits, and what it costs."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from deepseek_cost.estimates import Estimate
from deepseek_cost.report.parts import Amount, Part, described

_DECIMALS: Final = 6


class CacheCase(Part):
    """One case: its hits, their share of the input, and the cost; total is null as in `cost`."""

    cache_hit: int
    cache_hit_ratio: Amount = described("rounded to six decimals")
    total: Amount | None
    floor: Amount


class CacheForecast(Part):
    """Hits as the requests themselves tell them; `cost` is that of the expected case."""

    worst: CacheCase
    expected: CacheCase
    best: CacheCase
    aged: int = described("expected hits on what was not used for over an hour")


def cache_forecast(estimate: Estimate) -> CacheForecast | None:
    """Report the range of the hits; None where they are not forecast."""
    hits = estimate.tally.hits
    if hits.best is None:
        return None
    return CacheForecast(
        worst=_case(estimate, 0),
        expected=_case(estimate, hits.expected),
        best=_case(estimate, hits.best),
        aged=hits.aged,
    )


def share_of(hits: int, tokens: int) -> Decimal:
    """Return a share rounded to six decimals."""
    return Decimal(round(Fraction(hits, max(1, tokens)) * 10**_DECIMALS)).scaleb(-_DECIMALS)


def mean(amount: Decimal, requests: int) -> Decimal:
    """Return an amount a request; a mean may have endless decimals, and is rounded to twelve."""
    return (amount / requests).quantize(Decimal("1e-12"))


def _case(estimate: Estimate, hits: int) -> CacheCase:
    case = Estimate(estimate.tally.with_hits(hits), estimate.price)
    return CacheCase(
        cache_hit=hits,
        cache_hit_ratio=share_of(hits, estimate.tally.input),
        total=case.total,
        floor=case.floor,
    )
