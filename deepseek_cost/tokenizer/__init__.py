"""Counting the tokens of plain text: DeepSeek's V4 encoding, exact and in one pass.

Both engines give the same counts. tiktoken comes with every installation; gigatoken is several
times as fast but takes a moment to load, so it is used for large inputs. Special tokens in text
are never recognized as such.
"""

from functools import cache
from typing import TYPE_CHECKING

from deepseek_cost.tokenizer.base import (
    MOST_SHORT_BYTES,
    PAYS_FROM,
    Engine,
    EngineName,
    TextCounter,
)

if TYPE_CHECKING:
    from deepseek_cost.tokenizer.adaptive import SparingCounter
    from deepseek_cost.tokenizer.stream import StreamCounter


def counter_on(engine: EngineName, size: int = 0) -> "TextCounter":
    """Return the counter to use for `size` bytes of input; 0 if the size is unknown.

    Raises EngineError if gigatoken is requested but cannot be used, and VocabularyError.
    """
    if engine is EngineName.TIKTOKEN:
        return default_counter()
    if engine is EngineName.AUTO:
        if size <= MOST_SHORT_BYTES:
            return sparing_counter()
        if not _has_gigatoken():
            return default_counter()
        if size < PAYS_FROM:
            return _growing_counter()
    return fast_counter()


@cache
def sparing_counter() -> "SparingCounter":
    """Return a counter suited to inputs that may be short; raises VocabularyError."""
    from deepseek_cost.tokenizer.adaptive import SparingCounter  # noqa: PLC0415 - as all below
    from deepseek_cost.tokenizer.vocabulary import load_index  # noqa: PLC0415

    return SparingCounter(load_index(), _growing_counter)


@cache
def default_counter() -> "StreamCounter":
    """Return the tiktoken counter, created once per process; raises VocabularyError."""
    from deepseek_cost.tokenizer.tiktoken_engine import tiktoken_engine  # noqa: PLC0415

    return _stream(tiktoken_engine())


@cache
def fast_counter() -> "StreamCounter":
    """Return the gigatoken counter; raises EngineError if gigatoken cannot be used."""
    from deepseek_cost.tokenizer.gigatoken_engine import gigatoken_engine  # noqa: PLC0415

    return _stream(gigatoken_engine())


@cache
def _growing_counter() -> "StreamCounter":
    from deepseek_cost.tokenizer.adaptive import Growing  # noqa: PLC0415
    from deepseek_cost.tokenizer.gigatoken_engine import gigatoken_engine  # noqa: PLC0415
    from deepseek_cost.tokenizer.tiktoken_engine import tiktoken_engine  # noqa: PLC0415

    if not _has_gigatoken():
        return default_counter()
    return _stream(Growing(tiktoken_engine(), gigatoken_engine, PAYS_FROM))


def _stream(engine: Engine) -> "StreamCounter":
    from deepseek_cost.tokenizer.stream import StreamCounter  # noqa: PLC0415
    from deepseek_cost.tokenizer.tiktoken_engine import byte_pairs  # noqa: PLC0415

    return StreamCounter(engine, byte_pairs)


def _has_gigatoken() -> bool:
    from deepseek_cost.tokenizer.gigatoken_engine import is_usable  # noqa: PLC0415

    return is_usable()
