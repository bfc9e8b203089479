"""A report as CSV."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from deepseek_cost.reports.parts import Json, Report, to_json
from deepseek_cost.text import printable

# A spreadsheet treats a cell as a formula if it begins with one of these, even full-width or
# after blanks.
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\uff3c", "|", "%")
_NUMBER: Final = re.compile(r"[+-]?[\d.]+%?")


def to_csv(report: Report) -> str:
    """Return a report as CSV with a header line."""
    table = report.rows()
    return write_csv(*table) if table else _records_csv(report)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV below a header line, safe to show in a terminal or open in a spreadsheet.

    No cell has an escape sequence or begins a formula.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return file.getvalue()


def _cell(text: str) -> str:
    shown = printable(text)
    is_formula = shown.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(shown)
    return f"'{shown}" if is_formula else shown


# The columns for time and currency, before the fields of a record.
_OF_ALL: Final = ("currency", "priced_at")


def _records_csv(report: Report) -> str:
    """Return the records of a report as CSV with a header line."""
    document: Json = json.loads(to_json(report, indent=None))
    shared = {name: document[name] for name in _OF_ALL if name in document}
    rows = [shared | dict(_flat(record)) for record in report.records(document)]
    found = dict.fromkeys(name for row in rows for name in row)
    first = [name for name in report.first_columns if name in found]
    columns = list(dict.fromkeys([*first, *found]))
    return write_csv(columns, ([_text_of(row.get(name)) for name in columns] for row in rows))


def _flat(record: Json, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the fields of a record and of its parts, except lists of parts."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", value
        elif all(isinstance(item, str) for item in value):
            yield f"{prefix}{name}", ", ".join(value)


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
