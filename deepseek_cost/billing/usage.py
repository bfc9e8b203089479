"""A usage of any format as billed tokens."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Final

from msgspec import Struct, field

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.cost import TokenUsage

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


class Field(StrEnum):
    """What a line can hold; token counts by themselves stand for a `usage`."""

    TIME = "time"
    END = "end"
    MODEL = "model"
    USAGE = "usage"
    REQUEST = "request"
    RESPONSE = "response"
    KEY = "key"
    LABEL = "label"
    INPUT = "input"
    HIT = "hit"
    MISS = "miss"
    OUTPUT = "output"
    REASONING = "reasoning"


# The first that is there counts. A dot leads into an object, unless the name itself has one.
_USUAL: Final[Mapping[Field, Sequence[str]]] = {
    Field.TIME: (
        *("start_time", "startTime", "started_at", "created", "created_at", "timestamp"),
        *("time", "ts", "@timestamp", "datetime", "date"),
    ),
    Field.END: ("end_time", "endTime", "completed_at", "finished_at", "ended_at"),
    Field.MODEL: ("model", "model_name"),
    Field.USAGE: ("usage", "metadata.usage_object", "usage_object", "metadata.usage"),
    Field.REQUEST: ("request.body", "request", "request_body"),
    Field.RESPONSE: ("response.body", "response", "message", "completion", "result", "body"),
    Field.KEY: (
        *("metadata.user_api_key_alias", "user_api_key_alias", "api_key_name", "api_key_alias"),
        *("key_name", "api_key", "key", "user"),
    ),
    Field.LABEL: ("label", "task", "tag", "metadata.label"),
}
# Under which names of Chat Completions the counts of a flat line are read.
TOKENS: Final[Mapping[Field, str]] = {
    Field.INPUT: "prompt_tokens",
    Field.HIT: "prompt_cache_hit_tokens",
    Field.MISS: "prompt_cache_miss_tokens",
    Field.OUTPUT: "completion_tokens",
    Field.REASONING: "reasoning_tokens",
}


class Fields(Struct, frozen=True):
    """The names to look under; `own` ones stand in place of the usual."""

    own: Mapping[Field, Sequence[str]] = field(default_factory=dict)

    def names(self, what: Field) -> Sequence[str]:
        """Return the names of a field, the first to look under first."""
        return self.own.get(what) or _USUAL.get(what, ())

    def value(self, what: Field, *places: Mapping[str, object]) -> object:
        """Return the first value that any of the places has under a field's names, else None."""
        for place in places:
            for name in self.names(what):
                found = at(place, name)
                if found is not None and found != "":
                    return found
        return None

    def counts(self, line: Mapping[str, object]) -> dict[str, object]:
        """Return the token counts under names of the user's own, as a usage has them."""
        found = {name: self.value(what, line) for what, name in TOKENS.items() if what in self.own}
        if reasoning := found.pop("reasoning_tokens", None):
            found["completion_tokens_details"] = {"reasoning_tokens": reasoning}
        return found


def at(place: Mapping[str, object], name: str) -> object:
    """Return the value under a name, or along a dotted path; None where there is none."""
    if name in place:
        return place[name]
    head, dot, rest = name.partition(".")
    inner = as_object(place.get(head)) if dot else None
    return None if inner is None else at(inner, rest)


def as_object(value: object) -> dict[str, object] | None:
    """Return an object, also one that a log keeps as text; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, dict) else None
