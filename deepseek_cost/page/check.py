"""The table of `dscost prices --check`."""

from deepseek_cost.page.blocks import Page, page_of, words
from deepseek_cost.report.check import CheckReport, Difference


def describe(report: CheckReport) -> Page:
    """Describe that a price table is valid, and each value that differs."""
    number = len(report.differences)
    said = (
        f"{number:,} value{'s differ' if number > 1 else ' differs'} from" if number else "same as"
    )
    head = f"{report.file}: valid, {said} the bundled table"
    lines = (f"{entry.entry}: {_difference(entry)}" for entry in report.differences)
    return page_of(head, words(lines), warnings=report.warnings)


def _difference(entry: Difference) -> str:
    old, new = entry.bundled, entry.checked
    if old is None:
        return f"only here: {new}"
    return f"only in the bundled table: {old}" if new is None else f"{old} -> {new}"
