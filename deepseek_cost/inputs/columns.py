"""A column of a table, read as JSON lines: each row is a prompt or a request body."""

import io
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from typing import BinaryIO, Final

from deepseek_cost.inputs.datasets import is_messages
from deepseek_cost.inputs.kinds import is_request
from deepseek_cost.inputs.reader import NO_VALUE
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance, Produced
from deepseek_cost.inputs.strict_json import JsonFaultError, parse

_BUFFER: Final = 1 << 18
# Makes a request body from a prompt.
Body = Callable[[str], Mapping[str, object]]


class ColumnSource(TextSource, frozen=True, kw_only=True):
    """A column of a file: texts are prompts for `body`, or request bodies; other values are JSON.

    If `texts_are_bodies` is None, the first text in the column decides.
    """

    file: TextSource
    column: str
    body: Body
    texts_are_bodies: bool | None = None

    @property
    def size(self) -> int:
        """The size of the whole file in bytes."""
        return self.file.size

    @property
    def has_rows(self) -> bool:
        """Return True: each row is a request."""
        return True

    @property
    def is_stdin(self) -> bool:
        """Return whether the file is standard input."""
        return self.file.is_stdin

    def values(self, advance: Advance) -> Generator[object]:
        """Yield the value of each row; raises InputError."""
        raise NotImplementedError

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the rows as JSON lines; raises InputError."""
        return io.BufferedReader(Produced(self._lines(advance)), _BUFFER)

    def has_prompts(self) -> bool:
        """Return whether the rows are prompts; raises InputError. A pipe cannot be read again."""
        if self.file.reads_once:
            return True
        with closing(self.values(lambda _: None)) as values:
            first = next((one for one in values if not _is_blank(one)), None)
        return isinstance(first, str) and not self._is_body(first)

    def _lines(self, advance: Advance) -> Generator[bytes]:
        with closing(self.values(advance)) as values:
            for row in self._rows(values):
                line = row if isinstance(row, str) else _as_json(row)
                yield line.encode() + b"\n"

    def _rows(self, values: Iterable[object]) -> Iterator[object]:
        """Yield what is sent for each row; a text is JSON already."""
        are_bodies = self.texts_are_bodies
        for value in values:
            if are_bodies is None and isinstance(value, str) and value.strip():
                are_bodies = self._is_body(value)
            if are_bodies is not False and _is_blank(value):
                yield NO_VALUE
            elif isinstance(value, str):
                yield _on_a_line(value) if are_bodies else self.body(value)
            else:
                yield NO_VALUE if value is None else value

    def _is_body(self, text: str) -> bool:
        """Return whether a text is a request body, or the messages of one."""
        if self.texts_are_bodies is not None or text.lstrip()[:1] not in ("{", "["):
            return bool(self.texts_are_bodies)
        try:
            value = parse(text)
        except JsonFaultError:
            return False
        if isinstance(value, list):
            return is_messages(value)
        return isinstance(value, dict) and is_request(value)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_written)


def _written(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _on_a_line(text: str) -> str:
    """Return JSON without line breaks; invalid JSON stays invalid."""
    if "\n" not in text:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text.replace("\n", "\x01")
    return text.replace("\n", " ")
