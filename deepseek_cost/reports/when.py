"""The report of `dscost when`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, Literal, cast

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.schedule import BEIJING, Calendar, Tier
from deepseek_cost.pricing.timezones import find_zone
from deepseek_cost.render.page import Column, Page, Table, Week, page_of
from deepseek_cost.reports.parts import Instant, Json, Part, Report, described

_DAYS: Final = 7
_MARKS: Final = {Tier.PEAK: "P", Tier.OFF_PEAK: "-", Tier.FLAT: "="}
_HALF_HOURS: Final = 48


class TierChange(Part):
    """An instant at which another tier begins."""

    at: Instant
    tier: Tier


class Day(Part):
    """A day in the user's zone, half hour by half hour.

    P peak, - off-peak, = flat, ~ both, and a blank where a clock is put forward.
    """

    day: date
    half_hours: str = described(min_length=_HALF_HOURS, max_length=_HALF_HOURS)


class HolidayNote(Part):
    """A Chinese public holiday, in Beijing days."""

    day: date
    name: str


class WhenReport(Report):
    """`dscost when --json`."""

    command: Literal["when"] = "when"
    at: Instant
    tier: Tier
    until: Instant | None
    timezone: str
    changes: tuple[TierChange, ...]
    week: tuple[Day, ...]
    holidays: tuple[HolidayNote, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe the tier, the coming changes in three zones, and each day of the week."""
        zone = find_zone(self.timezone)
        until = f" until {_clock(self.until, zone)}" if self.until else ""
        holidays = (
            f"{holiday.day:%a %d %b} is {holiday.name} in China: off-peak all day (Beijing)"
            for holiday in self.holidays
        )
        days = tuple((f"{day.day:%a %d %b}", day.half_hours) for day in self.week)
        return page_of(
            f"{self.tier.label}{until} ({self.timezone})",
            _changes(self, zone),
            Week(days, self.timezone, tuple(holidays)),
            warnings=self.warnings,
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the changes of the rate."""
        return cast("Iterable[Json]", document["changes"])


def when_report(book: PriceBook, at: datetime, zone: str) -> WhenReport:
    """Report the tier at an instant, and the week that follows in the user's time zone."""
    calendar = book.calendar
    until = at + timedelta(days=_DAYS)
    first = at.astimezone(find_zone(zone)).date()
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    changes = calendar.changes(at, until)
    return WhenReport(
        at=at,
        tier=calendar.tier_at(at),
        until=calendar.next_change(at),
        timezone=zone,
        changes=tuple(TierChange(at=c, tier=calendar.tier_at(c)) for c in changes),
        week=tuple(Day(day=day, half_hours=_strip(calendar, day, zone)) for day in days),
        holidays=tuple(_holidays(calendar, at)),
        warnings=tuple(book.warnings_at(at) or book.warnings_at(until)),
    )


def _holidays(calendar: Calendar, at: datetime) -> list[HolidayNote]:
    first = at.astimezone(BEIJING).date()
    days = [first + timedelta(days=number) for number in range(_DAYS)]
    named = ((day, calendar.holiday(day)) for day in days)
    return [HolidayNote(day=day, name=name) for day, name in named if name]


def _strip(calendar: Calendar, day: date, zone: str) -> str:
    midnight = datetime.combine(day, time(), find_zone(zone))
    cells = (midnight + timedelta(minutes=30 * number) for number in range(_HALF_HOURS))
    return "".join(_cell(calendar, cell) for cell in cells)


def _cell(calendar: Calendar, begin: datetime) -> str:
    """Mark the half hour that begins when the clock on the wall shows `begin`."""
    start = begin.astimezone(UTC)
    if start.astimezone(begin.tzinfo).replace(tzinfo=None) != begin.replace(tzinfo=None):
        return " "
    tiers = {calendar.tier_at(start + timedelta(minutes=minutes)) for minutes in (0, 15)}
    return _MARKS[tiers.pop()] if len(tiers) == 1 else "~"


# Two working days; the strip below shows the whole week.
_CHANGES: Final = 8


def _changes(report: WhenReport, zone: tzinfo) -> Table:
    zones: list[tuple[str, tzinfo]] = [
        (report.timezone, zone),
        ("UTC", UTC),
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
