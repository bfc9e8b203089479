"""A chart as a picture, SVG; and a page without one as a picture of what the terminal shows."""

import re
import sys
from io import StringIO
from typing import Final
from xml.etree import ElementTree as ET

from pygal import XY, Config
from pygal.style import Style
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from deepseek_cost.page.blocks import Drawing, Page
from deepseek_cost.page.chart import MARKERS, Chart
from deepseek_cost.render.terminal import print_page

# Importing it leaves a hook for its map plugins, of a kind that Python warns of at every import.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != "pygal"]

_SVG: Final = "{http://www.w3.org/2000/svg}"
_WIDTH: Final = 100
# What a page's style may set, for dark mode; a picture alone has the values that stand here.
_INK: Final = {
    "background": "var(--paper, #ffffff)",
    "plot_background": "var(--paper, #ffffff)",
    "foreground": "var(--ink, #333333)",
    "foreground_strong": "var(--ink, #111111)",
    "foreground_subtle": "var(--faint, #555555)",
    "guide_stroke_color": "var(--line, #dddddd)",
    "major_guide_stroke_color": "var(--line, #cccccc)",
}
# A hue a model, the darker shade at peak; told apart in print by their letters.
_STYLE: Final = Style(
    **_INK,
    colors=("#5aa2e8", "#0b63ba", "#e89a3c", "#b85c00", "#6fc283", "#1e7d34"),
    font_family="sans-serif",
    guide_stroke_dasharray="1,0",
    major_guide_stroke_dasharray="1,0",
    transition="none",
)
# A name may begin with what no XML holds, even escaped.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Rich's own frame loads its font from the network.
_FRAME: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def to_svg(page: Page) -> str:
    """Draw the first chart of a page; a page without one as the terminal shows it."""
    charts = [block.chart for block in page.blocks if isinstance(block, Drawing)]
    return draw(charts[0]) if charts else _screen(page)


def draw(chart: Chart, number: int = 1, *, titled: bool = True) -> str:
    """Draw a chart; `number` tells the charts of one document apart. It has no script."""
    config = Config(
        js=[],
        title=_valid(chart.title) if titled else None,
        x_title=chart.x_title,
        x_labels=list(chart.x_ticks),
        x_value_formatter=chart.x_label,
        value_formatter=lambda cost: chart.cost_label(cost, 4),
        include_x_axis=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        truncate_legend=-1,
        show_x_guides=True,
        style=_STYLE,
        stroke_style={"width": 2},
        dots_size=3,
        explicit_size=titled,
        width=900,
        height=560,
    )
    drawn = XY(config)
    drawn.uuid = f"{number}"
    for (name, points), marker in zip(chart.lines, MARKERS, strict=False):
        drawn.add(_valid(f"{marker} {name}"), list(points))
    return _without_scripts(drawn.render_tree())


def _without_scripts(root: ET.Element) -> str:
    """Write a picture without the library's scripts and the tooltips that need them."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {"script", f"{_SVG}script", "desc", f"{_SVG}desc"} or callable(
                child.tag
            ):
                parent.remove(child)
    return ET.tostring(root, encoding="unicode")


def _screen(page: Page) -> str:
    console = Console(file=StringIO(), width=_WIDTH, record=True, markup=False, highlight=False)
    print_page(page, console)
    return console.export_svg(title="dscost", theme=DEFAULT_TERMINAL_THEME, code_format=_FRAME)


def _valid(text: str) -> str:
    return _NO_XML.sub("?", text)
