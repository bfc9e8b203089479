"""The table of `dscost when`."""

from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from deepseek_cost.page.blocks import Column, Page, Table, Week, page_of
from deepseek_cost.report.when import WhenReport
from deepseek_cost.schedule import BEIJING

# Two working days; the strip below shows the whole week.
_CHANGES: Final = 8


def describe(report: WhenReport) -> Page:
    """Describe the tier, the coming changes in three zones, and each day of the week."""
    zone = ZoneInfo(report.timezone)
    until = f" until {_clock(report.until, zone)}" if report.until else ""
    holidays = (
        f"{holiday.day:%a %d %b} is {holiday.name} in China: off-peak all day (Beijing)"
        for holiday in report.holidays
    )
    days = tuple((f"{day.day:%a %d %b}", day.half_hours) for day in report.week)
    return page_of(
        f"{report.tier.label}{until} ({report.timezone})",
        _changes(report, zone),
        Week(days, report.timezone, tuple(holidays)),
        warnings=report.warnings,
    )


def _changes(report: WhenReport, zone: tzinfo) -> Table:
    zones: list[tuple[str, tzinfo]] = [
        (report.timezone, zone),
        ("UTC", ZoneInfo("UTC")),
        ("Beijing", BEIJING),
    ]
    shown = dict(zones) if report.timezone != "UTC" else dict(zones[1:])
    table = Table(Column("next", "words"), *(Column(name, "time") for name in shown))
    for change in report.changes[:_CHANGES]:
        local, *others = shown.values()
        times = (f"{change.at.astimezone(where):%a %H:%M}" for where in others)
        table.add_row(change.tier.label, _clock(change.at, local), *times)
    return table


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"
