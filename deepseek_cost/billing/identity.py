"""Remember which responses were counted before, in about 30 bytes each.

A response is identified by 56 bits of its id's hash. Among ten million responses, two are mistaken
for one in one of 1,400 runs, and then only if their inputs are equal. Hashes and counts are kept
in partitions small enough to be searched quickly.
"""

from struct import Struct as Layout
from typing import Final, NamedTuple

_MASK: Final = (1 << 56) - 1
_HASH_BYTES: Final = 7
# hit, miss, output, reasoning + 1 (0: not reported), group
_COUNTS: Final = Layout("<5I")
_ENTRY: Final = _HASH_BYTES + _COUNTS.size
# When partitions hold more than this on average, their number is doubled.
_FULL: Final = 48


class Counted(NamedTuple):
    """What a response was counted as: its tokens and the group of its first record."""

    hit: int
    miss: int
    output: int
    reasoning: int | None
    group: int


class CountedResponses:
    """The responses counted so far. Order matters only among records of the same response."""

    def __init__(self) -> None:
        self._size = 0
        self._partitions = [bytearray()]

    def __len__(self) -> int:
        return self._size

    def add(self, identity: str, new: Counted) -> tuple[Counted, Counted] | None:
        """Count a record. Return None if the response is new, else its counts before and now.

        The last record of a response counts, in the group of the first. A relay may give all its
        responses one id, so a different input means a different response. 0 is "not reported yet".
        """
        found = self._add(hash(identity) & _MASK, new)
        if found is not None and not _is_same(found[0], new):
            found = self._add(hash((identity, new.hit + new.miss)) & _MASK, new)
        return found

    def _add(self, key: int, new: Counted) -> tuple[Counted, Counted] | None:
        """Insert the counts of a new hash, or merge them with those of the same response."""
        partition = self._partitions[key & (len(self._partitions) - 1)]
        wanted = key.to_bytes(_HASH_BYTES, "little")
        at = partition.find(wanted)
        while at >= 0 and at % _ENTRY:  # the end of one and the beginning of another
            at = partition.find(wanted, at + 1)
        if at < 0:
            partition += wanted + _packed(new)
            self._size += 1
            if self._size >= _FULL * len(self._partitions):
                self._grow()
            return None
        hit, miss, output, reasoning, group = _COUNTS.unpack_from(partition, at + _HASH_BYTES)
        former = Counted(hit, miss, output, reasoning - 1 if reasoning else None, group)
        merged = _merged(former, new) if _is_same(former, new) else former
        if merged != former:
            partition[at + _HASH_BYTES : at + _ENTRY] = _packed(merged)
        return former, merged

    def _grow(self) -> None:
        """Split each partition in two, one at a time, so that little is in memory twice."""
        size = len(self._partitions)
        self._partitions += [bytearray() for _ in range(size)]
        for index in range(size):
            halves = bytearray(), bytearray()
            partition = self._partitions[index]
            for at in range(0, len(partition), _ENTRY):
                entry = partition[at : at + _ENTRY]
                half = halves[bool(int.from_bytes(entry[:_HASH_BYTES], "little") & size)]
                half += entry
            self._partitions[index], self._partitions[index + size] = halves


def _is_same(former: Counted, new: Counted) -> bool:
    inputs = former.hit + former.miss, new.hit + new.miss
    return inputs[0] == inputs[1] or 0 in inputs


def _merged(former: Counted, new: Counted) -> Counted:
    source = new if new.hit + new.miss else former
    output = new if new.output else former
    return Counted(source.hit, source.miss, output.output, output.reasoning, former.group)


def _packed(counted: Counted) -> bytes:
    hit, miss, output, reasoning, group = counted
    return _COUNTS.pack(hit, miss, output, 0 if reasoning is None else reasoning + 1, group)
