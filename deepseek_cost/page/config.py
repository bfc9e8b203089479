"""The table of `dscost config`."""

from deepseek_cost.page.blocks import Page, grid, page_of, words
from deepseek_cost.report.config import ConfigReport, SettingEntry


def describe(report: ConfigReport) -> Page:
    """Describe every setting, its value, and what gave it."""
    given = sum(entry.source != "default" for entry in report.settings)
    head = f"{len(report.settings)} settings, {given} of them given; the others are the defaults"
    table = grid("setting", "value", "from", left=3)
    for entry in report.settings:
        table.add_row(entry.name, _value(entry), entry.place or entry.source)
    how = (
        "a flag such as --model beats a variable such as DSCOST_MODEL, which beats",
        "dscost.toml and [tool.dscost] of pyproject.toml, the nearest to the current folder first",
    )
    return page_of(head, table, words(how, is_quiet=True), warnings=report.warnings)


def _value(entry: SettingEntry) -> str:
    if entry.value is None:
        return f"({entry.default})" if entry.default else "-"
    if isinstance(entry.value, bool):
        return str(entry.value).lower()
    return ", ".join(entry.value) if isinstance(entry.value, tuple) else str(entry.value)
