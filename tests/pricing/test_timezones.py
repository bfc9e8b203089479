"""Time zones are understood as people write them; ambiguous ones are refused."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from deepseek_cost import UsageError
from deepseek_cost.pricing.timezones import find_zone
from tests.conftest import Dscost

NOON = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001 - the zone is under test


@pytest.mark.parametrize(
    ("text", "key", "hours"),
    [
        ("UTC", "UTC", 0),
        ("utc+8", "UTC+08:00", 8),
        ("UTC +8", "UTC+08:00", 8),
        ("+08:00", "UTC+08:00", 8),
        ("+0800", "UTC+08:00", 8),
        ("GMT-3:30", "UTC-03:30", -3.5),
        ("+0", "UTC", 0),
        ("Etc/UTC", "Etc/UTC", 0),
        ("Beijing", "Asia/Shanghai", 8),
        ("berlin", "Europe/Berlin", 1),
        ("new york", "America/New_York", -5),
        ("asia/tokyo", "Asia/Tokyo", 9),
    ],
)
def test_a_zone_is_found_by_name_city_or_offset(text: str, key: str, hours: float) -> None:
    zone = find_zone(text)

    assert zone.key == key
    assert NOON.replace(tzinfo=zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC"])
def test_utc_needs_no_time_zone_database_and_is_abbreviated_as_there(name: str) -> None:
    assert NOON.replace(tzinfo=find_zone(name)).tzname() == "UTC"
    assert NOON.replace(tzinfo=ZoneInfo(name)).tzname() == "UTC"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CST", "'CST' could be several zones; write Asia/Shanghai, America/Chicago, America/H"),
        ("ist", "'ist' could be several zones; write Asia/Kolkata, Europe/Dublin, Asia/Jerusa"),
        ("Europe/Berln", "'Europe/Berln' is not a time zone; did you mean .*Europe/Berlin"),
        ("Mars", "'Mars' is not a time zone; write it like Europe/Berlin"),
        ("UTC+15", r"no time zone is as far from UTC as 'UTC\+15'"),
        ("", "'' is not a time zone"),
        ("../../etc/passwd", "is not a time zone"),
    ],
)
def test_what_is_no_zone_or_several_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_zone(text)


def test_the_week_is_drawn_in_a_zone_with_an_offset(dscost: Dscost) -> None:
    at = ("when", "--at", "2026-11-23T02:00Z", "--tz")

    beijing, offset = dscost(*at, "Asia/Shanghai").out, dscost(*at, "utc+8").out

    assert "(UTC+08:00)" in offset
    # Columns are as wide as the zone's name.
    assert offset.replace("UTC+08:00", "Asia/Shanghai").split() == beijing.split()
