"""Times as the reader's clock shows them."""

from datetime import UTC, datetime

from deepseek_cost.pricing.timezones import find_zone, is_utc

_WEEK = 7


def moment(at: datetime, now: datetime, zone: str) -> str:
    """Return a time after `now`, with its zone: 10:00, Mon 10:00 or 2026-12-07 10:00."""
    clock = UTC if is_utc(zone) else find_zone(zone)
    local, today = at.astimezone(clock), now.astimezone(clock)
    days = (local.date() - today.date()).days
    day = "" if not days else "%a " if 0 < days < _WEEK else "%Y-%m-%d "
    return f"{local:{day}%H:%M} {zone_name(zone)}"


def zone_name(zone: str) -> str:
    """Return the name of a zone, shortened for UTC."""
    return zone.removeprefix("Etc/")
