"""The formats of logs that are understood, and how each is recognized.

A new format is one file here, with a generator `read(log)`, and one line in `FORMATS`. The first
that matches reads the log; what none matches is left to the generic reader.
"""

import re
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from deepseek_cost.billing.formats.base import Records
    from deepseek_cost.billing.formats.log import Log

_MISSING: Final = object()


class Format(Struct, frozen=True):
    """How a log format is recognized, and what reads it. All that is given must match.

    `module`: its file here; empty where the format is declined. `title`: as people know it.
    `shapes`: one of them fits one of the first values (lines, elements, rows, events). A shape is
    paths that a value has, `message.usage`, or that are equal to a text, `type=assistant`.
    `path`: a regular expression found in the log's name, with `/` between folders.
    `tables`: of an SQLite file. `members`: a regular expression that a ZIP's member has.
    `declined`: why nothing in it can be billed, and what to use in its place.
    """

    module: str
    title: str
    shapes: tuple[str, ...] = ()
    path: str = ""
    tables: frozenset[str] = frozenset()
    members: str = ""
    declined: str = ""

    def matches(self, log: "Log") -> bool:
        """Return whether a log is of this format; raises OSError."""
        if self.path and not re.search(self.path, log.name.replace("\\", "/")):
            return False
        if self.tables and not self.tables <= log.tables:
            return False
        if self.members and not any(re.search(self.members, member) for member in log.members):
            return False
        return not self.shapes or any(
            fits(shape, value) for value in log.samples for shape in self.shapes
        )

    def read(self, log: "Log") -> "Records":
        """Yield what a log of this format holds, in one pass."""
        found: Records = import_module(f"{__name__}.{self.module}").read(log)
        return found


# The order matters only between formats that share keys: the more specific one first.
FORMATS: Final[tuple[Format, ...]] = (
    Format("claude_code", "Claude Code", ("type=assistant sessionId message.usage",)),
)


def recognize(log: "Log", formats: Iterable[Format] = FORMATS) -> Format | None:
    """Return the format of a log; None for one that is not known. Raises OSError."""
    return next((known for known in formats if known.matches(log)), None)


def fits(shape: str, value: object) -> bool:
    """Return whether a value has all the paths of a shape."""
    return all(_has(value, part) for part in shape.split())


def _has(value: object, part: str) -> bool:
    path, equals, wanted = part.partition("=")
    for name in path.split("."):
        value = value.get(name, _MISSING) if isinstance(value, dict) else _MISSING
    if value is _MISSING:
        return False
    return not equals or value == wanted
