"""A page on a terminal that is wide enough: drawn as Rich draws it, without loading Rich."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from deepseek_cost.render.page import BREAK, Column, Table, Week, Words, is_total

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepseek_cost.render.page import Block, Page

# A column of words that a narrow terminal must leave readable.
NARROWEST: Final = 8
_GAP: Final = "  "


class _TooWideError(Exception):
    """Something on the page has to be broken, or drawn; Rich does it."""


def to_wide_terminal(page: "Page", width: int, *, is_styled: bool) -> str | None:
    """Draw a page; None where it does not fit, or has a chart."""
    try:
        return "".join(f"{line}\n" for line in _lines(page, width, is_styled=is_styled))
    except _TooWideError:
        return None


def _lines(page: "Page", width: int, *, is_styled: bool) -> Iterator[str]:
    quiet = _styled("2") if is_styled else str.rstrip
    strong = _styled("1") if is_styled else str.rstrip
    yield from map(strong, [page.verdict] if page.verdict else ())
    yield from map(str.rstrip, page.head)
    for block in page.blocks:
        yield ""
        yield from _block(block, width, quiet, strong)


def _styled(code: str) -> "Callable[[str], str]":
    return lambda line: f"\x1b[{code}m{line}\x1b[0m" if (line := line.rstrip()) else ""


def _block(
    block: "Block", width: int, quiet: "Callable[[str], str]", strong: "Callable[[str], str]"
) -> Iterator[str]:
    match block:
        case Words(lines, is_quiet):
            yield from map(quiet if is_quiet else str.rstrip, lines)
        case Table():
            yield from [block.caption, ""] if block.caption else ()
            yield from _table(block, width, strong)
            yield from [block.more] if block.more else ()
        case Week():
            from deepseek_cost.render.text import draw_week, legend  # noqa: PLC0415 - rare

            yield from (*draw_week(block).split("\n"), "")
            yield from map(quiet, (legend(block), *block.notes))
        case _:
            raise _TooWideError


def _table(table: Table, width: int, strong: "Callable[[str], str]") -> Iterator[str]:
    headings = [column.heading.split(BREAK) for column in table.columns]
    rows = [row for section in table.sections for row in section]
    if any(BREAK in cell for row in rows for cell in row):
        raise _TooWideError
    widths = [
        _width(column, [*heading, *(row[at] for row in rows)])
        for at, (column, heading) in enumerate(zip(table.columns, headings, strict=True))
    ]
    widths[-1] = max(1, widths[-1])  # as Rich has it; another column has its gap
    whole = sum(widths) + len(_GAP) * (len(widths) - 1)
    if whole > width:
        raise _TooWideError
    deep = max(map(len, headings))
    for line in zip(*([""] * (deep - len(lines)) + lines for lines in headings), strict=True):
        yield strong(_row(table.columns, widths, line))
    yield "─" * whole
    for number, section in enumerate(table.sections):
        if number and section:
            yield ""
        for row in section:
            drawn = _row(table.columns, widths, row).rstrip()
            yield strong(drawn) if is_total(row) else drawn


def _row(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    return _GAP.join(map(_cell, columns, widths, cells))


def _cell(column: Column, width: int, text: str) -> str:
    if column.kind == "figure":
        text = text.rstrip()
        return " " * (width - _columns_of(text)) + text
    return text + " " * (width - _columns_of(text))


def _width(column: Column, texts: Sequence[str]) -> int:
    return max(NARROWEST if column.kind == "words" else 0, *map(_columns_of, texts))


def _columns_of(text: str) -> int:
    """Return how wide a text is on a screen."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - most are ASCII

    if not all(map(cell_len, text)):  # Rich drops some of the characters that have no width
        raise _TooWideError
    return cell_len(text)
