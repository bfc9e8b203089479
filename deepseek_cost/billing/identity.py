"""Which responses were counted before, in about 30 bytes each.

A response is known by the 64 bits that its id hashes to: one of ten million is mistaken for
another once in some 300,000 runs. Hashes and counts are in parallel arrays, partitioned by the
lowest bits so that a search looks at a kilobyte or so, with the speed of a memory search.
"""

from struct import Struct as Layout
from struct import unpack
from typing import Final, NamedTuple

_HASH_BYTES: Final = 8
_MASK: Final = (1 << 64) - 1
# hit, miss, output, reasoning + 1 (0: not reported), group
_ROW: Final = Layout("<5I")
# When partitions are fuller than this on average there are four times as many.
_FULL: Final = 128
_GROWTH: Final = 2


class Counted(NamedTuple):
    """What a response was counted as: its tokens, and the group of its first record."""

    hit: int
    miss: int
    output: int
    reasoning: int | None
    group: int


class CountedResponses:
    """The responses counted so far. Order matters only among records of one response."""

    def __init__(self) -> None:
        self._bits = 0
        self._count = 0
        self._hashes = [bytearray()]
        self._rows = [bytearray()]

    def __len__(self) -> int:
        return self._count

    def add(self, identity: str, new: Counted) -> tuple[Counted, Counted] | None:
        """Count a record; None for a new response, else what it was counted as, and is now.

        The last record of a response counts, in the first one's group. A relay may give all its
        responses one id: with another input it is another response. 0 is "not reported yet".
        """
        key = hash(identity) & _MASK
        found = self._find(key)
        if found is not None and not _is_same(found[2], new):
            key = hash((identity, new.hit + new.miss)) & _MASK
            found = self._find(key)
        if found is None:
            self._insert(key, new)
            return None
        part, index, former = found
        merged = _merged(former, new)
        if merged != former:
            at = index * _ROW.size
            self._rows[part][at : at + _ROW.size] = _packed(merged)
        return former, merged

    def _find(self, key: int) -> tuple[int, int, Counted] | None:
        part = key & ((1 << self._bits) - 1)
        hashes, wanted = self._hashes[part], key.to_bytes(_HASH_BYTES, "little")
        at = hashes.find(wanted)
        while at % _HASH_BYTES and at >= 0:  # the end of one hash and the beginning of another
            at = hashes.find(wanted, at + 1)
        if at < 0:
            return None
        index = at // _HASH_BYTES
        hit, miss, output, reasoning, group = _ROW.unpack_from(self._rows[part], index * _ROW.size)
        return part, index, Counted(hit, miss, output, reasoning - 1 if reasoning else None, group)

    def _insert(self, key: int, new: Counted) -> None:
        if self._count >= _FULL << self._bits:
            self._grow()
        part = key & ((1 << self._bits) - 1)
        self._hashes[part] += key.to_bytes(_HASH_BYTES, "little")
        self._rows[part] += _packed(new)
        self._count += 1

    def _grow(self) -> None:
        """Split each partition in four, one after the other, so that little is held twice."""
        size, mask = 1 << self._bits, (1 << (self._bits + _GROWTH)) - 1
        self._bits += _GROWTH
        new = range((1 << _GROWTH) * size - size)
        self._hashes += [bytearray() for _ in new]
        self._rows += [bytearray() for _ in new]
        for part in range(size):
            hashes, rows = self._hashes[part], self._rows[part]
            self._hashes[part], self._rows[part] = bytearray(), bytearray()
            row = 0
            for index, key in enumerate(unpack(f"<{len(hashes) // _HASH_BYTES}Q", hashes)):
                target, at = key & mask, index * _HASH_BYTES
                self._hashes[target] += hashes[at : at + _HASH_BYTES]
                self._rows[target] += rows[row : row + _ROW.size]
                row += _ROW.size


def _is_same(former: Counted, new: Counted) -> bool:
    inputs = former.hit + former.miss, new.hit + new.miss
    return inputs[0] == inputs[1] or 0 in inputs


def _merged(former: Counted, new: Counted) -> Counted:
    source = new if new.hit + new.miss else former
    output = new if new.output else former
    return Counted(source.hit, source.miss, output.output, output.reasoning, former.group)


def _packed(counted: Counted) -> bytes:
    hit, miss, output, reasoning, group = counted
    return _ROW.pack(hit, miss, output, 0 if reasoning is None else reasoning + 1, group)
