"""A page on a terminal of any width, without breaking a word or a figure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.render.page import (
    BREAK,
    Block,
    Column,
    Drawing,
    Notes,
    Page,
    Table,
    Week,
    Words,
    aligned,
    is_label,
    is_total,
)
from deepseek_cost.render.wrapping import cells, filled, longest_word, wrapped

if TYPE_CHECKING:
    from deepseek_cost.render.page import Chart

# The columns of a week, drawn: its days and 48 half hours.
_WEEK: Final = 59
# Below this width, models are shown one below another.
_MODELS_STACK_BELOW: Final = 70
_GAP: Final = "  "
# Where the table does not fit otherwise.
_NARROW_GAP: Final = " "
_RULE: Final = "─"
_DOT_OF_A_CHART: Final = "⠁"
# What a terminal that does not know a character shows in its place.
_FALLBACKS: Final[Mapping[str, str]] = {
    "─": "-",
    "·": "-",
    "█": "#",
    "▇": "#",
    "▓": "+",
    "▒": "~",
    "…": "...",
    "→": "->",
    "¥": "CNY ",
}

Style = Callable[[str], str]


class _Layout(Struct, frozen=True):
    """The widths of a table's columns, what is between them, and the width of the screen."""

    widths: Sequence[int]
    gap: str
    screen: int

    @property
    def width(self) -> int:
        """The width of the table."""
        return sum(self.widths) + len(self.gap) * (len(self.widths) - 1)


class _Styles(Struct, frozen=True):
    strong: Style
    quiet: Style


def to_terminal(
    page: Page, width: int, *, is_styled: bool = False, encoding: str | None = "utf-8"
) -> str:
    """Draw a page without its details, in ASCII if the encoding has nothing else."""
    unknown = {text: other for text, other in _FALLBACKS.items() if not _has(encoding, text)}
    is_plotted = _has(encoding, _DOT_OF_A_CHART)
    styles = _Styles(_styled("1"), _styled("2")) if is_styled else _Styles(str.rstrip, str.rstrip)
    shown = page.written(lambda text: _replaced(text, unknown)) if unknown else page
    lines = _page(shown, width, styles, is_plotted=is_plotted)
    return "".join(f"{_replaced(line, unknown)}\n" for line in lines)


def _has(encoding: str | None, text: str) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _replaced(text: str, others: Mapping[str, str]) -> str:
    if text.isascii():
        return text
    for each, other in others.items():
        text = text.replace(each, other)
    return text


def _styled(code: str) -> Style:
    return lambda line: f"\x1b[{code}m{line}\x1b[0m" if (line := line.rstrip()) else ""


def _page(page: Page, width: int, styles: _Styles, *, is_plotted: bool) -> Iterator[str]:
    """Yield the lines of a page, with a blank line between blocks."""
    tables = [block for block in page.blocks if isinstance(block, Table)]
    if page.headline and not any(map(_has_total, tables)):
        yield from map(styles.strong, wrapped(page.headline, width))
    for line in page.head:
        yield from wrapped(line, width)
    for block in page.blocks:
        yield ""
        yield from _block(block, width, styles, is_plotted=is_plotted)


def _has_total(table: Table) -> bool:
    return any(map(is_total, (row for rows in table.sections for row in rows)))


def _block(block: Block, width: int, styles: _Styles, *, is_plotted: bool) -> Iterator[str]:
    match block:
        case Words(lines, is_quiet):
            style = styles.quiet if is_quiet else str.rstrip
            yield from (style(part) for line in lines for part in wrapped(line, width))
        case Notes(title, notes):
            texts = (f"{n.text}  [{n.option}]" if n.option else n.text for n in notes)
            lines = (title, *(f"  {text}" for text in texts))
            yield from (styles.quiet(part) for line in lines for part in wrapped(line, width))
        case Table():
            yield from [*wrapped(block.caption, width), ""] if block.caption else ()
            yield from _table(block, width, styles)
            yield from wrapped(block.more, width) if block.more else ()
        case Drawing(chart, caption):
            yield from [*wrapped(caption, width), ""] if caption else ()
            yield from _chart(chart, width, is_plotted=is_plotted)
        case Week():
            yield from _week(block, width, styles)


def _chart(chart: "Chart", width: int, *, is_plotted: bool) -> Iterator[str]:
    from deepseek_cost.render.text import draw_chart, narrowest_chart, spoken_chart  # noqa: PLC0415

    if is_plotted and width >= narrowest_chart(chart):
        yield from draw_chart(chart, width).split("\n")
    else:
        yield from (part for line in spoken_chart(chart) for part in wrapped(line, width))


def _week(week: Week, width: int, styles: _Styles) -> Iterator[str]:
    from deepseek_cost.render.text import draw_week, legend, spoken_week  # noqa: PLC0415 - rare

    if width >= _WEEK:
        yield from (*draw_week(week).split("\n"), "")
        notes = (legend(week), *week.notes)
    else:
        yield from (part for line in spoken_week(week) for part in wrapped(line, width))
        notes = week.notes
    yield from (styles.quiet(part) for line in notes for part in wrapped(line, width))


def _table(table: Table, width: int, styles: _Styles) -> Iterator[str]:
    """Yield a table in full, or if it doesn't fit, with words wrapped, without bars or stacked."""
    is_stacked = table.is_by_model and len(table.columns) > 2 and width < _MODELS_STACK_BELOW  # noqa: PLR2004
    columns = _columns(table)
    gaps = () if is_stacked else (_GAP,) if table.has_bars else (_GAP, _NARROW_GAP)
    tried = (_layout(table.columns, columns, width, gap) for gap in gaps)
    layout = next(filter(None, tried), None)
    if layout is None and table.has_bars:
        yield from _table(table.without_bars(), width, styles)
    elif layout is not None:
        yield from _grid(table, columns, layout, styles)
    elif table.is_by_model:
        yield from _model_by_model(table, width, styles)
    else:
        yield from _row_by_row(table, columns, width, styles)


def _columns(table: Table) -> list[list[str]]:
    """Return the cells of each column, with amounts aligned on their decimal points."""
    rows = [row for section in table.sections for row in section]
    return [
        aligned([row[at] for row in rows]) if column.kind == "figure" else [row[at] for row in rows]
        for at, column in enumerate(table.columns)
    ]


def _layout(
    columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int, gap: str = _GAP
) -> _Layout | None:
    """Return the layout of a table; None if it doesn't fit even with words wrapped.

    A label may be longer than its column: it has its line to itself.
    """
    widths, least = [], []
    rows = [row for row in zip(*texts, strict=True) if not is_label(row)]
    for at, column in enumerate(columns):
        found = [row[at] for row in rows]
        lines = [*column.heading.split(BREAK), *found]
        widths.append(max(map(cells, lines)))
        is_wrapped = column.kind == "words"
        least.append(max(map(longest_word, lines)) if is_wrapped else widths[-1])
    over = _Layout(widths, gap, width).width - width
    while over > 0:
        # The widest column with room to spare gives up some.
        at = max(range(len(widths)), key=lambda n: (widths[n] > least[n], widths[n]))
        if widths[at] == least[at]:
            return None
        given = min(over, widths[at] - least[at], max(1, widths[at] // 4))
        widths[at] -= given
        over -= given
    return _Layout(widths, gap, width)


def _grid(
    table: Table, texts: Sequence[Sequence[str]], layout: _Layout, styles: _Styles
) -> Iterator[str]:
    headings = [column.heading.split(BREAK) for column in table.columns]
    deep = max(map(len, headings))
    for lines in zip(*([""] * (deep - len(each)) + each for each in headings), strict=True):
        yield from map(styles.strong, _row(table.columns, layout, lines))
    yield _RULE * layout.width
    rows = iter(zip(*texts, strict=True))
    for number, section in enumerate(table.sections):
        if number and section:
            yield ""
        for row, shown in zip(section, rows, strict=False):
            style = styles.strong if is_total(row) else str.rstrip
            yield from map(style, _row(table.columns, layout, shown))


def _row(columns: Sequence[Column], layout: _Layout, texts: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a row, in which cells with words may take several lines."""
    if is_label(texts):
        yield from wrapped(texts[0], layout.screen)
        return
    parts = [
        filled(text, width) if column.kind == "words" else [text]
        for column, width, text in zip(columns, layout.widths, texts, strict=True)
    ]
    for line in zip_longest(*parts, fillvalue=""):
        yield layout.gap.join(map(_cell, columns, layout.widths, line))


def _cell(column: Column, width: int, text: str) -> str:
    blanks = " " * (width - cells(text))
    return blanks + text if column.kind == "figure" else text + blanks


def _model_by_model(table: Table, width: int, styles: _Styles) -> Iterator[str]:
    """Yield a table of two columns for each model."""
    first, *models = table.columns
    for number, column in enumerate(models, 1):
        name = " ".join(filter(None, [first.heading, column.heading.replace(BREAK, " ")]))
        part = Table(replace(first, heading=name), replace(column, heading=""))
        part.sections = [
            [(row[0], row[number]) for row in rows if row[number] or is_label(row)]
            for rows in table.sections
        ]
        columns = _columns(part)
        layout = _layout(part.columns, columns, width)
        yield from [""] if number > 1 else []
        if layout is None:
            yield from _row_by_row(part, columns, width, styles)
        else:
            yield from _grid(part, columns, layout, styles)


def _row_by_row(
    table: Table, texts: Sequence[Sequence[str]], width: int, styles: _Styles
) -> Iterator[str]:
    """Yield each row as a name with its figures below it."""
    headings = [column.heading.replace(BREAK, " ") for column in table.columns]
    for number, row in enumerate(zip(*texts, strict=True)):
        yield from [""] if number and len(headings) > 2 else []  # noqa: PLR2004 - one figure each
        style = styles.strong if is_total(row) else str.rstrip
        name = row[0] if is_label(row) else f"{headings[0]} {row[0].strip()}"
        yield from map(style, wrapped(name.strip(), width))
        figures = [(f"  {h}", c.strip()) for h, c in zip(headings[1:], row[1:], strict=True) if c]
        left = max((cells(heading) for heading, _ in figures), default=0)
        right = max((cells(cell) for _, cell in figures), default=0)
        for heading, cell in figures:
            if left + len(_GAP) + right <= width:
                yield style(f"{heading}{' ' * (left - cells(heading))}{_GAP}{cell}")
            else:
                yield from map(style, wrapped(f"{heading} {cell}".rstrip(), width))
