"""On Rich."""

from typing import TYPE_CHECKING, TextIO

from rich import table as rich
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.text import Text

from deepseek_cost.render.page import Drawing, Table, Week, Words, is_total
from deepseek_cost.render.wide import NARROWEST

if TYPE_CHECKING:
    from deepseek_cost.render.page import Block, Page


def to_terminal(
    page: "Page", file: TextIO, width: int, height: int = 25, *, is_styled: bool = True
) -> str:
    """Draw a page as fits the file, in colour where it is a terminal and that is wanted."""
    console = Console(
        color_system="auto" if is_styled else None,
        file=file,
        width=width,
        height=height,
        markup=False,
        highlight=False,
        emoji=False,
    )
    with console.capture() as captured:
        print_page(page, console)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def print_page(page: "Page", console: Console) -> None:
    """Print a page, a blank line between its blocks."""
    if page.verdict:
        _print_line(console, page.verdict, style="bold")
    for line in page.head:
        _print_line(console, line)
    for block in page.blocks:
        console.print()
        _print_block(block, console)


def _print_block(block: "Block", console: Console) -> None:
    match block:
        case Table():
            _print_captioned(block, console)
        case Words(lines, is_quiet):
            for line in lines:
                _print_line(console, line, style="dim" if is_quiet else "")
        case Drawing(chart, caption):
            from deepseek_cost.render.text import draw_chart  # noqa: PLC0415 - for charts alone

            if caption:
                _print_line(console, f"{caption}\n")
            _print_line(console, draw_chart(chart, console.width))
        case Week():
            from deepseek_cost.render.text import draw_week, legend  # noqa: PLC0415 - likewise

            _print_line(console, draw_week(block))
            console.print()
            for line in (legend(block), *block.notes):
                _print_line(console, line, style="dim")


def _print_captioned(table: Table, console: Console) -> None:
    if table.caption:
        _print_line(console, f"{table.caption}\n")
    _print_table(_grid(table), console)
    if table.more:
        _print_line(console, table.more)


def _grid(table: Table) -> rich.Table:
    grid = rich.Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for heading, kind in table.columns:
        match kind:
            case "words":
                grid.add_column(Text(heading), overflow="fold", min_width=NARROWEST)
            case "time":
                grid.add_column(Text(heading), no_wrap=True)
            case "figure":
                grid.add_column(Text(heading), justify="right", no_wrap=True)
    for rows in table.sections:
        for row in rows:
            grid.add_row(*row, style="bold" if is_total(row) else "")
        grid.add_section()
    return grid


def _print_table(grid: rich.Table, console: Console) -> None:
    """Print a table with every figure whole: a narrow terminal breaks the lines itself."""
    for column in grid.columns:
        if column.no_wrap:
            lines = "\n".join(map(str, (column.header, *column.cells))).split("\n")
            column.min_width = max(map(cell_len, lines))
    unbound = console.options.update(width=10_000)
    needed = console.measure(grid, options=unbound).minimum
    options = console.options.update(width=max(console.width, needed))
    for line in console.render_lines(grid, options, pad=False):
        console.print(Segments([*line, Segment.line()]), end="", soft_wrap=True)


def _print_line(console: Console, line: str, style: str = "") -> None:
    """Print a line as it is, however long."""
    console.print(Text(line, style=style), soft_wrap=True)
