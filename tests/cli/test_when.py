"""`dscost when`: the current rate, upcoming changes, a chart of the week, in the user's zone."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest

from deepseek_cost import PriceBook, UsageError
from deepseek_cost.cli.values import Clock, point_in_time, zone
from deepseek_cost.reports.when import when_report
from tests.conftest import Dscost, utc

NOW = utc("2026-11-23 02:00")  # Monday, 10:00 in Beijing: peak


def test_it_shows_the_rate_until_when_and_what_comes(dscost: Dscost) -> None:
    report = json.loads(dscost("when", "--at", "2026-11-23T02:00Z", "--json").out)

    assert (report["tier"], report["at"]) == ("peak", "2026-11-23T02:00:00Z")
    assert report["until"] == "2026-11-23T04:00:00Z"
    assert report["changes"][:4] == [
        {"at": "2026-11-23T04:00:00Z", "tier": "off_peak"},
        {"at": "2026-11-23T06:00:00Z", "tier": "peak"},
        {"at": "2026-11-23T10:00:00Z", "tier": "off_peak"},
        {"at": "2026-11-24T01:00:00Z", "tier": "peak"},
    ]
    # Monday's three, four on each other working day, and next Monday's at 01:00
    assert len(report["changes"]) == 3 + 4 * 4 + 1


@pytest.mark.parametrize(
    ("name", "monday", "sunday"),
    [
        # 01:00-04:00 and 06:00-10:00 UTC; half-hours from midnight local time
        ("UTC", 2 * "-" + 6 * "P" + 4 * "-" + 8 * "P" + 28 * "-", 48 * "-"),
        # UTC-8: Sunday evening is Monday morning in Beijing
        ("America/Los_Angeles", 4 * "P" + 30 * "-" + 6 * "P" + 4 * "-" + 4 * "P", 48 * "-"),
        # UTC+5:45: windows begin at 06:45 and 11:45, so the half-hour at each end is mixed
        (
            "Asia/Kathmandu",
            13 * "-" + "~" + 5 * "P" + "~" + 3 * "-" + "~" + 7 * "P" + "~" + 16 * "-",
            48 * "-",
        ),
    ],
)
def test_the_strip_shows_the_hours_of_the_users_clock(
    book: PriceBook, name: str, monday: str, sunday: str
) -> None:
    report = when_report(book, utc("2026-11-23 12:00"), name)

    days = {f"{day.day:%a}": day.half_hours for day in report.week}
    assert days["Mon"] == monday
    assert days["Sun" if name != "America/Los_Angeles" else "Sat"] == sunday


def test_across_a_daylight_saving_change_the_windows_move_by_the_local_clock(
    book: PriceBook,
) -> None:
    # New York leaves daylight saving time on Sunday 2026-11-01: 02:00 UTC-4 becomes 01:00 UTC-5.
    report = when_report(book, utc("2026-10-29 12:00"), "America/New_York")
    days = {day.day.isoformat(): day.half_hours for day in report.week}

    # Thursday: 21:00 EDT is 01:00 UTC on Friday; 02:00-06:00 EDT is 06:00-10:00 UTC
    assert days["2026-10-29"] == 4 * "-" + 8 * "P" + 30 * "-" + 6 * "P"
    # Monday: 20:00-23:00 EST is 01:00-04:00 UTC on Tuesday; 01:00-05:00 EST is 06:00-10:00 UTC
    assert days["2026-11-02"] == 2 * "-" + 8 * "P" + 30 * "-" + 6 * "P" + 2 * "-"


def test_an_hour_that_a_clock_skips_is_left_blank(book: PriceBook) -> None:
    # Berlin skips from 02:00 to 03:00 on Sunday 2027-03-28.
    report = when_report(book, utc("2027-03-28 00:00"), "Europe/Berlin")

    assert report.week[0].half_hours == 4 * "-" + 2 * " " + 42 * "-"


def test_holidays_are_named_and_have_no_peak(book: PriceBook) -> None:
    report = when_report(book, utc("2026-09-30 12:00"), "Asia/Shanghai")

    assert [(f"{h.day:%m-%d}", h.name) for h in report.holidays] == [
        (f"10-{day:02}", "National Day") for day in range(1, 7)
    ]
    assert {day.half_hours for day in report.week[1:]} == {48 * "-"}
    assert report.until == utc("2026-10-08 01:00")


WEEK = """\
off-peak until Mon 28 Sep 10:00 (Asia/Tokyo)

next      Asia/Tokyo        UTC        Beijing
────────────────────────────────────────────────
peak      Mon 28 Sep 10:00  Mon 01:00  Mon 09:00
off-peak  Mon 28 Sep 13:00  Mon 04:00  Mon 12:00
peak      Mon 28 Sep 15:00  Mon 06:00  Mon 14:00
off-peak  Mon 28 Sep 19:00  Mon 10:00  Mon 18:00
peak      Tue 29 Sep 10:00  Tue 01:00  Tue 09:00
off-peak  Tue 29 Sep 13:00  Tue 04:00  Tue 12:00
peak      Tue 29 Sep 15:00  Tue 06:00  Tue 14:00
off-peak  Tue 29 Sep 19:00  Tue 10:00  Tue 18:00

a request of 10,000 input tokens, 80% of them cache hits, 1,000 output tokens:

model        peak   off-peak  off-peak saves
────────────────────────────────────────────
v4-pro  $0.006952  $0.003476             50%
flash   $0.001848  $0.000924             50%

           0     3     6     9     12    15    18    21
Fri 25 Sep ················································
Sat 26 Sep ················································
Sun 27 Sep ················································
Mon 28 Sep ····················██████····████████··········
Tue 29 Sep ····················██████····████████··········
Wed 30 Sep ····················██████····████████··········
Thu 01 Oct ················································

█ peak  · off-peak, by the clock of Asia/Tokyo
Fri 25 Sep is Mid-Autumn in China: off-peak all day (Beijing)
Sat 26 Sep is Mid-Autumn in China: off-peak all day (Beijing)
Sun 27 Sep is Mid-Autumn in China: off-peak all day (Beijing)
Thu 01 Oct is National Day in China: off-peak all day (Beijing)
"""


def test_a_week_looks_like_this(dscost: Dscost) -> None:
    ran = dscost("when", "--at", "2026-09-25T02:00Z", "--tz", "Asia/Tokyo")

    assert (ran.code, ran.out, ran.err) == (0, WEEK, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-23 02:00"),
        ("peak", "2026-11-23 02:00"),
        ("off-peak", "2026-11-23 04:00"),
        ("OFF_PEAK", "2026-11-23 04:00"),
        ("cheapest", "2026-11-23 04:00"),
        ("2026-12-01T09:30+08:00", "2026-12-01 01:30"),
        ("14:30+08:00", "2026-11-23 06:30"),
        ("09:30+08:00", "2026-11-24 01:30"),  # past in Beijing, so tomorrow's
        ("02:00Z", "2026-11-23 02:00"),
    ],
)
def test_a_time_can_be_named(book: PriceBook, text: str, expected: str) -> None:
    assert point_in_time(text, Clock(NOW, book.calendar)) == utc(expected)


def test_a_time_without_a_zone_takes_that_of_the_clock(book: PriceBook) -> None:
    clock = Clock(NOW, book.calendar, zone("Europe/Berlin"))

    assert point_in_time("14:30", clock) == utc("2026-11-23 13:30")
    assert point_in_time("2026-07-01T14:30", clock) == utc("2026-07-01 12:30")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("14:30", r"--at '14:30' has no time zone; write 14:30\+08:00, or add --tz"),
        ("25:00Z", "is not a time; write 2026-11-23T10:00Z, 14:30"),
        ("noon", "is not a time"),
    ],
)
def test_what_is_not_a_time_is_refused(book: PriceBook, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        point_in_time(text, Clock(NOW, book.calendar))


def test_off_peak_the_cheapest_is_now(book: PriceBook) -> None:
    lunch = Clock(utc("2026-11-23 05:00"), book.calendar)

    assert point_in_time("cheapest", lunch) == lunch.now
    assert point_in_time("peak", lunch) == utc("2026-11-23 06:00")


@pytest.mark.parametrize("name", ["Mars/Base", "../../etc/passwd", "", "Europe", "\0"])
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--tz"):
        zone(name)


def test_waiting_saves_the_difference_and_is_shown_by_the_users_clock(
    dscost: Dscost, hello: object
) -> None:
    options = ("-m", "pro", "-o", "500", "--at", "2026-11-23T02:00Z", "--tz", "Europe/Berlin")

    ran = dscost("estimate", hello, *options, "-v")
    (entry,) = json.loads(dscost("estimate", hello, *options, "--json").out)["estimates"]

    # 0.00209088 at peak, half that at 04:00 UTC
    assert "\nWaiting until 05:00 Europe/Berlin saves $0.001045 on v4-pro.\n" in ran.out
    assert entry["waiting"]["until"] == "2026-11-23T04:00:00Z"
    assert entry["waiting"]["total"] == "0.00104544"


def test_off_peak_there_is_nothing_to_wait_for(dscost: Dscost, hello: object) -> None:
    assert "Waiting" not in dscost("estimate", hello, "--at", "2026-11-23T05:00Z", "-v").out
    assert "Waiting" not in dscost("estimate", hello, "--at", "2026-05-25T00:00Z", "-v").out


def test_an_old_table_is_warned_of_once(dscost: Dscost, hello: object) -> None:
    for arguments in (
        ("estimate", hello),
        ("prices",),
        ("when",),
        ("compare", hello),
        ("prices", "--history"),
    ):
        fresh = dscost(*arguments, "--at", "2027-01-04T05:00Z")  # 37 days after the last check
        stale = dscost(*arguments, "--at", "2027-01-13T05:00Z")  # 46 days
        fits = "was last checked on 2026-11-28, 46 days before the time priced"

        assert "last checked" not in fresh.err
        assert stale.err.count(fits) == 1


def test_the_changes_of_any_week_alternate(book: PriceBook) -> None:
    start = utc("2026-08-10 00:00")
    for days in range(0, 140, 7):
        at = start + timedelta(days=days)
        tiers = [change.tier for change in when_report(book, at, "UTC").changes]

        assert all(a != b for a, b in pairwise(tiers))


@pytest.mark.parametrize(
    ("at", "code"),
    [
        ("2026-11-23T00:59Z", 0),
        ("2026-11-23T01:00Z", 3),  # Monday, 09:00 in Beijing
        ("2026-11-23T03:59Z", 3),
        ("2026-11-23T04:00Z", 0),
        ("2026-11-22T02:00Z", 0),  # Sunday
        ("2027-01-01T02:00Z", 0),  # a holiday that is a Friday
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",), ("--template", "{tier}")])
def test_the_exit_code_says_whether_it_is_peak(
    dscost: Dscost, at: str, code: int, form: tuple[str, ...]
) -> None:
    plain = dscost("when", "--at", at, *form)

    ran = dscost("when", "--at", at, *form, "--exit-code")

    assert (plain.code, ran.code) == (0, code)
    assert (ran.out, ran.err) == (plain.out, plain.err)
