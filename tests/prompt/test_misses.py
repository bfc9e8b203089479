"""Why requests miss the cache: each cause is named with its place and its cost."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z")
SYSTEM = "You are a careful reviewer of code. " * 40


def tool(name: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Do {name} to a place. " * 10,
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
        },
    }


Body = dict[str, Any]


def body(
    *reported: str, system: str = SYSTEM, model: str = "deepseek-v4-pro", **more: object
) -> Body:
    """Return a request whose messages alternate between user and assistant."""
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(reported)]
    for message in messages[1::2]:
        message["reasoning_content"] = "Hm. "
    system_message = [{"role": "system", "content": system}] if system else []
    return {"model": model, "messages": [*system_message, *messages], **more}


Cache = Callable[..., dict[str, Any]]


@pytest.fixture
def cache(dscost: Dscost, tmp_path: Path) -> Cache:
    def call(*bodies: dict[str, Any], args: tuple[str, ...] = ()) -> dict[str, Any]:
        file = tmp_path / "sequence.jsonl"
        file.write_text("".join(json.dumps(one) + "\n" for one in bodies))
        ran = dscost("cache", file, "--json", *AT, *args)
        assert ran.code == 0, ran.err
        found: dict[str, Any] = json.loads(ran.out)
        return found

    return call


LONG = "Look at this. " * 60
NOTED = f"{SYSTEM}It is 2026-11-23T10:02 now. {SYSTEM}"
LATER = NOTED.replace("10:02", "10:03")
TWO, SWAPPED = [tool("a"), tool("b")], [tool("b"), tool("a")]

CAUSES = {
    "system": (
        (body(LONG, system=NOTED), body(LONG, "Fine.", "More?", system=LATER)),
        # 40 x 36 characters, then "It is " and 15 characters of the time; counted from 1
        "at the system message, character 1,462: '2026-11-23T10:03' against '2026-11-23T10:02'",
    ),
    "tool_order": (
        (body(LONG, tools=TWO), body(LONG, "Fine.", "More?", tools=SWAPPED)),
        "in the order of the tools: the tool b where the tool a was",
    ),
    "tools": (
        (body(LONG, tools=TWO[1:]), body(LONG, "Fine.", "More?", tools=TWO)),
        "at the tool a, which is new",
    ),
    "mode": (
        (body(LONG, reasoning_effort="high"), body(LONG, "Ok.", "More?", reasoning_effort="max")),
        "at thinking, character 12: 'max' against 'high'",
    ),
    "model": (
        (body(LONG), body(LONG, "Fine.", "More?", model="deepseek-flash")),
        "at the model, character 10: 'deepseek-flash' against 'deepseek-v4-pro'",
    ),
    "user_id": (
        (body(LONG, user_id="one"), body(LONG, "Fine.", "More?", user_id="two")),
        "at user_id, character 2: '\"two\"' against '\"one\"'",
    ),
    "history": (
        (
            body("First.", "Yes.", LONG, "So it is.", "And?"),
            body("First!", "Yes.", LONG, "So it is.", "And?"),
        ),
        "at message 2 (user), character 6: 'First!' against 'First.'",
    ),
    "prompt": (
        (body(f"Of cats. {LONG}"), body(f"Of dogs. {LONG}")),
        "at message 2 (user), character 4: 'dogs.' against 'cats.'",
    ),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_miss_is_named_with_its_place(cache: Cache, cause: str) -> None:
    bodies, where = CAUSES[cause]
    found = cache(*bodies)
    (miss,) = found["misses"]

    assert miss["cause"] == cause
    assert miss["example"] == f"request 2 differs from request 1 {where}"
    assert miss["requests"] == 1
    assert found["listed"][1]["cause"] == cause
    # The loss costs the difference between miss and hit, per 1,000 of the sequence's 2 requests.
    rates = next(m for m in found["models"] if m["model"] == miss["model"])["rates_per_million"]
    more = Decimal(rates["cache_miss"]) - Decimal(rates["cache_hit"])
    assert Decimal(miss["cost_per_1000_requests"]) == miss["tokens"] * more / 1_000_000 * 1000 / 2


@pytest.mark.parametrize("cause", ["system", "tool_order", "mode", "history", "prompt"])
def test_the_tokens_lost_are_what_the_unchanged_prompt_would_have_hit(
    cache: Cache, cause: str
) -> None:
    first, second = CAUSES[cause][0]
    broken = cache(first, second)
    changed = {key: first[key] for key in ("tools", "reasoning_effort") if key in first}
    ahead = len(first["messages"])
    same = second | changed | {"messages": [*first["messages"], *second["messages"][ahead:]]}
    whole = cache(first, same)

    hits = [found["listed"][1]["cache_hit"] for found in (broken, whole)]
    # within two blocks: hits come in whole blocks, and the changed text is new, not lost
    assert abs(broken["misses"][0]["tokens"] - (hits[1] - hits[0])) <= 256


def test_reasoning_that_does_not_come_back_is_named(cache: Cache) -> None:
    first = body(LONG, tools=TWO)
    second = body(LONG, "A long answer. " * 40, "More?", tools=TWO)
    del second["messages"][2]["reasoning_content"]
    (miss,) = cache(first, second)["misses"]

    assert miss["cause"] == "reasoning"
    assert "in its response: message 3 (assistant) has no reasoning_content" in miss["example"]


def test_a_message_of_several_blocks_has_the_number_that_it_was_written_with(cache: Cache) -> None:
    call = {"type": "tool_use", "id": "c", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "c", "content": LONG}
    tools = [{"name": "look", "input_schema": {"type": "object"}}]

    def sent(last: str) -> Body:
        texts = [{"type": "text", "text": text} for text in (LONG, "Now this.")]
        messages = [
            {"role": "user", "content": texts},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result, {"type": "text", "text": last}]},
            {"role": "assistant", "content": "Done."},
            {"role": "user", "content": LONG},
        ]
        more = {"max_tokens": 9, "thinking": {"type": "disabled"}}
        named = {"model": "claude-opus-4-5", "system": SYSTEM, "tools": tools}
        return {**named, "messages": messages, **more}

    (miss,) = cache(sent("One word."), sent("Two words."))["misses"]

    assert "at message 3 (user), character 1: 'Two' against 'One'" in miss["example"]


@pytest.mark.parametrize(
    ("second", "days"), [(body(LONG), 9), (body(LONG, "Fine.", "More?"), 9), (body(LONG), 3)]
)
def test_a_miss_of_what_was_cached_days_ago_is_named_by_its_age(
    cache: Cache, second: Body, days: int
) -> None:
    """What is unused for a week counts as gone; what was used three days ago is still cached."""
    found = cache(body(LONG), second, args=("--gap", f"{days}d"))

    hits = found["listed"][1]["cache_hit"]
    if days < 7:
        assert (found["misses"], hits >= 128) == ([], True)
        return
    (miss,) = found["misses"]
    assert (miss["cause"], hits) == ("age", 0)
    assert miss["example"] == (
        f"request 2 comes 9 days after request 1 whose {miss['tokens']} tokens are no longer cached"
    )
    assert "DeepSeek drops what is not used for hours to days" in miss["advice"]


def test_a_short_common_prefix_is_named(cache: Cache) -> None:
    words = "one two three four five six seven eight nine ten " * 5
    first, second = (body(f"{words}{end}", system="") for end in ("left", "right"))
    (miss,) = cache(first, second, args=("-m", "deepseek-flash"))["misses"]

    assert miss["cause"] == "short"
    assert (
        miss["example"] == "request 2 shares with request 1 only 51 tokens"
    )  # 50 words and a space


def test_the_first_to_share_a_prefix_stores_it(cache: Cache) -> None:
    bodies = [body(f"{n} is it? {n}") for n in ("One", "Another", "Third")]
    found = cache(*bodies)

    assert [one["cause"] for one in found["listed"]] == [None, "new_prefix", None]
    assert found["listed"][2]["cache_hit"] == found["listed"][1]["cache_hit_best"] > 0


def test_a_conversation_that_goes_on_misses_nothing(cache: Cache) -> None:
    reported = [LONG, "Yes.", "And?", "No.", "So?"]
    found = cache(*(body(*reported[:n], tools=TWO) for n in (1, 3, 5)))

    assert found["misses"] == []
    for one in found["listed"][1:]:
        assert one["cache_hit"] == one["cache_hit_best"] > 0


def test_v4_moves_a_new_system_message_to_the_front_and_v4_1_does_not(cache: Cache) -> None:
    first = body(LONG)
    second = body(LONG, "Fine.", "More?")
    second["messages"].insert(3, {"role": "system", "content": "Be brief."})

    (miss,) = cache(first, second)["misses"]
    assert miss["example"].endswith("at the system message (4), which is new")
    flash = [one | {"model": "deepseek-flash"} for one in (first, second)]
    assert cache(*flash)["misses"] == []


def test_timestamps_age_the_hits(cache: Cache) -> None:
    lines = [
        {"custom_id": str(n), "timestamp": at, "body": body(LONG)}
        for n, at in enumerate(("2026-11-23T10:00:00Z", "2026-11-23T13:00:00+01:00", 1796500000))
    ]
    found = cache(*lines)
    (entry,) = found["models"]

    assert entry["cache"]["aged"] == found["listed"][1]["cache_hit"] > 0  # two hours
    assert found["listed"][2]["cache_hit"] == 0  # 2026-12-05
    about = {one["about"]: one["value"] for one in found["assumptions"]}
    assert about["cache_age"] == "timestamps of 3 of 3 requests"


@pytest.mark.parametrize(
    ("stamp", "says"),
    [
        ("2026-11-23T10:00:00", "timestamp: its time has no time zone"),
        (
            "yesterday",
            "timestamp: its time cannot be read; write 2026-11-03T05:00:00Z, or",
        ),
        (1e300, "its time cannot be read"),
        ([1], "its time cannot be read"),
    ],
)
def test_a_timestamp_that_means_no_time_is_an_error_with_its_place(
    dscost: Dscost, tmp_path: Path, stamp: object, says: str
) -> None:
    file = tmp_path / "sequence.jsonl"
    file.write_text(json.dumps({"timestamp": stamp, "body": body(LONG)}) + "\n")
    ran = dscost("cache", file)

    assert (ran.code, ran.out) == (1, "")
    assert f"{file}:1:" in ran.err
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1


def test_prompts_of_a_folder_share_a_system_text(dscost: Dscost, tmp_path: Path) -> None:
    system = tmp_path / "system.md"
    system.write_text(SYSTEM)
    folder = tmp_path / "prompts"
    folder.mkdir()
    for n in range(4):
        (folder / f"{n}.txt").write_text(f"{n}: what of it?")
    ran = dscost("estimate", folder, "--system", system, "-c", "auto", "-m", "pro", "--json", *AT)
    (entry,) = json.loads(ran.out)["estimates"]
    cached = dscost("cache", folder, "--system", system, "--json", *AT)
    listed = json.loads(cached.out)["listed"]

    # the system text and effort are 79 + 40 x 8 + 1 tokens: three blocks, from the third request on
    assert [one["cache_hit"] for one in listed] == [0, 0, 384, 384]
    assert entry["tokens"]["cache_hit"] == 768
    assert entry["cache"]["worst"]["cache_hit"] == 0
    assert entry["cache"]["best"]["cache_hit"] == 3 * 384
    assert entry["tokens"]["cache_hit"] + entry["tokens"]["cache_miss"] == entry["tokens"]["input"]


def test_a_prompt_sent_again_hits_itself(dscost: Dscost, tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text(SYSTEM)
    ran = dscost("estimate", file, "-c", "auto", "-n", 1000, "-m", "pro", "--json", *AT)
    (entry,) = json.loads(ran.out)["estimates"]
    once = entry["tokens"]["input"] // 1000

    assert entry["tokens"]["cache_hit"] == 999 * (once // 128 * 128)


def test_a_gap_is_of_the_forecast_alone(dscost: Dscost, hello: Path) -> None:
    ran = dscost("estimate", hello, "--gap", "1h")

    assert ran.code == 2
    assert "--gap needs a cache forecast; add --cache-hit-ratio auto" in ran.problem


def test_hostile_texts_reach_the_screen_as_plain_ones(dscost: Dscost, tmp_path: Path) -> None:
    file = tmp_path / "sequence.jsonl"
    evil = "\x1b[2J\x1b]0;owned\x07"
    bodies = [body(LONG, system=f"{end}{evil} {SYSTEM}") for end in ("a", "b")]
    file.write_text("".join(json.dumps(one) + "\n" for one in bodies))
    ran = dscost("cache", file)

    assert ran.code == 0
    assert "\x1b" not in ran.out + ran.err
    assert "\x07" not in ran.out + ran.err
