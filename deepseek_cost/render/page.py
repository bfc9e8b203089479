"""Tables, words, charts, bars; money rounded here."""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from math import inf
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.pricing.entries import Currency
from deepseek_cost.text import printable

_SIGNS = {Currency.USD: "$", Currency.CNY: "¥"}
_SIGNIFICANT = 4


def money(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign: two decimals at least, and four significant digits."""
    places = max(2, _SIGNIFICANT - 1 - amount.adjusted()) if amount else 0
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{_SIGNS[currency]}{whole}{'.' + decimals if decimals else ''}"


def short(model: str) -> str:
    """Return a model's name without what all of them share."""
    return model.removeprefix("deepseek-")


PARTS: Final = ("cache hits", "cache misses", "output")


class HasParts(Protocol):
    """A cost by its parts; the output's is None while it is unknown."""

    @property
    def cache_hit(self) -> Decimal: ...  # noqa: D102
    @property
    def cache_miss(self) -> Decimal: ...  # noqa: D102
    @property
    def output(self) -> Decimal | None: ...  # noqa: D102


class Bar(NamedTuple):
    """An amount: its name, its parts as shares of the longest bar, and the amount in words."""

    name: str
    shares: tuple[float, ...]
    amount: str


class Bars(NamedTuple):
    """Bars below each other, with what is said above them and the names of the parts."""

    caption: str
    parts: tuple[str, ...]
    bars: tuple[Bar, ...]


def bars(
    caption: str, costs: Sequence[tuple[str, Iterable[HasParts]]], currency: Currency
) -> Bars | None:
    """Return a bar for each name and its costs added up; None where nothing costs anything.

    Raises ValueError for amounts that no bar has: a negative one, or one that is no number.
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


# One letter a line, so that they are told apart without colour.
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
        """The highest cost, or 1 where nothing costs anything."""
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


def is_total(row: Sequence[str]) -> bool:
    """Return whether a row is what a reader looks for first; it is drawn in bold."""
    return row[0].startswith("TOTAL")


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

    `bars` are a picture of what a table says; whoever cannot draw them leaves them out. A
    `verdict` stands above all, in bold.
    """

    head: tuple[str, ...]
    blocks: tuple[Block, ...]
    warnings: tuple[str, ...] = ()
    bars: Bars | None = None
    verdict: str = ""


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
    verdict: str = "",
) -> Page:
    """Return a page without the blocks that say nothing, and with nothing that moves a screen."""
    lines = (head,) if isinstance(head, str) else head
    shown = [block for block in blocks if not isinstance(block, Words) or block.lines]
    return Page(
        head=_each(lines, printable),
        blocks=tuple(_changed(block, printable) for block in shown),
        warnings=_each(warnings, printable),
        bars=bars,
        verdict=printable(verdict),
    )


def shortened(page: Page, most: int) -> Page:
    """Return a page with so many rows and lines of each block, and how many are left out."""
    warnings = page.warnings
    if len(warnings) > most:
        warnings = (*warnings[:most], f"and {len(warnings) - most:,} more warnings")
    blocks = tuple(_shortened(block, most) for block in page.blocks)
    return page._replace(blocks=blocks, warnings=warnings)


def indent(text: str) -> tuple[int, str]:
    """Tell how deep a label or line is below the one above it, and what it says."""
    stripped = text.lstrip(" ")
    return (len(text) - len(stripped)) // 2, stripped


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


def clipped(page: Page, most: int) -> Page:
    """Return a page in which no text is longer than so many characters."""

    def clip(text: str) -> str:
        return text if len(text) <= most else f"{text[: most - 1]}…"

    return page._replace(
        head=_each(page.head, clip),
        blocks=tuple(_changed(block, clip) for block in page.blocks),
        warnings=_each(page.warnings, clip),
        verdict=clip(page.verdict),
    )


def _changed(block: Block, change: Callable[[str], str]) -> Block:
    """Return a block with each of its texts changed."""
    match block:
        case Table():
            return _changed_table(block, change)
        case Words():
            return Words(_each(block.lines, change), block.is_quiet)
        case Week():
            days = tuple((change(day), change(marks)) for day, marks in block.days)
            return Week(days, change(block.zone), _each(block.notes, change))
        case Drawing(chart, caption):
            if not chart.is_sound:
                raise ValueError("a chart with points beside it")
            return Drawing(chart.renamed(change), change(caption))


def _changed_table(table: Table, change: Callable[[str], str]) -> Table:
    columns = (
        column._replace(heading=BREAK.join(_each(column.heading.split(BREAK), change)))
        for column in table.columns
    )
    changed = Table(*columns, caption=change(table.caption))
    changed.sections = [[_each(row, change) for row in rows] for rows in table.sections if rows]
    changed.more = change(table.more)
    return changed


def _each(texts: Sequence[str], change: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(map(change, texts))
