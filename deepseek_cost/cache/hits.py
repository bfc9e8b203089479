"""Cache hits of requests, between the least and the most that may be."""

from msgspec import Struct


class Hits(Struct, frozen=True):
    """Cache-hit tokens of requests; at worst there are none.

    `best` is None where hits are not forecast but set by a ratio. `aged` is the part of `expected`
    that rests on what no request has used for over an hour.
    """

    expected: int = 0
    best: int | None = None
    aged: int = 0

    def __add__(self, other: "Hits") -> "Hits":
        best = None if self.best is None or other.best is None else self.best + other.best
        return Hits(self.expected + other.expected, best, self.aged + other.aged)

    def times(self, requests: int) -> "Hits":
        """Return the hits of so many requests like this one."""
        best = None if self.best is None else requests * self.best
        return Hits(requests * self.expected, best, requests * self.aged)
