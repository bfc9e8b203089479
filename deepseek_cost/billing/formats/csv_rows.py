"""Rows of CSV as objects, with the names of the first row."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from deepseek_cost.billing.formats.base import Fault
from deepseek_cost.billing.formats.lenient_json import MAX_LINE

DELIMITERS: Final = ",;\t"


def rows_of(file: BinaryIO, name: str) -> Iterator[tuple[int, object]]:
    """Yield rows as objects, with names from the first row. Extra cells are a Fault."""
    csv.field_size_limit(MAX_LINE)
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    first = text.readline(MAX_LINE)
    skipped = 1
    delimiter = _delimiter(first)
    if first.lower().startswith("sep="):  # a spreadsheet's own line
        first, skipped = text.readline(MAX_LINE), 2
    try:
        names = _column_names(next(csv.reader([first], delimiter=delimiter), []))
        if twice := {name for name in names if name and names.count(name) > 1}:
            reason = f"the column {min(twice)!r} is there twice; rename one"
            yield skipped, _fault(name, skipped, reason)
            return
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        for row in rows:
            number = rows.line_num + skipped
            if len(row) > len(names):
                reason = f"{len(row)} cells under {len(names)} names"
                yield number, _fault(name, number, f"{reason}; quote cells with {delimiter!r}")
            elif any(row):
                yield number, dict(zip(names, row, strict=False))
    except csv.Error as error:
        yield skipped, _fault(name, skipped, f"not CSV: {error}")


def _delimiter(header: str) -> str:
    """Return the delimiter of a header: a comma, a semicolon or a tab."""
    if header.lower().startswith("sep=") and len(header) > len("sep="):
        return header[len("sep=")]
    return max(DELIMITERS, key=header.count)


def _column_names(cells: Iterable[str]) -> list[str]:
    """Return column names, normalized: capitals and surrounding spaces make no difference."""
    names = [cell.strip() for cell in cells]
    return [name.lower() if name.isupper() or name.istitle() else name for name in names]


def _fault(name: str, number: int, reason: str) -> Fault:
    return Fault(name, number, 1, reason)
