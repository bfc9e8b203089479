"""A page as plain sentences, for screen readers: no lines drawn, no columns to be remembered."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from deepseek_cost.page.blocks import BREAK, Block, Drawing, Page, Table, Week, Words
from deepseek_cost.page.chart import Chart

_TIERS: Final = {"P": "peak", "-": "off-peak", "=": "flat", "~": "changing"}
_HALF_HOURS: Final = 48


def to_plain(page: Page) -> str:
    """Write a page, each row of a table as a line that names its columns."""
    parts = ["\n".join(page.head), *("\n".join(_lines(block)) for block in page.blocks)]
    return "\n\n".join(parts) + "\n"


def spans(marks: str) -> list[tuple[str, str, str, int]]:
    """Tell a day's tiers as (tier, from, to, half hours); without what a clock leaves out."""
    found: list[tuple[str, str, str, int]] = []
    at = 0
    for mark, run in groupby(marks):
        length = len(list(run))
        tier = _TIERS.get(mark, "none")
        found.append((tier, _clock(at), _clock(at + length), length))
        at += length
    return found


def said(marks: str) -> str:
    """Tell a day's peak hours in words."""
    parts = [
        f"{tier} {start} to {end}"
        for tier, start, end, _ in spans(marks)
        if tier in {"peak", "changing"}
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
        case Drawing(chart, caption):
            yield f"chart: {caption or chart.title}"
            yield from _chart(chart)
        case Week():
            yield from (f"{day}: {said(marks)}" for day, marks in block.days)
            yield f"by the clock of {block.zone}"
            yield from block.notes


def _row(table: Table, row: Sequence[str]) -> str:
    headings = [column.heading.replace(BREAK, " ") for column in table.columns]
    cells = [
        f"{heading} {cell}".strip()
        for heading, cell in zip(headings[1:], row[1:], strict=True)
        if cell
    ]
    label = f"{headings[0]} {row[0].strip()}".strip()
    return f"{label}: {'; '.join(cells)}" if cells else label


def _chart(chart: Chart) -> Iterator[str]:
    for name, points in chart.lines:
        (first, low), (last, high) = points[0], points[-1]
        start = f"{chart.cost_label(low, 4)} at {chart.x_label(first)}"
        end = f"{chart.cost_label(high, 4)} at {chart.x_label(last)}"
        yield f"{name}: from {start} to {end} {chart.x_title}"


def _clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"
