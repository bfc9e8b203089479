"""The report of `dscost when`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Annotated, Final, Literal, cast

from msgspec import Meta

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import BEIJING, Calendar, Tier
from deepseek_cost.pricing.timezones import find_zone
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Column, Page, Table, Week, grid, page_of, short
from deepseek_cost.reports.clock import zone_name
from deepseek_cost.reports.parts import Json, Part, Report, Timestamp

_DAYS: Final = 7
_MARKS: Final = {Tier.PEAK: "P", Tier.OFF_PEAK: "-", Tier.FLAT: "="}
_HALF_HOURS: Final = 48
# The example request whose cost is shown.
EXAMPLE: Final = TokenUsage(cache_hit=8_000, cache_miss=2_000, output=1_000)


class TierChange(Part):
    """A time at which the rate changes."""

    at: Timestamp
    tier: Tier


class Day(Part):
    """A day in the user's zone, half hour by half hour.

    P is peak, ? peak unless the day becomes a holiday, - off-peak, = flat, and ~ both. A blank is
    a half hour skipped when clocks go forward.
    """

    day: date
    half_hours: Annotated[str, Meta(min_length=_HALF_HOURS, max_length=_HALF_HOURS)]


class HolidayNote(Part):
    """A Chinese public holiday, in days of Beijing time."""

    day: date
    name: str


class TierCost(Part):
    """What one request costs per rate of a model; `peak` and `off_peak` are null if it is flat."""

    model: str
    currency: Currency
    flat: Decimal | None
    peak: Decimal | None
    off_peak: Decimal | None


class WhenReport(Report):
    """The output of `dscost when --json`."""

    command: Literal["when"] = "when"
    at: Timestamp
    tier: Tier
    until: Timestamp | None
    timezone: str
    changes: tuple[TierChange, ...]
    week: tuple[Day, ...]
    holidays: tuple[HolidayNote, ...]
    warnings: tuple[str, ...]
    tier_is_certain: Annotated[
        bool, Meta(description="false: peak unless the day becomes a holiday in China")
    ] = True
    uncertain_days: Annotated[
        tuple[date, ...], Meta(description="Beijing days that may become holidays, and so off-peak")
    ] = ()
    costs: Annotated[
        tuple[TierCost, ...],
        Meta(description="10,000 input tokens, 8,000 of them cache hits, and 1,000 output tokens"),
    ] = ()

    def page(self) -> Page:
        """Describe the rate, its coming changes in three zones, and each day of the week."""
        zone = find_zone(self.timezone)
        until = f" until {_clock(self.until, zone)}" if self.until else ""
        notes = [
            f"{holiday.day:%a %d %b} is {holiday.name} in China: off-peak all day (Beijing)"
            for holiday in self.holidays
        ]
        notes += [
            f"{day:%a %d %b} may become a holiday in China: peak unless the notice for "
            f"{day.year} makes it one (Beijing)"
            for day in self.uncertain_days
        ]
        days = tuple((f"{day.day:%a %d %b}", day.half_hours) for day in self.week)
        unless = "" if self.tier_is_certain else ", unless the day becomes a holiday"
        return page_of(
            f"{self.tier.label}{until} ({zone_name(self.timezone)}){unless}",
            _changes(self, zone),
            *([_costs(self)] if self.costs else ()),
            Week(days, zone_name(self.timezone), tuple(notes)),
            warnings=self.warnings,
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the rate changes."""
        return cast("Iterable[Json]", document["changes"])


def when_report(
    book: PriceBook, at: datetime, zone: str, currency: Currency = Currency.USD
) -> WhenReport:
    """Report the rate at a time, and the week that follows, in the user's time zone."""
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
        tier_is_certain=calendar.is_certain(at),
        uncertain_days=tuple(_uncertain(calendar, at)),
        costs=tuple(_tier_costs(book, at, currency)),
    )


def _tier_costs(book: PriceBook, at: datetime, currency: Currency) -> Iterable[TierCost]:
    for price in book.at(at, currency):
        if price.model.status != "current":
            continue
        rates = price.period.rates[currency]
        costs = {tier: cost_of(EXAMPLE, rates[tier]).total for tier in rates}
        yield TierCost(
            model=price.model.name,
            currency=currency,
            flat=costs.get(Tier.FLAT),
            peak=costs.get(Tier.PEAK),
            off_peak=costs.get(Tier.OFF_PEAK),
        )


def _uncertain(calendar: Calendar, at: datetime) -> Iterable[date]:
    first = at.astimezone(BEIJING).date()
    days = {first + timedelta(days=number) for number in range(_DAYS)}
    for holidays in calendar.holidays:
        yield from sorted(days.intersection(holidays.uncertain))


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
    """Return the mark of the half hour that begins at the local time `begin`."""
    start = begin.astimezone(UTC)
    if start.astimezone(begin.tzinfo).replace(tzinfo=None) != begin.replace(tzinfo=None):
        return " "
    quarters = [start + timedelta(minutes=minutes) for minutes in (0, 15)]
    tiers = {calendar.tier_at(quarter) for quarter in quarters}
    if not all(map(calendar.is_certain, quarters)):
        return "?"
    return _MARKS[tiers.pop()] if len(tiers) == 1 else "~"


# Two working days; the strip below shows the whole week.
_CHANGES: Final = 8


def _changes(report: WhenReport, zone: tzinfo) -> Table:
    zones: list[tuple[str, tzinfo]] = [
        (report.timezone, zone),
        ("UTC", UTC),
        ("Beijing", BEIJING),
    ]
    shown = dict(zones[1:] if zone_name(report.timezone) == "UTC" else zones)
    table = Table(Column("next", "words"), *(Column(name, "time") for name in shown))
    for change in report.changes[:_CHANGES]:
        local, *others = shown.values()
        times = (f"{change.at.astimezone(where):%a %H:%M}" for where in others)
        table.add_row(change.tier.label, _clock(change.at, local), *times)
    return table


def _costs(report: WhenReport) -> Table:
    """Return what the same request costs at each rate."""
    table = grid(
        "model",
        "peak",
        "off-peak",
        "off-peak saves",
        caption="a request of 10,000 input tokens, 80% of them cache hits, 1,000 output tokens:",
    )
    for cost in report.costs:
        if cost.peak is None or cost.off_peak is None:
            continue
        shown = (money(amount, cost.currency) for amount in (cost.peak, cost.off_peak))
        saved = f"{(cost.peak - cost.off_peak) * 100 / cost.peak:.0f}%" if cost.peak else ""
        table.add_row(short(cost.model), *shown, saved)
    return table


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %H:%M}"
