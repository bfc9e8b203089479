"""Settings of bodies that the API ignores: how many requests have them, and what to do instead."""

import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from deepseek_cost.estimates.ledger import Earliest, Position
from deepseek_cost.text import printable

# The number of names in a line of the report, and the characters kept of each.
_NAMED: Final = 8
_LONGEST: Final = 40


class _Belief(StrEnum):
    """A group of ignored settings that people expect to do the same, and what is true instead."""

    LIMIT = "it does not limit the output"
    FUNCTIONS = "functions are called only if they are in tools"
    EXTRA = "Python's SDK puts what is in it into the body; in JSON, write that yourself"
    OTHER = ""


_BELIEFS: Final = {
    **dict.fromkeys(("max_completion_tokens", "max_output_tokens", "max_tokens"), _Belief.LIMIT),
    **dict.fromkeys(("functions", "function_call"), _Belief.FUNCTIONS),
    "extra_body": _Belief.EXTRA,
}


class _Group(Struct):
    """The ignored settings expected to do the same, and the requests that have one of them."""

    requests: int = 0
    names: Earliest = field(default_factory=lambda: Earliest(_NAMED + 1))


class IgnoredSettings(Struct):
    """The settings that the API ignores, over any number of requests."""

    groups: dict[str, _Group] = field(default_factory=dict)

    def add(self, names: Sequence[str], at: Position, requests: int = 1) -> None:
        """Add a number of requests with settings of these names; `at` is the first one's place."""
        met = {_BELIEFS.get(name, _Belief.OTHER) for name in names}
        for belief in met:
            self._group(belief).requests += requests
        for number, name in enumerate(names[: _NAMED + 1]):
            shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
            place = at._replace(column=at.column + number)
            self._group(_BELIEFS.get(name, _Belief.OTHER)).names.add(shown, place)

    def merge(self, other: "IgnoredSettings") -> None:
        """Add those of another part of the input."""
        for belief, its in other.groups.items():
            group = self._group(belief)
            group.requests += its.requests
            group.names.merge(its.names)

    def warnings(self) -> Iterator[str]:
        """Yield a line for each kind of setting: its names, its requests, what is true instead."""
        for belief in _Belief:
            if group := self.groups.get(belief):
                requests = f" ({group.requests:,} requests)" if group.requests > 1 else ""
                why = f"; {belief}" if belief else ""
                yield f"the API ignores {_listed(list(group.names))}{requests}{why}"

    def _group(self, belief: str) -> _Group:
        return self.groups.setdefault(belief, _Group())


def _listed(names: Sequence[str]) -> str:
    quoted = [printable(json.dumps(name, ensure_ascii=False)) for name in names[:_NAMED]]
    more = " and others" if len(names) > _NAMED else ""
    return f"{', '.join(quoted)}{more}"
