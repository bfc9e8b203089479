"""The report of `dscost prices diff`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Literal, cast

from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.other_tables import Cell, Tool
from deepseek_cost.render.page import Page, Table, grid, page_of, short, words
from deepseek_cost.reports.parts import Json, Part, PriceTable, Report, Timestamp, exact
from deepseek_cost.text import printable


class DifferentPrice(Part):
    """A price that differs in another table, per 1,000,000 tokens; `theirs` is null if missing.

    `when` says which price list it is on, and for which hours.
    """

    model: str
    when: str
    at: Timestamp
    kind: Literal["cache_hit", "cache_miss", "output"]
    theirs: Decimal | None
    ours: Decimal
    off_percent: str | None


class TableDiffReport(Report):
    """The output of `dscost prices diff --json`."""

    command: Literal["prices diff"] = "prices diff"
    tool: Tool
    source: str
    currency: Currency
    priced_at: Timestamp
    price_table: PriceTable
    compared: int
    differences: tuple[DifferentPrice, ...]
    missing_models: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the other table has every price, all of them correct."""
        return not self.differences and not self.missing_models

    def page(self) -> Page:
        """Describe the differences, a row per price list and kind of hour."""
        wrong = len(self.differences)
        head = f"{self.tool}: {wrong:,} of {self.compared:,} prices differ from DeepSeek's"
        lacking = ", ".join(map(short, self.missing_models))
        return page_of(
            (head, f"{self.source}; USD per 1,000,000 tokens, theirs and ours"),
            *([_table(self)] if wrong else ()),
            words([f"not in the table: {lacking}"] if lacking else []),
            warnings=self.warnings,
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the prices that differ."""
        return cast("Iterable[Json]", document["differences"])


def table_diff_report(
    tool: Tool,
    source: str,
    cells: Sequence[Cell],
    missing: Sequence[str],
    *,
    table: PriceTable,
    at: datetime,
) -> TableDiffReport:
    """Report the prices in another tool's table that differ from DeepSeek's."""
    return TableDiffReport(
        tool=tool,
        source=printable(source),
        currency=Currency.USD,
        priced_at=at,
        price_table=table,
        compared=len(cells),
        differences=tuple(_different(cell) for cell in cells if not cell.is_same),
        missing_models=tuple(missing),
        warnings=(),
    )


def _different(cell: Cell) -> DifferentPrice:
    off = cell.off_percent
    return DifferentPrice(
        model=cell.model,
        when=cell.when,
        at=cell.at,
        kind=cast("Literal['cache_hit', 'cache_miss', 'output']", cell.kind),
        theirs=cell.theirs,
        ours=cell.ours,
        off_percent=None if off is None else f"{off:+f}",
    )


def _table(report: TableDiffReport) -> Table:
    table = grid("model", "list and hours", "cache hit", "cache miss", "output", left=2)
    for model, of_model in groupby(report.differences, key=lambda cell: cell.model):
        table.add_section()
        name = short(model)
        for when, cells in groupby(of_model, key=lambda cell: cell.when):
            table.add_row(name, when, *_cells(list(cells)))
            name = ""
    return table


def _cells(cells: Sequence[DifferentPrice]) -> Iterator[str]:
    by_kind = {cell.kind: cell for cell in cells}
    for kind in ("cache_hit", "cache_miss", "output"):
        cell = by_kind.get(kind)
        if cell is None:
            yield "same"
        elif cell.theirs is None:
            yield f"none, {exact(cell.ours)}"
        else:
            yield f"{exact(cell.theirs)}, {exact(cell.ours)}"
