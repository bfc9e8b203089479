"""Remember which responses were counted before, in at most 40 bytes each.

A response is identified by the 64-bit hash of its id. Among ten million responses, two are mistaken
for one in one of 370,000 runs, and then only if their inputs are equal. Hashes and counts are in
arrays, in order of the first records; a table of their positions, by hash, finds them.
"""

from array import array
from struct import Struct as Layout
from typing import Final

from msgspec import Struct

# hit, miss, output, reasoning + 1 (0: not reported), group
_COUNTS: Final = Layout("<5I")
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


class CountedResponses:
    """The responses counted so far. Order matters only among records of the same response."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._counts = array("B")
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

    def _add(self, key: int, new: Counted) -> tuple[Counted, Counted] | None:
        """Add the counts of a new hash, or merge them with those of the same response."""
        positions, last = self._positions, len(self._positions) - 1
        at = key & last
        while position := positions[at]:  # counted from 1
            if self._hashes[position - 1] == key:
                return self._merge(position - 1, new)
            at = (at + _step(key)) & last
        self._hashes.append(key)
        self._counts.frombytes(_packed(new))
        positions[at] = len(self._hashes)
        if len(self._hashes) > _FULL * last:
            self._enlarge()
        return None

    def _merge(self, position: int, new: Counted) -> tuple[Counted, Counted]:
        """Merge counts with those at a position. Return these, and what they are now."""
        begin = position * _COUNTS.size
        hit, miss, output, reasoning, group = _COUNTS.unpack_from(self._counts, begin)
        former = Counted(hit, miss, output, reasoning - 1 if reasoning else None, group)
        merged = _merged(former, new) if _is_same(former, new) else former
        if merged != former:
            self._counts[begin : begin + _COUNTS.size] = array("B", _packed(merged))
        return former, merged

    def _enlarge(self) -> None:
        last = 2 * len(self._positions) - 1
        del self._positions  # so that only one is in memory
        self._positions = positions = _empty_table(last + 1)
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


def _packed(counted: Counted) -> bytes:
    reasoning = 0 if counted.reasoning is None else counted.reasoning + 1
    return _COUNTS.pack(counted.hit, counted.miss, counted.output, reasoning, counted.group)
