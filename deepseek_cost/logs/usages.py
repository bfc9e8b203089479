"""A `usage` object of the API's three formats, read into billed tokens."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from msgspec import Struct

from deepseek_cost.requests.kinds import Kind
from deepseek_cost.usage import TokenUsage

# More tokens than any account will use; a longer number is a mistake.
_MOST_TOKENS: Final = 10**12
# The last two split the first.
_OF_CHAT: Final = ("prompt_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens")
_OF_MESSAGES: Final = ("cache_read_input_tokens", "cache_creation_input_tokens")


class _Names(Struct, frozen=True):
    kind: Kind
    input: str
    output: str


_CHAT: Final = _Names(Kind.CHAT, "prompt_tokens", "completion_tokens")
_RESPONSES: Final = _Names(Kind.RESPONSES, "input_tokens", "output_tokens")


class NoUsageError(ValueError):
    """An object does not say what was billed; the text says why, and holds nothing of it."""


class Usage(Struct, frozen=True):
    """Billed tokens of one request; `reasoning`, part of the output, is None where not told.

    `assumed_split`: hits and misses come from an assumed share, not from the answer.
    """

    tokens: TokenUsage
    reasoning: int | None
    kind: Kind
    assumed_split: bool = False


def is_usage(found: Mapping[str, object]) -> bool:
    """Tell whether an object has the tokens of an input."""
    return any(found.get(name) is not None for name in (*_OF_CHAT, "input_tokens"))


def usage_of(found: Mapping[str, object], hit_share: Fraction | None = None) -> Usage:
    """Read a usage; `hit_share` splits an input of which hits are not told.

    Raises NoUsageError for tokens that are missing, no counts, or do not add up.
    """
    if any(found.get(name) is not None for name in _OF_CHAT):
        return _of_whole(found, _CHAT, hit_share)
    if any(found.get(name) is not None for name in _OF_MESSAGES):
        return _of_messages(found)
    return _of_whole(found, _RESPONSES, hit_share)


def _of_whole(found: Mapping[str, object], names: _Names, hit_share: Fraction | None) -> Usage:
    """Read a format that tells the whole input, and how much of it was cached."""
    output = _count(found, names.output)
    if output is None:
        raise NoUsageError(f"{names.output} is missing in its usage")
    reasoning = _count(_details(found, names.output), "reasoning_tokens")
    if reasoning is not None and reasoning > output:
        raise NoUsageError("its usage has more reasoning than output")
    whole, hit = _input(found, names)
    assumed = hit is None
    if hit is None:
        if hit_share is None:
            raise NoUsageError("its usage does not tell cache hits; assume --cache-hit-ratio R")
        hit = int(hit_share * whole)
    if hit > whole:
        raise NoUsageError("its usage has more cache hits than input")
    return Usage(TokenUsage(hit, whole - hit, output), reasoning, names.kind, assumed)


def _input(found: Mapping[str, object], names: _Names) -> tuple[int, int | None]:
    """Return the whole input, and its hits where they are told."""
    whole, hit, miss = (_count(found, name) for name in (names.input, *_OF_CHAT[1:]))
    if hit is None:
        hit = _count(_details(found, names.input), "cached_tokens")
    if whole is None:
        if hit is None or miss is None:
            raise NoUsageError(f"{names.input} is missing in its usage")
        whole = hit + miss
    if hit is None and miss is not None:
        hit = max(0, whole - miss)
    if miss is not None and hit is not None and hit + miss != whole:
        raise NoUsageError(f"its hits and misses do not add up to {names.input}")
    return whole, hit


def _of_messages(found: Mapping[str, object]) -> Usage:
    # There `input_tokens` is the part that missed; writing the cache costs nothing on DeepSeek.
    read, written = (_count(found, name) for name in _OF_MESSAGES)
    miss = _count(found, "input_tokens")
    if read is None or miss is None:
        raise NoUsageError("input_tokens or cache_read_input_tokens is missing in its usage")
    output = _count(found, "output_tokens")
    if output is None:
        raise NoUsageError("output_tokens is missing in its usage")
    return Usage(TokenUsage(read, miss + (written or 0), output), None, Kind.MESSAGES)


def _details(found: Mapping[str, object], name: str) -> Mapping[str, object]:
    details = found.get(f"{name}_details")
    return details if isinstance(details, dict) else {}


def _count(found: Mapping[str, object], name: str) -> int | None:
    """Return a count of tokens; spreadsheets write it as text, or with a decimal point."""
    value = found.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.strip().removesuffix(".0").isdecimal():
        value = int(value.strip().removesuffix(".0")[:16])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_TOKENS:
        raise NoUsageError(f"{name} in its usage is no count of tokens")
    return value
