"""The table of `dscost when`."""

from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console

from deepseek_cost.report.when import WhenReport
from deepseek_cost.schedule import BEIJING
from deepseek_cost.table.layout import grid, print_line, print_table

# Two working days; the strip below shows the whole week.
_CHANGES: Final = 8
# Full blocks for peak and dots for off-peak: told apart without colour on any background.
_STRIP: Final = str.maketrans({"P": "█", "-": "·", "=": "·", "~": "▒"})


def show(report: WhenReport, console: Console) -> None:
    """Print the tier, the coming changes in three zones, and a strip for each day of the week."""
    zone = ZoneInfo(report.timezone)
    until = f" until {_clock(report.until, zone)}" if report.until else ""
    print_line(console, f"{report.tier.label}{until} ({report.timezone})\n")
    zones: list[tuple[str, tzinfo]] = [
        (report.timezone, zone),
        ("UTC", ZoneInfo("UTC")),
        ("Beijing", BEIJING),
    ]
    shown = dict(zones) if report.timezone != "UTC" else dict(zones[1:])
    table = grid("next", *shown, left=1 + len(shown))
    for change in report.changes[:_CHANGES]:
        local, *others = shown.values()
        times = (f"{change.at.astimezone(where):%a %H:%M}" for where in others)
        table.add_row(change.tier.label, _clock(change.at, local), *times)
    print_table(console, table)
    print_line(console, f"\n{'':11}" + "".join(f"{hour:<6}" for hour in range(0, 24, 3)).rstrip())
    for day in report.week:
        print_line(console, f"{day.day:%a %d %b} {day.half_hours.translate(_STRIP)}")
    print_line(console, f"\n█ peak  · off-peak, by the clock of {report.timezone}", style="dim")
    for holiday in report.holidays:
        line = f"{holiday.day:%a %d %b} is {holiday.name} in China: off-peak all day (Beijing)"
        print_line(console, line, style="dim")


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"
