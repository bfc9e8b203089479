"""Remember which responses were counted before, in at most 40 bytes each.

A response is identified by the 64-bit hash of its id. Among ten million responses, two are mistaken
for one in one of 370,000 runs, and then only if their inputs are equal. Hashes and counts are in
arrays, in order of the first records; a table of their positions, by hash, finds them.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import Row

_COUNTS: Final = 5  # hit, miss, output, reasoning + 1 (0: not reported), group
_ROOM: Final = 1 << 16  # the first size of the table of positions, for a large log
_FULL: Final = 4 / 5  # the share of it that is taken when it is doubled
_STEP_BITS: Final = 32  # these bits of a hash, of 64, are not those that a position begins with


class Counted(Struct, frozen=True, gc=False):
    """What a response was counted as: its tokens and the group of its first record."""

    hit: int
    miss: int
    output: int
    reasoning: int | None
    group: int


class Added(Struct):
    """What records of series were: those of new responses, by group, and the others.

    `again` has a record's identity, and its response's counts before and now.
    """

    new: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    again: list[tuple[str, Counted, Counted]] = field(default_factory=list)


class CountedResponses:
    """The responses counted so far. Order matters only among records of the same response."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._counts = array("I")
        self._positions = _empty_table(_ROOM)

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, identity: str, new: Counted) -> tuple[Counted, Counted] | None:
        """Count a record. Return None if the response is new, else its counts before and now.

        The last record of a response counts, in the group of the first. A relay may give all its
        responses one id, so a different input means a different response. 0 is "not reported yet".
        """
        found = self._add(hash(identity), new)
        if found is not None and not _is_same(found[0], new):
            found = self._add(hash((identity, new.hit + new.miss)), new)
        return found

    def find(self, identity: str, tokens: int) -> Counted | None:
        """Return what a response with so many input tokens was counted as; None if it is new."""
        for key in hash(identity), hash((identity, tokens)):
            if position := self._positions[self._find(key)]:
                former = self._counted(position - 1)
                if former.hit + former.miss == tokens:
                    return former
        return None

    def add_rows(self, rows: Sequence[Row], groups: Sequence[int], added: "Added") -> None:
        """Count records of series, in order, each in a group."""
        self._make_room(len(rows))
        positions, last = self._positions, len(self._positions) - 1
        hashes, store = self._hashes, self._counts.extend
        for row, group in zip(rows, groups, strict=True):
            _, _, identity, hit, miss, output, reasoning, _ = row
            key = hash(identity)
            at = key & last
            if positions[at]:
                at = self._find(key)
            if not positions[at]:
                hashes.append(key)
                store((hit, miss, output, 0 if reasoning is None else reasoning + 1, group))
                positions[at] = len(hashes)
            elif known := self.add(identity, Counted(hit, miss, output, reasoning, group)):
                added.again.append((identity, *known))
                continue
            added.new[group].append(row)

    def _add(self, key: int, new: Counted) -> tuple[Counted, Counted] | None:
        """Add the counts of a new hash, or merge them with those of the same response."""
        self._make_room(1)
        at = self._find(key)
        if position := self._positions[at]:
            return self._merge(position - 1, new)
        self._hashes.append(key)
        self._counts.extend(_stored(new))
        self._positions[at] = len(self._hashes)
        return None

    def _find(self, key: int) -> int:
        """Return where in the table a hash has its position, or would have it."""
        positions, hashes, last = self._positions, self._hashes, len(self._positions) - 1
        at = key & last
        while (position := positions[at]) and hashes[position - 1] != key:
            at = (at + _step(key)) & last
        return at

    def _merge(self, position: int, new: Counted) -> tuple[Counted, Counted]:
        """Merge counts with those at a position. Return these, and what they are now."""
        former = self._counted(position)
        merged = _merged(former, new) if _is_same(former, new) else former
        if merged != former:
            begin = position * _COUNTS
            self._counts[begin : begin + _COUNTS] = array("I", _stored(merged))
        return former, merged

    def _counted(self, position: int) -> Counted:
        begin = position * _COUNTS
        hit, miss, output, reasoning, group = self._counts[begin : begin + _COUNTS]
        return Counted(hit, miss, output, reasoning - 1 if reasoning else None, group)

    def _make_room(self, count: int) -> None:
        """Enlarge the table of positions if so many more would fill it."""
        size = len(self._positions)
        while len(self._hashes) + count > _FULL * size:
            size *= 2
        if size == len(self._positions):
            return
        del self._positions  # so that only one is in memory
        self._positions = positions = _empty_table(size)
        last = size - 1
        for position, key in enumerate(self._hashes, 1):
            at = key & last
            while positions[at]:
                at = (at + _step(key)) & last
            positions[at] = position


def _empty_table(size: int) -> "array[int]":
    """Return zeros; `size` is a power of two, so that odd steps lead to every position."""
    return array("I", [0]) * size


def _step(key: int) -> int:
    return key >> _STEP_BITS | 1


def _is_same(former: Counted, new: Counted) -> bool:
    inputs = former.hit + former.miss, new.hit + new.miss
    return inputs[0] == inputs[1] or 0 in inputs


def _merged(former: Counted, new: Counted) -> Counted:
    source = new if new.hit + new.miss else former
    output = new if new.output else former
    return Counted(source.hit, source.miss, output.output, output.reasoning, former.group)


def _stored(counted: Counted) -> tuple[int, ...]:
    reasoning = 0 if counted.reasoning is None else counted.reasoning + 1
    return counted.hit, counted.miss, counted.output, reasoning, counted.group
