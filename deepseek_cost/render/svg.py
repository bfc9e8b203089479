"""A chart as an SVG image; for a page without a chart, an image of the terminal output."""

import re
import sys
from io import StringIO
from typing import Final
from xml.etree import ElementTree as ET

from pygal import XY, Config
from pygal.style import Style
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from deepseek_cost.render.page import MARKERS, Chart, Drawing, Page
from deepseek_cost.render.terminal import to_terminal

# Importing it leaves a hook for its map plugins, of a kind that Python warns of at every import.
sys.meta_path[:] = [hook for hook in sys.meta_path if type(hook).__module__ != "pygal"]

_SVG: Final = "{http://www.w3.org/2000/svg}"
_WIDTH: Final = 100
# For a phone: no title, and fewer labels below.
_NARROW: Final = 500
# One hue per model, darker at peak; letters distinguish the lines in print.
_HUES: Final[tuple[str, ...]] = ("#5aa2e8", "#0b63ba", "#e89a3c", "#b85c00", "#6fc283", "#1e7d34")
_INKS: Final = {"paper": "#ffffff", "ink": "#222222", "faint": "#555555", "line": "#d0d0d0"}
# A name may begin with characters that XML cannot contain, even escaped.
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
    """Draw the first chart of a page, or the terminal output if the page has no chart."""
    charts = [block.chart for block in page.blocks if isinstance(block, Drawing)]
    return draw(charts[0]) if charts else _screen(page)


def draw(
    chart: Chart, name: str = "1", size: tuple[int, int] = (900, 560), *, is_part: bool = False
) -> str:
    """Draw a chart without any script.

    `name` distinguishes the charts of a document; with `is_part`, its colors are used.
    """
    width, height = size
    config = Config(
        js=[],
        title=_valid(chart.title) if width > _NARROW else None,
        x_title=chart.x_title,
        x_labels=list(chart.x_ticks),
        x_labels_major_count=len(chart.x_ticks) if width > _NARROW else 3,
        show_minor_x_labels=width > _NARROW,
        x_value_formatter=chart.x_label,
        value_formatter=lambda cost: chart.cost_label(cost, 4),
        include_x_axis=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2 if width > _NARROW else 1,
        truncate_legend=-1,
        show_x_guides=True,
        style=_style(is_part=is_part),
        truncate_label=-1,
        dots_size=3,
        explicit_size=True,
        width=width,
        height=height,
    )
    drawn = XY(config)
    drawn.uuid = name
    for (line, points), marker in zip(chart.lines, MARKERS, strict=False):
        drawn.add(_valid(f"{marker} {line}"), list(points))
    return without_scripts(drawn.render_tree())


def _style(*, is_part: bool) -> Style:
    """Return the colors: the document's CSS variables if it is a part, or else the defaults."""
    inks = dict(_INKS)
    hues = _HUES
    if is_part:
        inks = {name: f"var(--{name})" for name in _INKS}
        hues = tuple(f"var(--line-{number}, {hue})" for number, hue in enumerate(_HUES, 1))
    return Style(
        background=inks["paper"],
        plot_background=inks["paper"],
        foreground=inks["ink"],
        foreground_strong=inks["ink"],
        foreground_subtle=inks["faint"],
        guide_stroke_color=inks["line"],
        major_guide_stroke_color=inks["line"],
        guide_stroke_dasharray="1,0",
        major_guide_stroke_dasharray="1,0",
        colors=hues,
        stroke_width="2",
        font_family="sans-serif",
        transition="none",
    )


def without_scripts(root: ET.Element) -> str:
    """Write a picture without the library's scripts and the tooltips that need them."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {"script", f"{_SVG}script", "desc", f"{_SVG}desc"} or callable(
                child.tag
            ):
                parent.remove(child)
    return ET.tostring(root, encoding="unicode")


def _screen(page: Page) -> str:
    console = Console(file=StringIO(), width=_WIDTH, record=True)
    console.print(Text.from_ansi(to_terminal(page.brief(), _WIDTH, is_styled=True)), end="")
    return console.export_svg(title="dscost", theme=DEFAULT_TERMINAL_THEME, code_format=_FRAME)


def _valid(text: str) -> str:
    return _NO_XML.sub("?", text)
