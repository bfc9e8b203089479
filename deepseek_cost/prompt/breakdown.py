"""The parts of the input, and its cache hits."""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct, field

# What an image has, by DeepSeek's renderer: from about 544 x 544 pixels down, and at any size.
LEAST_IMAGE_TOKENS: Final = 184
MOST_IMAGE_TOKENS: Final = 1_024
# The roles in the history, in the order in which they are shown.
ROLES: Final = ("user", "assistant", "tool", "latest_reminder")
# Names beyond this many are grouped together, so made-up names can't use up memory.
_MOST_TOOLS: Final = 1_000
_OTHER_TOOLS: Final = "(other tools)"


class ToolTokens(Struct, frozen=True):
    """A tool's definition: its tokens in all the requests that carry it."""

    requests: int
    tokens: int

    def __add__(self, other: "ToolTokens") -> "ToolTokens":
        return ToolTokens(self.requests + other.requests, self.tokens + other.tokens)


class Breakdown(Struct, frozen=True):
    """Input tokens by origin. `user`: user messages without a response; `history`: by role."""

    system: int = 0
    tools: Mapping[str, ToolTokens] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)
    user: int = 0
    images: int = 0
    template: int = 0

    @property
    def text(self) -> int:
        """All tokens of the requests themselves, including images."""
        known = self.system + self.user + self.images
        if self.tools:
            known += sum(tool.tokens for tool in self.tools.values())
        return known + sum(self.history.values()) if self.history else known

    @property
    def input(self) -> int:
        """All prompt tokens."""
        return self.text + self.template

    def __add__(self, other: "Breakdown") -> "Breakdown":
        return Breakdown(
            system=self.system + other.system,
            tools=_bounded(_merged(self.tools, other.tools)),
            history={
                role: self.history.get(role, 0) + other.history.get(role, 0)
                for role in dict.fromkeys((*self.history, *other.history))
            },
            user=self.user + other.user,
            images=self.images + other.images,
            template=self.template + other.template,
        )

    def times(self, requests: int) -> "Breakdown":
        """Return the breakdown of the same request sent so many times."""
        return Breakdown(
            system=self.system * requests,
            tools={
                name: ToolTokens(tool.requests * requests, tool.tokens * requests)
                for name, tool in self.tools.items()
            },
            history={role: tokens * requests for role, tokens in self.history.items()},
            user=self.user * requests,
            images=self.images * requests,
            template=self.template * requests,
        )


class UnknownTokens(Struct, frozen=True):
    """Input that bodies do not show: how often, the tokens counted for it, and the most it can be.

    `most` is None where nothing bounds it.
    """

    count: int
    least: int = 0
    most: int | None = None

    def __add__(self, other: "UnknownTokens") -> "UnknownTokens":
        most = None if self.most is None or other.most is None else self.most + other.most
        return UnknownTokens(self.count + other.count, self.least + other.least, most)

    def times(self, requests: int) -> "UnknownTokens":
        """Return the unknown input of so many requests like this one."""
        most = None if self.most is None else self.most * requests
        return UnknownTokens(self.count * requests, self.least * requests, most)


# By a member of Hidden.
UnknownInput = Mapping[str, UnknownTokens]
# One object for the many requests that are known as a whole.
NOTHING_UNKNOWN: Final[UnknownInput] = {}


def joined_unknown(one: UnknownInput, other: UnknownInput) -> UnknownInput:
    """Add up the unknown input of two parts."""
    if not (one and other):
        return one or other
    joined = dict(one)
    for what, tokens in other.items():
        joined[what] = joined[what] + tokens if what in joined else tokens
    return {what: joined[what] for what in sorted(joined)}


def times_unknown(unknown: UnknownInput, requests: int) -> UnknownInput:
    """Return the unknown input of the same request sent so many times."""
    if not unknown:
        return NOTHING_UNKNOWN
    return {what: one.times(requests) for what, one in unknown.items()}


class RequestTokens(Struct, frozen=True):
    """One request's input for a model, the output it allows, and why the API refuses it.

    `calls` are the most of server tools, as far as the body limits them. `is_open`: it is not
    written yet, and will allow as much output as is wanted of it.
    """

    parts: Breakdown
    output_ceiling: int
    unknown: UnknownInput = field(default_factory=dict)
    calls: int = 0
    choices: int = 1
    refused: str | None = None
    is_open: bool = False

    @property
    def unknown_images(self) -> int:
        """The number of images whose size is unknown."""
        return self.unknown["image"].count if "image" in self.unknown else 0


def tools_of(named: Iterable[tuple[str, int]]) -> dict[str, ToolTokens]:
    """Gather the tools of one request; a name that occurs twice is one entry."""
    found: dict[str, ToolTokens] = {}
    for name, tokens in named:
        found[name] = ToolTokens(1, tokens + (found[name].tokens if name in found else 0))
    return _bounded(found)


def _merged(
    tools: Mapping[str, ToolTokens], others: Mapping[str, ToolTokens]
) -> dict[str, ToolTokens]:
    merged = dict(tools)
    for name, tool in others.items():
        merged[name] = merged[name] + tool if name in merged else tool
    return merged


def _bounded(tools: dict[str, ToolTokens]) -> dict[str, ToolTokens]:
    """Keep the names that come first in the alphabet, so the order of adding up does not matter."""
    if len(tools) <= _MOST_TOOLS:
        return tools
    names = sorted(name for name in tools if name != _OTHER_TOOLS)
    kept = {name: tools[name] for name in names[: _MOST_TOOLS - 1]}
    others = [tools[name] for name in tools if name not in kept]
    return kept | {_OTHER_TOOLS: sum(others, ToolTokens(0, 0))}


class Hits(Struct, frozen=True):
    """Cache-hit tokens of requests; at worst there are none.

    `best` is None where hits are not forecast but set by a ratio. `aged` is the part of `expected`
    that rests on what no request has used for over an hour.
    """

    expected: int = 0
    best: int | None = None
    aged: int = 0

    def __add__(self, other: "Hits") -> "Hits":
        best = None if self.best is None or other.best is None else self.best + other.best
        return Hits(self.expected + other.expected, best, self.aged + other.aged)

    def times(self, requests: int) -> "Hits":
        """Return the hits of so many requests like this one."""
        best = None if self.best is None else requests * self.best
        return Hits(requests * self.expected, best, requests * self.aged)
