"""Which price applies to a name at a time: the whole history, at every boundary."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from deepseek_cost import (
    Currency,
    PriceBook,
    Rates,
    Tier,
    UnknownModelError,
    UnpricedError,
    UsageError,
)
from deepseek_cost.pricing.provenance import Precision
from tests.conftest import APPENDED_FROM, utc

SECOND = timedelta(seconds=1)


def rates(text: str) -> Rates:
    """Parse `0.0028 / 0.14 / 0.28`: cache hit, cache miss, output."""
    return Rates(*(Decimal(part) for part in text.split(" / ")))


# name, first time of the list, USD prices just before ("": no price), USD prices from then on
BOUNDARIES = [
    ("deepseek-v4-flash", "2026-04-23 16:00", "", "0.028 / 0.14 / 0.28"),
    ("deepseek-v4-flash", "2026-04-26 12:15", "0.028 / 0.14 / 0.28", "0.0028 / 0.14 / 0.28"),
    ("deepseek-v4-flash", "2026-08-16 16:00", "0.0028 / 0.14 / 0.28", "0.007 / 0.22 / 0.66"),
    # 04:00 UTC is also the end of a peak window, so the new list begins off-peak.
    ("deepseek-v4-flash", "2026-09-10 04:00", "0.014 / 0.44 / 1.32", "0.003 / 0.15 / 0.60"),
    ("deepseek-flash", "2026-09-10 04:00", "", "0.003 / 0.15 / 0.60"),
    ("deepseek-v4-flash-vision-exp", "2026-08-20 16:00", "", "0.007 / 0.22 / 0.66"),
    (
        "deepseek-v4-flash-vision-exp",
        "2026-09-10 04:00",
        "0.014 / 0.44 / 1.32",
        "0.003 / 0.15 / 0.60",
    ),
    ("deepseek-v4-pro", "2026-04-23 16:00", "", "0.145 / 1.74 / 3.48"),
    ("deepseek-v4-pro", "2026-04-24 16:00", "0.145 / 1.74 / 3.48", "0.03625 / 0.435 / 0.87"),
    ("deepseek-v4-pro", "2026-04-26 12:15", "0.03625 / 0.435 / 0.87", "0.003625 / 0.435 / 0.87"),
    ("deepseek-v4-pro", "2026-05-31 15:59", "0.003625 / 0.435 / 0.87", "0.003625 / 0.435 / 0.87"),
    ("deepseek-v4-pro", "2026-08-16 16:00", "0.003625 / 0.435 / 0.87", "0.022 / 0.66 / 1.98"),
    ("deepseek-chat", "2026-04-23 16:00", "", "0.028 / 0.14 / 0.28"),
    ("deepseek-chat", "2026-04-26 12:15", "0.028 / 0.14 / 0.28", "0.0028 / 0.14 / 0.28"),
    ("deepseek-chat", "2026-07-24 15:59", "0.0028 / 0.14 / 0.28", ""),
    ("deepseek-reasoner", "2026-07-24 15:59", "0.0028 / 0.14 / 0.28", ""),
    # A Monday, 14:02 in Beijing: peak; the second before has no price.
    ("deepseek-chat", "2026-09-07 06:02", "", "0.014 / 0.44 / 1.32"),
    ("deepseek-reasoner", "2026-09-10 04:00", "0.014 / 0.44 / 1.32", "0.003 / 0.15 / 0.60"),
    ("deepseek-v4.1-flash-expires-on-0910", "2026-09-07 16:00", "", "0.007 / 0.22 / 0.66"),
    ("deepseek-v4.1-flash-expires-on-0910", "2026-09-10 04:00", "0.014 / 0.44 / 1.32", ""),
]


@pytest.mark.parametrize(("name", "since", "before", "after"), BOUNDARIES)
def test_a_list_is_in_force_from_its_first_second_and_not_one_earlier(
    book: PriceBook, name: str, since: str, before: str, after: str
) -> None:
    start = utc(since)

    for at, expected in ((start - SECOND, before), (start, after), (start + SECOND, after)):
        if expected:
            assert book.price(name, at).rates == rates(expected)
        else:
            with pytest.raises(UnpricedError, match=r"has no price at"):
                book.price(name, at)


def test_every_beginning_in_the_table_is_a_boundary_tested_above(book: PriceBook) -> None:
    tested = {utc(since) for _, since, _, _ in BOUNDARIES}

    beginnings = {period.since for period in book.period} | {model.since for model in book.model}
    endings = {model.until for model in book.model if model.until}
    for service in (service for model in book.model for service in model.service):
        endings |= {service.until} if service.until else set()
        beginnings |= {service.since} if service.precision is Precision.BRACKET else set()

    assert tested == {at for at in beginnings | endings if at < APPENDED_FROM}


@pytest.mark.parametrize(
    ("at", "tier", "flash", "pro"),
    [
        ("2026-11-23 02:00", "peak", "0.04 / 2 / 8", "0.30 / 9 / 27"),
        ("2026-11-23 05:00", "off_peak", "0.02 / 1 / 4", "0.15 / 4.5 / 13.5"),
        ("2026-08-17 02:00", "peak", "0.10 / 3 / 9", "0.30 / 9 / 27"),
        ("2026-06-15 00:00", "flat", "0.02 / 1 / 2", "0.025 / 3 / 6"),
        ("2026-04-25 00:00", "flat", "0.2 / 1 / 2", "0.25 / 3 / 6"),
        ("2026-04-24 00:00", "flat", "0.2 / 1 / 2", "1 / 12 / 24"),
    ],
)
def test_yuan_prices_are_a_list_of_their_own(
    book: PriceBook, at: str, tier: str, flash: str, pro: str
) -> None:
    for name, expected in (("v4-flash", flash), ("v4-pro", pro)):
        price = book.price(name, utc(at), Currency.CNY)

        assert (price.tier, price.rates) == (tier, rates(expected))


@pytest.mark.parametrize("at", ["2026-05-25 00:00", "2026-06-15 00:00"])
def test_the_page_of_late_may_comes_out_exactly(book: PriceBook, at: str) -> None:
    assert book.price("v4-flash", utc(at)).rates == rates("0.0028 / 0.14 / 0.28")
    assert book.price("v4-pro", utc(at)).rates == rates("0.003625 / 0.435 / 0.87")


def test_the_list_price_is_kept_next_to_the_promotion_and_ends_with_it(book: PriceBook) -> None:
    assert book.price("pro", utc("2026-05-25 00:00")).list_rates == rates("0.0145 / 1.74 / 3.48")
    assert book.price("pro", utc("2026-06-15 00:00")).list_rates is None


def test_peak_is_twice_off_peak_in_every_cell(book: PriceBook) -> None:
    known = [period for period in book.period if period.since < APPENDED_FROM]
    tiered = [t for p in known for t in p.rates.values() if Tier.PEAK in t]

    assert len(tiered) == 10  # five periods with tiers, in two currencies
    for tiers in tiered:
        peak, off_peak = tiers[Tier.PEAK], tiers[Tier.OFF_PEAK]
        for cell in ("cache_hit", "cache_miss", "output"):
            assert getattr(peak, cell) == 2 * getattr(off_peak, cell)


def test_a_legacy_name_is_billed_as_what_serves_it(book: PriceBook) -> None:
    before = book.price("v4-flash", utc("2026-09-10 03:59"))
    after = book.price("v4-flash", utc("2026-09-10 04:00"))

    assert before.service.billed_as == "deepseek-v4-flash"
    assert before.period_until == utc("2026-09-10 04:00")
    assert after.service.billed_as == "deepseek-flash"
    assert after.service.version == "DeepSeek-V4.1-Flash"


def test_before_the_launch_the_error_says_when_prices_begin(book: PriceBook) -> None:
    with pytest.raises(UnpricedError, match="first accepted at 2026-04-23 16:00 UTC"):
        book.price("v4-pro", utc("2026-04-23 15:59"))


def test_a_retired_name_is_refused_with_the_reason_and_the_replacement(book: PriceBook) -> None:
    with pytest.raises(UnpricedError, match=r"answered HTTP 400 .* use flash with thinking off"):
        book.price("deepseek-chat", utc("2026-08-23 00:00"))


def test_a_retired_name_that_is_served_again_has_the_price_of_flash(book: PriceBook) -> None:
    for name, thinks in (("deepseek-chat", False), ("deepseek-reasoner", True)):
        price = book.price(name, utc("2026-11-23 02:00"))
        assert price.rates == book.price("flash", utc("2026-11-23 02:00")).rates
        assert (price.model.status, price.model.thinking) == ("retired", thinks)


def test_a_name_older_than_the_book_is_never_called_new(book: PriceBook) -> None:
    with pytest.raises(UnpricedError, match="no price of it is known before 2026-04-23 16:00"):
        book.price("deepseek-chat", utc("2025-01-01 00:00"))


def test_in_2028_the_price_stays_and_the_calendar_says_what_it_does_not_know(
    book: PriceBook,
) -> None:
    last_known = datetime(2027, 12, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Beijing

    assert book.price("v4-pro", utc("2028-01-04 02:00")).tier is Tier.PEAK
    assert book.calendar.holidays_known_at(last_known)
    assert not book.calendar.holidays_known_at(last_known + SECOND)


@pytest.mark.parametrize(
    ("at", "is_certain"),
    [
        ("2027-01-04 02:00", True),  # a Monday that no holiday arrangement has ever made a day off
        ("2027-02-08 02:00", True),  # a holiday by law
        ("2027-02-09 02:00", False),  # the Tuesday after it
        ("2027-02-09 05:00", True),  # off-peak in any case
        ("2027-10-08 02:00", False),
    ],
)
def test_a_day_that_may_become_a_holiday_is_peak_and_not_certain(
    book: PriceBook, at: str, *, is_certain: bool
) -> None:
    assert book.calendar.is_certain(utc(at)) is is_certain
    warned = [w for w in book.warnings_at(utc(at)) if "may become a holiday" in w]
    assert bool(warned) is not is_certain


@pytest.mark.parametrize("name", ["v4-flash", "V4-Flash", " deepseek-v4-flash "])
def test_a_model_is_found_by_name_and_nickname_in_any_case(book: PriceBook, name: str) -> None:
    assert book.find(name).name == "deepseek-v4-flash"


def test_an_unknown_model_is_an_error_that_offers_the_nearest_names(book: PriceBook) -> None:
    with pytest.raises(UnknownModelError, match="unknown model 'v4-flsh'; did you mean v4-flash"):
        book.find("v4-flsh")


def test_a_time_without_a_zone_is_refused(book: PriceBook) -> None:
    with pytest.raises(UsageError, match="has no time zone; for UTC write"):
        book.price("v4-pro", datetime(2026, 11, 23))  # noqa: DTZ001 - the case under test


def test_a_currency_without_evidence_is_an_error(book: PriceBook) -> None:
    dollars = [replace(p, rates={Currency.USD: p.rates[Currency.USD]}) for p in book.period]
    american = replace(book, period=tuple(dollars))

    assert american.price("pro", utc("2026-11-23 02:00")).rates == rates("0.044 / 1.32 / 3.96")
    with pytest.raises(UnpricedError, match="no CNY price is known for deepseek-v4-pro at"):
        american.price("pro", utc("2026-11-23 02:00"), Currency.CNY)


def test_a_list_price_that_no_page_showed_in_a_currency_is_none(book: PriceBook) -> None:
    at = utc("2026-04-25 00:00")

    assert book.price("pro", at, Currency.USD).list_rates == rates("0.145 / 1.74 / 3.48")
    assert book.price("pro", at, Currency.CNY).list_rates is None
