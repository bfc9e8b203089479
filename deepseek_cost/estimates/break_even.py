"""Break-even: cost as a function of the cache hit rate, and where two costs are equal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from msgspec import Struct

from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.cost import EXACT, total_of
from deepseek_cost.pricing.entries import Model, Rates
from deepseek_cost.pricing.schedule import Tier


class Line(Struct, frozen=True):
    """The cost of a tally at one set of rates, as a function of the cache hit rate."""

    model: Model
    tier: Tier
    rates: Rates
    tally: Tally

    def cost(self, ratio: Decimal) -> Decimal:
        """Return the cost at a ratio that the tally was counted at: whole tokens of each request.

        Output counts if it is known.
        """
        return self._cost(Decimal(self.tally.hits_at[ratio]))

    def mean_cost(self, ratio: Decimal) -> Decimal:
        """Return the cost at exactly this hit rate, without rounding to whole tokens."""
        return self._cost(EXACT.multiply(Decimal(self.tally.input), ratio))

    def _cost(self, hits: Decimal) -> Decimal:
        misses = EXACT.subtract(Decimal(self.tally.input), hits)
        return total_of(hits, misses, self.tally.output or 0, self.rates)


class BreakEven(Struct, frozen=True):
    """Two lines; where they cross, and where the costlier one reaches the cheaper one's cost.

    `ratio` is the cache hit rate, equal for both, at which they cost the same; `reached_at` the
    rate at which `costlier` costs what the other costs at the rate asked for. None: nowhere.
    """

    cheaper: Line
    costlier: Line
    ratio: Fraction | None
    reached_at: Fraction | None


def break_even(first: Line, second: Line, at: Decimal) -> BreakEven:
    """Compare two lines exactly; `at` is the hit rate at which one is called the cheaper one."""
    cheaper, costlier = sorted((first, second), key=lambda line: line.mean_cost(at))
    none, all_ = (Fraction(costlier.mean_cost(Decimal(end))) for end in (0, 1))
    same_none, same_all = (Fraction(cheaper.mean_cost(Decimal(end))) for end in (0, 1))
    goal = Fraction(cheaper.mean_cost(at))
    return BreakEven(
        cheaper,
        costlier,
        ratio=_root(none - same_none, all_ - same_all),
        reached_at=_root(none - goal, all_ - goal),
    )


def _root(at_zero: Fraction, at_one: Fraction) -> Fraction | None:
    """Return where a straight line through these values at 0 and 1 is zero, if between them."""
    crosses = at_zero * at_one <= 0 and at_zero != at_one
    return at_zero / (at_zero - at_one) if crosses else None


def break_evens(lines: Sequence[Line], at: Decimal) -> list[BreakEven]:
    """Compare every two lines of different models."""
    pairs = combinations(lines, 2)
    return [break_even(a, b, at) for a, b in pairs if a.model.name != b.model.name]


def lines_of(model: Model, rates: Mapping[Tier, Rates], tally: Tally) -> list[Line]:
    """Return one line per rate (flat, off-peak, peak), the cheaper first."""
    order = (Tier.FLAT, Tier.OFF_PEAK, Tier.PEAK)
    return [Line(model, tier, rates[tier], tally) for tier in order if tier in rates]


def scale(cost: Decimal, requests: int, per: int) -> Decimal:
    """Return what `per` requests cost on average, where `requests` cost `cost`."""
    return cost * per / requests
