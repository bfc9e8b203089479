"""Columns of CSV, TSV and JSONL files."""

import csv
import io
import sys
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator
from functools import partial
from typing import Final

from deepseek_cost.errors import Advice, Advised, InputError, UsageError
from deepseek_cost.inputs.columns import ColumnSource
from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES, cut, too_long
from deepseek_cost.inputs.request import Fault
from deepseek_cost.inputs.source import TextSource, suffix_of
from deepseek_cost.inputs.streams import Advance

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_LINES: Final = (".jsonl", ".ndjson")


def is_csv(source: TextSource) -> bool:
    """Return whether a source is CSV or TSV, by its name."""
    return suffix_of(source.name) in _DELIMITERS


def has_columns(source: TextSource) -> bool:
    """Return whether a file's rows have named values: CSV, TSV or JSONL."""
    return is_csv(source) or suffix_of(source.name) in _LINES


def require_column(source: TextSource) -> None:
    """Raise UsageError for a table without a chosen column, which is not a prompt."""
    if is_csv(source):
        with _texts(source, lambda _: None) as lines:
            names = next(_table(source, lines), [])
        has = ", ".join(map(repr, names[:20])) or "none"
        raise UsageError(Advised(f"{source.name}: ", Advice.COLUMN_OR_TEXT, has))


class RowSource(ColumnSource, frozen=True, kw_only=True):
    """A column of a CSV, TSV or JSONL file."""

    def values(self, advance: Advance) -> Generator[object]:
        """Yield the value of each row; raises InputError."""
        rows = self._cells(advance) if is_csv(self.file) else self._members(advance)
        is_empty = True
        for value in rows:
            is_empty = False
            yield value
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
                    yield row[at] if at < len(row) and row[at].strip() else None

    def _members(self, advance: Advance) -> Iterator[object]:
        with self.file.open(advance) as file:
            first = file.read(len(BOM_UTF8)).removeprefix(BOM_UTF8)
            for lines in cut(first, file, self.name, self.file.encoding, None):
                for found in lines.documents():
                    if isinstance(found, Fault):
                        raise InputError(found.message)
                    row = found.value
                    yield row.get(self.column) if isinstance(row, dict) else None


def _texts(source: TextSource, advance: Advance) -> io.TextIOWrapper:
    encoding = "utf-8-sig" if source.encoding.lower() in ("utf-8", "utf8") else source.encoding
    return io.TextIOWrapper(source.open(advance), encoding, newline="")


def _table(source: TextSource, lines: io.TextIOWrapper) -> Iterator[list[str]]:
    """Yield the rows; raises InputError if it isn't a table or is in another encoding."""
    csv.field_size_limit(min(MAX_LINE_BYTES, sys.maxsize))
    delimiter = _DELIMITERS[suffix_of(source.name)]
    rows = csv.reader(_bounded(source, lines), delimiter=delimiter, strict=True)
    try:
        yield from rows
    except UnicodeError as error:
        reason = Advised(f"{source.name}: not {source.encoding}", Advice.FILE_ENCODING)
        raise InputError(reason) from error
    except csv.Error as error:
        raise InputError(f"{source.name}:{rows.line_num}: not valid CSV: {error}") from error


def _bounded(source: TextSource, lines: io.TextIOWrapper) -> Iterator[str]:
    """Yield the lines; raises InputError for a line longer than any row of requests."""
    for number, line in enumerate(iter(partial(lines.readline, MAX_LINE_BYTES + 1), ""), 1):
        if len(line) > MAX_LINE_BYTES:
            what = f"a line of more than {MAX_LINE_BYTES:,} characters"
            raise InputError(too_long(source.name, number, what).message)
        yield line
