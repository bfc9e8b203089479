"""A response just as the API writes it is read as the general reader reads it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.billing.formats.base import Fault, Line, Response, Series
from deepseek_cost.billing.plain import PlainReader
from deepseek_cost.billing.records import Reading
from deepseek_cost.inputs.jsonl import Document, Lines

USAGE = {
    "prompt_tokens": 11_114,
    "completion_tokens": 809,
    "total_tokens": 11_923,
    "prompt_tokens_details": {"cached_tokens": 10_496},
    "completion_tokens_details": {"reasoning_tokens": 666},
    "prompt_cache_hit_tokens": 10_496,
    "prompt_cache_miss_tokens": 618,
}
RESPONSE = {
    "id": "128b2f33",
    "object": "chat.completion",
    "created": 1_788_220_800,
    "model": "deepseek-v4-pro",
    "choices": [],
    "usage": USAGE,
}
LINE = Line("log.jsonl", "", 1)
# What any key of any object may have instead, or besides.
VALUES: st.SearchStrategy[object] = st.sampled_from(
    [None, 0, 1, -1, 618, 666, 10_496, 11_114, 5.0, 2**40, True, "", "7", "x" * 300, [], {}]
)
KEYS = st.sampled_from(
    [*USAGE, *RESPONSE, "user", "api_key", "cost", "error", "status", "cache_hit", "request"]
)
CHANGES = st.dictionaries(KEYS, VALUES | st.just(...), max_size=2)


def changed(value: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """Return an object with keys replaced, added, or left out."""
    return {key: one for key, one in (value | changes).items() if one is not ...}


def read(*values: object) -> list[object]:
    """Return what lines are read as: responses, or documents for the general reader."""
    data = b"".join(json.dumps(value).encode() + b"\n" for value in values)
    found: list[object] = []
    for part in PlainReader().read(Lines("log.jsonl", 1, data, "utf-8", None)):
        found += part.responses() if isinstance(part, Series) else [part]
    return found


def test_what_the_api_writes_is_plain_alone_and_in_a_proxys_line() -> None:
    expected = Response(
        line=LINE,
        model="deepseek-v4-pro",
        hit=10_496,
        miss=618,
        output=809,
        reasoning=666,
        identity="128b2f33",
        start=1_788_220_800,
    )
    assert read(RESPONSE) == [expected]
    named = {"metadata": {"user_api_key_alias": "team-7"}, "response": RESPONSE}
    assert read({"response": RESPONSE}) == [expected]
    expected.key = "team-7"
    assert read(named) == [expected]


def test_a_secret_in_a_proxys_line_is_masked() -> None:
    secret = {"metadata": {"user_api_key_alias": "sk-0123456789abcdef"}, "response": RESPONSE}
    (found,) = read(secret)
    assert isinstance(found, Response)
    assert found.key is not None
    assert found.key.startswith("masked-")


def test_lines_between_plain_ones_are_left_to_the_general_reader_in_their_place() -> None:
    other = RESPONSE | {"error": None}
    found = read(RESPONSE, other, {"response": RESPONSE}, RESPONSE)
    assert [type(one) for one in found] == [Response, Document, Response, Response]
    assert [one.line.line for one in found if isinstance(one, Response | Document)] == [1, 2, 3, 4]


@pytest.mark.parametrize("key", ["usage", "model", "total_tokens", "cached_tokens", "response"])
def test_a_line_with_a_key_twice_is_not_plain(key: str) -> None:
    line = json.dumps({"response": RESPONSE | {"choices": [{"text": '"usage": {}'}]}})
    lines = Lines("log.jsonl", 1, line.encode(), "utf-8", None)
    assert [type(one) for one in PlainReader().read(lines)] == [Series]
    twice = line.replace(f'"{key}":', f'"{key}": 7, "{key}":').encode()
    (found,) = PlainReader().read(Lines("log.jsonl", 1, twice, "utf-8", None))
    assert isinstance(found, Fault)
    assert "twice" in found.reason


@settings(max_examples=600, deadline=None)
@given(CHANGES, CHANGES, CHANGES, CHANGES, st.booleans())
def test_whatever_is_read_as_plain_is_what_the_general_reader_finds(
    usage: dict[str, object],
    response: dict[str, object],
    metadata: dict[str, object],
    outer: dict[str, object],
    wraps: bool,  # noqa: FBT001 - drawn
) -> None:
    value = changed(RESPONSE | {"usage": changed(USAGE, usage)}, response)
    if wraps:
        around = changed({"user_api_key_alias": "team-7"}, metadata)
        value = changed({"metadata": around, "response": value}, outer)
    for found in read(value):
        if isinstance(found, Response):
            assert found == Reading().record(LINE, value)
