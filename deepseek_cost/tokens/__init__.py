"""Counting the tokens of plain text: DeepSeek's V4 encoding, exact and in one pass.

Two engines count alike. tiktoken comes with every installation; gigatoken is several times as fast
and takes a moment to load, so it is for much text. Special tokens are never looked for in text.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from deepseek_cost.tokens.sparing import SparingCounter
    from deepseek_cost.tokens.stream import StreamCounter

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


def counter_on(engine: EngineName, size: int = 0) -> "TextCounter":
    """Return the counter for so many bytes of input, 0 where that is not known.

    Raises EngineError where gigatoken is asked for and cannot be used; VocabularyError.
    """
    if engine is EngineName.TIKTOKEN:
        return default_counter()
    if engine is EngineName.AUTO and (size < PAYS_FROM or not _has_gigatoken()):
        return sparing_counter()
    return fast_counter()


@cache
def sparing_counter() -> "SparingCounter":
    """Return the counter for whoever may have little to count; raises VocabularyError."""
    from deepseek_cost.tokens.sparing import SparingCounter  # noqa: PLC0415 - as all below
    from deepseek_cost.vocabulary import load_index  # noqa: PLC0415

    return SparingCounter(load_index(), _growing_counter)


@cache
def default_counter() -> "StreamCounter":
    """Return the counter on tiktoken, made once a process; raises VocabularyError."""
    from deepseek_cost.tokens.on_tiktoken import tiktoken_engine  # noqa: PLC0415

    return _stream(tiktoken_engine())


@cache
def fast_counter() -> "StreamCounter":
    """Return the counter on gigatoken; raises EngineError where it cannot be used."""
    from deepseek_cost.tokens.on_gigatoken import gigatoken_engine  # noqa: PLC0415

    return _stream(gigatoken_engine())


@cache
def _growing_counter() -> "StreamCounter":
    from deepseek_cost.tokens.growing import Growing  # noqa: PLC0415
    from deepseek_cost.tokens.on_gigatoken import gigatoken_engine  # noqa: PLC0415
    from deepseek_cost.tokens.on_tiktoken import tiktoken_engine  # noqa: PLC0415

    if not _has_gigatoken():
        return default_counter()
    return _stream(Growing(tiktoken_engine(), gigatoken_engine, PAYS_FROM))


def _stream(engine: Engine) -> "StreamCounter":
    from deepseek_cost.tokens.on_tiktoken import byte_pairs  # noqa: PLC0415
    from deepseek_cost.tokens.stream import StreamCounter  # noqa: PLC0415

    return StreamCounter(engine, byte_pairs)


def _has_gigatoken() -> bool:
    from deepseek_cost.tokens.on_gigatoken import is_usable  # noqa: PLC0415

    return is_usable()


def stand_ins(content: bytes, tokens: int) -> bytes:
    """Return so many tokens, four bytes each, that stand for a content that has none of its own."""
    from hashlib import blake2b  # noqa: PLC0415 - images and tools alone have such

    digest = blake2b(content, digest_size=16).digest()
    return (digest * (tokens // ID_BYTES + 1))[: ID_BYTES * tokens]
