"""The types for counting text: counters, encoders, engines, and the token ids they share."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Protocol

# Loading gigatoken takes as long as tiktoken takes to count this many characters.
PAYS_FROM: Final = 3_000_000
# Up to this many characters, an encoder with only the tokens that they can need is faster to build
# than one with the whole vocabulary. A character has four bytes at most.
MOST_SHORT: Final = 8_192
MOST_SHORT_BYTES: Final = 4 * MOST_SHORT
# The size of a token id where the ids themselves are returned.
ID_BYTES: Final = 4


class EngineName(StrEnum):
    """The engine to count on; auto: whichever will finish the input sooner."""

    AUTO = "auto"
    TIKTOKEN = "tiktoken"
    GIGATOKEN = "gigatoken"


class TextCounter(Protocol):
    """Counts the tokens of plain text, in which special tokens are never looked for."""

    def count(self, blocks: Iterable[str]) -> int:
        """Return the token count of the text made up of `blocks`."""

    def count_each(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the token count of each of many texts: the same as `count`, but faster."""


class TextEncoder(TextCounter, Protocol):
    """Counts tokens, and also returns their ids."""

    def ids(self, text: str) -> bytes:
        """Return the token ids of a whole text, four bytes each."""


class Engine(Protocol):
    """An encoder of DeepSeek's vocabulary, for texts without long runs of one kind of character.

    All methods raise UnicodeEncodeError for a lone surrogate.
    """

    def counts(self, chunks: Iterable[str]) -> Iterable[int]:
        """Yield numbers that add up to the token count of all chunks; uses several cores."""

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the token count of each text; uses one core."""

    def ids(self, text: str) -> bytes:
        """Return the token ids of a text, four bytes each."""


def stand_ins(content: bytes, tokens: int) -> bytes:
    """Return `tokens` placeholder ids, four bytes each, for content without tokens of its own."""
    from hashlib import blake2b  # noqa: PLC0415 - images and tools alone have such

    digest = blake2b(content, digest_size=16).digest()
    return (digest * (tokens // ID_BYTES + 1))[: ID_BYTES * tokens]
