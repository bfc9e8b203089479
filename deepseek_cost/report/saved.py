"""Reports of `dscost estimate --json` read back for their figures, whatever else they have."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.json import decode

from deepseek_cost.difference import NOTHING, Difference, Figures, FileChange, Pair
from deepseek_cost.difference.matching import Known, matched
from deepseek_cost.errors import InputError
from deepseek_cost.prices import Currency
from deepseek_cost.sources import TextSource
from deepseek_cost.streams import reading

_MOST_BYTES: Final = 64_000_000
_HEAD_BYTES: Final = 256
_HEAD: Final = re.compile(rb'\s*\{\s*"schema_version"\s*:')
_Count = Annotated[int, Meta(ge=0, le=10**18)]
_Money = Annotated[str, Meta(pattern=r"^[0-9]{1,30}(\.[0-9]{1,30})?\Z")]
_Name = Annotated[str, Meta(min_length=1, max_length=4_096)]


class _Tokens(Struct):
    text: _Count
    template: _Count
    output: _Count | None


class _Cost(Struct):
    floor: _Money
    total: _Money | None
    ceiling: _Money


class _Entry(Struct):
    model: _Name
    requests: _Count
    tokens: _Tokens
    cost: _Cost


class _File(Struct):
    source: _Name
    estimates: list[_Entry]


class _Report(Struct):
    schema_version: Literal["1"]
    command: Literal["estimate"]
    currency: Currency
    priced_at: Annotated[datetime, Meta(tz=True)]
    estimates: list[_Entry]
    files: list[_File] | None = None


class Saved(Struct, frozen=True):
    """The figures of a report: for each model, and for each file where it has them."""

    name: str
    currency: Currency
    priced_at: datetime
    models: dict[str, Figures]
    files: dict[str, dict[str, Figures]] | None


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


def is_report(source: TextSource) -> bool:
    """Tell whether a file begins as a report does."""
    with reading(source.name), source.open() as file:
        return _HEAD.match(file.read(_HEAD_BYTES)) is not None


def read_report(source: TextSource) -> Saved:
    """Read an estimate's report; raises InputError that says what is wrong with it."""
    name = source.name
    with reading(name), source.open() as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise InputError(f"{name}: a report of more than {_MOST_BYTES:,} bytes; leave out files")
    try:
        report = decode(data, type=_Report)
    except ValidationError as error:
        raise InputError(
            f"{name}: no report of dscost estimate --json: {error}; compare two of these"
        ) from error
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"{name}: not valid JSON: {error}") from error
    if not report.estimates:
        raise InputError(f"{name}: a report without a model; make it again")
    files = None
    if report.files is not None:
        files = {file.source: _figures(file.estimates) for file in report.files}
    return Saved(name, report.currency, report.priced_at, _figures(report.estimates), files)


def _figures(entries: list[_Entry]) -> dict[str, Figures]:
    return {
        entry.model: Figures(
            requests=entry.requests,
            text=entry.tokens.text,
            template=entry.tokens.template,
            output=entry.tokens.output,
            floor=Decimal(entry.cost.floor),
            total=None if entry.cost.total is None else Decimal(entry.cost.total),
            ceiling=Decimal(entry.cost.ceiling),
        )
        for entry in entries
    }
