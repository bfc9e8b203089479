"""A response just as the API writes it is read as the general reader reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.billing import records
from deepseek_cost.billing.formats.base import Line, Response
from deepseek_cost.billing.plain import plain_response
from deepseek_cost.billing.records import Reading

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


def general(value: object) -> object:
    """Return what the general reader makes of a line."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "plain_response", lambda *_: None)
        return Reading().record(LINE, value)


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
    assert plain_response(LINE, RESPONSE) == expected
    named = {"metadata": {"user_api_key_alias": "team-7"}, "response": RESPONSE}
    assert plain_response(LINE, {"response": RESPONSE}) == expected
    expected.key = "team-7"
    assert plain_response(LINE, named) == expected


def test_a_secret_in_a_proxys_line_is_masked() -> None:
    secret = {"metadata": {"user_api_key_alias": "sk-0123456789abcdef"}, "response": RESPONSE}
    found = plain_response(LINE, secret)
    assert found is not None
    assert found.key is not None
    assert found.key.startswith("masked-")


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
    assert Reading().record(LINE, value) == general(value)
