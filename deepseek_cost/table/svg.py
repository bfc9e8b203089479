"""A chart as a picture: SVG that needs no network."""

import sys
from typing import Final

from pygal import XY, Config
from pygal.style import Style

from deepseek_cost.table.chart import Chart

# Importing it leaves a hook for its map plugins, of a kind that Python warns of at every import.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != "pygal"]

# A hue a model, the darker shade at peak; told apart in print by their order in the legend.
_STYLE: Final = Style(
    background="#ffffff",
    plot_background="#ffffff",
    colors=("#6fb1f0", "#0b5cad", "#f2b36b", "#b85c00", "#8fd19e", "#1e7d34"),
    font_family="sans-serif",
    foreground="#333333",
    foreground_strong="#111111",
    foreground_subtle="#555555",
    guide_stroke_color="#dddddd",
    major_guide_stroke_color="#cccccc",
    guide_stroke_dasharray="1,0",
    major_guide_stroke_dasharray="1,0",
)


def to_svg(chart: Chart) -> str:
    """Draw a chart as a picture."""
    config = Config(
        js=[],  # the library would load a script for tooltips from its site
        title=chart.title,
        x_title=chart.x_title,
        x_labels=list(chart.x_ticks),
        x_value_formatter=chart.x_label,
        value_formatter=lambda cost: chart.cost_label(cost, 4),
        include_x_axis=True,
        legend_at_bottom=True,
        show_x_guides=True,
        style=_STYLE,
        stroke_style={"width": 2},
        explicit_size=True,
        width=900,
        height=560,
    )
    drawn = XY(config)
    for name, points in chart.lines:
        drawn.add(name, list(points))
    return str(drawn.render(is_unicode=True))
