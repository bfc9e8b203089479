"""Exact costs: tokens x price / 1,000,000."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import Currency, PriceBook, Rates, TokenUsage, UnpricedError
from deepseek_cost.pricing.cost import cost_of, total_of
from deepseek_cost.pricing.fees import fee_of
from tests.conftest import utc

PEAK_PRO = Rates(Decimal("0.044"), Decimal("1.32"), Decimal("3.96"))


def test_each_kind_of_token_has_its_own_price() -> None:
    cost = cost_of(TokenUsage(cache_hit=128, cache_miss=44, output=500), PEAK_PRO)

    assert cost.cache_hit == Decimal("0.000005632")  # 128 x 0.044 / 1,000,000
    assert cost.cache_miss == Decimal("0.00005808")  # 44 x 1.32 / 1,000,000
    assert cost.output == Decimal("0.00198")  # 500 x 3.96 / 1,000,000
    assert cost.input == Decimal("0.000063712")
    assert cost.total == Decimal("0.002043712")


tokens = st.integers(0, 10**18)
price = st.decimals(0, 10_000, places=9)


@given(tokens, tokens, tokens, price, price, price)
def test_cost_is_the_fraction_and_never_rounded(
    hit: int, miss: int, output: int, per_hit: Decimal, per_miss: Decimal, per_output: Decimal
) -> None:
    cost = cost_of(TokenUsage(hit, miss, output), Rates(per_hit, per_miss, per_output))

    expected = hit * Fraction(per_hit) + miss * Fraction(per_miss) + output * Fraction(per_output)
    assert Fraction(cost.total) == expected / 1_000_000


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="cache_miss is negative: -1"):
        TokenUsage(0, -1)


@pytest.mark.parametrize(
    ("fee", "amount", "currency", "cost"),
    [
        ("search", 3, Currency.USD, "0.00225"),  # 0.75 per 1,000
        ("fetch", 1, Currency.CNY, "0.005"),
        ("file-parsing", 200, Currency.USD, "0.045"),  # 0.225 per 1,000 pages
        ("text-to-speech", 100, Currency.CNY, "0.015"),  # 1.5 per 10,000 characters
        ("speech-to-text", 2, Currency.CNY, "0.78"),  # 0.39 per hour
    ],
)
def test_a_fee_is_its_price_times_the_amount_over_the_unit(
    book: PriceBook, fee: str, amount: int, currency: Currency, cost: str
) -> None:
    (entry,) = [e for e in book.fees_at(utc("2026-11-20 00:00")) if e.id == fee]
    assert fee_of(entry, amount, currency) == Decimal(cost)


def test_a_fee_without_a_price_in_the_currency_is_an_error(book: PriceBook) -> None:
    (entry,) = [e for e in book.fees_at(utc("2026-11-20 00:00")) if e.id == "speech-to-text"]
    with pytest.raises(UnpricedError, match="no USD price is known for speech-to-text"):
        fee_of(entry, 1, Currency.USD)


def test_searches_of_a_model_were_free_until_the_end_of_october(book: PriceBook) -> None:
    (search,) = [e for e in book.fees_at(utc("2026-11-20 00:00")) if e.id == "search"]
    end = utc("2026-10-31 16:00")
    assert search.is_free_server_side(end - timedelta(seconds=1))
    assert not search.is_free_server_side(end)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_total_is_the_sum_of_the_parts(hits: int, misses: int, output: int) -> None:
    rates = Rates(Decimal("0.003625"), Decimal("0.435"), Decimal("0.87"))
    assert (
        total_of(hits, misses, output, rates)
        == cost_of(TokenUsage(hits, misses, output), rates).total
    )
