"""Reports described as pages, which renderers draw. Amounts are rounded here and nowhere else.

Nothing here knows of a terminal, a browser or a file.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from deepseek_cost.page.blocks import Page
    from deepseek_cost.report.contract import Report

# The module that describes a command's report; only that one is loaded.
_MODULES: Final = {"check": "live", "prices --check": "check", "prices --history": "history"}


def describe(report: "Report") -> "Page":
    """Return what a report shows, with its footnotes."""
    module = _MODULES.get(report.command, report.command)
    page: Page = import_module(f"{__name__}.{module}").describe(report)
    return page
