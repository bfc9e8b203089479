"""The times that logs and batches write: seconds since 1970, or finer, ISO 8601, HTTP dates."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

# Seconds reach it in the year 5138; what is larger counts thousandths or finer.
_MOST_SECONDS: Final = 10**11
_LARGEST: Final = 10**20  # nanoseconds, in that year
_FIRST_SECOND: Final = 946_684_800  # 2000-01-01
_LAST_SECOND: Final = 7_258_118_400  # 2200-01-01
_LONGEST: Final = 40
_NO_TIME: Final = "its time is no instant; write 2026-11-03T05:00:00Z, or seconds since 1970"
# Go writes the offset after a blank, and the zone's name after it.
_GO: Final = re.compile(r"(\S+ \S+) ([+-]\d{4})( [A-Z]{2,5})?")
# The end of a day, and a leap second: the beginning of what follows.
_MIDNIGHT: Final = re.compile(r"([T ])24:00(:00)?(?![\d.,:])")
_LEAP: Final = re.compile(r":59:60(?!\d)")
_SLASHES: Final = re.compile(r"(\d{4})/(\d\d)/(\d\d)")
_HTTP: Final = re.compile(r"[A-Za-z]{3}, .* (GMT|[+-]\d{4})")


class NoInstantError(ValueError):
    """A field does not name an instant; the text says why, and holds nothing of it."""


class NoZoneError(NoInstantError):
    """A time that is another instant in each time zone."""


def seconds_of(value: object, zone: tzinfo | None) -> float:
    """Return the seconds since 1970 of an instant; one without a zone is read in `zone`.

    Raises NoInstantError.
    """
    if isinstance(value, dict):  # a document database's own form
        value = value.get("$date", value.get("$numberLong"))
        return seconds_of(value, zone) if value is not None else seconds_of("", zone)
    if isinstance(value, str):
        value = _from_text(value.strip(), zone)
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _LARGEST:
        raise NoInstantError(_NO_TIME)
    while value > _MOST_SECONDS:
        value /= 1_000
    if not _FIRST_SECOND <= value < _LAST_SECOND:
        raise NoInstantError("its time is not between the years 2000 and 2200")
    return value


def _from_text(text: str, zone: tzinfo | None) -> float:
    if len(text) > _LONGEST:
        raise NoInstantError(_NO_TIME)
    if text.replace(".", "", 1).isdecimal() and not _is_date(text):
        return float(text)
    try:
        at, later = _http_date(text) if _HTTP.fullmatch(text) else _iso_date(text)
    except (ValueError, OverflowError):
        raise NoInstantError(_NO_TIME) from None
    if at.tzinfo is None:
        if zone is None:
            raise NoZoneError("its time has no time zone")
        at = at.replace(tzinfo=zone)
    return (at + later).timestamp()


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
    """Tell 20261123 from the seconds of a day in 1970."""
    return len(text) == len("20261123") and text.startswith("20")
