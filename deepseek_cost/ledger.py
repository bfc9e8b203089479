"""What is kept of the requests of one model while they go by: sums, the spread, the dearest."""

import heapq
from fractions import Fraction
from typing import Final

from msgspec import Struct, field

from deepseek_cost.breakdown import Breakdown
from deepseek_cost.distribution import Distribution
from deepseek_cost.estimates import Tally
from deepseek_cost.prices import Model, Rates

_DEAREST: Final = 5
# An identifier is shown, and kept for the dearest; none needs to be longer.
_LONGEST_ID: Final = 256


class Place(Struct, frozen=True):
    """Where a request stands."""

    source: str
    line: int
    custom_id: str | None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"

    @property
    def short_id(self) -> str | None:
        """The identifier, cut where it is longer than any is meant to be."""
        return None if self.custom_id is None else self.custom_id[:_LONGEST_ID]


class Refusals(Struct):
    """The requests that the API would refuse, with the first one's reason."""

    requests: int = 0
    first: str | None = None

    def note(self, place: Place, reason: str, requests: int) -> None:
        """Note that a request would be refused."""
        self.requests += requests
        self.first = self.first or f"{place}: {reason}"


class Ledger(Struct):
    """The account of a model. Its size does not depend on the number of requests."""

    model: Model
    rates: Rates | None
    keeps_parts: bool = False
    bodies: int = 0
    parts: Breakdown = field(default_factory=Breakdown)
    spread: Distribution = field(default_factory=Distribution)
    refusals: Refusals = field(default_factory=Refusals)
    unseen_images: int = 0
    replaced_images: int = 0
    is_fim: bool = False
    _heap: list[tuple[Fraction, int, Place, Tally]] = field(default_factory=list)

    def note(self, place: Place, tally: Tally, parts: Breakdown) -> None:
        """Take in one body, tallied as often as it is sent."""
        self.bodies += 1
        self.spread.add(parts.input)
        if self.keeps_parts:
            self.parts += parts.times(tally.requests)
        self._note_dearest(place, tally)

    def dearest(self) -> list[tuple[Place, Tally]]:
        """Return the most expensive bodies, the dearest first; of equals the earlier."""
        return [(place, tally) for _, _, place, tally in sorted(self._heap, reverse=True)]

    def _note_dearest(self, place: Place, tally: Tally) -> None:
        if self.rates is None:
            return
        entry = (_weight(tally, self.rates), -self.bodies, place, tally)
        if len(self._heap) < _DEAREST:
            heapq.heappush(self._heap, entry)
        elif entry[:2] > self._heap[0][:2]:
            heapq.heapreplace(self._heap, entry)


def _weight(tally: Tally, rates: Rates) -> Fraction:
    """Return the cost times a million, to compare; the ceiling decides while output is unknown."""
    output = tally.output_ceiling if tally.output is None else tally.output
    usage = tally.usage(output)
    weight = rates.cache_hit * usage.cache_hit + rates.cache_miss * usage.cache_miss
    return Fraction(weight + rates.output * usage.output)
