"""The chart of `dscost compare` as a picture: SVG that needs no network."""

import sys
from decimal import Decimal
from typing import Final

from pygal import XY, Config
from pygal.style import Style

from deepseek_cost.prices import stamp
from deepseek_cost.report.compare import CompareReport
from deepseek_cost.table.layout import inputs, money, short

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


def to_svg(report: CompareReport) -> str:
    """Draw the cost of 1,000 requests over the share of cache hits, a line a model and tier."""
    config = Config(
        js=[],  # the library would load a script for tooltips from its site
        title=f"{inputs(report.inputs)}: cost of 1,000 requests, {stamp(report.priced_at)}",
        x_title="share of cache hits",
        x_labels=[share / 10 for share in range(11)],
        x_value_formatter=lambda share: f"{share:.0%}",
        value_formatter=lambda cost: money(Decimal(f"{cost:.4g}"), report.currency),
        include_x_axis=True,
        legend_at_bottom=True,
        show_x_guides=True,
        style=_STYLE,
        stroke_style={"width": 2},
        explicit_size=True,
        width=900,
        height=560,
    )
    chart = XY(config)
    for line in report.lines:
        costs = [(float(at.ratio), float(at.cost * 1_000 / report.requests)) for at in line.costs]
        chart.add(f"{short(line.model)} {line.tier.label}", costs)
    return str(chart.render(is_unicode=True))
