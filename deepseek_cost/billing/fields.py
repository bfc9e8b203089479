"""Names of the fields in a log's lines: the usual ones, or those given by the user."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import Unreadable
from deepseek_cost.billing.formats.lenient_json import with_whole_characters
from deepseek_cost.billing.formats.values import count, literal


class Field(StrEnum):
    """What a line can contain. Separate token counts take the place of a `usage`."""

    TIME = "time"
    END = "end"
    MODEL = "model"
    USAGE = "usage"
    REQUEST = "request"
    RESPONSE = "response"
    ID = "id"
    PROVIDER = "provider"
    KEY = "key"
    LABEL = "label"
    INPUT = "input"
    HIT = "hit"
    MISS = "miss"
    OUTPUT = "output"
    REASONING = "reasoning"


# The first one present counts. A dot leads into an object, unless the name itself contains a dot.
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
    Field.ID: ("id", "response_id", "request_id"),
    Field.PROVIDER: ("provider", "custom_llm_provider", "provider_name", "api_base", "base_url"),
    Field.KEY: (
        *("metadata.user_api_key_alias", "user_api_key_alias", "api_key_name", "api_key_alias"),
        *("key_name", "api_key", "key", "user"),
    ),
    Field.LABEL: ("label", "task", "tag", "metadata.label"),
}
# The Chat Completions names under which the counts of a flat line are read.
TOKENS: Final[Mapping[Field, str]] = {
    Field.INPUT: "prompt_tokens",
    Field.HIT: "prompt_cache_hit_tokens",
    Field.MISS: "prompt_cache_miss_tokens",
    Field.OUTPUT: "completion_tokens",
    Field.REASONING: "reasoning_tokens",
}
LIKE_REASONING: Final = re.compile("reason|think|thought", re.IGNORECASE)


class Fields(Struct, frozen=True):
    """The names to look under. Those in `own` replace the usual ones."""

    own: Mapping[Field, Sequence[str]] = field(default_factory=dict)

    def names(self, what: Field) -> Sequence[str]:
        """Return a field's names, in the order to try them."""
        return self.own.get(what) or _USUAL.get(what, ())

    def value(self, what: Field, *places: Mapping[str, object]) -> object:
        """Return the first value under a field's names in any of the places, else None."""
        for place in places:
            for name in self.names(what):
                found = at(place, name)
                if found is not None and found != "":
                    return found
        return None

    def counts(self, line: Mapping[str, object]) -> dict[str, object]:
        """Return the token counts under the user's own names, as fields of a usage.

        A name like `visible+reasoning` is a sum. Raises Unreadable if a value is not a count.
        """
        own = {what: self.own[what] for what in TOKENS if what in self.own}
        if Field.REASONING not in own and (parts := self._reasoning_parts()):
            own[Field.REASONING] = [parts]
        found = {TOKENS[what]: _sum(names, line) for what, names in own.items()}
        reasoning = found.pop(TOKENS[Field.REASONING], None)
        if reasoning is not None:
            found["completion_tokens_details"] = {"reasoning_tokens": reasoning}
        return found

    def _reasoning_parts(self) -> str:
        """Return the parts of the output's sum that are reasoning, by their names."""
        sums = (name.split("+") for name in self.own.get(Field.OUTPUT, ()) if "+" in name)
        return "+".join(part for parts in sums for part in parts if LIKE_REASONING.search(part))


def _sum(names: Sequence[str], line: Mapping[str, object]) -> object:
    """Return the value of the first of these names; a name with `+` is a sum of counts."""
    for name in names:
        parts = [at(line, part) for part in name.split("+")]
        if len(parts) == 1:
            if parts[0] is not None and parts[0] != "":
                return parts[0]
        elif any(part is not None for part in parts):
            counts = [count(part) for part in parts]
            if None in counts:
                raise Unreadable(f"a part of {name!r} is missing")
            return sum(one or 0 for one in counts)
    return None


def at(place: Mapping[str, object], name: str) -> object:
    """Return the value under a name or a dotted path, or None if there is none."""
    if name in place:
        return place[name]
    head, dot, rest = name.partition(".")
    inner = as_object(place.get(head)) if dot else None
    return None if inner is None else at(inner, rest)


def as_object(value: object) -> dict[str, object] | None:
    """Return an object, parsed if the log keeps it as text; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        text = value
        try:
            value = json.loads(with_whole_characters(text.encode()))
        except (ValueError, RecursionError):
            value = literal(text)
    return value if isinstance(value, dict) else None
