"""The instants that logs and batches write: seconds since 1970, or finer, or ISO 8601."""

from datetime import datetime, tzinfo
from typing import Final

# Seconds reach it in the year 5138; what is larger counts thousandths or finer.
_MOST_SECONDS: Final = 10**11
_LARGEST: Final = 10**20  # nanoseconds, in that year
_FIRST_SECOND: Final = 946_684_800  # 2000-01-01
_LAST_SECOND: Final = 7_258_118_400  # 2200-01-01
_LONGEST: Final = 40


class NoInstantError(ValueError):
    """A field does not name an instant; the text says why, and holds nothing of it."""


class NoZoneError(NoInstantError):
    """A time that is another instant in each time zone."""


def seconds_of(value: object, zone: tzinfo | None) -> float:
    """Return the seconds since 1970 of an instant; one without a zone is read in `zone`.

    Raises NoInstantError.
    """
    if isinstance(value, str):
        value = _from_text(value.strip(), zone)
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _LARGEST:
        raise NoInstantError("its time is no instant")
    while value > _MOST_SECONDS:
        value /= 1_000
    if not _FIRST_SECOND <= value < _LAST_SECOND:
        raise NoInstantError("its time is not between the years 2000 and 2200")
    return value


def _from_text(text: str, zone: tzinfo | None) -> float:
    if len(text) > _LONGEST:
        raise NoInstantError("its time is no instant")
    if text.replace(".", "", 1).isdecimal() and not _is_date(text):
        return float(text)
    try:
        at = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        raise NoInstantError("its time is no instant") from None
    if text.endswith(" UTC"):
        at = datetime.fromisoformat(f"{text.removesuffix(' UTC')}+00:00")
    elif at.tzinfo is None:
        if zone is None:
            raise NoZoneError("its time has no time zone")
        at = at.replace(tzinfo=zone)
    return at.timestamp()


def _is_date(text: str) -> bool:
    """Tell 20261123 from the seconds of a day in 1970."""
    return len(text) == len("20261123") and text.startswith("20")
