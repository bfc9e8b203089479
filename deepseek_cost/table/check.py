"""The table of `dscost prices --check`."""

from rich.console import Console

from deepseek_cost.report.check import CheckReport
from deepseek_cost.table.layout import print_line
from deepseek_cost.terminal import printable


def show(report: CheckReport, console: Console) -> None:
    """Print that a price table is valid, and a line for each value that differs."""
    number = len(report.differences)
    said = (
        f"{number:,} value{'s differ' if number > 1 else ' differs'} from" if number else "same as"
    )
    print_line(console, f"{printable(report.file)}: valid, {said} the bundled table")
    for differs in report.differences:
        old, new = differs.bundled, differs.checked
        if old is None:
            what = f"only here: {new}"
        elif new is None:
            what = f"only in the bundled table: {old}"
        else:
            what = f"{old} -> {new}"
        print_line(console, printable(f"  {differs.entry}: {what}"))
