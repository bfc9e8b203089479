"""Lines whose messages begin with all those of the line before: only what is new is parsed.

A conversation that is sent again with each turn is such lines. Its earlier messages are compared
as bytes, and their values are the very objects that the line before has.
"""

import json
import os
import re
from typing import Final, cast

from msgspec import Struct, field

from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.strict_json import MAX_DEPTH, JsonFaultError, is_deeper, parse

_BEGIN: Final = re.compile(rb'"messages"[ \t]*:[ \t]*\[[ \t]*')
_HOLDERS: Final = ("body", "params")  # of a request in a line of a batch
# This much of the messages must be the same before the end of the line before is searched for.
_PROBE: Final = 1_000
# After this many lines that begin alike but do not continue, only one in so many is checked: such a
# batch repeats a system text.
_PATIENCE: Final = 64
# Levels around a message: a list, a body, a line of a batch.
_AROUND: Final = 3
_PLAIN: Final = json.JSONDecoder()


class _Before(Struct):
    """A line, where its first message begins, and those of its messages that are known.

    `text` is of the known messages as written; `messages` are of all, where they were read.
    """

    data: bytes = b""
    begin: int = 0
    text: bytes = b""
    items: list[object] = field(default_factory=list)
    messages: list[object] | None = None

    def begins_like(self, data: bytes, begin: int) -> bool:
        """Return whether the messages of another line begin as these do."""
        probe = self.data[self.begin : self.begin + _PROBE]
        return len(probe) == _PROBE and data.startswith(probe, begin)

    def read_all(self) -> bool:
        """Make all messages known; return False if they are not strict JSON, or nested deeply."""
        first = '["",' if self.items else "["
        try:
            rest = self.data[self.begin + len(self.text) :].decode()
            rest = rest.lstrip(" \t,") if self.items else rest
            _, end = _PLAIN.raw_decode(first + rest)
            new = rest[: end - len(first) - 1].rstrip(" \t")
            values = cast("list[object]", parse(f"[{new}]"))
        except (ValueError, RecursionError, JsonFaultError):
            return False
        if not new.endswith("}") or is_deeper(values, MAX_DEPTH - _AROUND):
            return False
        at = self.data.index(new.encode(), self.begin + len(self.text))
        self.text = self.data[self.begin : at + len(new.encode())]
        self.items = self.messages or values
        self.messages = None
        return True


class Continuations(Struct):
    """Finds the lines that continue the one before them, and reads what they add."""

    _before: _Before = field(default_factory=_Before)
    _misses: int = 0
    _mark: str = field(default_factory=lambda: os.urandom(16).hex())

    def documents(self, lines: Lines) -> dict[int, Document]:
        """Return such lines by number; their `text` lacks the messages of the line before."""
        found: dict[int, Document] = {}
        if lines.encoding.lower() not in ("utf-8", "utf8"):
            return found
        for number, data in lines:
            match = _BEGIN.search(data) if len(data) > _PROBE else None
            if match is None:
                continue
            begin = match.end()
            if self._before.begins_like(data, begin) and self._is_worth_it(number):
                document = self._continued(lines, number, data, begin)
                self._misses = 0 if document else self._misses + 1
                if document:
                    found[number] = document
                    continue
            self._before = _Before(data, begin)
        return found

    def is_replay(self) -> bool:
        """Return whether the last line continued the one before it."""
        return self._before.messages is not None

    def _is_worth_it(self, number: int) -> bool:
        return self._misses < _PATIENCE or number % _PATIENCE == 0

    def _continued(self, lines: Lines, number: int, data: bytes, begin: int) -> Document | None:
        """Read a line with a mark in the place of the messages that it has in common."""
        before = self._before
        if not before.read_all() or not data.startswith(before.text, begin):
            return None
        rest = data[begin + len(before.text) :]
        short = b'%b"%b"%b' % (data[:begin], self._mark.encode(), rest)
        found = lines.document(number, short)
        messages = _messages(found.value) if isinstance(found, Document) else []
        if not messages or messages[0] != self._mark:
            return None  # a fault, whose place has to be that in the whole line, or another list
        messages[:1] = before.items
        self._before = _Before(data, begin, before.text, before.items, messages)
        return cast("Document", found)


def _messages(value: object) -> list[object]:
    """Return the messages of a request, or of that in a line of a batch."""
    for holder in (value, *(value.get(name) for name in _HOLDERS)) if type(value) is dict else ():
        messages = holder.get("messages") if type(holder) is dict else None
        if type(messages) is list:
            return messages
    return []
