"""Responses are counted once, no matter how many files repeat them."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.identity import Counted, CountedResponses


def test_a_response_seen_for_the_first_time_is_new() -> None:
    responses = CountedResponses()
    assert responses.add("a", Counted(10, 5, 2, 1, group=0)) is None
    assert responses.add("b", Counted(10, 5, 2, 1, group=0)) is None
    assert len(responses) == 2


def test_the_last_record_of_a_response_counts_in_the_group_of_the_first() -> None:
    responses = CountedResponses()
    responses.add("a", Counted(10, 5, 0, None, group=7))
    assert responses.add("a", Counted(10, 5, 300, 20, group=9)) == (
        Counted(10, 5, 0, None, group=7),
        Counted(10, 5, 300, 20, group=7),
    )


def test_the_same_id_with_another_input_is_another_response() -> None:
    responses = CountedResponses()
    responses.add("relay", Counted(10, 5, 2, None, group=0))
    assert responses.add("relay", Counted(10, 6, 2, None, group=0)) is None
    repeated = Counted(10, 6, 2, None, group=0)
    assert responses.add("relay", repeated) == (repeated, repeated)
    assert len(responses) == 2


def test_an_input_or_output_of_0_erases_nothing() -> None:
    responses = CountedResponses()
    responses.add("a", Counted(12_800, 4_000, 300, 20, group=0))
    former = Counted(12_800, 4_000, 300, 20, group=0)
    assert responses.add("a", Counted(0, 0, 0, None, group=0)) == (former, former)


def test_a_beginning_without_an_input_gets_it_later() -> None:
    responses = CountedResponses()
    responses.add("a", Counted(0, 0, 1, None, group=0))
    assert responses.add("a", Counted(9, 1, 4, None, group=0)) == (
        Counted(0, 0, 1, None, group=0),
        Counted(9, 1, 4, None, group=0),
    )


def test_reasoning_of_0_is_not_reasoning_unknown() -> None:
    responses = CountedResponses()
    responses.add("a", Counted(1, 1, 4, 0, group=0))
    responses.add("b", Counted(1, 1, 4, None, group=0))
    assert responses.add("a", Counted(1, 1, 4, 0, group=0)) == (Counted(1, 1, 4, 0, 0),) * 2
    assert responses.add("b", Counted(1, 1, 4, None, group=0)) == (Counted(1, 1, 4, None, 0),) * 2


@given(st.lists(st.integers(0, 1_500), max_size=3_000))
def test_many_responses_in_any_order_are_distinguished_as_a_dictionary_does(ids: list[int]) -> None:
    responses, naive = CountedResponses(), set[int]()
    for number, one in enumerate(ids):
        found = responses.add(str(one), Counted(1, one, 1, None, group=number))
        assert (found is None) == (one not in naive)
        naive.add(one)
    assert len(responses) == len(naive)


def test_a_response_takes_at_most_40_bytes() -> None:
    counted, largest = CountedResponses(), 0.0
    for number in range(1, 150_001):
        counted.add(f"id-{number}", Counted(1, 2, 3, None, 0))
        if number > 50_000:
            parts = counted._hashes, counted._counts, counted._positions
            largest = max(largest, sum(map(sys.getsizeof, parts)) / number)

    assert largest <= 40
