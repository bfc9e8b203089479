"""What is drawn with letters alone: charts and the week."""

from typing import Final

from deepseek_cost.page.blocks import Week
from deepseek_cost.page.chart import MARKERS, Chart

_ROWS: Final = 16
# What stands left and right of the drawing itself.
_MARGIN: Final = 18
# Full blocks for peak and dots for off-peak: told apart without colour on any background.
_STRIP: Final = str.maketrans({"P": "█", "-": "·", "=": "·", "~": "▒"})
_DAY: Final = 10


def draw_chart(chart: Chart, width: int) -> str:
    """Draw a chart, a letter a line, `width` characters wide at most."""
    from plotille import Figure  # noqa: PLC0415 - the week needs none

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


def draw_week(week: Week) -> str:
    """Draw a strip for each day below the hours."""
    hours = " " * (_DAY + 1) + "".join(f"{hour:<6}" for hour in range(0, 24, 3))
    days = (f"{day:{_DAY}} {marks.translate(_STRIP)}" for day, marks in week.days)
    return "\n".join([hours.rstrip(), *days])


def legend(week: Week) -> str:
    """Say what the strips are made of."""
    return f"█ peak  · off-peak, by the clock of {week.zone}"
