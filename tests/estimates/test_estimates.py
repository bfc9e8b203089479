"""Tallies and estimates: totals in any order, minimums, maximums, limits."""

from decimal import Decimal
from functools import reduce
from operator import add
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost import Currency, PriceBook, UsageError, estimate, load_prices
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.tally import (
    Scenario,
    Tally,
    require_output_limit,
    tally_body,
    total,
)
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.body import bare_text
from deepseek_cost.prompt.breakdown import Hits
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.tokenizer import default_counter
from tests.conftest import utc

PEAK, OFF_PEAK = utc("2026-11-23 02:00"), utc("2026-11-23 05:00")


def tallied(model: Model, tokens: int, scenario: Scenario) -> Tally:
    text = bare_text(tokens, model, scenario.mode_for(model))
    return tally_body(text.count(SegmentCounter(default_counter())), scenario)


amounts = st.integers(0, 10**9)
tallies = st.builds(
    Tally,
    requests=amounts,
    text=amounts,
    template=amounts,
    hits=st.builds(Hits, expected=amounts, best=st.none() | amounts, aged=amounts),
    output=st.none() | amounts,
    output_ceiling=amounts,
    largest_request=amounts,
)


@given(st.lists(tallies, min_size=1), st.randoms())
def test_tallies_add_up_to_the_same_in_any_order_and_grouping(
    parts: list[Tally], random: Random
) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)
    middle = len(shuffled) // 2
    groups = [group for group in (shuffled[:middle], shuffled[middle:]) if group]

    assert total(total(group) for group in groups) == total(parts) == reduce(add, shuffled)


def test_the_design_example_comes_out_to_the_last_digit(book: PriceBook) -> None:
    price = book.price("deepseek-v4-pro", PEAK)
    tally = tallied(price.model, 172, Scenario(output_tokens=500))

    result = Estimate(tally, price)

    assert result.cost.cache_miss == Decimal("0.00022704")  # 172 x 1.32 / 1,000,000
    assert result.cost.output == Decimal("0.00198")  # 500 x 3.96 / 1,000,000
    assert result.total == Decimal("0.00220704")
    assert result.floor == Decimal("0.00022704")
    assert result.ceiling == Decimal("0.25974960")  # 65,536 x 3.96 / 1,000,000 + floor
    assert price.other_rates is not None
    assert result.total_at(price.other_rates) == Decimal("0.00110352")


def test_without_output_there_is_no_total_but_a_minimum_and_a_maximum(book: PriceBook) -> None:
    price = book.price("deepseek-v4-pro", PEAK)
    result = Estimate(tallied(price.model, 172, Scenario()), price)

    assert result.total is None
    assert result.floor == Decimal("0.00022704")
    assert result.ceiling == Decimal("0.2597496")


@pytest.mark.parametrize(
    ("mode", "most"),
    [
        (Mode(thinking=False), 8_192),
        (Mode(), 65_536),
        (Mode(effort=Effort.LOW), 65_536),
        (Mode(effort=Effort.MAX), 131_072),
    ],
)
def test_the_maximum_is_the_apis_default_and_what_the_context_leaves(
    book: PriceBook, mode: Mode, most: int
) -> None:
    model = book.find("v4-pro")

    assert tallied(model, 84, Scenario(mode)).output_ceiling == most
    assert tallied(model, 999_100, Scenario(mode)).output_ceiling == 900
    assert tallied(model, 2_000_083, Scenario(mode)).output_ceiling == 0


def test_the_hit_ratio_is_of_each_request_and_never_rounded_in_the_users_favour(
    book: PriceBook,
) -> None:
    model = book.find("v4-pro")
    scenario = Scenario(cache_hit_ratio=Decimal("0.8"), requests=1000)

    tally = tallied(model, 172, scenario)

    assert tally.cache_hit == 137_000  # 0.8 x 172 = 137.6, so 1,000 times 137
    assert tally.usage(0).cache_miss == 35_000
    assert tally.usage(0).input == tally.input == 172_000


@given(
    st.integers(0, 10**7), st.decimals(0, 1, places=4), st.integers(1, 10**6), st.sampled_from("fp")
)
def test_hits_and_misses_are_the_input(text: int, ratio: Decimal, requests: int, name: str) -> None:
    model = load_prices().find({"f": "flash", "p": "pro"}[name])
    tally = tallied(model, text + 83, Scenario(cache_hit_ratio=ratio, requests=requests))

    usage = tally.usage(0)
    assert usage.cache_hit + usage.cache_miss == (text + 83) * requests
    assert usage.cache_hit <= ratio * usage.input


def test_more_output_than_the_model_gives_is_refused_by_the_name_of_the_limit(
    book: PriceBook,
) -> None:
    model = book.find("v4-pro")
    require_output_limit(model, Scenario(output_tokens=393_216))

    with pytest.raises(UsageError, match=r"its output limit is 384K \(393,216\)"):
        require_output_limit(model, Scenario(output_tokens=393_217))


def test_a_limit_is_compared_with_the_higher_rate_and_the_maximum(book: PriceBook) -> None:
    price = book.price("deepseek-v4-pro", OFF_PEAK)
    unknown = Estimate(tallied(price.model, 172, Scenario()), price)
    known = Estimate(tallied(price.model, 172, Scenario(output_tokens=0)), price)

    assert unknown.limit_cost(any_tier=True) == Decimal("0.2597496")
    assert unknown.limit_cost(any_tier=False) == Decimal("0.1298748")
    assert known.limit_cost(any_tier=True) == Decimal("0.00022704")
    assert known.limit_cost(any_tier=False) == Decimal("0.00011352")


def test_a_retired_name_has_the_mode_it_stood_for(book: PriceBook) -> None:
    at = utc("2026-07-01 00:00")

    chat = estimate("Hello", model="deepseek-chat", at=at, prices=book)
    reasoner = estimate("Hello", model="deepseek-reasoner", at=at, prices=book)

    # Counted with the model that serves these names today, which is Flash.
    flash = estimate("Hello", model="deepseek-flash", at=utc("2026-11-23 00:00"), prices=book)
    assert chat.tally.input == 5
    assert reasoner.tally.input == flash.tally.input
    assert chat.tally.output_ceiling == 8_192


def test_the_python_interface_takes_strings_for_values() -> None:
    result = estimate(
        "Hello",
        model="pro",
        at=PEAK,
        system="You are terse.",
        effort="max",
        output_tokens=10,
        cache_hit_ratio="0.5",
        requests=2,
        currency="CNY",
    )

    assert result.price.currency is Currency.CNY
    assert result.tally.requests == 2
    assert result.tally.text == 2 * (1 + 5)  # Hello; You| are| ters|e|.
