"""A year of hours compared with an independent reading of the price pages; changes over time."""

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from deepseek_cost import Currency, PriceBook, Rates, Tier, UnpricedError
from deepseek_cost.pricing.book import chapters, list_before_discount
from tests.conftest import APPENDED_FROM, Dscost, utc
from tests.pricing.test_schedule import naive_tier

FLASH, PRO = "deepseek-v4-flash", "deepseek-v4-pro"
# Copied by hand: start time, USD and CNY prices, off-peak or flat; peak prices are twice those.
LISTS = {
    FLASH: [
        ("2026-04-23 16:00", "0.028 0.14 0.28", "0.2 1 2"),
        ("2026-04-26 12:15", "0.0028 0.14 0.28", "0.02 1 2"),
        ("2026-08-16 16:00", "0.007 0.22 0.66", "0.05 1.5 4.5"),
        ("2026-09-10 04:00", "0.003 0.15 0.6", "0.02 1 4"),
    ],
    PRO: [
        ("2026-04-23 16:00", "0.145 1.74 3.48", "1 12 24"),
        ("2026-04-24 16:00", "0.03625 0.435 0.87", "0.25 3 6"),
        ("2026-04-26 12:15", "0.003625 0.435 0.87", "0.025 3 6"),
        ("2026-08-16 16:00", "0.022 0.66 1.98", "0.15 4.5 13.5"),
    ],
    "deepseek-flash": [("2026-09-10 04:00", "0.003 0.15 0.6", "0.02 1 4")],
    "deepseek-v4-flash-vision-exp": [
        ("2026-08-20 16:00", "0.007 0.22 0.66", "0.05 1.5 4.5"),
        ("2026-09-10 04:00", "0.003 0.15 0.6", "0.02 1 4"),
    ],
    "deepseek-v4.1-flash-expires-on-0910": [
        ("2026-09-07 16:00", "0.007 0.22 0.66", "0.05 1.5 4.5"),
        ("2026-09-10 04:00", "", ""),
    ],
    "deepseek-chat": [
        ("2026-04-23 16:00", "0.028 0.14 0.28", "0.2 1 2"),
        ("2026-04-26 12:15", "0.0028 0.14 0.28", "0.02 1 2"),
        ("2026-07-24 15:59", "", ""),
        ("2026-09-07 06:02", "0.007 0.22 0.66", "0.05 1.5 4.5"),
        ("2026-09-10 04:00", "0.003 0.15 0.6", "0.02 1 4"),
    ],
}
LISTS["deepseek-reasoner"] = LISTS["deepseek-chat"]


def naive_rates(name: str, at: datetime, currency: Currency) -> Rates | None:
    """Return the rates found by walking through the lists, or None if there are none."""
    text = ""
    for since, usd, cny in LISTS[name]:
        if utc(since) <= at:
            text = usd if currency is Currency.USD else cny
    if not text:
        return None
    factor = 2 if naive_tier(at) is Tier.PEAK else 1
    return Rates(*(factor * Decimal(part) for part in text.split()))


@pytest.mark.parametrize("currency", list(Currency))
@pytest.mark.parametrize("name", list(LISTS))
def test_every_hour_since_the_launch_has_the_price_of_the_pages(
    book: PriceBook, name: str, currency: Currency
) -> None:
    first = utc("2026-04-24 00:00")

    for hour in range((APPENDED_FROM - first) // timedelta(hours=1)):
        at = first + timedelta(hours=hour)
        expected = naive_rates(name, at, currency)
        try:
            found = book.price(name, at, currency).rates
        except UnpricedError:
            assert expected is None, at
        else:
            assert found == expected, at


@pytest.mark.parametrize(
    ("at", "tier", "why"),
    [
        ("2026-11-23 02:00", Tier.PEAK, "Monday morning in Beijing"),
        ("2026-11-23 05:00", Tier.OFF_PEAK, "lunch"),
        ("2026-11-22 02:00", Tier.OFF_PEAK, "Sunday"),
        ("2026-10-02 02:00", Tier.OFF_PEAK, "National Day, a Friday"),
        ("2026-08-22 02:00", Tier.PEAK, "a Saturday by the rule then in force"),
    ],
)
def test_the_times_that_others_get_wrong(book: PriceBook, at: str, tier: Tier, why: str) -> None:
    assert book.price(PRO, utc(at)).tier is tier, why


def test_the_history_of_a_name_goes_on_through_what_serves_it(book: PriceBook) -> None:
    reported = [(c.period.id, c.since) for c in chapters(book, book.find(FLASH))]

    assert reported == [
        ("flash-1-launch", utc("2026-04-23 16:00")),
        ("flash-2-cache-cut", utc("2026-04-26 12:15")),
        ("flash-3-peak-off-peak", utc("2026-08-16 16:00")),
        ("flash-4-v41", utc("2026-09-10 04:00")),
    ]


def test_a_change_is_against_the_same_tier_or_the_flat_price(book: PriceBook) -> None:
    *_, cut, peaks, v41 = chapters(book, book.find(FLASH))
    cut_by, raised, fell = (
        chapter.change(Currency.USD, tier)
        for chapter, tier in ((cut, Tier.FLAT), (peaks, Tier.PEAK), (v41, Tier.PEAK))
    )

    assert cut_by is not None
    assert raised is not None
    assert fell is not None
    assert cut_by.cache_hit == Decimal("-90.0")  # 0.028 -> 0.0028
    assert raised.output == Decimal("371.4")  # 0.28 -> 1.32
    assert fell.cache_miss == Decimal("-31.8")  # 0.44 -> 0.30
    assert chapters(book, book.find(FLASH)).__next__().change(Currency.USD, Tier.FLAT) is None


def test_the_list_before_the_discount_is_the_last_one_shown(book: PriceBook) -> None:
    pro = book.find(PRO)

    now = list_before_discount(book, pro, utc("2026-11-23 02:00"), Currency.USD)
    early = list_before_discount(book, pro, utc("2026-04-25 00:00"), Currency.USD)

    assert now is not None
    assert now[1] == Rates(Decimal("0.0145"), Decimal("1.74"), Decimal("3.48"))
    assert early is not None
    assert early[1].cache_hit == Decimal("0.145")
    assert (
        list_before_discount(book, book.find(FLASH), utc("2026-11-23 02:00"), Currency.USD) is None
    )


def test_a_list_in_the_history_ends_where_the_next_begins_or_the_name_does(dscost: Dscost) -> None:
    at = ("--at", "2026-11-23T02:00Z")
    ran = dscost("prices", "--history", "deepseek-chat", "--csv", *at)
    reported = json.loads(dscost("prices", "--history", "deepseek-chat", "--json", *at).out)[
        "history"
    ]

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    off_peak = [(row["since"], row["until"]) for row in rows if row["tier"] != "peak"]
    assert off_peak == [
        ("2026-04-23T16:00:00Z", "2026-04-26T12:15:00Z"),
        ("2026-04-26T12:15:00Z", "2026-07-24T15:59:00Z"),  # not accepted from then on
        ("2026-09-07T06:02:00Z", "2026-09-10T04:00:00Z"),  # accepted again
        ("2026-09-10T04:00:00Z", ""),
    ]
    assert [entry["period"]["until"] or "" for entry in reported] == [row["until"] for row in rows]
