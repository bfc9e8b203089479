"""The distribution of a batch: equal to a sorted list, in any order, in bounded memory."""

import pickle
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.estimates import ledger
from deepseek_cost.estimates.ledger import Distribution


def naive(tokens: list[int], percent: int) -> int:
    """Return the smallest count that at least `percent` percent of all counts do not exceed."""
    for count in sorted(tokens):
        if sum(other <= count for other in tokens) * 100 >= percent * len(tokens):
            return count
    raise AssertionError


@pytest.mark.parametrize("most_few", [0, 3, 8_192])
@settings(max_examples=20, deadline=None)
@given(tokens=st.lists(st.integers(0, 50_000), min_size=1, max_size=40), seed=st.integers(0, 1_000))
def test_quantiles_are_those_of_the_sorted_list_in_any_order(
    most_few: int, tokens: list[int], seed: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ledger, "_MOST_FEW", most_few)
        compare_with_sorted(tokens, seed)


def compare_with_sorted(tokens: list[int], seed: int) -> None:
    """Compare the quantiles of a whole and of two halves merged with those of a sorted list."""
    whole, left, right = Distribution(), Distribution(), Distribution()
    random = Random(seed)  # noqa: S311 - tests, not secrets
    for count in random.sample(tokens, len(tokens)):
        whole.add(count)
        random.choice((left, right)).add(count)
    left.merge(right)

    for percent in (0, 50, 95, 100):
        assert whole.quantile(percent) == left.quantile(percent) == naive(tokens, percent)


def test_a_request_beyond_the_context_is_the_longest() -> None:
    spread = Distribution()
    for tokens in (5, 3_000_000, 7):
        spread.add(tokens)

    assert (spread.quantile(0), spread.quantile(50), spread.quantile(100)) == (5, 7, 3_000_000)


def test_a_million_different_lengths_take_eight_megabytes() -> None:
    spread = Distribution()
    for tokens in (*range(0, 1_000_000, 100), 3_000_000):
        spread.add(tokens)

    assert len(pickle.dumps(spread)) < 8 * 1_000_001 + 1_000
    assert (spread.requests, spread.quantile(50)) == (10_001, 500_000)


def test_few_lengths_take_as_little_however_long_they_are() -> None:
    spread = Distribution()
    for tokens in (5, 999_999):
        spread.add(tokens, 1_000)

    assert len(pickle.dumps(spread)) < 1_000
