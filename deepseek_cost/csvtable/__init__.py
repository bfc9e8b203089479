"""Reports as CSV for spreadsheets; amounts are exact."""

import csv
import io
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

from deepseek_cost.terminal import printable

if TYPE_CHECKING:
    from deepseek_cost.report.contract import Report

# Commands with a table of their own; the others' records stand as in JSON.
_MODULES: Final = {"bill": "bill", "prices": "prices", "prices --history": "prices"}
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@")


def to_csv(report: "Report") -> str:
    """Write a report as CSV with a head line."""
    module = _MODULES.get(report.command, "records")
    text: str = import_module(f"{__name__}.{module}").to_csv(report)
    return text


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
