"""A model's sums, distribution, and most expensive requests."""

import heapq
from array import array
from collections.abc import Iterable, Iterator
from math import lcm
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.histogram import nearest_rank
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.entries import Model, Rates
from deepseek_cost.prompt.breakdown import Breakdown, UnknownInput, joined_unknown

# The largest context. A longer request, which the API refuses, counts as this long.
_LONGEST: Final = 1_000_000
_MOST_FEW: Final = 8_192


class Distribution:
    """Requests by input tokens; at most 8 MB however many there are.

    Up to so many different lengths are kept one by one, so that merging takes as long as there are
    lengths, not as the longest request is.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.most = 0
        self._few: dict[int, int] = {}
        self._many = array("Q")  # by length, once there are more

    def add(self, tokens: int, requests: int = 1) -> None:
        """Add so many requests of this many tokens each."""
        self._count(min(tokens, _LONGEST), requests)
        self.requests += requests
        self.most = max(self.most, tokens)

    def merge(self, other: "Distribution") -> None:
        """Add the requests of another batch."""
        for tokens, requests in other._ascending():  # noqa: SLF001 - of this class
            self._count(tokens, requests)
        self.requests += other.requests
        self.most = max(self.most, other.most)

    def quantile(self, percent: int) -> int:
        """Return the tokens that so many percent of the requests do not exceed (nearest rank)."""
        if not self.requests:
            return self.most
        found = nearest_rank(self._ascending(), self.requests, percent)
        return found if found < _LONGEST else self.most  # those beyond it are one

    def _count(self, tokens: int, requests: int) -> None:
        if not self._many:
            self._few[tokens] = self._few.get(tokens, 0) + requests
            if len(self._few) <= _MOST_FEW:
                return
            few, self._few = self._few, {}
            self._many.append(0)
            for at, each in few.items():
                self._count(at, each)
            return
        if tokens >= len(self._many):
            self._many.extend([0] * (tokens + 1 - len(self._many)))
        self._many[tokens] += requests

    def _ascending(self) -> Iterable[tuple[int, int]]:
        if self._many:
            return ((at, each) for at, each in enumerate(self._many) if each)
        return sorted(self._few.items())


class Position(NamedTuple):
    """Where something is in all the input: earlier places compare as less."""

    source: int
    line: int
    column: int = 1


class Earliest(Struct):
    """Different texts with where each appears first: the earliest `limit` of them."""

    limit: int
    found: dict[str, Position] = field(default_factory=dict)

    def add(self, text: str, at: Position) -> None:
        """Record that a text appears at this position."""
        known = self.found.get(text)
        if known is None or at < known:
            self.found[text] = at
            if len(self.found) > self.limit:
                del self.found[max(self.found, key=self.found.__getitem__)]

    def merge(self, other: "Earliest") -> None:
        """Add the texts of another part of the input."""
        for text, at in other.found.items():
            self.add(text, at)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.found, key=self.found.__getitem__))

    def __len__(self) -> int:
        return len(self.found)


_MOST_EXPENSIVE: Final = 5
# An identifier is shown, and kept for the most expensive; none needs to be longer.
_LONGEST_ID: Final = 256


class Place(Struct, frozen=True):
    """Where a request is."""

    source: str
    line: int
    custom_id: str | None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"

    @property
    def short_id(self) -> str | None:
        """The identifier, cut if it is longer than the limit."""
        return None if self.custom_id is None else self.custom_id[:_LONGEST_ID]


# Weight, backward position, place, tally.
_Expensive = tuple[int, tuple[int, ...], Place, Tally]


class Refusals(Struct):
    """The requests that the API would refuse, with the first one's reason."""

    requests: int = 0
    reasons: Earliest = field(default_factory=lambda: Earliest(1))

    @property
    def first(self) -> str | None:
        """The place and the reason of the first one; None if there is none."""
        return next(iter(self.reasons), None)

    def add(self, place: Place, reason: str, requests: int, at: Position) -> None:
        """Count requests that would be refused; the first is at this place."""
        self.requests += requests
        self.reasons.add(f"{place}: {reason}", at)

    def merge(self, other: "Refusals") -> None:
        """Add the refusals of another part of the input."""
        self.requests += other.requests
        self.reasons.merge(other.reasons)


class Outputs(Struct):
    """The fewest and the most output tokens of a request; None before the first one."""

    least: int | None = None
    most: int | None = None
    is_known: bool = True

    @property
    def of_each(self) -> int | None:
        """The output of each request; None if it is unknown or differs between requests."""
        return self.most if self.is_known and self.least == self.most else None

    def add(self, tally: Tally) -> None:
        """Add the output of a body's requests."""
        if tally.output is None:
            self.is_known = False
        else:
            each = tally.output // tally.requests
            self._widen(each, each)

    def merge(self, other: "Outputs") -> None:
        """Add the outputs of another part of the input."""
        self.is_known &= other.is_known
        if other.least is not None and other.most is not None:
            self._widen(other.least, other.most)

    def _widen(self, least: int, most: int) -> None:
        self.least = least if self.least is None else min(least, self.least)
        self.most = most if self.most is None else max(most, self.most)


class Ledger(Struct):
    """The sums of a model. Its size does not depend on the number of requests."""

    model: Model
    rates: Rates | None
    keeps_parts: bool = False
    bodies: int = 0
    parts: Breakdown = field(default_factory=Breakdown)
    spread: Distribution = field(default_factory=Distribution)
    refusals: Refusals = field(default_factory=Refusals)
    image_tokens: int = 0
    outputs: Outputs = field(default_factory=Outputs)
    unknown: UnknownInput = field(default_factory=dict)
    replaced_images: int = 0
    is_fim: bool = False
    kept: list[_Expensive] = field(default_factory=list)
    _weights: tuple[int, int, int] | None = None

    def add(self, tally: Tally, parts: Breakdown, bodies: int = 1) -> None:
        """Add a number of bodies with the same tally, each as often as it is sent."""
        self.bodies += bodies
        self.spread.add(parts.input, bodies)
        self.image_tokens += bodies * tally.requests * parts.images
        self.outputs.add(tally)
        for what, one in tally.unknown.items():
            self.unknown = joined_unknown(self.unknown, {what: one.times(bodies)})
        self.add_parts(tally, parts, bodies)

    def add_parts(self, tally: Tally, parts: Breakdown, bodies: int = 1) -> None:
        """Add the breakdown of bodies, if it is kept."""
        if self.keeps_parts:
            self.parts += parts.times(bodies * tally.requests)

    def offer(self, tally: Tally, places: Iterable[tuple[Position, Place]]) -> None:
        """Keep bodies that are tallied alike if among the most expensive; the earliest first."""
        if self.rates is None:
            return
        if self._weights is None:
            self._weights = _weights(self.rates)
        weight = _weight(tally, self._weights)
        if len(self.kept) == _MOST_EXPENSIVE and weight < self.kept[0][0]:
            return
        for at, place in places:
            if not self._keep((weight, _backwards(at), place, tally)):
                return

    def merge(self, other: "Ledger") -> None:
        """Add the bodies of another part of the input, for the same model and rates."""
        self.bodies += other.bodies
        self.parts += other.parts
        self.spread.merge(other.spread)
        self.refusals.merge(other.refusals)
        self.image_tokens += other.image_tokens
        self.outputs.merge(other.outputs)
        self.unknown = joined_unknown(self.unknown, other.unknown)
        self.replaced_images += other.replaced_images
        self.is_fim |= other.is_fim
        for entry in other.kept:
            self._keep(entry)

    def most_expensive(self) -> list[tuple[Place, Tally]]:
        """Return the most expensive bodies in descending order; of equals, the earlier first."""
        return [(place, tally) for _, _, place, tally in sorted(self.kept, reverse=True)]

    def _keep(self, entry: _Expensive) -> bool:
        if len(self.kept) < _MOST_EXPENSIVE:
            heapq.heappush(self.kept, entry)
        elif entry[:2] > self.kept[0][:2]:
            heapq.heapreplace(self.kept, entry)
        else:
            return False
        return True


def _backwards(at: Position) -> tuple[int, ...]:
    """Return a sort key that is greater for an earlier position."""
    return tuple(-number for number in at)


def _weights(rates: Rates) -> tuple[int, int, int]:
    """Return whole numbers in the same proportions as the rates."""
    ratios = [one.as_integer_ratio() for one in (rates.cache_hit, rates.cache_miss, rates.output)]
    whole = lcm(*(below for _, below in ratios))
    hit, miss, output = (above * whole // below for above, below in ratios)
    return hit, miss, output


def _weight(tally: Tally, weights: tuple[int, int, int]) -> int:
    """Return a sort key that is greater for a higher cost, or maximum if the output is unknown."""
    output = tally.output_ceiling if tally.output is None else tally.output
    hit, miss, each = weights
    hits = tally.cache_hit
    return hits * hit + (tally.input - hits) * miss + output * each
