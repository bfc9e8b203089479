"""TokenUsage x Rates = Cost, exactly: amounts are never rounded here, only where they are shown.

Which rates apply, with any discount of them, is decided in `book`; `fees` has what is charged by
the call, and `render.money` how an amount is written.
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
        """All tokens of the prompt: hits and misses."""
        return self.cache_hit + self.cache_miss


# 60 digits hold any count times any price; a result that would be rounded is an error instead.
EXACT = Context(prec=60, traps=[Inexact])
_PER_MILLION = Decimal(1_000_000)


class Cost(Struct, frozen=True):
    """Money in the currency of the rates it was worked out with, unrounded."""

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
        """The cost of the prompt: hits and misses."""
        return EXACT.add(self.cache_hit, self.cache_miss)

    @property
    def total(self) -> Decimal:
        """The cost of prompt and output."""
        return EXACT.add(self.input, self.output)


def cost_of(usage: TokenUsage, rates: Rates) -> Cost:
    """Price `usage` at `rates`, exactly."""
    return Cost(
        cache_hit=_cost(usage.cache_hit, rates.cache_hit),
        cache_miss=_cost(usage.cache_miss, rates.cache_miss),
        output=_cost(usage.output, rates.output),
    )


def total_of(hits: Decimal | int, misses: Decimal | int, output: int, rates: Rates) -> Decimal:
    """Return what tokens cost together, exactly; a share of hits may make fractions of them."""
    priced = ((hits, rates.cache_hit), (misses, rates.cache_miss), (output, rates.output))
    total = Decimal(0)
    for tokens, per_million in priced:
        total = EXACT.fma(Decimal(tokens), per_million, total)
    return EXACT.divide(total, _PER_MILLION)


def _cost(tokens: int, per_million: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(Decimal(tokens), per_million), _PER_MILLION)
