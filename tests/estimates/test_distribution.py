"""The distribution of a batch: equal to a sorted list, in any order, in bounded memory."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.estimates.ledger import Distribution


def naive(tokens: list[int], percent: int) -> int:
    """Return the smallest count that at least `percent` percent of all counts do not exceed."""
    for count in sorted(tokens):
        if sum(other <= count for other in tokens) * 100 >= percent * len(tokens):
            return count
    raise AssertionError


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=40), st.integers(0, 1_000))
def test_quantiles_are_those_of_the_sorted_list_in_any_order(tokens: list[int], seed: int) -> None:
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
    assert len(spread.by_tokens) <= 1_000_001
