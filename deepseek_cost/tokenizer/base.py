"""What counts text, as types: counters, encoders, engines, and the tokens they share."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, Protocol

# Loading gigatoken takes as long as tiktoken takes to count so many characters.
PAYS_FROM: Final = 8_000_000
# Of a token, where the tokens themselves are told.
ID_BYTES: Final = 4


class EngineName(StrEnum):
    """What counts; auto: whichever is sooner done with what there is to count."""

    AUTO = "auto"
    TIKTOKEN = "tiktoken"
    GIGATOKEN = "gigatoken"


class TextCounter(Protocol):
    """Counts the tokens of plain text, in which special tokens are never looked for."""

    def count(self, blocks: Iterable[str]) -> int:
        """Return the tokens of the text that `blocks` make up together."""

    def count_each(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the tokens of each of many texts: as `count`, and faster."""


class TextEncoder(TextCounter, Protocol):
    """Tells the tokens themselves, too."""

    def ids(self, text: str) -> bytes:
        """Return the tokens of a whole text, four bytes each."""


class Engine(Protocol):
    """An encoder of DeepSeek's vocabulary, for texts without long runs of one kind of character.

    All raise UnicodeEncodeError for a lone surrogate.
    """

    def counts(self, chunks: Iterable[str]) -> Iterable[int]:
        """Yield numbers that add up to the tokens of all chunks; counts on several cores."""

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text; counts on one core."""

    def ids(self, text: str) -> bytes:
        """Return the tokens of a text, four bytes each."""


def stand_ins(content: bytes, tokens: int) -> bytes:
    """Return so many tokens, four bytes each, that stand for a content that has none of its own."""
    from hashlib import blake2b  # noqa: PLC0415 - images and tools alone have such

    digest = blake2b(content, digest_size=16).digest()
    return (digest * (tokens // ID_BYTES + 1))[: ID_BYTES * tokens]
