"""The cache forecast: documented units, blocks of 128 tokens, and a slow simulator."""

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.prompt.breakdown import Hits
from deepseek_cost.prompt.cache import PrefixCache, Prompt
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.conftest import Dscost
from tests.constructed import write_sequences
from tests.sequences import Sequences
from tests.simulator import Asked, Simulator

MARK, END = 7, 8  # the tokens that ask for a response and end it


def prompt(tokens: Sequence[int], *, owner: int = 0) -> Prompt:
    """Return a prompt as templates render it: each response is between a mark and an end."""
    responses, begin, reported = [], None, len(tokens)
    for at, token in enumerate(tokens):
        if token == MARK:
            begin, reported = at + 1, at
        elif token == END and begin is not None:
            responses.append((begin, at))
            begin = None
    return Prompt(array("I", tokens).tobytes(), reported, responses, bytes(owner))


def words(count: int, seed: int = 1) -> list[int]:
    random = Random(seed)  # noqa: S311 - made texts
    return [random.randrange(100, 100_000) for _ in range(count)]


def forecast(*prompts: Prompt) -> list[tuple[int, int | None]]:
    cache = PrefixCache()
    return [(hits.expected, hits.best) for hits in map(cache.send, prompts)]


def test_the_first_request_hits_nothing() -> None:
    assert forecast(prompt([*words(1000), MARK])) == [(0, 0)]


def test_the_same_prompt_again_hits_all_its_whole_blocks() -> None:
    again = prompt([*words(899), MARK])

    assert forecast(again, again) == [(0, 0), (896, 896)]  # 7 x 128; 900 // 128 = 7


def test_a_hit_never_reaches_the_whole_prompt() -> None:
    whole = prompt([*words(256), MARK])
    bare = Prompt(whole.ids[:-4], 256)

    assert forecast(bare, bare) == [(0, 0), (128, 128)]  # 256 tokens, all of them seen before


def test_a_prompt_under_128_tokens_never_hits() -> None:
    short = prompt([*words(126), MARK])

    assert forecast(short, short) == [(0, 0), (0, 0)]


def test_the_next_turn_hits_the_earlier_prompt_and_its_response() -> None:
    first = [*words(299), MARK]
    response = words(100, seed=2)
    then = [*first, *response, END, *words(50, seed=3), MARK]

    # L = 300 prompt tokens + 100 of the response; 399 // 128 = 3
    assert forecast(prompt(first), prompt(then)) == [(0, 0), (384, 384)]


@pytest.mark.parametrize(("response", "hit"), [(99, 256), (100, 256), (101, 384)])
def test_a_unit_that_ends_with_a_block_is_hit_without_that_block(response: int, hit: int) -> None:
    first = [*words(283), MARK]
    then = [*first, *words(response, seed=2), END, *words(50, seed=3), MARK]
    best = (284 + response) // 128 * 128

    # L = 284 prompt tokens + 100 of the response = 384; 128 * floor(383 / 128) = 256
    assert forecast(prompt(first), prompt(then)) == [(0, 0), (hit, best)]


def test_a_response_that_comes_back_changed_leaves_the_end_of_the_input() -> None:
    first = [*words(299), MARK, 1]
    then = [*first[:-1], 2, *words(100, seed=2), END, *words(50, seed=3), MARK, 1]

    # the mark's second token differs, as if reasoning were dropped: the input's 298 // 128 = 2
    assert forecast(prompt(first), prompt(then)) == [(0, 0), (256, 256)]


def test_a_common_prefix_hits_from_the_third_request_on() -> None:
    shared = words(1000)
    asked = [prompt([*shared, *words(60, seed=number), MARK]) for number in (2, 3, 4)]

    # 1000 // 128 = 7: seen by the second, stored by it, hit by the third
    assert forecast(*asked) == [(0, 0), (0, 896), (896, 896)]


def test_a_unit_is_matched_whole_or_not_at_all() -> None:
    first = [*words(421), MARK]
    other = [*words(421)[:400], *words(21, seed=5), MARK]

    # 400 tokens are shared, three blocks; the unit of 421 tokens is not in the second prompt
    assert forecast(prompt(first), prompt(other)) == [(0, 0), (0, 384)]


def test_owners_do_not_share_a_cache() -> None:
    tokens = [*words(1000), MARK]

    assert forecast(prompt(tokens, owner=1), prompt(tokens, owner=2)) == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [
        (3600, Hits(896, 896, 0)),
        (3601, Hits(896, 896, 896)),  # over an hour: assumed to be still cached
        (7 * 24 * 3600, Hits(896, 896, 896)),
        (7 * 24 * 3600 + 1, Hits(0, 896, 0)),  # "hours to days" have passed
    ],
)
def test_hits_age(gap: float, expected: Hits) -> None:
    cache = PrefixCache()
    again = prompt([*words(899), MARK])
    cache.send(again, 0)

    assert cache.send(again, gap) == expected


def test_a_hit_makes_a_unit_young_again() -> None:
    cache = PrefixCache()
    again = prompt([*words(899), MARK])
    for at in (0, 3000, 6000):
        hits = cache.send(again, at)

    assert hits.aged == 0  # 3,000 seconds after the previous hit


# Few different pieces, so that sequences share prefixes, diverge, return and grow.
stretches = st.sampled_from([words(n, seed=n) for n in (5, 64, 127, 128, 129, 200, 256, 300)])
turns = st.lists(st.tuples(stretches, st.booleans()), min_size=1, max_size=4)


@st.composite
def sequences(draw: st.DrawFn) -> list[Asked]:
    asked: list[Asked] = []
    at = 0.0
    for _ in range(draw(st.integers(2, 8))):
        base = draw(st.sampled_from([[], *(one.tokens for one in asked)]))
        cut = draw(st.sampled_from([len(base), max(0, len(base) - 1), len(base) // 2]))
        tokens = list(base[:cut])
        for stretch, is_response_line in draw(turns):
            tokens += [*stretch, END] if is_response_line else [*stretch, MARK]
        made = prompt(tokens)
        at += draw(st.sampled_from([0.0, 10.0, 3601.0, 8 * 24 * 3600.0]))
        owner = draw(st.integers(0, 1))
        asked.append(Asked(tokens, made.input_end, list(made.outputs), owner, at))
    return asked


@given(sequences())
@settings(max_examples=150)
def test_the_forecast_is_that_of_the_slow_simulator(asked: list[Asked]) -> None:
    cache, simulator = PrefixCache(), Simulator()
    for one in asked:
        made = prompt(one.tokens, owner=one.owner)
        hits = cache.send(made, one.at)

        assert hits == simulator.take(one)
        assert hits.best is not None
        assert 0 <= hits.aged <= hits.expected <= hits.best < max(1, len(one.tokens))


def test_adding_a_request_changes_no_figure_before_it(dscost: Dscost, tmp_path: Path) -> None:
    shared = "the same words again and again " * 60
    lines = [
        json.dumps({"model": "deepseek-flash", "messages": [{"role": "user", "content": text}]})
        for text in (shared + "a", shared + "b", "short", shared + "a", shared + "b" * 200)
    ]
    path = tmp_path / "asked.jsonl"

    def listed(count: int) -> list[tuple[int, int]]:
        path.write_text("\n".join(lines[:count]))
        ran = dscost("cache", path, "--at", "2026-11-23T02:00Z", "--json")
        return [(one["input"], one["cache_hit"]) for one in json.loads(ran.out)["listed"]]

    whole = listed(len(lines))
    assert len(whole) == len(lines)
    assert whole[3][1] > 0  # repeats the first one
    for count in range(1, len(lines)):
        assert listed(count) == whole[:count]


def test_hits_of_constructed_sequences_are_those_of_deepseeks_rules(
    book: PriceBook, counter: StreamCounter, tmp_path: Path
) -> None:
    sequences = Sequences(book, SegmentEncoder(counter))
    found = list(sequences.transitions(write_sequences(tmp_path / "constructed.jsonl")))

    assert [(one.name, one.forecast.expected) for one in found] == [
        (one.name, one.hit) for one in found
    ]
    assert sum(one.hit for one in found) == 2 * (256 + 384 + 512 + 896)
    assert [one.name[: one.name.index(",")] for one in found if one.continues][:3] == [
        "the same again",
        "too short",
        "the next turns",
    ]


def test_recorded_hits_are_as_expected_where_the_prompt_continues_the_one_before(
    book: PriceBook, counter: StreamCounter, shared: Path
) -> None:
    sequences = Sequences(book, SegmentEncoder(counter))
    found = list(sequences.transitions(shared / "recorded" / "cases.jsonl"))
    continuing = [one for one in found if one.continues]
    exact = [one for one in continuing if one.hit == one.forecast.expected]
    beyond = [one.name for one in found if one.hit > (one.forecast.best or 0)]

    assert len(continuing) >= 20
    assert len(exact) >= 0.95 * len(continuing)
    # Its schemas were sent in earlier recordings, so the account's cache had them.
    assert beyond == ["rig-extractor_usage-usage_tracking_works_for_different_schemas#2"]
