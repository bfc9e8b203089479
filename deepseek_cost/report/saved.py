"""Reports of `dscost estimate --json` read back for their figures."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from deepseek_cost.difference import NOTHING, Difference, Figures, FileChange, Pair
from deepseek_cost.difference.matching import Known, matched
from deepseek_cost.errors import InputError
from deepseek_cost.prices import Currency
from deepseek_cost.report.estimate import EstimateEntry, EstimateReport
from deepseek_cost.report.reading import read_report
from deepseek_cost.sources import TextSource, in_one_piece
from deepseek_cost.streams import reading

# A report of 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_HEAD_BYTES: Final = 256
_HEAD: Final = re.compile(rb'\s*\{\s*"schema_version"\s*:')


class Saved(Struct, frozen=True):
    """The figures of a report: for each model, and for each file where it has them."""

    name: str
    currency: Currency
    priced_at: datetime
    models: dict[str, Figures]
    files: dict[str, dict[str, Figures]] | None


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
    files: list[FileChange] = []
    if old.files is not None and new.files is not None:
        files = matched(_known(old.files, models), _known(new.files, models), len(models))
    return Difference(models, totals, files), sorted(missing)


def _known(files: dict[str, dict[str, Figures]], models: list[str]) -> dict[str, Known]:
    """Return the files' figures for these models; what has the same figures is unchanged."""
    rows = {name: [found.get(m, NOTHING) for m in models] for name, found in files.items()}
    return {name: Known(f"{name} {row}", row) for name, row in rows.items()}


def _figures(entries: Iterable[EstimateEntry]) -> dict[str, Figures]:
    return {
        entry.model: Figures(
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
