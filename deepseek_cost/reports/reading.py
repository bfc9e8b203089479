"""Reading saved reports of any version."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import UNSET, Struct, ValidationError, convert
from msgspec.inspect import DictType, Metadata, StructType, Type, UnionType, VarTupleType, type_info
from msgspec.structs import asdict

from deepseek_cost.errors import Advice, Advised, InputError
from deepseek_cost.estimates.difference import (
    NOTHING,
    Difference,
    Pair,
    SideTotals,
    changes_of,
    matched,
)
from deepseek_cost.inputs.source import TextSource, in_one_piece
from deepseek_cost.inputs.streams import reading
from deepseek_cost.inputs.strict_json import JsonFaultError, parse
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.prompt.breakdown import UnknownTokens
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.estimate_fields import EstimateEntry
from deepseek_cost.reports.unknown_input import is_unbounded

if TYPE_CHECKING:
    from deepseek_cost.reports.parts import Report

_VERSION: Final = "1"
# The class of each command's report; only the one needed is loaded.
_CLASSES: Final = {
    "bill": "bill.BillReport",
    "cache": "cache.CacheReport",
    "chat": "chat.ChatReport",
    "check": "proof.LiveReport",
    "compare": "compare.CompareReport",
    "config": "config.ConfigReport",
    "count": "count.CountReport",
    "diff": "diff.DiffReport",
    "estimate": "estimate.EstimateReport",
    "invoice": "invoice.InvoiceReport",
    "prices": "prices.PricesReport",
    "prices --check": "price_check.CheckReport",
    "prices --history": "price_history.HistoryReport",
    "prices diff": "price_tables.TableDiffReport",
    "prices verify": "price_page.VerifyReport",
    "when": "when.WhenReport",
}
# Far more than anything costs, with few enough digits to print.
_DIGITS: Final = 30
_FINEST: Final = -60


class ReadReport(NamedTuple):
    """A report, and the fields in it that this version does not know."""

    report: "Report"
    unknown: tuple[str, ...]


def read_report(text: str, name: str) -> ReadReport:
    """Parse a report's JSON; raises InputError if it is invalid, with `name` as its source."""
    document = _document(text, name)
    kind = _class_of(document, name)
    unknown = [_path(place) for place in _without_unknown(document, type_info(kind), ())]
    try:
        report = convert(document, kind)
    except ValidationError as error:
        raise InputError(
            f"{name}: {_reason(error)}", tip="is it whole, as dscost wrote it?"
        ) from None
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
        why = Advised(f"{name}:{line}: {error.reason}", Advice.REPORT)
        raise InputError(why) from None
    if not isinstance(document, dict) or "command" not in document:
        _refuse_lines(text, name)
        raise InputError(Advised(f"{name}: not a report", Advice.REPORT_ALONE))
    return document


def _refuse_lines(text: str, name: str) -> None:
    """Raise InputError for lines of --per-request, which are only parts of a report."""
    try:
        first = parse(text.partition("\n")[0])
    except JsonFaultError:
        return
    if isinstance(first, dict) and "line" in first and "estimates" in first:
        raise InputError(Advised(f"{name}: ", Advice.PER_REQUEST))


def _class_of(document: dict[str, Any], name: str) -> "type[Report]":
    """Return the report class for a document's command; raises InputError if it is unsupported."""
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
    found: type[Report] = getattr(import_module(f"deepseek_cost.reports.{module}"), kind)
    return found


_Place = tuple[int | str, ...]


def _without_unknown(document: object, kind: Type, place: _Place) -> Iterator[_Place]:
    """Remove what the contract does not know, and yield the path of each removal."""
    for step, item, of in _items(document, kind):
        if of is None and isinstance(document, dict):
            del document[step]
            yield (*place, step)
        elif of is not None:
            yield from _without_unknown(item, of, (*place, step))


def _items(document: object, kind: Type) -> list[tuple[int | str, object, Type | None]]:
    """Return a value's keys or indexes with their items and types; None: not in the contract."""
    match kind, document:
        case Metadata(), _:
            return _items(document, kind.type)
        case UnionType(), _:
            return [found for choice in kind.types for found in _items(document, choice)]
        case VarTupleType(), list():
            return [(number, item, kind.item_type) for number, item in enumerate(document)]
        case DictType(), dict():
            return [(key, item, kind.value_type) for key, item in document.items()]
        case StructType(), dict():
            known = {field.encode_name: field.type for field in kind.fields}
            return [(key, item, known.get(key)) for key, item in document.items()]
    return []


def _values(value: object, path: _Place) -> Iterator[tuple[_Place, object]]:
    """Yield every nested value with its path."""
    if isinstance(value, Struct):
        value = asdict(value)
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, (*path, str(key)))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _values(item, (*path, number))
    else:
        yield path, value


def _fault(value: object) -> str:
    """Return what is wrong with a value of the right type; empty if nothing is."""
    match value:
        case Decimal() if not value.is_finite():
            return "no amount"
        case Decimal() if value and not _FINEST <= value.adjusted() < _DIGITS:
            return "an amount beyond all prices"
        case int() if abs(value) >= 10**_DIGITS:
            return "a number beyond all counts"
    return ""


def _path(place: _Place) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _reason(error: ValidationError) -> str:
    """Return what is wrong, after its place: `lines[0].cost: expected ...`."""
    reason, _, place = str(error).partition(" - at `$")
    reason = reason[:1].lower() + reason[1:]
    return f"{place.strip('.`')}: {reason}" if place else reason


# Even a report on 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_HEAD_BYTES: Final = 256
_HEAD: Final = re.compile(rb'\s*\{\s*"schema_version"\s*:')


class Saved(Struct, frozen=True):
    """The figures of a report: per model, and per file if it has them."""

    name: str
    currency: Currency
    priced_at: datetime
    models: dict[str, SideTotals]
    files: dict[str, dict[str, SideTotals]] | None


def is_report(source: TextSource) -> bool:
    """Return whether a file begins like a report."""
    with reading(source.name), source.open() as file:
        return _HEAD.match(file.read(_HEAD_BYTES)) is not None


def read_saved(source: TextSource) -> Saved:
    """Read a saved report of an estimate; raises InputError if it is invalid."""
    name = source.name
    report = read_report(in_one_piece(source.blocks(), name, _MOST_CHARACTERS), name).report
    if not isinstance(report, EstimateReport) or not report.estimates:
        raise InputError(
            f"{name}: a report of {report.command}", tip="compare two of dscost estimate"
        )
    if any(entry.cost.floor < 0 or (entry.cost.total or 0) < 0 for entry in report.estimates):
        raise InputError(f"{name}: a cost below zero", tip="is it as dscost wrote it?")
    files = None
    if report.files is not UNSET:
        files = {file.source: _figures(file.estimates) for file in report.files}
    return Saved(name, report.currency, report.priced_at, _figures(report.estimates), files)


def difference_of(old: Saved, new: Saved) -> tuple[Difference, list[str]]:
    """Return the difference of two reports, and the models that only one of them has.

    Files are compared if both reports have them. Raises InputError if they share no model.
    """
    models = [model for model in old.models if model in new.models]
    if not models:
        raise InputError(f"{old.name} and {new.name} have no model in common")
    missing = [*(old.models.keys() ^ new.models.keys())]
    totals = [Pair(old.models[model], new.models[model]) for model in models]
    if old.files is None or new.files is None:
        return Difference(models, totals), sorted(missing)
    before, after = (_Files(side, models) for side in (old.files, new.files))
    matches = matched(before.digests(), after.digests())
    files = changes_of(matches, before.figures, after.figures)
    found = Difference(models, totals, files, unchanged_files=len(matches) - len(files))
    return found, sorted(missing)


class _Files(NamedTuple):
    """The files of a report, with their figures for some models."""

    files: Mapping[str, Mapping[str, SideTotals]]
    models: Sequence[str]

    def figures(self, name: str) -> Sequence[SideTotals]:
        """Return a file's figures for each model; NOTHING for a model it has none for."""
        found = self.files.get(name, {})
        return [found.get(model, NOTHING) for model in self.models]

    def digests(self) -> dict[str, str]:
        """Return a digest per file; a file with the same digest as before is unchanged."""
        return {name: f"{name} {self.figures(name)}" for name in self.files}


def _figures(entries: Iterable[EstimateEntry]) -> dict[str, SideTotals]:
    return {
        entry.model: SideTotals(
            requests=entry.requests,
            text=entry.tokens.text,
            template=entry.tokens.template,
            output=entry.tokens.output,
            floor=entry.cost.floor,
            total=entry.cost.total,
            ceiling=None if is_unbounded(entry.unknown_input) else entry.cost.ceiling,
            unknown={
                one.what: UnknownTokens(one.count, one.least, one.most)
                for one in entry.unknown_input
            },
        )
        for entry in entries
    }
