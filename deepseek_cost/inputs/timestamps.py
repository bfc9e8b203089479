"""Times in logs and batches: seconds since 1970 or finer, ISO 8601, HTTP dates, C's, numbered."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

# Seconds reach this in the year 5138; larger numbers are milliseconds or finer.
_MOST_SECONDS: Final = 10**11
_LARGEST: Final = 10**20  # nanoseconds, in that year
_FIRST_SECOND: Final = 946_684_800  # 2000-01-01
_LAST_SECOND: Final = 7_258_118_400  # 2200-01-01
_LONGEST: Final = 40
_NO_TIME: Final = "its time cannot be read; write 2026-11-03T05:00:00Z, or seconds since 1970"
# Go writes the offset after a blank, and the zone's name after it.
_GO: Final = re.compile(r"(\S+ \S+) ([+-]\d{4})( [A-Z]{2,5})?")
# The end of a day, and a leap second: the beginning of what follows.
_MIDNIGHT: Final = re.compile(r"([T ])24:00(:00)?(?![\d.,:])")
_LEAP: Final = re.compile(r":59:60(?!\d)")
_SLASHES: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d)")
_HTTP: Final = re.compile(r"[A-Za-z]{3}, .* (GMT|[+-]\d{4})")
# As C's asctime writes it, and `date` in UTC.
_ASCTIME: Final = re.compile(
    r"[A-Za-z]{3} ([A-Za-z]{3} [ \d]?\d \d\d:\d\d:\d\d )((?:UTC|GMT) )?(\d{4})",
    re.ASCII,
)
# With slashes the month is first or second; with dots the day is always first.
_NUMBERED: Final = re.compile(
    r"(\d{1,2})([/.])(\d{1,2})\2(\d{4})"
    r"(?:,? (\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([AP])M)?)?",
    re.IGNORECASE | re.ASCII,
)
_NOON: Final = 12
_EITHER: Final = "its date is month/day or day/month; write it as 2026-11-03"


class NoTimeError(ValueError):
    """A field is not a valid time; the message says why, without quoting the field."""


class NoZoneError(NoTimeError):
    """A time without a time zone, which is needed."""


def seconds_of(value: object, zone: tzinfo | None) -> float:
    """Return a time as seconds since 1970; a time without a time zone is in `zone`.

    Raises NoTimeError.
    """
    if isinstance(value, dict):  # a document database's own form
        value = value.get("$date", value.get("$numberLong"))
        return seconds_of(value, zone) if value is not None else seconds_of("", zone)
    if isinstance(value, str):
        value = _from_text(value.strip(), zone)
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _LARGEST:
        raise NoTimeError(_NO_TIME)
    while value > _MOST_SECONDS:
        value /= 1_000
    if not _FIRST_SECOND <= value < _LAST_SECOND:
        raise NoTimeError("its time is not between the years 2000 and 2200")
    return value


def _from_text(text: str, zone: tzinfo | None) -> float:
    if len(text) > _LONGEST:
        raise NoTimeError(_NO_TIME)
    if text.replace(".", "", 1).isdecimal() and not _is_date(text):
        return float(text)
    try:
        at, later = _date(text)
    except NoTimeError:
        raise
    except (ValueError, OverflowError):
        raise NoTimeError(_NO_TIME) from None
    if at.tzinfo is None:
        if zone is None:
            raise NoZoneError("its time has no time zone")
        at = at.replace(tzinfo=zone)
    return (at + later).timestamp()


def _date(text: str) -> tuple[datetime, timedelta]:
    """Read a date in the form that it has, and what is to be added; raises ValueError."""
    if found := _NUMBERED.fullmatch(text):
        return _numbered_date(found), timedelta()
    if found := _ASCTIME.fullmatch(text):
        at, later = _http_date(f"{found[1]}{found[3]} GMT")
        return (at if found[2] else at.replace(tzinfo=None)), later
    return _http_date(text) if _HTTP.fullmatch(text) else _iso_date(text)


def _numbered_date(found: re.Match[str]) -> datetime:
    """Return a date written in numbers, without a zone; raises NoTimeError if it may be two."""
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    month, day = (first, second) if found[2] == "/" and second > _NOON else (second, first)
    if found[2] == "/" and first != second and max(first, second) <= _NOON:
        raise NoTimeError(_EITHER)
    hour, minute, second = (int(part or 0) for part in found.group(5, 6, 7))
    if found[8]:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if found[8] in "Pp" else 0)
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - none is written


def _iso_date(text: str) -> tuple[datetime, timedelta]:
    """Read ISO 8601, RFC 3339 and what programs write that is nearly so; raises ValueError."""
    later = timedelta()
    text = text.upper()
    if text.endswith(" UTC"):
        text = text.removesuffix(" UTC")
        text = text if _GO.fullmatch(text) else f"{text}+00:00"
    if found := _GO.fullmatch(text):
        text = f"{found[1]}{found[2]}"
    if _MIDNIGHT.search(text):
        text, later = _MIDNIGHT.sub(r"\g<1>00:00", text), timedelta(days=1)
    elif _LEAP.search(text):
        text, later = _LEAP.sub(":59:59", text), timedelta(seconds=1)
    return datetime.fromisoformat(_SLASHES.sub(r"\1-\2-\3", text, count=1)), later


def _http_date(text: str) -> tuple[datetime, timedelta]:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few logs have such

    at = parsedate_to_datetime(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), timedelta()


def _is_date(text: str) -> bool:
    """Return whether digits are a date such as 20261123, not seconds since 1970."""
    return len(text) == len("20261123") and text.startswith("20")
