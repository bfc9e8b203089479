"""A page as a report describes it: tables, text, charts, bars. Money is rounded here."""

import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from math import inf
from typing import Final, Literal, Protocol

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.pricing.currency import Currency
from deepseek_cost.render.money import money
from deepseek_cost.text import printable


def short(model: str) -> str:
    """Return a model's name without the prefix that all models share."""
    return model.removeprefix("deepseek-")


PARTS: Final = ("cache hits", "cache misses", "output")


class HasParts(Protocol):
    """A cost by its parts; `output` is None if it is unknown."""

    @property
    def cache_hit(self) -> Decimal: ...  # noqa: D102
    @property
    def cache_miss(self) -> Decimal: ...  # noqa: D102
    @property
    def output(self) -> Decimal | None: ...  # noqa: D102


class Bar(Struct, frozen=True):
    """An amount: its name, its parts as shares of the longest bar, and the amount in words."""

    name: str
    shares: tuple[float, ...]
    amount: str


class Bars(Struct, frozen=True):
    """Bars below each other, with their caption and the names of the parts."""

    caption: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]


def bars(
    caption: str, costs: Sequence[tuple[str, Iterable[HasParts]]], currency: Currency
) -> Bars | None:
    """Return a bar for each name and the sum of its costs; None if all costs are zero.

    Raises ValueError for an amount that is negative or not a number.
    """
    rows = [(printable(name), _added(each)) for name, each in costs]
    if any(not part.is_finite() or part < 0 for _, parts in rows for part in parts):
        raise ValueError("an amount that no bar has")
    most = max((sum(parts, Decimal(0)) for _, parts in rows), default=Decimal(0))
    if not most:
        return None
    is_known = any(parts[-1] for _, parts in rows)
    return Bars(
        printable(caption),
        PARTS if is_known else PARTS[:-1],
        tuple(_bar(name, parts, most, currency) for name, parts in rows),
    )


def _bar(name: str, parts: Sequence[Decimal], most: Decimal, currency: Currency) -> Bar:
    shares = tuple(float(part / most) for part in parts)
    return Bar(name, shares, money(sum(parts, Decimal(0)), currency))


def _added(costs: Iterable[HasParts]) -> tuple[Decimal, Decimal, Decimal]:
    hits = misses = output = Decimal(0)
    for cost in costs:
        hits += cost.cache_hit
        misses += cost.cache_miss
        output += cost.output or Decimal(0)
    return hits, misses, output


# One letter per line, so that lines differ without color.
MARKERS: Final = "abcdefghijklmnop"


class Chart(Struct, frozen=True):
    """Lines of (x, cost), each with its name; `x_ticks` reach from the least x to the most."""

    title: str
    x_title: str
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]
    x_ticks: Sequence[float]
    x_label: Callable[[float], str]
    currency: Currency

    @property
    def most(self) -> float:
        """The highest cost, or 1 if all costs are zero."""
        return max(cost for _, points in self.lines for _, cost in points) or 1.0

    @property
    def is_sound(self) -> bool:
        """Whether every point is where the chart reaches, as in a report that nobody changed."""
        least, most = self.x_ticks[0], self.x_ticks[-1]
        points = [point for _, line in self.lines for point in line]
        return bool(points) and all(least <= x <= most and 0 <= cost < inf for x, cost in points)

    def renamed(self, name: Callable[[str], str]) -> "Chart":
        """Return the chart with its names written in another way."""
        lines = [(name(line), points) for line, points in self.lines]
        return replace(self, title=name(self.title), lines=lines)

    def cost_label(self, cost: float, digits: int) -> str:
        """Write a cost to so many digits."""
        return money(Decimal(f"{cost:.{digits}g}"), self.currency)


# Between the lines of a heading.
BREAK: Final = "\n"


class Column(Struct, frozen=True):
    """A column: words may be wrapped where the screen is narrow; a figure or a time may not."""

    heading: str
    kind: Literal["words", "figure", "time"]


class Table:
    """Rows of text below columns, in sections; `more` is a line that counts the rows left out.

    With `is_by_model`, each column after the first belongs to a model.
    """

    def __init__(self, *columns: Column, caption: str = "", is_by_model: bool = False) -> None:
        self.columns = columns
        self.caption = caption
        self.is_by_model = is_by_model
        self.sections: list[list[tuple[str, ...]]] = [[]]
        self.more = ""

    def add_row(self, *cells: str) -> None:
        """Add a row; missing cells are empty."""
        missing = len(self.columns) - len(cells)
        self.sections[-1].append((*cells, *[""] * missing))

    @property
    def has_bars(self) -> bool:
        """Whether the last column is a picture of the figures."""
        return self.columns[-1] == Column("", "time")

    def without_bars(self) -> "Table":
        """Return the table without its last column."""
        table = Table(*self.columns[:-1], caption=self.caption, is_by_model=self.is_by_model)
        table.sections = [[row[:-1] for row in rows] for rows in self.sections]
        return table

    def add_section(self) -> None:
        """Start a section with the next row."""
        if self.sections[-1]:
            self.sections.append([])


def is_total(row: Sequence[str]) -> bool:
    """Return whether a row is what a reader looks for first; it is drawn in bold."""
    return row[0].startswith("TOTAL")


def is_label(row: Sequence[str]) -> bool:
    """Return whether a row only names the rows below it."""
    return len(row) > 1 and not any(row[1:])


_AMOUNT: Final = r"(?:at least |at most )?[-+]?(?:[$¥]|CNY )[\d,]+(?:\.(\d+))?"


def aligned(cells: Sequence[str], point: str = " ", digit: str = " ") -> list[str]:
    """Return the cells of a column with blanks after amounts, so that decimal points line up."""
    found = [re.fullmatch(_AMOUNT, cell) for cell in cells]
    decimals = [len(amount[1] or "") if amount else None for amount in found]
    most = max((count for count in decimals if count is not None), default=0)
    return [
        cell if count is None else f"{cell}{_padding(count, most, point, digit)}"
        for cell, count in zip(cells, decimals, strict=True)
    ]


def _padding(decimals: int, most: int, point: str, digit: str) -> str:
    return (point if most and not decimals else "") + digit * (most - decimals)


class Words(Struct, frozen=True):
    """Lines of text. Quiet ones are of less interest; an indented line continues the one above."""

    lines: tuple[str, ...]
    is_quiet: bool = False


class Note(Struct, frozen=True):
    """A line about a figure, and the option that changes it where there is a command line."""

    text: str
    option: str = ""


class Notes(Struct, frozen=True):
    """Notes below a title. A page for others than the user leaves out the options."""

    title: str
    notes: tuple[Note, ...]


class Week(Struct, frozen=True):
    """Days with 48 half hours each, marked as in the report, by the clock of a zone."""

    days: tuple[tuple[str, str], ...]
    zone: str
    notes: tuple[str, ...]


class Drawing(Struct, frozen=True):
    """A chart with its caption."""

    chart: Chart
    caption: str = ""


Block = Table | Words | Notes | Week | Drawing


class Page(Struct, frozen=True):
    """What a report shows; the first line of its head is its title.

    `headline` is the result in a sentence; a terminal leaves it to a table's TOTAL row if there is
    one. `basis` is what the figures assume, in a line, and `details` are the blocks behind them:
    documents have both, a terminal has one of them (see `brief` and `in_full`). `bars` are a
    picture of a table; a drawer that cannot draw them leaves them out.
    """

    head: tuple[str, ...]
    blocks: tuple[Block, ...]
    details: tuple[Block, ...] = ()
    basis: str = ""
    warnings: tuple[str, ...] = ()
    bars: Bars | None = None
    headline: str = ""

    def brief(self, hint: str = "") -> "Page":
        """Return the page without its details, but with what it assumes and where they are."""
        line = "  ".join(filter(None, [self.basis, hint if self.details else ""]))
        blocks = (*self.blocks, Words((line,), is_quiet=True)) if line else self.blocks
        return replace(self, blocks=blocks, details=(), basis="")

    def in_full(self) -> "Page":
        """Return the page with its details as the last blocks."""
        return replace(self, blocks=(*self.blocks, *self.details), details=(), basis="")

    def written(self, change: Callable[[str], str]) -> "Page":
        """Return the page with each of its texts changed."""
        return replace(
            self,
            head=_each(self.head, change),
            blocks=tuple(_changed(block, change) for block in self.blocks),
            details=tuple(_changed(block, change) for block in self.details),
            basis=change(self.basis),
            warnings=_each(self.warnings, change),
            headline=change(self.headline),
        )


def grid(*headings: str, left: int = 1, caption: str = "", is_by_model: bool = False) -> Table:
    """Return a table with its first `left` columns for words, the others for figures."""
    columns = (Column(h, "words" if n < left else "figure") for n, h in enumerate(headings))
    return Table(*columns, caption=caption, is_by_model=is_by_model)


def words(lines: Iterable[str], *, is_quiet: bool = False) -> Words:
    """Return lines as a block."""
    return Words(tuple(lines), is_quiet)


def page_of(
    head: str | tuple[str, ...],
    *blocks: Block,
    details: Iterable[Block] = (),
    basis: str = "",
    warnings: Sequence[str] = (),
    bars: Bars | None = None,
    headline: str = "",
) -> Page:
    """Return a page without empty blocks, and with nothing that moves a terminal's cursor."""
    lines = (head,) if isinstance(head, str) else head
    shown, behind = (tuple(filter(_has_content, each)) for each in (blocks, details))
    page = Page(lines, shown, behind, basis, tuple(warnings), bars, headline)
    return page.written(printable)


def _has_content(block: Block) -> bool:
    match block:
        case Words():
            return bool(block.lines)
        case Notes():
            return bool(block.notes)
        case _:
            return True


def shortened(page: Page, most: int) -> Page:
    """Return a page with so many rows and lines of each block, and how many are left out."""
    warnings = page.warnings
    if len(warnings) > most:
        warnings = (*warnings[:most], f"and {len(warnings) - most:,} more warnings")
    blocks, details = (
        tuple(_shortened(block, most) for block in each) for each in (page.blocks, page.details)
    )
    return replace(page, blocks=blocks, details=details, warnings=warnings)


def indent(text: str) -> tuple[int, str]:
    """Return how deep a label or line is below the one above it, and its text."""
    stripped = text.lstrip(" ")
    return (len(text) - len(stripped)) // 2, stripped


_CLAUSE_WITH_FLAG: Final = r"; [^;]*(?<!\S)--[a-z][^;]*$"


def for_others(warning: str) -> str:
    """Return a warning without the option that changes it, for those who did not run the tool."""
    return re.sub(_CLAUSE_WITH_FLAG, "", warning)


def _shortened(block: Block, most: int) -> Block:
    if isinstance(block, Words) and len(block.lines) > most:
        more = f"and {len(block.lines) - most:,} more"
        return replace(block, lines=(*block.lines[:most], more))
    if isinstance(block, Notes) and len(block.notes) > most:
        more = f"and {len(block.notes) - most:,} more"
        return replace(block, notes=(*block.notes[:most], Note(more)))
    if not isinstance(block, Table):
        return block
    short = Table(*block.columns, caption=block.caption, is_by_model=block.is_by_model)
    left = most
    for rows in block.sections:
        short.add_section()
        short.sections[-1] += rows[:left]
        left = max(0, left - len(rows))
    total = sum(map(len, block.sections))
    short.more = f"and {total - most:,} more" if total > most else block.more
    return short


def clipped(page: Page, most: int) -> Page:
    """Return a page in which no text is longer than so many characters."""

    def clip(text: str) -> str:
        return text if len(text) <= most else f"{text[: most - 1]}…"

    return page.written(clip)


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    """Return a block with each of its texts changed."""
    match block:
        case Table():
            return _changed_table(block, change)
        case Words():
            return Words(_each(block.lines, change), block.is_quiet)
        case Notes(title, notes):
            changed = (Note(change(note.text), change(note.option)) for note in notes)
            return Notes(change(title), tuple(changed))
        case Week():
            days = tuple((change(day), change(marks)) for day, marks in block.days)
            return Week(days, change(block.zone), _each(block.notes, change))
        case Drawing(chart, caption):
            if not chart.is_sound:
                raise ValueError("a chart with points outside of it")
            return Drawing(chart.renamed(change), change(caption))


def _changed_table(table: Table, change: Callable[[str], str]) -> Table:
    columns = (
        replace(column, heading=BREAK.join(_each(column.heading.split(BREAK), change)))
        for column in table.columns
    )
    changed = Table(*columns, caption=change(table.caption), is_by_model=table.is_by_model)
    changed.sections = [[_each(row, change) for row in rows] for rows in table.sections if rows]
    changed.more = change(table.more)
    return changed


def _each(texts: Sequence[str], change: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(map(change, texts))
