"""The vocabulary as one file: all tokens by rank, with a hash table to find single ones in it.

Its layout, in the machine's byte order: where each token ends in the tokens (u32), a slot for each
hash with the number of its token (u32, 0: none; a slot taken is followed by the next), the tokens.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final
from zlib import crc32

from msgspec import Struct

# Ids 0 to 2 are special tokens; the tokens of plain text begin here and have no gap.
FIRST_TEXT_TOKEN: Final = 3
TOKENS: Final = 127_997
_SLOTS: Final = 1 << 18
_TABLES: Final = 4 * (TOKENS + 1 + _SLOTS)

Ranks = dict[bytes, int]


class Index(Struct, frozen=True):
    """Finds tokens in the bytes that `pack` made."""

    ends: Sequence[int]
    slots: Sequence[int]
    tokens: bytes

    @classmethod
    def of(cls, packed: bytes) -> "Index":
        """Read what `pack` made."""
        tables = memoryview(packed)[:_TABLES].cast("I")
        return cls(tables[: TOKENS + 1], tables[TOKENS + 1 :], packed[_TABLES:])

    def spelt(self) -> Iterator[bytes]:
        """Yield every token in the order of ranks."""
        return (self.tokens[begin:end] for begin, end in pairwise(self.ends))

    def ranks(self) -> Ranks:
        """Return every token with its rank."""
        return {token: rank for rank, token in enumerate(self.spelt(), FIRST_TEXT_TOKEN)}

    def rank(self, token: bytes) -> int | None:
        """Return the rank of a token; None for bytes that are none."""
        slot = crc32(token) % _SLOTS
        while number := self.slots[slot]:
            begin = self.ends[number - 1]
            if self.tokens.startswith(token, begin) and self.ends[number] == begin + len(token):
                return number - 1 + FIRST_TEXT_TOKEN
            slot = (slot + 1) % _SLOTS
        return None

    def ranks_within(self, text: bytes, most_lookups: int) -> Ranks | None:
        """Return the ranks of every token that byte-pair encoding can meet within `text`.

        Merging looks up nothing but two tokens that stand side by side, and so does this: it is all
        that an encoder needs to encode `text`, or any part of it, as if it knew every token.
        None where that takes more lookups than allowed.
        """
        found = {byte: rank for byte in _SINGLE_BYTES if (rank := self.rank(byte)) is not None}
        ends: list[list[int]] = [[] for _ in text]
        ends.append([])
        for begin in reversed(range(len(text))):
            mine = ends[begin]
            mine.append(begin + 1)
            tried = {begin + 1}
            for middle in mine:  # grows on the way
                for end in ends[middle]:
                    if end not in tried:
                        tried.add(end)
                        token = text[begin:end]
                        if token in found:
                            mine.append(end)
                        elif (rank := self.rank(token)) is not None:
                            found[token] = rank
                            mine.append(end)
            most_lookups -= len(tried)
            if most_lookups < 0:
                return None
        return found


_SINGLE_BYTES: Final = tuple(bytes([byte]) for byte in range(0x100))


def pack(ranks: Ranks) -> bytes:
    """Lay out a vocabulary as one piece of bytes."""
    tokens = sorted(ranks, key=ranks.__getitem__)
    slots = array("I", bytes(4 * _SLOTS))
    for number, token in enumerate(tokens, 1):
        slot = crc32(token) % _SLOTS
        while slots[slot]:
            slot = (slot + 1) % _SLOTS
        slots[slot] = number
    ends = array("I", accumulate(map(len, tokens), initial=0))
    return ends.tobytes() + slots.tobytes() + b"".join(tokens)
