"""A conversation costs the same projected, sent as real bodies, or replayed from its history."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import Dscost

# Each is one token, at the beginning of a text and after a space.
WORDS = ("time", "year", "people", "way", "day", "man", "thing", "world", "life", "hand")
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Return the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
AT = ("--at", "2026-11-23T02:00Z")


def words(tokens: int, random: Random) -> str:
    return " ".join(random.choice(WORDS) for _ in range(tokens))


def opening(**more: object) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "You are a guide. " * 60},
        {"role": "user", "content": "Where shall I go?"},
    ]
    return {"model": "deepseek-v4-pro", "messages": messages, **more}


def turns(
    body: dict[str, Any], count: int, user: int, response: int, reasoning: int
) -> list[dict[str, Any]]:
    """Return the bodies of a conversation turn by turn, with different words in each."""
    random = Random(5)  # noqa: S311 - made texts
    sent = [body]
    for _ in range(count - 1):
        reported = {
            "role": "assistant",
            "content": words(response, random),
            "reasoning_content": words(reasoning, random),
        }
        asked = {"role": "user", "content": words(user, random)}
        sent.append(sent[-1] | {"messages": [*sent[-1]["messages"], reported, asked]})
    return sent


Chat = Callable[..., dict[str, Any]]


@pytest.fixture
def chat(dscost: Dscost, tmp_path: Path) -> Chat:
    def call(body: dict[str, Any], *args: object, command: str = "chat") -> dict[str, Any]:
        file = tmp_path / "request.json"
        file.write_text(json.dumps(body))
        ran = dscost(command, file, "--json", *AT, *args)
        assert ran.code == 0, ran.err
        found: dict[str, Any] = json.loads(ran.out)
        return found

    return call


@pytest.mark.parametrize("more", [{}, {"tools": [TOOL]}, {"thinking": {"type": "disabled"}}])
def test_a_projection_is_what_the_same_conversation_costs_when_sent_and_when_replayed(
    chat: Chat, dscost: Dscost, tmp_path: Path, more: dict[str, Any]
) -> None:
    body = opening(**more)
    sent = turns(body, 20, user=70, response=110, reasoning=90)
    file = tmp_path / "sent.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in sent))
    output = 110 if "thinking" in more else 90 + 1 + 110  # the mark that ends thinking is one token

    plan = ("--turns", 20, "--user-tokens", 70, "--answer-tokens", 110, "--reasoning-tokens", 90)
    projected = chat(body, *plan)
    bodies = json.loads(dscost("estimate", file, "-c", "auto", "-o", output, "--json", *AT).out)
    last = sent[-1]["messages"]
    history = sent[-1] | {"messages": last[:-1]}  # 19 assistant messages; the plan has the last one
    replayed = chat(sent[-1], "--answer-tokens", 110, "--reasoning-tokens", 90)

    assert history["messages"][-1]["role"] == "assistant"
    for estimate in bodies["estimates"]:
        (run, *_) = [run for run in projected["runs"] if run["model"] == estimate["model"]]
        (again,) = [run for run in replayed["runs"] if run["model"] == estimate["model"]]
        assert run["input"] == estimate["tokens"]["input"]
        assert run["output"] == 20 * output == estimate["tokens"]["output"]
        assert run["cache"]["expected"] == estimate["cache"]["expected"]
        assert again["turns"] == run["turns"]
        assert run["turns"][-1]["cumulative"] == estimate["cost"]["total"]


def test_hits_and_misses_are_the_input_and_costs_add_up(chat: Chat) -> None:
    plan = ("--turns", 5, "--user-tokens", 300, "--answer-tokens", 200)
    for run in chat(opening(tools=[TOOL]), *plan)["runs"]:
        total = Decimal(0)
        for turn in run["turns"]:
            assert turn["cache_hit"] + turn["cache_miss"] == turn["input"]
            total += Decimal(turn["cost"])
            assert Decimal(turn["cumulative"]) == total
        assert Decimal(run["cache"]["expected"]["total"]) == total
        # peak costs twice off-peak for every price that both models have had
        assert Decimal(run["turns"][-1]["cumulative_other_tier"]) * 2 == total


def test_with_tools_reasoning_stays_in_the_prompt_and_without_it_goes(chat: Chat) -> None:
    plan = ("--turns", 2, "--user-tokens", 50, "--answer-tokens", 60, "--reasoning-tokens", 1000)
    found = chat(opening(tools=[TOOL]), *plan)["runs"]
    grown = {
        (run["model"], run["with_tools"]): run["turns"][1]["input"] - run["turns"][0]["input"]
        for run in found
    }

    # each turn adds its response and the next message, and <end>, <User>, <Assistant>, <think>;
    # with tools also the reasoning; in both cases, its mark comes before the response
    assert grown["deepseek-v4-pro", True] == 1000 + 60 + 50 + 5
    assert grown["deepseek-v4-pro", False] == 60 + 50 + 4
    assert grown["deepseek-v4-flash", True] == 1000 + 60 + 50 + 5
    assert grown["deepseek-v4-flash", False] == 60 + 50 + 4


def test_a_run_ends_before_the_turn_that_the_context_has_no_room_for(chat: Chat) -> None:
    plan = ("--turns", 9, "--user-tokens", 200_000, "--answer-tokens", 100_000, "-m", "v4-pro")
    found = chat(opening() | {"thinking": {"type": "disabled"}}, *plan)
    (run,) = found["runs"]

    # turns start at 0.0, 0.3, 0.6 and 0.9 million; 0.9 and a response of 0.1 exceed 1,000,000
    assert run["context_ends"] == 4
    assert len(run["turns"]) == 3
    assert "turn 4 is longer than the context of 1,000,000 tokens" in found["warnings"][0]


def test_where_the_context_ends_is_reported_before_the_run_is_there(chat: Chat) -> None:
    body = opening() | {"thinking": {"type": "disabled"}}
    plan = ("--user-tokens", 2_000, "--answer-tokens", 1_000, "-m", "v4-pro")
    (short,) = chat(body, "--turns", 3, *plan)["runs"]
    (whole,) = chat(body, "--turns", 400, *plan)["runs"]

    # each turn adds 3,000 tokens and four marks, so a million is exceeded after about 333 turns
    assert short["context_ends"] == whole["context_ends"] == len(whole["turns"]) + 1
    assert len(whole["turns"]) in range(331, 335)


def test_reasoning_that_nobody_knows_is_left_out_with_a_warning(chat: Chat) -> None:
    found = chat(opening(), "--turns", 3, "--user-tokens", 5, "--answer-tokens", 5)

    assert "reasoning tokens of 3 turns are unknown and not included" in found["warnings"][0]
    assert found["runs"][0]["turns"][0]["output"] == 6


def test_a_text_opens_a_conversation_too(dscost: Dscost, hello: Path) -> None:
    ran = dscost(
        *("chat", hello, "--turns", 2, "--user-tokens", 3, "--answer-tokens", 4),
        *("--reasoning-tokens", 5, "-m", "v4-pro", "--json", *AT),
    )
    (run,) = json.loads(ran.out)["runs"]

    # "Hello" in V4's template with thinking is 84 tokens; then 4 + 3 tokens and 4 marks
    assert [turn["input"] for turn in run["turns"]] == [84, 84 + 4 + 3 + 4]
    assert [turn["output"] for turn in run["turns"]] == [10, 10]


def test_a_gap_of_days_makes_hits_an_assumption_and_then_misses(chat: Chat) -> None:
    plan = ("--turns", 2, "--user-tokens", 5, "--answer-tokens", 5, "-m", "v4-pro")
    hits = {
        gap: chat(opening(), *plan, "--gap", gap)["runs"][0]["cache"] for gap in ("59m", "2h", "8d")
    }

    assert hits["59m"]["expected"] == hits["2h"]["expected"]
    assert hits["59m"]["aged"] == 0
    assert hits["2h"]["aged"] == hits["2h"]["expected"]["cache_hit"] > 0
    assert hits["8d"]["expected"]["cache_hit"] == 0
    assert hits["8d"]["best"] == hits["2h"]["best"]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "no turn to show: project some with --turns N --user-tokens A"),
        (("--turns", 3), 2, "--turns needs --user-tokens A and --answer-tokens B"),
        (("--user-tokens", 3), 2, "--user-tokens needs --turns N, the number of turns to project"),
        (("--turns", 0), 2, "--turns 0 is less than 1"),
        (("--gap", "soon"), 2, "--gap 'soon' is not a length of time; write 30s, 5m, 2h or 1d"),
    ],
)
def test_what_chat_cannot_do_is_an_error(
    dscost: Dscost, tmp_path: Path, args: tuple[object, ...], code: int, message: str
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(opening()))
    ran = dscost("chat", file, *args)

    assert (ran.code, ran.out) == (code, "")
    assert message in ran.problem
    assert len(ran.problem.splitlines()) == 1


def test_chat_takes_one_request(dscost: Dscost, tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text(f"{json.dumps(opening())}\n" * 2)
    ran = dscost("chat", file)

    assert ran.code == 1
    assert "several requests in it; dscost cache takes a sequence" in ran.err
