"""Reports read back: those of earlier versions whole, those of later ones as far as known."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from deepseek_cost.errors import InputError
from deepseek_cost.report.parts import Part
from deepseek_cost.requests.strictjson import JsonFaultError, parse

if TYPE_CHECKING:
    from deepseek_cost.report.contract import Report

_VERSION: Final = "1"
# A report's class by its command; only that one is loaded.
_CLASSES: Final = {
    "bill": "bill.BillReport",
    "cache": "cache.CacheReport",
    "chat": "chat.ChatReport",
    "check": "live.LiveReport",
    "compare": "compare.CompareReport",
    "config": "config.ConfigReport",
    "count": "count.CountReport",
    "diff": "diff.DiffReport",
    "estimate": "estimate.EstimateReport",
    "prices": "prices.PricesReport",
    "prices --check": "check.CheckReport",
    "prices --history": "history.HistoryReport",
    "when": "when.WhenReport",
}
# Far more than anything costs, and few enough digits to write.
_DIGITS: Final = 30
_FINEST: Final = -60


class ReadReport(NamedTuple):
    """A report, and the fields that this version does not know."""

    report: "Report"
    unknown: tuple[str, ...]


def read_report(text: str, name: str) -> ReadReport:
    """Read a report back from its JSON; raises InputError, with `name` for where it came from."""
    document = _document(text, name)
    adapter = TypeAdapter(_class_of(document, name))
    unknown: list[str] = []
    try:
        # A field beside those of the contract is an error; once named, it is left out.
        while places := _unknown_fields(adapter, document):
            unknown += [_path(place) for place in places]
            for place in places:
                _remove(document, place)
        report = adapter.validate_python(document)
    except ValidationError as error:
        raise InputError(f"{name}: {_first(error)}; is it whole, as dscost wrote it?") from None
    for path, value in _values(report, ()):
        if fault := _fault(value):
            raise InputError(f"{name}: {_path(path)}: {fault}")
    return ReadReport(report, tuple(dict.fromkeys(unknown)))


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        document = parse(text)
    except JsonFaultError as error:
        _refuse_lines(text, name)
        line = text.count("\n", 0, error.offset) + 1
        raise InputError(f"{name}:{line}: {error.reason}; give a report of --json") from None
    if not isinstance(document, dict) or "command" not in document:
        _refuse_lines(text, name)
        raise InputError(f"{name}: not a report; give what a command of dscost prints with --json")
    return document


def _refuse_lines(text: str, name: str) -> None:
    """Refuse the lines of --per-request, each of which is a part of a report."""
    try:
        first = parse(text.partition("\n")[0])
    except JsonFaultError:
        return
    if isinstance(first, dict) and "line" in first and "estimates" in first:
        raise InputError(f"{name}: lines of --per-request; give a whole report, made without it")


def _class_of(document: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - a class of the union
    version, command = document.get("schema_version"), document["command"]
    if version != _VERSION:
        raise InputError(
            f"{name}: a report of schema_version {version!r}; this dscost reads {_VERSION!r}: "
            f"upgrade it, or make the report again"
        )
    if not isinstance(command, str) or command not in _CLASSES:
        raise InputError(
            f"{name}: a report of {command!r}, which this dscost does not know: upgrade it"
        )
    module, _, kind = _CLASSES[command].partition(".")
    return getattr(import_module(f"deepseek_cost.report.{module}"), kind)


def _unknown_fields(
    adapter: TypeAdapter[Any], document: dict[str, Any]
) -> list[tuple[int | str, ...]]:
    """Return where fields are that the contract does not know; raises ValidationError."""
    try:
        adapter.validate_python(document)
    except ValidationError as error:
        kinds = {"extra_forbidden", "unexpected_keyword_argument"}
        found = [e["loc"] for e in error.errors(include_url=False) if e["type"] in kinds]
        if not found:
            raise
        return found
    return []


def _remove(document: Any, place: tuple[int | str, ...]) -> None:  # noqa: ANN401 - JSON
    for step in place[:-1]:
        document = document[step]
    del document[place[-1]]


def _values(value: object, path: tuple[int | str, ...]) -> Iterator[tuple[Any, Any]]:
    """Yield every value with its path."""
    if isinstance(value, Part):
        value = vars(value)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, (*path, str(key)))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _values(item, (*path, number))
    else:
        yield path, value


def _fault(value: object) -> str:
    """Say what is wrong with a value of the right type."""
    match value:
        case datetime() if value.tzinfo is None:
            return "an instant without its offset from UTC"
        case Decimal() if value and not _FINEST <= value.adjusted() < _DIGITS:
            return "an amount beyond all prices"
        case int() if abs(value) >= 10**_DIGITS:
            return "a number beyond all counts"
    return ""


def _path(place: tuple[int | str, ...]) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{_path(first['loc'])}: {first['msg'][:1].lower()}{first['msg'][1:]}"
