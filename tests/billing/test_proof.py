"""The forecast compared with the bill, in made-up lines and in recorded responses."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

HELLO = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
# In thinking mode at high effort, deepseek-v4-pro adds 83 tokens to the one of "Hello".
INPUT = 84


def line(tokens: int, hit: int = 0, more: Mapping[str, object] | None = None) -> dict[str, object]:
    usage = {
        "prompt_tokens": tokens,
        "prompt_cache_hit_tokens": hit,
        "completion_tokens": 3,
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    message = {"reasoning_content": "Hello", "content": "Hello"}
    choices = [{"message": message, "finish_reason": "stop"}]
    response = {"created": 1_793_577_600, "model": "deepseek-v4-pro", "usage": usage}
    return {"request": HELLO | dict(more or {}), "response": response | {"choices": choices}}


def forecast(dscost: Dscost, path: Path, *args: object) -> dict[str, Any]:
    ran = dscost("bill", path, "--json", *args)
    found: dict[str, Any] = json.loads(ran.out)["forecast"]
    return found


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in lines), encoding="utf-8")
    return path


def test_a_request_next_to_its_response_is_counted_as_before_it_was_sent(
    dscost: Dscost, tmp_path: Path
) -> None:
    off = {"thinking": {"type": "disabled"}}
    log = written(tmp_path / "log.jsonl", line(INPUT), line(INPUT + 2), line(5, more=off))
    found = forecast(dscost, log)
    # 84 + 84 + 5 tokens; each response has three: "Hello", "</think>" and "Hello" again.
    assert found["prompt_tokens"] == {
        "requests": 3, "exact": 2, "forecast": 173, "billed": 175
    }  # fmt: skip
    assert found["output_tokens"] == {"requests": 3, "exact": 3, "forecast": 9, "billed": 9}
    (deviation,) = found["deviations"]
    assert deviation == {
        "place": f"{log}:2",
        "about": "prompt tokens",
        "forecast": 84,
        "billed": 86,
        "likely_reason": "unknown",
    }
    # Off-peak, deepseek-v4-pro costs 0.66 per million: 173 x 0.66 = 114.18, 175 x 0.66 = 115.5.
    cost = found["input_cost"]
    assert (cost["forecast"], cost["billed"]) == ("0.00011418", "0.0001155")
    assert cost["error"] == "-0.00000132"


def test_hits_are_forecast_in_the_order_of_the_log(dscost: Dscost, tmp_path: Path) -> None:
    long = {"messages": [{"role": "user", "content": "Hello " * 300}]}
    log = written(tmp_path / "log.jsonl", line(384, more=long), line(384, 128, long))
    found = forecast(dscost, log)
    # 300 words and 84 tokens of template are 3 blocks of 128; a hit never includes the last block.
    assert found["prompt_tokens"]["forecast"] == 2 * 384
    assert found["cache_hits"]["forecast"] == found["cache_hits_at_best"] == 2 * 128
    about_hits = [one for one in found["deviations"] if one["about"] == "cache hits"]
    assert [one["likely_reason"] for one in about_hits] == [
        "best effort: not stored in time, or gone already"
    ]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "parameters": {"type": "object"}},
                    }
                ]
            },
            "the log may not keep the order of the keys in tools",
        ),
        (
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {"name": "f", "strict": True, "parameters": {"type": "object"}},
                    }
                ]
            },
            "the server rewrites the schema of strict tools",
        ),
    ],
)
def test_a_deviation_has_the_likely_reason(
    dscost: Dscost, tmp_path: Path, more: dict[str, object], reason: str
) -> None:
    found = forecast(dscost, written(tmp_path / "log.jsonl", line(1, more=more)))
    assert reason in [one["likely_reason"] for one in found["deviations"]]


def test_a_request_that_cannot_be_counted_is_billed_all_the_same(
    dscost: Dscost, tmp_path: Path
) -> None:
    odd = line(INPUT) | {"request": {"model": "deepseek-v4-pro", "messages": "Hello"}}
    ran = dscost("bill", written(tmp_path / "log.jsonl", odd, line(INPUT)), "--json")
    report = json.loads(ran.out)
    assert (ran.code, report["total"]["requests"], report["forecast"]["uncounted"]) == (0, 2, 1)


def test_without_forecast_nothing_is_counted(dscost: Dscost, tmp_path: Path) -> None:
    log = written(tmp_path / "log.jsonl", line(INPUT))
    assert forecast(dscost, log, "--no-forecast") is None


@pytest.fixture(scope="session")
def cases(bills: Path) -> list[dict[str, Any]]:
    text = bills.read_text(encoding="utf-8")
    return [json.loads(one) for one in text.splitlines()]


def dated(case: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded case as a proxy would log it; a date without a time is midnight UTC."""
    message = {
        "content": case["response_text"],
        "reasoning_content": case["reasoning_text"],
        "tool_calls": case["response_tool_calls"],
    }
    choices = [{"message": message, "finish_reason": case["finish_reason"]}]
    reported = items(case) if case["endpoint"] == "responses" else {"choices": choices}
    response = {"model": case["model"], "usage": case["usage"]} | reported
    return {
        "timestamp": case["recorded_at"] or f"{case['recorded_by']}T00:00:00Z",
        "request": case["request"],
        "response": response,
        "label": case["template"],
    }


def items(case: dict[str, Any]) -> dict[str, Any]:
    """Return the output of a recorded case of the Responses API, reasoning first."""
    output: list[dict[str, Any]] = []
    if case["reasoning_text"]:
        content = [{"type": "reasoning_text", "text": case["reasoning_text"]}]
        output.append({"type": "reasoning", "summary": [], "content": content})
    if case["response_text"]:
        content = [{"type": "output_text", "text": case["response_text"]}]
        output.append({"type": "message", "role": "assistant", "content": content})
    return {"output": [*output, *(case["response_tool_calls"] or [])]}


def whole(case: dict[str, Any]) -> tuple[int, int]:
    usage = case["usage"]
    return (
        usage.get("prompt_tokens", usage.get("input_tokens")),
        usage.get("completion_tokens", usage.get("output_tokens")),
    )


def test_recorded_responses_are_billed_by_their_usage(
    dscost: Dscost, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    ran = dscost("bill", written(tmp_path / "log.jsonl", *map(dated, cases)), "--json")
    tokens = json.loads(ran.out)["total"]["tokens"]
    assert ran.code == 0
    assert tokens["input"] == sum(whole(case)[0] for case in cases)
    assert tokens["output"] == sum(whole(case)[1] for case in cases)
    cached = ("prompt_tokens_details", "input_tokens_details")
    assert tokens["cache_hit"] == sum(
        case["usage"][name]["cached_tokens"]
        for case in cases
        for name in cached
        if name in case["usage"]
    )


def is_comparable(case: dict[str, Any]) -> bool:
    """Return whether a body was recorded as sent, without tools that the server rewrites."""
    return bool(case["sent_order"]) and '"strict": true' not in json.dumps(case["request"])


def test_the_comparison_reproduces_the_residual_of_recorded_bills(
    dscost: Dscost, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    compared = [case for case in cases if is_comparable(case)]
    found = forecast(dscost, written(tmp_path / "log.jsonl", *map(dated, compared)))
    residuals = dict(deviations(found, "prompt tokens"))
    assert len({case["residual"] for case in compared}) > 1
    expected = {n: case["residual"] for n, case in enumerate(compared, 1) if case["residual"]}
    tokens = found["prompt_tokens"]
    assert tokens["requests"] == len(compared) - found["uncounted"] >= 150
    # The recorded residual is relative to the template after the preview's; with its own it is 1.
    preview = {n for n in expected if compared[n - 1]["template"] == "v4-preview"}
    assert residuals == expected | dict.fromkeys(preview, 1)


def deviations(found: dict[str, Any], about: str) -> Iterator[tuple[int, int]]:
    for one in found["deviations"]:
        if one["about"] == about:
            yield int(one["place"].rpartition(":")[2]), one["billed"] - one["forecast"]


def test_output_of_recorded_responses_follows_the_formula(
    dscost: Dscost, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    text_only = [case for case in cases if not case["response_tool_calls"]]
    output = forecast(dscost, written(tmp_path / "log.jsonl", *map(dated, text_only)))[
        "output_tokens"
    ]
    # Two ended at a stop sequence and two in the middle of a tool call, whose text is not recorded.
    assert output["requests"] - output["exact"] <= 4
    assert output["exact"] >= 100


def test_recorded_calls_of_tools_are_counted_or_their_deviation_has_a_reason(
    dscost: Dscost, cases: list[dict[str, Any]], tmp_path: Path
) -> None:
    calls = [case for case in cases if case["response_tool_calls"]]
    responses = [case for case in calls if case["endpoint"] == "responses"]
    if not responses:
        pytest.skip("the constructed cases have no calls in the Responses format")
    found = forecast(dscost, written(tmp_path / "log.jsonl", *map(dated, calls)))
    output = found["output_tokens"]
    reasons = [one["likely_reason"] for one in found["deviations"] if one["about"] == "output"]
    assert output["requests"] == len(calls) == 82
    # Of text and a call, the last token of the text and the line feeds before the call may be one.
    assert reasons == ["tool calls may be generated in other tokens than the history has"] * 3
    assert output["exact"] == 79
    assert abs(output["billed"] - output["forecast"]) == 3
    # The Responses API, with the text of the reasoning and without a choice that forces a call.
    found = forecast(dscost, written(tmp_path / "log.jsonl", *map(dated, responses)))
    assert found["output_tokens"]["requests"] == found["output_tokens"]["exact"] == 3


# When each template was in use.
TEMPLATE_DAYS = {"v4-preview": "2026-06-12", "v4": "2026-08-10", "v4.1": "2026-10-12"}


@pytest.mark.parametrize(
    ("has_calls", "requests", "exact"),
    # One of two calls at once is without the request that was sent, by its source; one is as above.
    [(False, 5, 5), (True, 14, 12)],
)
def test_reasoning_that_was_reported_replaces_its_text_in_recorded_responses(
    dscost: Dscost, shared: Path, tmp_path: Path, *, has_calls: bool, requests: int, exact: int
) -> None:
    text = (shared / "recorded" / "new.jsonl").read_text(encoding="utf-8")
    cases = [
        case | {"recorded_by": case["recorded_by"] or TEMPLATE_DAYS[case["template"]]}
        for case in map(json.loads, text.splitlines())
    ]
    chosen = [
        case
        for case in cases
        if bool(case["response_tool_calls"]) == has_calls
        and (has_calls or (is_without_reasoning(case) and case["response_text"]))
    ]
    log = written(tmp_path / "log.jsonl", *map(dated, chosen))
    output = forecast(dscost, log, "--cache-hit-ratio", "0")["output_tokens"]
    assert (len(chosen), output["requests"], output["exact"]) == (requests, requests, exact)


def is_without_reasoning(case: dict[str, Any]) -> bool:
    """Return whether reasoning was reported and its text not kept."""
    details = case["usage"].get("completion_tokens_details") or {}
    return bool(details.get("reasoning_tokens")) and not case["reasoning_text"]


def answered(billed: int, reasoning: int, choice: object = None, **message: object) -> object:
    usage = {
        "prompt_tokens": INPUT,
        "prompt_cache_hit_tokens": 0,
        "completion_tokens": billed,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
    }
    one = line(INPUT)
    response = one["response"]
    assert isinstance(response, dict)
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choices = [{"message": {"role": "assistant", **message}, "finish_reason": reason}]
    request = HELLO | ({"tools": TOOLS, "tool_choice": choice} if "tool_calls" in message else {})
    return {"request": request, "response": response | {"usage": usage, "choices": choices}}


TOOLS = [{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}]
CALL = {"id": "c", "type": "function", "function": {"name": "now", "arguments": "{}"}}
# Four tags, each with DeepSeek's own 1-token mark; the texts around the marks are
# two newlines and `<` (2), `tool_calls>` to `<` (5), `invoke name="now">` to `</` (7),
# `invoke>` to `</` (4), `tool_calls>` (4).
MARKUP = 4 + 2 + 5 + 7 + 4 + 4


def test_reasoning_without_its_text_is_as_long_as_reported(dscost: Dscost, tmp_path: Path) -> None:
    # 54 reasoning tokens, "</think>", "Hello"
    log = written(tmp_path / "log.jsonl", answered(56, 54, content="Hello"))

    assert forecast(dscost, log)["output_tokens"]["exact"] == 1


@pytest.mark.parametrize(
    ("limit", "reason"),
    [(57, "cut at its limit of tokens, within a token or a mark"), (58, "unknown")],
)
def test_output_as_long_as_its_limit_was_cut(
    dscost: Dscost, tmp_path: Path, limit: int, reason: str
) -> None:
    one: Any = answered(57, 54, content="Hello")  # a token more than 54, "</think>", "Hello"
    one["request"] = one["request"] | {"max_tokens": limit}

    found = forecast(dscost, written(tmp_path / "log.jsonl", one))

    assert [d["likely_reason"] for d in found["deviations"] if d["about"] == "output"] == [reason]


def exchange(request: dict[str, Any], response: dict[str, Any], output: int) -> object:
    usage: dict[str, object] = {
        "input_tokens": INPUT,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
    }
    if "output" in response:
        details = {"reasoning_tokens": 54}
        usage = usage | {
            "output_tokens_details": details,
            "input_tokens_details": {"cached_tokens": 0},
        }
        del usage["cache_read_input_tokens"]
    time = {"timestamp": "2026-11-03T05:00:00Z"}
    return time | {"request": request, "response": response | {"usage": usage}}


MESSAGES = {
    "model": "deepseek-v4-pro",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
    "tools": [{"name": "now", "input_schema": {"type": "object"}}],
}
ITEMS = {
    "model": "deepseek-v4-pro",
    "input": "Hello",
    "tools": [{"type": "function", "name": "now", "parameters": {"type": "object"}}],
}
USE = {"type": "tool_use", "id": "c", "name": "now", "input": {}}
CALLED = {"type": "function_call", "call_id": "c", "name": "now", "arguments": "{}"}
SEARCHED = {"type": "web_search_call", "id": "s", "status": "completed"}


@pytest.mark.parametrize(
    ("request_", "response", "output"),
    [
        (
            MESSAGES,
            {"type": "message", "content": [{"type": "thinking", "thinking": "Hello"}, USE]},
            2 + MARKUP,  # "Hello", "</think>"
        ),
        (ITEMS, {"output": [{"type": "reasoning", "summary": []}, CALLED]}, 55 + MARKUP),
        (
            ITEMS,
            {
                "output": [
                    {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hello"}]},
                    {
                        "type": "message",
                        "role": "assistant",
                        "content": [{"type": "output_text", "text": "Hello"}],
                    },
                    CALLED,
                    CALLED | {"call_id": "d"},
                ]
            },
            3
            + MARKUP
            + 13,  # two more marks, `invoke>` to `<` (4), `invoke name="now">` to `</` (7)
        ),
    ],
)
def test_calls_of_tools_are_counted_in_every_format(
    dscost: Dscost,
    tmp_path: Path,
    request_: dict[str, Any],
    response: dict[str, Any],
    output: int,
) -> None:
    log = written(tmp_path / "log.jsonl", exchange(request_, response, output))

    found = forecast(dscost, log)

    assert [d for d in found["deviations"] if d["about"] == "output"] == []
    assert (found["output_tokens"]["requests"], found["output_tokens"]["exact"]) == (1, 1)


def test_a_response_with_a_search_on_the_server_is_not_counted_again(
    dscost: Dscost, tmp_path: Path
) -> None:
    log = written(tmp_path / "log.jsonl", exchange(ITEMS, {"output": [SEARCHED, CALLED]}, 99))

    assert forecast(dscost, log)["output_tokens"]["requests"] == 0


@pytest.mark.parametrize(
    ("more", "message", "reason"),
    [
        ({"stop": ["."]}, {"content": "Hello"}, "ended at a stop sequence, which is billed"),
        ({}, {"content": "", "tool_calls": [CALL]}, "tool calls may be generated in other tokens"),
    ],
)
def test_a_deviation_of_the_output_has_the_likely_reason(
    dscost: Dscost, tmp_path: Path, more: dict[str, Any], message: dict[str, Any], reason: str
) -> None:
    one: Any = answered(99, 54, **message)
    one["request"] = one["request"] | more
    found = forecast(dscost, written(tmp_path / "log.jsonl", one))

    (deviation,) = [d for d in found["deviations"] if d["about"] == "output"]
    assert deviation["likely_reason"].startswith(reason)


def test_calls_of_tools_are_counted_as_the_history_has_them(dscost: Dscost, tmp_path: Path) -> None:
    calls = {"content": "", "tool_calls": [CALL]}
    log = written(
        tmp_path / "log.jsonl",
        answered(2 + MARKUP, 1, reasoning_content="Hello", **calls),  # "Hello", "</think>"
        answered(55 + MARKUP, 54, **calls),
        # the seven tokens that force a call are the server's
        answered(2 + MARKUP - 7, 1, "required", reasoning_content="Hello", **calls),
    )

    found = forecast(dscost, log)

    assert (found["output_tokens"]["requests"], found["output_tokens"]["exact"]) == (3, 3)


def test_a_forced_call_that_deviates_has_its_reason(dscost: Dscost, tmp_path: Path) -> None:
    one = answered(
        2 + MARKUP, 1, "required", reasoning_content="Hello", content="", tool_calls=[CALL]
    )

    found = forecast(dscost, written(tmp_path / "log.jsonl", one))

    (deviation,) = [one for one in found["deviations"] if one["about"] == "output"]
    assert deviation["likely_reason"] == "the server writes the beginning of a required tool call"


def test_a_call_that_was_cut_is_as_long_as_its_limit(dscost: Dscost, tmp_path: Path) -> None:
    one: Any = answered(16, 0, content="", tool_calls=[CALL])
    one["request"]["max_tokens"] = 16
    one["response"]["choices"][0]["finish_reason"] = "length"

    found = forecast(dscost, written(tmp_path / "log.jsonl", one))

    assert (found["output_tokens"]["requests"], found["output_tokens"]["exact"]) == (1, 1)
