"""A report as a picture: what the terminal shows, as SVG."""

import io
import re

from rich.console import Console

from deepseek_cost.report.contract import Report
from deepseek_cost.table import show

# Rich names a web font; a picture must not fetch anything when it is opened.
_WEB_FONT = re.compile(r"@font-face \{[^}]*\}")


def to_svg(report: Report, width: int = 100) -> str:
    """Draw a report as a terminal of `width` columns shows it, without a network."""
    console = Console(
        record=True,
        file=io.StringIO(),
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )
    show(report, console)
    return _WEB_FONT.sub("", console.export_svg(title="dscost", unique_id="dscost"))
