"""Any report as CSV: a row for each of its records, a column for each field, named as in JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from deepseek_cost.csvtable import write_csv
from deepseek_cost.report.parts import Part, plain

# A report or a record as JSON has it.
Json = Mapping[str, Any]

# What says when and in what, before the fields of a record.
_OF_ALL: Final = ("currency", "priced_at")


def to_csv(report: Part) -> str:
    """Write the records of a report as CSV with a head line."""
    document: Json = plain(report)
    shared = {name: document[name] for name in _OF_ALL if name in document}
    rows = [shared | dict(_flat(record)) for record in _RECORDS[document["command"]](document)]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return write_csv(columns, ([_cell(row.get(name)) for name in columns] for row in rows))


def _flat(record: Json, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the fields of a record and of its parts; a list of parts has no place in a row."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        elif not isinstance(value, list):
            yield f"{prefix}{name}", value
        elif all(isinstance(item, str) for item in value):
            yield f"{prefix}{name}", ", ".join(value)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _by_source(report: Json) -> Iterable[Json]:
    """Yield the files with --per-file, else all of them together."""
    for file in report.get("files") or [{"estimates": report["estimates"]}]:
        source = {"source": file["source"]} if "source" in file else {}
        yield from (source | entry for entry in file["estimates"])


def _by_file(report: Json) -> Iterable[Json]:
    """Yield the files that a diff lists, else the models over all of them."""
    files = report["files"] or [{"models": report["models"]}]
    for file in files:
        yield from (_but(file, "models") | entry for entry in file["models"])


def _over_hits(report: Json) -> Iterable[Json]:
    for line in report["lines"]:
        yield from (_but(line, "period") | at for at in line["costs"])


def _turns(report: Json) -> Iterable[Json]:
    for run in report["runs"]:
        of_run = {name: run[name] for name in ("model", "tier", "with_tools")}
        yield from (of_run | turn for turn in run["turns"])


def _but(record: Json, *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


# The records of each command's report; bill and prices have tables of their own.
_RECORDS: Final[Mapping[str, Callable[[Json], Iterable[Json]]]] = {
    "estimate": _by_source,
    "count": _by_source,
    "compare": _over_hits,
    "chat": _turns,
    "cache": lambda report: report["listed"],
    "config": lambda report: report["settings"],
    "diff": _by_file,
    "check": lambda report: [_but(report, "schema_version", "command", "warnings", *_OF_ALL)],
    "prices --check": lambda report: report["differences"],
    "when": lambda report: report["changes"],
}
