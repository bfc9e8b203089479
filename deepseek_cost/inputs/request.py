"""Request, Fault and their places."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from deepseek_cost.errors import placed
from deepseek_cost.inputs.kinds import Kind

_MOST_CHOICES: Final = 1_000_000


class Request(Struct, frozen=True):
    """A request body and its position; `text` is its JSON as written, beginning at `column`.

    `record` is the object on the line: the body itself, or what a batch wraps it in. `is_prompt`
    means that it is only a text or messages, for which settings and model are chosen elsewhere.
    """

    source: str
    line: int
    column: int
    custom_id: str | None
    kind: Kind
    in_batch: bool
    body: dict[str, object]
    text: str
    record: dict[str, object]
    is_prompt: bool = False

    @property
    def position(self) -> str:
        """The request's position, for people."""
        return f"{self.source}:{self.line}:{self.column}"

    @property
    def source_kind(self) -> Kind:
        """What a report calls it: a line of a batch, a text, or what its body is for."""
        if self.in_batch:
            return Kind.BATCH
        return Kind.TEXT if self.is_prompt else self.kind

    @property
    def response(self) -> dict[str, object] | None:
        """The response that was logged with a request."""
        found = self.record.get("response") if self.record is not self.body else None
        return found if isinstance(found, dict) and not self.in_batch else None

    @property
    def choices(self) -> int:
        """How many responses are requested; each is separate output."""
        n = self.body.get("n")
        return n if isinstance(n, int) and 1 <= n <= _MOST_CHOICES else 1

    @property
    def folder(self) -> Path:
        """The folder in which the request's file is; images are found from there."""
        return Path() if self.source == "-" else Path(self.source).parent


class TextStream(Struct):
    """A text of any length, in blocks that are read once; `tokens` when it was counted."""

    blocks: Iterable[str] = ()
    tokens: int | None = None


def text_request(source: str, text: str | TextStream) -> Request:
    """Return a text as a request with one user message."""
    body: dict[str, object] = {"messages": [{"role": "user", "content": text}]}
    return Request(
        source=source,
        line=1,
        column=1,
        custom_id=None,
        kind=Kind.TEXT,
        in_batch=False,
        body=body,
        text="",
        record=body,
        is_prompt=True,
    )


class Fault(Struct, frozen=True):
    """Something found in place of a request, and why it isn't one."""

    source: str
    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return str(self.message)

    @property
    def message(self) -> str:
        """The position and the reason; the reason's next step, if any, stays separate."""
        return placed(f"{self.source}:{self.line}:{self.column}: ", self.reason)


Requests = Iterator[Request | Fault]


class Line(Struct, frozen=True):
    """JSON text and the line and column at which it begins, counted from 1."""

    source: str
    text: str
    line: int
    column: int = 1

    def fault(self, reason: str, offset: int = 0) -> Fault:
        """Return a fault at an offset into the text."""
        lines = self.text.count("\n", 0, offset)
        newline = self.text.rfind("\n", 0, offset)
        column = offset - newline if lines else self.column + offset
        return Fault(self.source, self.line + lines, column, reason)

    def part(self, begin: int, end: int) -> "Line":
        """Return the text between two offsets, with the position at which it begins."""
        at = self.fault("", begin)
        return Line(self.source, self.text[begin:end], at.line, at.column)
