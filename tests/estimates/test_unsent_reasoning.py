"""Reasoning that requests leave out, known from the responses that earlier lines of a log have."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

REASONING = "They ask for the weather, so I call the tool."
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
ASKED = [{"role": "user", "content": "Rain?"}]
RESPONSE = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "No."}


def body(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"model": "deepseek-flash", "messages": [*ASKED, *messages], "tools": [TOOL]}


def response(message: dict[str, Any], reasoning: int = 0) -> dict[str, Any]:
    usage = {
        "prompt_tokens": 300,
        "prompt_cache_hit_tokens": 0,
        "completion_tokens": 50,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    named = {"id": str(len(str(message))), "object": "chat.completion", "model": "deepseek-flash"}
    return named | {"created": 1_790_339_200, "choices": choices, "usage": usage}


def log(path: Path, *responses: dict[str, Any]) -> Path:
    """Write requests that are answered by a call, then one that replays the last of them."""
    lines = [{"request": body(), "response": one} for one in responses]
    done = response({"role": "assistant", "content": "No."}) | {"id": "last"}
    lines.append({"request": body(RESPONSE, RESULT), "response": done})
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def inputs(dscost: Dscost, path: Path, *args: object) -> dict[str, Any]:
    ran = dscost("count", path, "-m", "flash", "--json", *args)
    (found,) = json.loads(ran.out)["estimates"]
    return dict(found)


def sent_whole(dscost: Dscost, path: Path) -> int:
    """Return the tokens of both requests where the second has its reasoning."""
    bodies = (body(), body(RESPONSE | {"reasoning_content": REASONING}, RESULT))
    path.write_text("".join(f"{json.dumps(one)}\n" for one in bodies))
    return int(inputs(dscost, path)["tokens"]["input"])


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("is_kept", [True, False])
def test_a_request_without_reasoning_is_exact_after_the_response_that_had_it(
    dscost: Dscost, tmp_path: Path, jobs: int, *, is_kept: bool
) -> None:
    whole = sent_whole(dscost, tmp_path / "whole.jsonl")
    text = {"reasoning_content": REASONING} if is_kept else {}
    # The text has 12 tokens: a word or a mark each.
    path = log(tmp_path / "log.jsonl", response(RESPONSE | text, reasoning=12))

    found = inputs(dscost, path, "--jobs", jobs)

    assert found["tokens"]["input"] == whole
    assert not found.get("unknown_input")
    forecast = json.loads(dscost("bill", path, "--json").out)["forecast"]
    assert forecast["prompt_tokens"]["forecast"] == whole
    hits = json.loads(dscost("cache", path, "--json").out)
    assert hits["models"][0]["input"] == whole


def test_ids_that_two_responses_share_leave_the_input_a_minimum(
    dscost: Dscost, tmp_path: Path
) -> None:
    both = (RESPONSE | {"reasoning_content": text} for text in (REASONING, "Again, the tool."))
    path = log(tmp_path / "log.jsonl", *map(response, both))

    found = inputs(dscost, path)

    assert found["unknown_input"][0]["what"] == "unsent_reasoning"


def test_a_batch_without_responses_says_that_its_input_is_a_minimum(
    dscost: Dscost, tmp_path: Path
) -> None:
    path = tmp_path / "batch.jsonl"
    path.write_text(f"{json.dumps(body(RESPONSE, RESULT))}\n")

    assert inputs(dscost, path)["unknown_input"][0]["count"] == 1


@pytest.mark.parametrize("reported", [10**15, -1, True, "12", None])
def test_a_number_that_no_response_can_have_is_not_believed(
    dscost: Dscost, tmp_path: Path, reported: object
) -> None:
    reply = response(RESPONSE)
    reply["usage"]["completion_tokens_details"]["reasoning_tokens"] = reported
    path = log(tmp_path / "log.jsonl", reply)

    assert inputs(dscost, path)["unknown_input"][0]["count"] == 1
    assert dscost("bill", path).code in {0, 1}
