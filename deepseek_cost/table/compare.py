"""The table and the chart of `dscost compare`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from plotille import Figure
from rich.console import Console
from rich.table import Table

from deepseek_cost.prices import stamp
from deepseek_cost.report.compare import BreakEvenEntry, CompareReport, LineEntry, Side
from deepseek_cost.schedule import Tier
from deepseek_cost.table.layout import (
    Footnotes,
    grid,
    inputs,
    money,
    print_line,
    print_table,
    short,
)

# One letter a line, so that they are told apart without colour.
_MARKERS: Final = "abcdefghijklmnop"
_CHART_ROWS: Final = 16
# What stands left and right of the drawing itself.
_CHART_MARGIN: Final = 18
_ROWS: Final = range(11)


def show(report: CompareReport, console: Console) -> None:
    """Print cost over cache hits as a table and a chart, and where the lines cross."""
    output = report.lines[0].output_tokens
    scope = "input alone" if output is None else f"{output:,} output tokens"
    print_line(console, f"{inputs(report.inputs)}, {scope}, prices of {stamp(report.priced_at)}")
    print_line(console, "cost of 1,000 requests over the share of cache hits\n")
    print_table(console, _costs(report))
    print_line(console, f"\n{_chart(report, console.width)}\n")
    ratio = _percent(report.cache_hit_ratio)
    for pair in report.break_even:
        for line in _crossing(pair, ratio):
            print_line(console, line)
    for listed in report.list_prices:
        amount = money(listed.per_1000_requests, report.currency)
        name = f"{short(listed.model)} at its list price before the discount"
        print_line(console, f"{name}: {amount} at {ratio} hits")
        print_line(console, f"  ({listed.period})", style="dim")
    for line in ("", *Footnotes(report.assumptions).lines()):
        print_line(console, line, style="dim")


def _costs(report: CompareReport) -> Table:
    table = grid("cache hits", *map(_heading, report.lines, _MARKERS))
    for row, at in enumerate(report.lines[0].costs):
        cells = [_per_1000(line, row, report) for line in report.lines]
        table.add_row(f"{at.ratio:.0%}", *(money(cell, report.currency) for cell in cells))
    if report.requests_per_day is not None:
        days = [money(line.per_day or Decimal(0), report.currency) for line in report.lines]
        table.add_section()
        ratio = _percent(report.cache_hit_ratio)
        table.add_row(f"{report.requests_per_day:,} a day, {ratio}", *days)
    return table


def _per_1000(line: LineEntry, row: int, report: CompareReport) -> Decimal:
    return line.costs[row].cost * 1_000 / report.requests


def _heading(line: LineEntry, marker: str) -> str:
    return f"{marker} {short(line.model)}\n{line.tier.label}"


def _chart(report: CompareReport, width: int) -> str:
    """Draw the costs over the share of hits, a letter a line, `width` characters wide at most."""
    figure = Figure()
    figure.with_colors = False
    figure.origin = False
    # A tick every ten characters: at whole tenths, fifths or quarters.
    room = width - _CHART_MARGIN
    figure.width = next((wide for wide in (100, 50, 40) if wide <= room), 20)
    figure.height = _CHART_ROWS
    figure.x_label, figure.y_label = "", report.currency.value
    drawn = [[_per_1000(line, row, report) for row in _ROWS] for line in report.lines]
    figure.set_x_limits(0, 100)
    figure.set_y_limits(0, float(max(map(max, drawn))) * 1.05 or 1.0)
    figure.x_ticks_fkt = lambda value, _: f"{value:.0f}%"
    figure.y_ticks_fkt = lambda value, _: money(Decimal(f"{value:.3g}"), report.currency)
    for costs, marker in zip(drawn, _MARKERS, strict=False):
        figure.plot([10 * row for row in _ROWS], list(map(float, costs)), marker=marker)
    rows = figure.show().replace("\u2800", " ").replace("-> ()", "->").splitlines()
    return "\n".join(row.rstrip() for row in rows)


def _crossing(pair: BreakEvenEntry, ratio: str) -> Iterable[str]:
    cheaper, dearer = _name(pair.cheaper), _name(pair.dearer)
    if pair.crossing is None:
        yield f"{cheaper} is cheaper than {dearer} at every equal share"
    else:
        yield f"{cheaper} and {dearer} cost the same at {_percent(pair.crossing.ratio)} hits"
    if pair.reached_at is None:
        yield f"  {dearer} never gets down to what {cheaper} costs at {ratio} hits"
    else:
        share = _percent(pair.reached_at.ratio)
        yield f"  {dearer} at {share} hits costs what {cheaper} costs at {ratio}"


def _percent(ratio: Decimal) -> str:
    share = f"{ratio * 100:.2f}"
    return f"{share.rstrip('0').rstrip('.')}%"


def _name(side: Side) -> str:
    return short(side.model) + ("" if side.tier is Tier.FLAT else f" {side.tier.label}")
