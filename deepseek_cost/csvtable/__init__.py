"""Reports as CSV for spreadsheets; amounts are exact."""

import csv
import io
from collections.abc import Iterable, Sequence

from deepseek_cost.terminal import printable

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows below a head line; nothing in a cell moves a terminal or runs in a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return file.getvalue()


def _cell(text: str) -> str:
    shown = printable(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
