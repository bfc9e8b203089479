"""Settings of bodies that the API ignores: how many requests have them, and what to do instead.

Those that people expect to change the tokens or the price are warnings, others assumptions.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from deepseek_cost.estimates.ledger import Earliest, Position
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.text import printable

# The number of names in a line of the report, and the characters kept of each.
_NAMED: Final = 8
_LONGEST: Final = 40


class _Belief(StrEnum):
    """A group of ignored settings that people expect to do the same, and what is true instead."""

    LIMIT = "it does not limit the output"
    FUNCTIONS = "functions are called only if they are in tools"
    THINKING = "it does not change how much a model thinks"
    SYSTEM = "a system prompt is a message of its own"
    PRICE = "it does not change the price"
    EXTRA = "Python's SDK puts what is in it into the body; in JSON, write that yourself"
    OTHER = ""


_BELIEFS: Final = {
    **dict.fromkeys(("max_completion_tokens", "max_output_tokens", "max_tokens"), _Belief.LIMIT),
    **dict.fromkeys(("functions", "function_call"), _Belief.FUNCTIONS),
    **dict.fromkeys(
        ("enable_thinking", "thinking_budget", "chat_template_kwargs", "effort"), _Belief.THINKING
    ),
    **dict.fromkeys(
        ("reasoning", "reasoning_effort", "thinking", "output_config"), _Belief.THINKING
    ),
    **dict.fromkeys(("system", "instructions"), _Belief.SYSTEM),
    "service_tier": _Belief.PRICE,
    "extra_body": _Belief.EXTRA,
}
# Settings that change the tokens; a name close to one of them is most likely a typo.
_COUNTED: Final = (
    *("max_tokens", "max_output_tokens", "messages", "thinking", "reasoning_effort", "tools"),
    *("response_format", "tool_choice", "input", "instructions", "suffix", "output_config"),
)
_CLOSE: Final = 0.8


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
        """Yield a line for each kind of setting: its names, its requests, what is true instead.

        Settings that nobody expects to change the cost are left out, apart from likely typos.
        """
        for belief in _Belief:
            if belief is not _Belief.OTHER and (group := self.groups.get(belief)):
                yield f"the API ignores {_listed(group)}; {belief}"
        if others := self.groups.get(_Belief.OTHER):
            for name in others.names:
                if close := get_close_matches(name, _COUNTED, 1, _CLOSE):
                    yield f"the API ignores {_quoted(name)}; did you mean {_quoted(close[0])}?"

    def assumptions(self) -> Iterator[Assumption]:
        """Yield the settings that are no warning, if there are any."""
        if others := self.groups.get(_Belief.OTHER):
            yield Assumption("ignored_by_the_api", _listed(others))

    def _group(self, belief: str) -> _Group:
        return self.groups.setdefault(belief, _Group())


def _listed(group: _Group) -> str:
    names = list(group.names)
    more = " and others" if len(names) > _NAMED else ""
    requests = f" ({group.requests:,} requests)" if group.requests > 1 else ""
    return f"{', '.join(map(_quoted, names[:_NAMED]))}{more}{requests}"


def _quoted(name: str) -> str:
    import json  # noqa: PLC0415 - few requests have such settings

    return printable(json.dumps(name, ensure_ascii=False))
