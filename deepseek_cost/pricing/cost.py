"""TokenUsage x Rates = Cost, exactly: amounts are never rounded here, only where they are shown.

`book` decides which rates apply, including any discount; `fees` has per-call charges, and
`render.money` formats amounts.
"""

from decimal import Context, Decimal, Inexact

from msgspec import Struct

from deepseek_cost.pricing.entries import Rates


class TokenUsage(Struct, frozen=True):
    """Billed tokens: input split into cache hits and misses, and output (reasoning included)."""

    cache_hit: int
    cache_miss: int
    output: int = 0

    def __post_init__(self) -> None:
        for name in ("cache_hit", "cache_miss", "output"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is negative: {getattr(self, name)}")

    @property
    def input(self) -> int:
        """All prompt tokens: cache hits and misses."""
        return self.cache_hit + self.cache_miss


# 60 digits fit any count times any price; a result that would need rounding is an error.
EXACT = Context(prec=60, traps=[Inexact])
_PER_MILLION = Decimal(1_000_000)


class Cost(Struct, frozen=True):
    """An unrounded cost, in the currency of the rates it was calculated with."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            EXACT.add(self.cache_hit, other.cache_hit),
            EXACT.add(self.cache_miss, other.cache_miss),
            EXACT.add(self.output, other.output),
        )

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(
            EXACT.subtract(self.cache_hit, other.cache_hit),
            EXACT.subtract(self.cache_miss, other.cache_miss),
            EXACT.subtract(self.output, other.output),
        )

    @property
    def input(self) -> Decimal:
        """The cost of the prompt: cache hits and misses."""
        return EXACT.add(self.cache_hit, self.cache_miss)

    @property
    def total(self) -> Decimal:
        """The cost of the prompt and the output."""
        return EXACT.add(self.input, self.output)


def cost_of(usage: TokenUsage, rates: Rates) -> Cost:
    """Price `usage` at `rates`, exactly."""
    return Cost(
        cache_hit=_cost(usage.cache_hit, rates.cache_hit),
        cache_miss=_cost(usage.cache_miss, rates.cache_miss),
        output=_cost(usage.output, rates.output),
    )


def total_of(hits: Decimal | int, misses: Decimal | int, output: int, rates: Rates) -> Decimal:
    """Return the exact total cost; a cache hit rate can make `hits` and `misses` fractional."""
    priced = ((hits, rates.cache_hit), (misses, rates.cache_miss), (output, rates.output))
    total = Decimal(0)
    for tokens, per_million in priced:
        total = EXACT.fma(Decimal(tokens), per_million, total)
    return EXACT.divide(total, _PER_MILLION)


def _cost(tokens: int, per_million: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(Decimal(tokens), per_million), _PER_MILLION)
