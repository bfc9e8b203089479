"""Time zones as people write them: Europe/Berlin, Berlin, UTC+8, +08:00, Beijing."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Final

from deepseek_cost.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_OFFSET: Final = r"(?i)(?:utc|gmt)? ?([+-]) ?(\d{1,2})(?::?([0-5]\d))?"
_MOST_HOURS: Final = 14  # the zone of the Line Islands
_FARTHEST: Final = _MOST_HOURS * 3_600
# These need no database, which takes a moment to load where the system has none of its own.
_UTC: Final = ("UTC", "Etc/UTC")
# Cities listed under another name in the time zone database.
_CITIES: Final[Mapping[str, str]] = {
    "beijing": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "peking": "Asia/Shanghai",
    "shenzhen": "Asia/Shanghai",
    "mumbai": "Asia/Kolkata",
    "san francisco": "America/Los_Angeles",
}
# Ambiguous abbreviations, which can mean several zones.
_AMBIGUOUS: Final[Mapping[str, tuple[str, ...]]] = {
    "bst": ("Europe/London", "Asia/Dhaka"),
    "cst": ("Asia/Shanghai", "America/Chicago", "America/Havana"),
    "cdt": ("America/Chicago", "America/Havana"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "pst": ("America/Los_Angeles", "Asia/Manila"),
}


def is_utc(zone: str) -> bool:
    """Return whether a zone is UTC by its name, for which no time zone needs to be loaded."""
    return zone in _UTC


def find_zone(text: str) -> "ZoneInfo":
    """Return the zone with a name, a city or an offset; a fixed offset is called UTC+08:00.

    Raises UsageError for an unknown or ambiguous name.
    """
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - UTC needs none

    name = text.strip()
    if is_utc(name):
        return _zone(name, "UTC", 0)
    if offset := re.fullmatch(_OFFSET, name):
        return _fixed(text, *offset.groups())
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(_looked_up(text, name.lower()))


def _fixed(text: str, sign: str, hours: str, minutes: str | None) -> "ZoneInfo":
    """Return a zone with a fixed offset from UTC."""
    seconds = int(hours) * 3_600 + int(minutes or 0) * 60
    if seconds > _FARTHEST:
        raise UsageError(f"no time zone is as far from UTC as {text!r}")
    if not seconds:
        return _zone("UTC", "UTC", 0)
    label = f"UTC{sign}{int(hours):02}:{int(minutes or 0):02}"
    return _zone(label, label, seconds if sign == "+" else -seconds)


def _zone(key: str, label: str, away: int) -> "ZoneInfo":
    """Return a zone so many seconds ahead of UTC, built as a file of the time zone database."""
    import struct  # noqa: PLC0415 - as below
    from zoneinfo import ZoneInfo  # noqa: PLC0415 - UTC needs none

    short = label.encode() + b"\0"
    # One type of local time and no transition: see RFC 8536, section 3.
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, len(short))
    data = b"TZif" + bytes(16) + counts + struct.pack(">lbb", away, 0, 0) + short
    return ZoneInfo.from_file(BytesIO(data), key=key)


def _looked_up(text: str, name: str) -> str:
    from zoneinfo import available_timezones  # noqa: PLC0415 - as above

    known = available_timezones()
    if name in _AMBIGUOUS:
        raise UsageError(
            f"{text!r} could be several zones", tip=f"write {', '.join(_AMBIGUOUS[name])}"
        )
    city = name.replace(" ", "_")
    found = [zone for zone in known if city in (zone.lower(), zone.lower().rpartition("/")[2])]
    if name in _CITIES or len(found) == 1:
        return _CITIES.get(name) or found[0]
    from difflib import get_close_matches  # noqa: PLC0415 - only for typos

    # Etc/GMT+8 is eight hours behind UTC, which no reader expects.
    places = sorted(zone for zone in known if not zone.startswith("Etc/"))
    near = found or get_close_matches(text, places, n=3, cutoff=0.7)
    hint = f"did you mean {', '.join(sorted(near))}?" if near else "write it like Europe/Berlin"
    raise UsageError(f"{text!r} is not a time zone", tip=hint)
