"""Peak hours: window edges, weekdays, weekends, holidays, make-up days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import PriceBook, Tier
from deepseek_cost.pricing.loader import load_prices
from tests.conftest import utc

PEAK, OFF, FLAT = Tier.PEAK, Tier.OFF_PEAK, Tier.FLAT
HOLIDAYS = {
    date(2026, 9, 25),
    *(date(2026, 10, day) for day in (1, 2, 5, 6, 7)),
    *(date(2027, month, day) for month, day in ((1, 1), (2, 5), (2, 8), (4, 5))),
}


@pytest.mark.parametrize(
    ("edge", "before", "at"),
    [("01:00", OFF, PEAK), ("04:00", PEAK, OFF), ("06:00", OFF, PEAK), ("10:00", PEAK, OFF)],
)
def test_a_window_includes_its_first_second_and_not_its_last(
    book: PriceBook, edge: str, before: Tier, at: Tier
) -> None:
    moment = utc(f"2026-11-23 {edge}")  # a Monday

    assert book.calendar.tier_at(moment - timedelta(seconds=1)) is before
    assert book.calendar.tier_at(moment) is at
    assert book.calendar.tier_at(moment + timedelta(seconds=1)) is at


@pytest.mark.parametrize(
    ("day", "tier", "why"),
    [
        ("2026-08-16", FLAT, "Sunday before the first schedule"),
        ("2026-08-22", PEAK, "Saturday under the rule of every day"),
        ("2026-08-23", OFF, "Sunday under the rule of weekdays"),
        ("2026-09-20", OFF, "make-up workday on a Sunday"),
        ("2026-09-24", PEAK, "Thursday before Mid-Autumn"),
        ("2026-09-25", OFF, "Mid-Autumn, a Friday"),
        ("2026-10-02", OFF, "National Day, a Friday"),
        ("2026-10-05", OFF, "in lieu of National Day, a Monday"),
        ("2026-10-08", PEAK, "Thursday after National Day"),
        ("2026-10-10", OFF, "make-up workday on a Saturday"),
        ("2026-11-22", OFF, "Sunday"),
        ("2026-11-23", PEAK, "Monday"),
        ("2027-01-01", OFF, "New Year, a Friday: a holiday by law"),
        ("2027-02-08", OFF, "the third day of the Spring Festival, a Monday, by law"),
        ("2027-02-09", PEAK, "may become a holiday: the higher rate"),
        ("2027-05-01", OFF, "a Saturday"),
    ],
)
def test_the_morning_window_on_days_of_every_kind(
    book: PriceBook, day: str, tier: Tier, why: str
) -> None:
    assert book.calendar.tier_at(utc(f"{day} 02:00")) is tier, why


def test_in_the_first_week_weekends_were_peak_too(book: PriceBook) -> None:
    first = utc("2026-08-16 16:00")
    hours = [first + timedelta(hours=hour) for hour in range(24 * 6)]

    peak = [at for at in hours if book.calendar.tier_at(at) is PEAK]

    assert len(peak) == 6 * 7  # six days in Beijing with seven peak hours, also Saturday 08-22


def naive_tier(at: datetime) -> Tier:
    """Return the tier in the slowest, plainest way: by a wall clock in Beijing."""
    if at < utc("2026-08-16 16:00"):
        return FLAT
    local = at + timedelta(hours=8)
    if at >= utc("2026-08-22 16:00") and local.strftime("%a") in ("Sat", "Sun"):
        return OFF
    if local.date() in HOLIDAYS:
        return OFF
    return PEAK if local.hour in (9, 10, 11, 14, 15, 16, 17) else OFF


def test_every_hour_of_a_year_agrees_with_the_clock_on_the_wall(book: PriceBook) -> None:
    first = utc("2026-04-24 00:00")
    hours = [first + timedelta(hours=hour) for hour in range(365 * 24)]

    assert [at for at in hours if book.calendar.tier_at(at) is not naive_tier(at)] == []


@given(st.datetimes(datetime(2026, 4, 24), datetime(2027, 4, 24), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_until_the_next_change_the_tier_stays_and_at_it_it_changes(at: datetime) -> None:
    calendar = load_prices().calendar

    change = calendar.next_change(at)

    assert change is not None
    assert calendar.tier_at(change) is not calendar.tier_at(at)
    step = (change - at) / 50
    assert {calendar.tier_at(at + step * part) for part in range(50)} == {calendar.tier_at(at)}


def test_the_next_change_of_a_flat_time_is_the_first_schedule(book: PriceBook) -> None:
    assert book.calendar.next_change(utc("2026-05-01 00:00")) == utc("2026-08-16 16:00")
