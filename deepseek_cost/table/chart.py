"""Costs drawn as lines: with letters on a terminal, or as an SVG picture."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from plotille import Figure

from deepseek_cost.prices import Currency
from deepseek_cost.table.layout import money

# One letter a line, so that they are told apart without colour.
MARKERS: Final = "abcdefghijklmnop"
_ROWS: Final = 16
# What stands left and right of the drawing itself.
_MARGIN: Final = 18


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

    def cost_label(self, cost: float, digits: int) -> str:
        """Write a cost to so many digits."""
        return money(Decimal(f"{cost:.{digits}g}"), self.currency)


def draw(chart: Chart, width: int) -> str:
    """Draw a chart for a terminal, a letter a line, `width` characters wide at most."""
    figure = Figure()
    figure.with_colors = False
    figure.origin = False
    # A tick every ten characters: at whole tenths, fifths or quarters.
    room = width - _MARGIN
    figure.width = next((wide for wide in (100, 50, 40) if wide <= room), 20)
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
