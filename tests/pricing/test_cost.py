"""Exact money: cost = tokens x price / 1,000,000."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import Rates, TokenUsage
from deepseek_cost.pricing.cost import cost_of

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
