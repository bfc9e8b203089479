"""The table and the chart of `dscost compare`."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from plotille import Figure
from rich.console import Console

from deepseek_cost.prices import stamp
from deepseek_cost.report.compare import BreakEvenEntry, CompareReport, LineEntry, Side
from deepseek_cost.schedule import Tier
from deepseek_cost.table.layout import Footnotes, grid, inputs, money, print_line, short

# One letter a line, so that they are told apart without colour.
_MARKERS: Final = "abcdefghijklmnop"
_CHART_ROWS: Final = 16
# What stands left and right of the drawing itself.
_CHART_MARGIN: Final = 16


def show_compare(report: CompareReport, console: Console) -> None:
    """Print cost over cache hits as a table and a chart, and where the lines cross."""
    output = report.lines[0].output_tokens
    scope = "input alone" if output is None else f"{output:,} output tokens"
    head = f"{inputs(report.inputs)}, with {scope}, prices of {stamp(report.priced_at)}"
    print_line(console, f"{head}\n")
    table = grid("cache hits", *map(_heading, report.lines, _MARKERS))
    for row, at in enumerate(report.lines[0].costs):
        cells = [money(line.costs[row].cost, report.currency) for line in report.lines]
        table.add_row(f"{at.ratio:.0%}", *cells)
    table.add_section()
    ratio = _percent(report.cache_hit_ratio)
    averages = [money(line.per_1000_requests, report.currency) for line in report.lines]
    table.add_row(f"1,000 at {ratio}", *averages)
    if report.requests_per_day is not None:
        days = [money(line.per_day or Decimal(0), report.currency) for line in report.lines]
        table.add_row(f"day of {report.requests_per_day:,}", *days)
    console.print(table)
    print_line(console, f"\n{_chart(report, console.width)}\n")
    for pair in report.break_even:
        print_line(console, _crossing(pair, ratio))
    for listed in report.list_prices:
        amount = money(listed.per_1000_requests, report.currency)
        name = f"{short(listed.model)} at the list price before its discount ({listed.period})"
        print_line(console, f"{name}: {amount} for 1,000 requests at {ratio} hits")
    for line in ("", *Footnotes(report.assumptions).lines()):
        print_line(console, line, style="dim")


def _heading(line: LineEntry, marker: str) -> str:
    return f"{marker}: {short(line.model)}\n{line.tier.label}"


def _chart(report: CompareReport, width: int) -> str:
    """Draw the costs over the share of hits, a letter a line, `width` characters wide at most."""
    figure = Figure()
    figure.with_colors = False
    figure.origin = False
    # A tick every ten characters: at whole tenths, fifths or quarters.
    room = width - _CHART_MARGIN
    figure.width = next((wide for wide in (100, 50, 40) if wide <= room), 20)
    figure.height = _CHART_ROWS
    figure.x_label, figure.y_label = "hits", report.currency.value
    figure.set_x_limits(0, 100)
    figure.set_y_limits(0, _top(report.lines))
    figure.x_ticks_fkt = lambda value, _: f"{value:.0f}%"
    figure.y_ticks_fkt = lambda value, _: money(Decimal(f"{value:.3g}"), report.currency)
    for line, marker in zip(report.lines, _MARKERS, strict=False):
        shares = [float(at.ratio) * 100 for at in line.costs]
        figure.plot(shares, [float(at.cost) for at in line.costs], marker=marker, interp="linear")
    return "\n".join(row.replace("\u2800", " ").rstrip() for row in figure.show().splitlines())


def _top(lines: Sequence[LineEntry]) -> float:
    return max(float(at.cost) for line in lines for at in line.costs) * 1.05 or 1.0


def _crossing(pair: BreakEvenEntry, ratio: str) -> str:
    cheaper, dearer = _name(pair.cheaper), _name(pair.dearer)
    if pair.crossing is None:
        equal = f"{cheaper} is cheaper than {dearer} at every equal share"
    else:
        equal = f"{cheaper} and {dearer} cost the same at {_percent(pair.crossing.ratio)} hits"
    if pair.reached_at is None:
        return f"{equal}, and {dearer} never gets down to it"
    share = _percent(pair.reached_at.ratio)
    return f"{equal}; at {share} {dearer} costs what {cheaper} costs at {ratio}"


def _percent(ratio: Decimal) -> str:
    share = f"{ratio * 100:.2f}"
    return f"{share.rstrip('0').rstrip('.')}%"


def _name(side: Side) -> str:
    return short(side.model) + ("" if side.tier is Tier.FLAT else f" {side.tier.label}")
