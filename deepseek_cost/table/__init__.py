"""Reports as text for a terminal. Amounts are rounded here and nowhere else."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from rich.console import Console

if TYPE_CHECKING:
    from deepseek_cost.report.contract import Report

# The module that shows a command's report; only that one is loaded.
_MODULES: Final = {"check": "live", "prices --check": "check", "prices --history": "history"}


def show(report: "Report", console: Console) -> None:
    """Print a report as a table with its footnotes."""
    module = _MODULES.get(report.command, report.command)
    import_module(f"{__name__}.{module}").show(report, console)
