"""Values with how often each was seen, and their quantiles."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from fractions import Fraction


def nearest_rank(counts: Iterable[tuple[int, int]], total: int, percent: int) -> int:
    """Return the smallest value that at least `percent` of all values do not exceed.

    `counts` has the values in ascending order, each with how often it was seen; `total` is the
    number seen in all. Raises ValueError if there are none.
    """
    rank = max(1, -(-total * percent // 100))
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    raise ValueError("nothing was counted")


class Histogram(Struct):
    """Values with how often each was seen. Its size depends only on the distinct values."""

    counts: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """The number of values seen, including repeats."""
        return self.counts.total()

    @property
    def mean(self) -> "Fraction":
        """The mean of all values; there must be at least one value."""
        from fractions import Fraction  # noqa: PLC0415 - few commands need it

        return Fraction(sum(value * count for value, count in self.counts.items()), self.total)

    def quantile(self, percent: int) -> int:
        """Return the value at a percentile (nearest rank); raises ValueError if empty."""
        return nearest_rank(sorted(self.counts.items()), self.total, percent)

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(self.counts + other.counts)
