"""A page: what a report shows, in blocks that every renderer draws in its own way."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from deepseek_cost.page.bars import Bars
from deepseek_cost.page.chart import Chart
from deepseek_cost.terminal import printable

# Between the lines of a heading: it stands narrower over its column.
BREAK: Final = "\n"


class Column(NamedTuple):
    """A column: words, which may be broken where it is narrow, a figure or a time, which not."""

    heading: str
    kind: Literal["words", "figure", "time"]


class Table:
    """Rows of text below columns, in sections; `more` says what is left out.

    A label that begins with blanks is a part of what stands above it.
    """

    def __init__(self, *columns: Column, caption: str = "") -> None:
        self.columns = columns
        self.caption = caption
        self.sections: list[list[tuple[str, ...]]] = [[]]
        self.more = ""

    def add_row(self, *cells: str) -> None:
        """Add a row; the cells that it lacks are empty."""
        missing = len(self.columns) - len(cells)
        self.sections[-1].append((*cells, *[""] * missing))

    def add_section(self) -> None:
        """Let the next row begin a section."""
        if self.sections[-1]:
            self.sections.append([])


class Words(NamedTuple):
    """Lines of text; quiet ones say what figures rest on. One that begins with blanks goes on."""

    lines: tuple[str, ...]
    is_quiet: bool = False


class Week(NamedTuple):
    """Days with 48 half hours each, marked as in the report, by the clock of a zone."""

    days: tuple[tuple[str, str], ...]
    zone: str
    notes: tuple[str, ...]


class Drawing(NamedTuple):
    """A chart with what is said above it."""

    chart: Chart
    caption: str = ""


Block = Table | Words | Week | Drawing


class Page(NamedTuple):
    """What a report shows: its head, the first line of which is its title, and its blocks.

    `bars` are a picture of what a table says; whoever cannot draw them leaves them out.
    """

    head: tuple[str, ...]
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()
    bars: Bars | None = None


def grid(*headings: str, left: int = 1, caption: str = "") -> Table:
    """Return a table with its first `left` columns for words, the others for figures."""
    columns = (Column(h, "words" if n < left else "figure") for n, h in enumerate(headings))
    return Table(*columns, caption=caption)


def words(lines: Iterable[str], *, is_quiet: bool = False) -> Words:
    """Return lines as a block."""
    return Words(tuple(lines), is_quiet)


def page_of(
    head: str | tuple[str, ...],
    *blocks: Block,
    warnings: Sequence[str] = (),
    bars: Bars | None = None,
) -> Page:
    """Return a page without the blocks that say nothing, and with nothing that moves a screen."""
    lines = (head,) if isinstance(head, str) else head
    said = (_clean(block) for block in blocks if not isinstance(block, Words) or block.lines)
    return Page(_cleaned(lines), tuple(said), _cleaned(warnings), bars)


def shortened(page: Page, most: int) -> Page:
    """Return a page with so many rows and lines of each block, and how many are left out."""
    return page._replace(blocks=tuple(_shortened(block, most) for block in page.blocks))


def indent(text: str) -> tuple[int, str]:
    """Tell how deep a label or line is below the one above it, and what it says."""
    said = text.lstrip(" ")
    return (len(text) - len(said)) // 2, said


def _shortened(block: Block, most: int) -> Block:
    if isinstance(block, Words) and len(block.lines) > most:
        more = f"and {len(block.lines) - most:,} more"
        return block._replace(lines=(*block.lines[:most], more))
    if not isinstance(block, Table):
        return block
    short = Table(*block.columns, caption=block.caption)
    left = most
    for rows in block.sections:
        short.add_section()
        short.sections[-1] += rows[:left]
        left = max(0, left - len(rows))
    total = sum(map(len, block.sections))
    short.more = f"and {total - most:,} more" if total > most else block.more
    return short


def _clean(block: Block) -> Block:
    match block:
        case Table():
            return _clean_table(block)
        case Words():
            return Words(_cleaned(block.lines), block.is_quiet)
        case Week():
            days = tuple((printable(day), printable(marks)) for day, marks in block.days)
            return Week(days, printable(block.zone), _cleaned(block.notes))
        case Drawing(chart, caption):
            if not chart.is_sound:
                raise ValueError("a chart with points beside it")
            return Drawing(chart.renamed(printable), printable(caption))


def _clean_table(table: Table) -> Table:
    columns = (
        column._replace(heading=BREAK.join(_cleaned(column.heading.split(BREAK))))
        for column in table.columns
    )
    clean = Table(*columns, caption=printable(table.caption))
    clean.sections = [[_cleaned(row) for row in rows] for rows in table.sections if rows]
    clean.more = printable(table.more)
    return clean


def _cleaned(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(printable, lines))
