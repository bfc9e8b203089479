"""A page as sentences; charts and the week drawn in characters."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from deepseek_cost.render.page import (
    BREAK,
    MARKERS,
    Block,
    Chart,
    Drawing,
    Notes,
    Page,
    Table,
    Week,
    Words,
    is_label,
)

_ROWS: Final = 16
# The columns left and right of the drawing itself.
_MARGIN: Final = 18
_LEAST: Final = 20
# Full blocks for peak and dots for off-peak: they differ without color on any background.
_STRIP: Final = str.maketrans({"P": "█", "?": "▓", "-": "·", "=": "·", "~": "▒"})
_DAY: Final = 10


def draw_chart(chart: Chart, width: int) -> str:
    """Draw a chart, one letter per line, at most `width` characters wide."""
    from plotille import Figure  # noqa: PLC0415 - the week needs none

    figure = Figure()
    figure.with_colors = False
    figure.origin = False
    # A tick every ten characters: at whole tenths, fifths or quarters.
    room = width - _MARGIN
    figure.width = next((wide for wide in (100, 50, 40) if wide <= room), _LEAST)
    figure.height = _ROWS
    figure.x_label, figure.y_label = "", chart.currency.value
    figure.set_x_limits(chart.x_ticks[0], chart.x_ticks[-1])
    figure.set_y_limits(0, chart.most * 1.05)
    figure.x_ticks_fkt = lambda value, _: chart.x_label(value)
    figure.y_ticks_fkt = lambda value, _: chart.cost_label(value, 3)
    for (_, points), marker in zip(chart.lines, MARKERS, strict=False):
        figure.plot([x for x, _ in points], [cost for _, cost in points], marker=marker)
    rows = figure.show().replace("\u2800", " ").replace("-> ()", "->").splitlines()
    return "\n".join(row.rstrip() for row in rows)


def narrowest_chart(chart: Chart) -> int:
    """Return the width below which a chart is not drawn."""
    return _MARGIN + _LEAST + len(chart.x_label(chart.x_ticks[-1]))


def draw_week(week: Week) -> str:
    """Draw the hours, and a strip for each day below them."""
    hours = " " * (_DAY + 1) + "".join(f"{hour:<6}" for hour in range(0, 24, 3))
    days = (f"{day:{_DAY}} {marks.translate(_STRIP)}" for day, marks in week.days)
    return "\n".join([hours.rstrip(), *days])


def legend(week: Week) -> str:
    """Return a legend of the characters in the strips."""
    is_uncertain = any("?" in marks for _, marks in week.days)
    maybe = "  ▓ peak unless a holiday" if is_uncertain else ""
    return f"█ peak{maybe}  · off-peak, by the clock of {week.zone}"


_TIERS: Final = {
    "P": "peak",
    "?": "peak unless a holiday",
    "-": "off-peak",
    "=": "flat",
    "~": "changing",
}
_HALF_HOURS: Final = 48


def to_plain(page: Page) -> str:
    """Return a page without its details, with each table row as a line that names its columns."""
    head = [page.headline, *page.head] if page.headline else page.head
    parts = ["\n".join(head), *("\n".join(_lines(block)) for block in page.blocks)]
    return "\n\n".join(parts) + "\n"


def spans(marks: str) -> list[tuple[str, str, str, int]]:
    """Return a day's rates as (rate, from, to, half hours), without hours skipped by a clock."""
    found: list[tuple[str, str, str, int]] = []
    at = 0
    for mark, run in groupby(marks):
        length = len(list(run))
        tier = _TIERS.get(mark, "none")
        found.append((tier, _clock(at), _clock(at + length), length))
        at += length
    return found


def spoken(marks: str) -> str:
    """Return a day's peak hours in words."""
    parts = [
        f"{tier} {start} to {end}"
        for tier, start, end, _ in spans(marks)
        if tier in {"peak", "peak unless a holiday", "changing"}
    ]
    return ", ".join(parts) or "no peak hours"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Table():
            yield from [block.caption] if block.caption else []
            yield from (_row(block, row) for rows in block.sections for row in rows)
            yield from [block.more] if block.more else []
        case Words(lines):
            yield from (line.strip() for line in lines)
        case Notes(title, notes):
            yield f"{title}:"
            yield from (f"{n.text} [{n.option}]" if n.option else n.text for n in notes)
        case Drawing(chart, caption):
            yield f"chart: {caption or chart.title}"
            yield from spoken_chart(chart)
        case Week():
            yield from spoken_week(block)
            yield from block.notes


def spoken_week(week: Week) -> Iterator[str]:
    """Yield the peak hours of each day in words."""
    yield from (f"{day}: {spoken(marks)}" for day, marks in week.days)
    yield f"by the clock of {week.zone}"


def _row(table: Table, row: Sequence[str]) -> str:
    headings = [column.heading.replace(BREAK, " ") for column in table.columns]
    cells = [
        f"{heading} {cell}".strip()
        for heading, cell in zip(headings[1:], row[1:], strict=True)
        if cell
    ]
    if is_label(row):
        return row[0].strip()
    label = f"{headings[0]} {row[0].strip()}".strip()
    return f"{label}: {'; '.join(cells)}" if cells else label


def spoken_chart(chart: Chart) -> Iterator[str]:
    """Yield where each line of a chart begins and ends."""
    for name, points in chart.lines:
        (first, low), (last, high) = points[0], points[-1]
        start = f"{chart.cost_label(low, 4)} at {chart.x_label(first)}"
        end = f"{chart.cost_label(high, 4)} at {chart.x_label(last)}"
        yield f"{name}: from {start} to {end} {chart.x_title}"


def _clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"
