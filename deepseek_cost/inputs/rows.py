"""Columns of CSV and JSONL files, read as JSON lines: each row is a prompt or a request body."""

import csv
import io
import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import BinaryIO, Final

from deepseek_cost.errors import Advice, Advised, InputError, UsageError
from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES
from deepseek_cost.inputs.reader import NO_VALUE
from deepseek_cost.inputs.source import TextSource, suffix_of
from deepseek_cost.inputs.streams import Advance, Produced

# Makes a request body of a prompt.
Body = Callable[[str], Mapping[str, object]]

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_LINES: Final = (".jsonl", ".ndjson")
_BUFFER: Final = 1 << 18


def is_csv(source: TextSource) -> bool:
    """Tell a table of text by its name."""
    return suffix_of(source.name) in _DELIMITERS


def has_columns(source: TextSource) -> bool:
    """Tell whether a file's rows have names for their values: CSV, TSV or JSONL."""
    return is_csv(source) or suffix_of(source.name) in _LINES


def require_column(source: TextSource) -> None:
    """Raise UsageError for a table of which no column was named: it is no prompt."""
    if is_csv(source):
        with _texts(source, lambda _: None) as lines:
            names = next(_table(source, lines), [])
        has = ", ".join(map(repr, names[:20])) or "none"
        raise UsageError(Advised(f"{source.name}: ", Advice.COLUMN_OR_TEXT, has))


class RowSource(TextSource, frozen=True, kw_only=True):
    """A column of a table: texts are prompts that `body` sends, objects are request bodies."""

    file: TextSource
    column: str
    body: Body

    @property
    def size(self) -> int:
        """The bytes of the whole file."""
        return self.file.size

    @property
    def is_stdin(self) -> bool:
        """Tell whether it is standard input."""
        return self.file.is_stdin

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the rows as JSON lines; raises InputError."""
        return io.BufferedReader(Produced(self._lines(advance)), _BUFFER)

    def _lines(self, advance: Advance) -> Generator[bytes]:
        values = self._cells(advance) if is_csv(self.file) else self._members(advance)
        is_empty = True
        for value in values:
            is_empty = False
            row = self.body(value) if isinstance(value, str) and value.strip() else value
            row = row if isinstance(row, Mapping) else NO_VALUE
            yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        if is_empty:
            raise InputError(f"{self.name}: no rows in it")

    def _cells(self, advance: Advance) -> Iterator[object]:
        with _texts(self.file, advance) as lines:
            rows = _table(self.file, lines)
            names = [name.strip() for name in next(rows, [])]
            if names.count(self.column) != 1:
                found = "several columns" if self.column in names else "no column"
                has = ", ".join(map(repr, names[:20]))
                raise InputError(f"{self.name}: {found} {self.column!r}; it has {has}")
            at = names.index(self.column)
            for row in rows:
                if row:
                    yield row[at] if at < len(row) else None

    def _members(self, advance: Advance) -> Iterator[object]:
        with _texts(self.file, advance) as lines:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    reason = str(error)[:100]
                    raise InputError(f"{self.name}:{number}: no line of JSON: {reason}") from error
                yield row.get(self.column) if isinstance(row, dict) else None


def _texts(source: TextSource, advance: Advance) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    return io.TextIOWrapper(source.open(advance), encoding, newline="")


def _table(source: TextSource, lines: io.TextIOWrapper) -> Iterator[list[str]]:
    """Yield the rows; raises InputError for what is no table, or is in another encoding."""
    csv.field_size_limit(min(MAX_LINE_BYTES, sys.maxsize))
    rows = csv.reader(lines, delimiter=_DELIMITERS[suffix_of(source.name)], strict=True)
    try:
        yield from rows
    except UnicodeError as error:
        reason = Advised(f"{source.name}: not {source.encoding}", Advice.FILE_ENCODING)
        raise InputError(reason) from error
    except csv.Error as error:
        raise InputError(f"{source.name}:{rows.line_num}: no sound CSV: {error}") from error
