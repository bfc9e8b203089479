"""The figures of a bill: tokens summed as they go by, and the money that they come to."""

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from operator import add

from msgspec import Struct

from deepseek_cost.bill.tariff import Stretch
from deepseek_cost.cost import EXACT, Cost, cost_of
from deepseek_cost.logs.usages import Usage
from deepseek_cost.schedule import Tier
from deepseek_cost.usage import TokenUsage


class Sums(Struct):
    """Requests and their tokens; `reasoning` is as far as told."""

    requests: int = 0
    cache_hit: int = 0
    cache_miss: int = 0
    output: int = 0
    reasoning: int = 0

    def note(self, usage: Usage) -> None:
        """Add a request."""
        self.requests += 1
        self.cache_hit += usage.tokens.cache_hit
        self.cache_miss += usage.tokens.cache_miss
        self.output += usage.tokens.output
        self.reasoning += usage.reasoning or 0

    @property
    def usage(self) -> TokenUsage:
        """The billed tokens."""
        return TokenUsage(self.cache_hit, self.cache_miss, self.output)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.requests + other.requests,
            self.cache_hit + other.cache_hit,
            self.cache_miss + other.cache_miss,
            self.output + other.output,
            self.reasoning + other.reasoning,
        )


class Figures(Struct, frozen=True):
    """Sums with their cost, exactly, and what it would have been otherwise.

    `saved` by cache hits; `peak_extra` over the off-peak rates of the same period; `beside`: the
    same tokens on the other model, None where that had no price.
    """

    sums: Sums
    cost: Cost
    saved: Decimal
    peak_extra: Decimal
    beside: Decimal | None

    @property
    def total(self) -> Decimal:
        """The whole cost."""
        return self.cost.total

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            sums=self.sums + other.sums,
            cost=self.cost + other.cost,
            saved=EXACT.add(self.saved, other.saved),
            peak_extra=EXACT.add(self.peak_extra, other.peak_extra),
            beside=None
            if self.beside is None or other.beside is None
            else EXACT.add(self.beside, other.beside),
        )


def figures_of(sums: Sums, stretch: Stretch) -> Figures:
    """Price sums at the rates that their stretch of time has."""
    usage, price = sums.usage, stretch.price
    cost = cost_of(usage, price.rates)
    uncached = cost_of(TokenUsage(0, usage.input, usage.output), price.rates)
    at_peak = price.tier is Tier.PEAK and price.other_rates
    off_peak = cost_of(usage, price.other_rates).total if at_peak and price.other_rates else None
    return Figures(
        sums=sums,
        cost=cost,
        saved=EXACT.subtract(uncached.total, cost.total),
        peak_extra=Decimal(0) if off_peak is None else EXACT.subtract(cost.total, off_peak),
        beside=cost_of(usage, stretch.beside.rates).total if stretch.beside else None,
    )


def total(figures: Iterable[Figures]) -> Figures:
    """Add up figures."""
    nothing = Cost(Decimal(0), Decimal(0), Decimal(0))
    return reduce(add, figures, Figures(Sums(), nothing, Decimal(0), Decimal(0), Decimal(0)))
