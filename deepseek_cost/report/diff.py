"""The report of `dscost diff`."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from deepseek_cost.assumptions import Assumption
from deepseek_cost.difference import Difference, Figures, FileChange, Limit, Pair, State
from deepseek_cost.prices import Currency
from deepseek_cost.report.count import PromptTokenCounts
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Instant,
    Part,
    PriceTable,
    Written,
    assumption_entries,
    described,
)

SignedAmount = Annotated[Decimal, Written({"type": "string", "pattern": r"^-?\d+(\.\d*[1-9])?$"})]


class SideEntry(Part):
    """What stands on a side of the comparison, and the instant of its prices."""

    name: str
    commit: str | None = described("of a git revision", default=None)
    priced_at: Instant


class SideTokens(PromptTokenCounts):
    """Prompt tokens summed over requests; output is null while it is unknown."""

    output: int | None


class SideCosts(Part):
    """Money in the report's currency; total is null while the output is unknown."""

    total: Amount | None
    floor: Amount = described("the cost with no output")
    ceiling: Amount = described("the cost with the most output that the requests allow")


class SideFigures(Part):
    """A model's figures on one side."""

    requests: int
    tokens: SideTokens
    cost: SideCosts


class Increase(Part):
    """What the new side has more than the old one; negative where it has less."""

    input_tokens: int
    cost: SignedAmount
    cost_of: Literal["total", "floor"] = described("total where the output is known on both sides")
    cost_percent: str | None = described("rounded to a tenth; null: the cost grows from nothing")


class ModelDiff(Part):
    """A model's figures on both sides."""

    model: str
    before: SideFigures
    after: SideFigures
    increase: Increase


class FileDiff(Part):
    """A file that is not as it was before; `source_before` is there if it was renamed."""

    source: str
    state: State
    source_before: str | None = None
    models: tuple[ModelDiff, ...]


class UncountedFile(Part):
    """A file of the new side that could not be counted; its figures are on neither side."""

    source: str
    reason: str
    changed: bool = described("it is new, or not as it was before")


class LimitEntry(Part):
    """The limit given, and the models whose cost grows by more."""

    max_increase: str
    exceeded_by: tuple[str, ...]


class DiffReport(Part):
    """`dscost diff --json`; unchanged files are in the sums, but not in `files`."""

    schema_version: Literal["1"] = "1"
    command: Literal["diff"] = "diff"
    currency: Currency
    before: SideEntry
    after: SideEntry
    price_table: PriceTable | None = described("null for two reports", default=None)
    models: tuple[ModelDiff, ...]
    files: tuple[FileDiff, ...]
    unchanged_files: int
    uncounted: tuple[UncountedFile, ...]
    limit: LimitEntry | None = described("with --max-increase", default=None)
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def side_entry(name: str, priced_at: datetime, commit: str | None = None) -> SideEntry:
    """Report what stands on a side."""
    return SideEntry(name=name, commit=commit, priced_at=priced_at)


def diff_report(
    found: Difference,
    currency: Currency,
    sides: tuple[SideEntry, SideEntry],
    limit: Limit | None,
    *,
    table: PriceTable | None = None,
    assumptions: Sequence[Assumption] = (),
    warnings: Iterable[str] = (),
) -> DiffReport:
    """Report two sides compared."""
    changed = found.changed()
    return DiffReport(
        currency=currency,
        before=sides[0],
        after=sides[1],
        price_table=table,
        models=_models(found.models, found.totals),
        files=tuple(_file(file, found.models) for file in changed),
        unchanged_files=len(found.files) - len(changed),
        uncounted=tuple(
            UncountedFile(source=file.name, reason=file.reason, changed=file.is_new)
            for file in found.uncounted
        ),
        limit=limit_entry(found, limit),
        assumptions=assumption_entries(assumptions),
        warnings=tuple(warnings),
    )


def limit_entry(found: Difference, limit: Limit | None) -> LimitEntry | None:
    """Report how a limit was kept."""
    if limit is None:
        return None
    return LimitEntry(max_increase=limit.text, exceeded_by=tuple(found.over(limit)))


def _file(file: FileChange, models: Sequence[str]) -> FileDiff:
    return FileDiff(
        source=file.name,
        state=file.state,
        source_before=file.old_name,
        models=_models(models, file.pairs),
    )


def _models(models: Sequence[str], pairs: Sequence[Pair]) -> tuple[ModelDiff, ...]:
    return tuple(
        ModelDiff(
            model=model,
            before=_figures(pair.before),
            after=_figures(pair.after),
            increase=_increase(pair),
        )
        for model, pair in zip(models, pairs, strict=True)
    )


def _increase(pair: Pair) -> Increase:
    percent = pair.percent
    return Increase(
        input_tokens=pair.after.input - pair.before.input,
        cost=pair.increase,
        cost_of="total" if pair.has_totals else "floor",
        cost_percent=None if percent is None else f"{percent:+f}",
    )


def _figures(figures: Figures) -> SideFigures:
    return SideFigures(
        requests=figures.requests,
        tokens=SideTokens(
            input=figures.input,
            text=figures.text,
            template=figures.template,
            output=figures.output,
        ),
        cost=SideCosts(total=figures.total, floor=figures.floor, ceiling=figures.ceiling),
    )
