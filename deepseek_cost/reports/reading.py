"""Reports read again, of any version."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Struct
from pydantic import TypeAdapter, ValidationError

from deepseek_cost.errors import Advice, Advised, InputError
from deepseek_cost.estimates.diff import (
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
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.estimate_fields import EstimateEntry
from deepseek_cost.reports.parts import Part

if TYPE_CHECKING:
    from deepseek_cost.reports.parts import Report

_VERSION: Final = "1"
# A report's class by its command; only that one is loaded.
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
    "prices --check": "prices.CheckReport",
    "prices --history": "prices.HistoryReport",
    "prices diff": "price_tables.TableDiffReport",
    "prices verify": "price_page.VerifyReport",
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
        why = Advised(f"{name}:{line}: {error.reason}", Advice.REPORT)
        raise InputError(why) from None
    if not isinstance(document, dict) or "command" not in document:
        _refuse_lines(text, name)
        raise InputError(Advised(f"{name}: not a report", Advice.REPORT_ALONE))
    return document


def _refuse_lines(text: str, name: str) -> None:
    """Refuse the lines of --per-request, each of which is a part of a report."""
    try:
        first = parse(text.partition("\n")[0])
    except JsonFaultError:
        return
    if isinstance(first, dict) and "line" in first and "estimates" in first:
        raise InputError(Advised(f"{name}: ", Advice.PER_REQUEST))


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
    return getattr(import_module(f"deepseek_cost.reports.{module}"), kind)


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


# A report of 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_HEAD_BYTES: Final = 256
_HEAD: Final = re.compile(rb'\s*\{\s*"schema_version"\s*:')


class Saved(Struct, frozen=True):
    """The figures of a report: for each model, and for each file where it has them."""

    name: str
    currency: Currency
    priced_at: datetime
    models: dict[str, SideTotals]
    files: dict[str, dict[str, SideTotals]] | None


def is_report(source: TextSource) -> bool:
    """Tell whether a file begins as a report does."""
    with reading(source.name), source.open() as file:
        return _HEAD.match(file.read(_HEAD_BYTES)) is not None


def read_saved(source: TextSource) -> Saved:
    """Read an estimate's report; raises InputError that says what is wrong with it."""
    name = source.name
    report = read_report(in_one_piece(source.blocks(), name, _MOST_CHARACTERS), name).report
    if not isinstance(report, EstimateReport) or not report.estimates:
        raise InputError(f"{name}: a report of {report.command}; compare two of dscost estimate")
    if any(entry.cost.floor < 0 or (entry.cost.total or 0) < 0 for entry in report.estimates):
        raise InputError(f"{name}: a cost below nought; is it as dscost wrote it?")
    files = None
    if report.files is not None:
        files = {file.source: _figures(file.estimates) for file in report.files}
    return Saved(name, report.currency, report.priced_at, _figures(report.estimates), files)


def difference_of(old: Saved, new: Saved) -> tuple[Difference, list[str]]:
    """Compare two reports; return also the models that only one of them has.

    Files are compared where both reports have them. Raises InputError without a common model.
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
    """The files of a report with their figures for some models."""

    files: Mapping[str, Mapping[str, SideTotals]]
    models: Sequence[str]

    def figures(self, name: str) -> Sequence[SideTotals]:
        """Return a file's figures for each model; those of nothing where it has none."""
        found = self.files.get(name, {})
        return [found.get(model, NOTHING) for model in self.models]

    def digests(self) -> dict[str, str]:
        """Return what tells the files apart: what has the same figures is unchanged."""
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
            ceiling=entry.cost.ceiling,
        )
        for entry in entries
    }
