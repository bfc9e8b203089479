"""Parsing values from the command line; each error says how to write the value."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import typer
from msgspec import Struct

from deepseek_cost.errors import UsageError, advised, placed
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import Calendar, Tier
from deepseek_cost.text import parse_number, parse_ratio

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# 1000, 1,000 or 1_000, also negative, for the range check to refuse; 1k, 1.5M.
_WHOLE: Final = r"(?a)-?(\d{1,18}|\d{1,3}([,_]\d{3}){1,5})"
_SHORT: Final = r"(?ai)(-?\d{1,9}(?:\.\d{1,6})?) ?([km])"
_FACTORS: Final = {"k": 1_000, "m": 1_000_000}
_WAYS_OF_NUMBERS: Final = "write it like 1000, 1,000, 1k or 1M"
_CURRENCIES: Final = {
    "RMB": Currency.CNY,
    "YUAN": Currency.CNY,
    "¥": Currency.CNY,
    "$": Currency.USD,
}
_INCREASE: Final = r"([0-9.]{1,31}) ?(%|USD|CNY)?"
_GAP: Final = r"(?a)(\d{1,6}) ?([smhd])"
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_YEARS: Final = range(2000, 2200)


def require_one_of(options: Mapping[str, object]) -> None:
    """Raise UsageError if several of these options are given."""
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} cannot be combined")


def whole_number(least: int, most: int | None) -> Callable[[str | int], int]:
    """Return a parser of whole numbers in a range, such as 1000, 1,000, 1k and 1.5M."""

    def parse(text: str | int) -> int:
        value = text if isinstance(text, int) else _whole(text.strip())
        if value is None:
            raise typer.BadParameter(
                advised(f"{str(text)!r} is not a whole number", _WAYS_OF_NUMBERS)
            )
        if value < least:
            raise typer.BadParameter(f"{value:,} is less than {least:,}")
        if most is not None and value > most:
            raise typer.BadParameter(f"{value:,} is more than {most:,}")
        return value

    return parse


def _whole(text: str) -> int | None:
    if re.fullmatch(_WHOLE, text):
        return int(text.replace(",", ""))
    match = re.fullmatch(_SHORT, text)
    value = Decimal(match[1]) * _FACTORS[match[2].lower()] if match else None
    return int(value) if value is not None and value == int(value) else None


def currency(text: str) -> Currency:
    """Parse a currency of DeepSeek's price lists: USD, or CNY, also called RMB."""
    name = text.strip().upper()
    if name in _CURRENCIES:
        return _CURRENCIES[name]
    try:
        return Currency(name)
    except ValueError:
        raise typer.BadParameter(
            advised(f"{text!r} is not a currency of DeepSeek's price lists", "write USD or CNY")
        ) from None


class Clock(Struct, frozen=True):
    """The basis for parsing a time: now (UTC), peak hours, and the zone of --tz if given."""

    now: datetime
    calendar: Calendar
    zone: tzinfo | None = None

    def next_in(self, tier: Tier) -> datetime:
        """Return now if `tier` is in force, otherwise the next time at which it begins.

        Raises UsageError if the price table has no such time ahead.
        """
        if self.calendar.tier_at(self.now) is tier:
            return self.now
        change = self.calendar.next_change(self.now)
        while change is not None and self.calendar.tier_at(change) is not tier:
            change = self.calendar.next_change(change)
        if change is None:
            raise UsageError(f"--at {tier.label}: the price table has no {tier.label} hours ahead")
        return change

    def cheapest(self) -> datetime:
        """Return now if it is not peak, otherwise the next time at which off-peak begins."""
        peak = self.calendar.tier_at(self.now) is Tier.PEAK
        return self.next_in(Tier.OFF_PEAK) if peak else self.now


class IncreaseLimit(Struct, frozen=True):
    """How much a cost may grow: in percent (`%`), or in a currency (`USD`, `CNY`)."""

    value: Decimal
    unit: str


def point_in_time(text: str, clock: Clock) -> datetime:
    """Parse a time into UTC: a date and time, a time of day, or a name.

    The names are `now`, `cheapest`, `peak` and `off-peak`, for the next such time. A time of day
    also means the next one. Times need a zone of their own or that of the clock. Raises UsageError.
    """
    match text.strip().lower().replace("_", "-"):
        case "now":
            return clock.now
        case "cheapest":
            return clock.cheapest()
        case "peak":
            return clock.next_in(Tier.PEAK)
        case "off-peak":
            return clock.next_in(Tier.OFF_PEAK)
        case _:
            at = _time_of_day(text, clock) or _date_and_time(text, clock)
    if at.year not in _YEARS:
        raise UsageError(f"--at {text!r}: the year is not between {_YEARS[0]} and {_YEARS[-1]}")
    return at.astimezone(UTC)


def time_label(text: str | None) -> str | None:
    """Return the label of a time that depends on the clock; None for a date and time."""
    if text is None:
        return "now"
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return text.strip().lower().replace("_", "-")
    return None


def zone(name: str) -> "ZoneInfo":
    """Parse a time zone: Europe/Berlin, Berlin, UTC+8, +08:00, Beijing."""
    from deepseek_cost.pricing.timezones import find_zone

    try:
        return find_zone(name)
    except UsageError as error:
        raise UsageError(placed("--tz: ", error.message)) from None


def ratio_or_auto(text: str) -> Decimal | None:
    """Parse a cache hit rate; None for `auto`, which predicts it from the requests."""
    return None if text.strip().lower() == "auto" else parse_ratio(text)


def gap(text: str) -> timedelta:
    """Parse a duration such as 30s, 5m, 2h or 1d."""
    match = re.fullmatch(_GAP, text.strip().lower())
    if match is None:
        raise UsageError(f"--gap {text!r} is not a length of time", tip="write 30s, 5m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def amount(text: str, option: str = "--max-cost") -> Decimal:
    """Parse an amount of money without a currency; errors name the option."""
    value = parse_number(text.strip())
    if value is None:
        raise UsageError(
            f"{option} {text!r} is not an amount",
            tip="write a number such as 0.05 (the currency is --currency)",
        )
    return value


def increase(text: str) -> IncreaseLimit:
    """Parse how much a cost may grow: percent such as 10%, or an amount such as 0.05USD."""
    match = re.fullmatch(_INCREASE, text.strip().upper())
    value = parse_number(match[1]) if match else None
    if match is None or value is None:
        raise UsageError(
            f"--max-increase {text!r} is neither a percentage such as 10% nor an amount such as "
            f"0.05USD"
        )
    if match[2] is None:
        raise UsageError(
            f"--max-increase {text!r} has no unit",
            tip=f"write {match[1]}%, {match[1]}USD or {match[1]}CNY",
        )
    return IncreaseLimit(value, match[2])


def _time_of_day(text: str, clock: Clock) -> datetime | None:
    try:
        clock_time = time.fromisoformat(text.strip())
    except ValueError:
        return None
    if ":" not in text:  # "2026" would be read as 20:26
        return None
    where = clock_time.tzinfo or clock.zone
    if where is None:
        raise UsageError(f"--at {text!r} has no time zone", tip=f"write {text}+08:00, or add --tz")
    today = clock.now.astimezone(where).date()
    at = datetime.combine(today, clock_time, where)
    return at if at >= clock.now else datetime.combine(today + timedelta(days=1), clock_time, where)


def _date_and_time(text: str, clock: Clock) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"--at {text!r} is not a time",
            tip="write 2026-11-23T10:00Z, 14:30+08:00, now, cheapest, peak or off-peak",
        ) from None
    if at.tzinfo is None and clock.zone is None:
        plain = at.isoformat(timespec="minutes")
        raise UsageError(
            f"--at {text!r} has no time zone",
            tip=f"for UTC write {plain}Z, for Beijing time {plain}+08:00, or add --tz",
        )
    return at if at.tzinfo else at.replace(tzinfo=clock.zone)
