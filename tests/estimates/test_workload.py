"""Batches on the command line: totals, distribution, skips, refusals, names, per-request lines."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tiktoken import Encoding

from deepseek_cost.errors import UnknownModelError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.routing import route
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.tokenizer import sparing_counter
from deepseek_cost.tokenizer.tiktoken_engine import encoding_of
from deepseek_cost.tokenizer.vocabulary import Ranks
from tests.conftest import Dscost, Ran, report_schema
from tests.inputs.test_requests import AT, HELLO, line, write


def body(text: object = "Hello", **more: object) -> dict[str, Any]:
    return HELLO | {"messages": [{"role": "user", "content": text}]} | more


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(ran: Ran, code: int = 0) -> dict[str, Any]:
    assert ran.code == code, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    jsonschema.Draft202012Validator(report_schema()).validate(found)
    return found


def test_a_batch_has_totals_its_spread_and_the_most_expensive(dscost: Dscost) -> None:
    texts = ["Hello", "Hello, world!", "Hello, world! Hello, world!"]
    bodies = [body(text, max_tokens=100) for text in texts]
    write(Path("batch.jsonl"), *(line(f"r{i}", b) for i, b in enumerate(bodies)))

    found = report(dscost("estimate", "batch.jsonl", *AT, "--breakdown", "--json"))

    assert found["inputs"] == [{"source": "batch.jsonl", "kind": "batch", "requests": 3}]
    flash, pro = found["estimates"]
    assert (flash["model"], pro["model"]) == ("deepseek-flash", "deepseek-v4-pro")
    assert flash["tokens"]["text"] == 1 + 4 + 8
    assert flash["tokens"]["template"] == 3 * 30
    assert flash["tokens"]["output_ceiling"] == 300
    assert flash["distribution"] == {
        "requests": 3,
        "input": {"min": 31, "median": 34, "p95": 38, "max": 38},
        "floor": {  # at 0.30 per million
            "min": "0.0000093",
            "median": "0.0000102",
            "p95": "0.0000114",
            "max": "0.0000114",
        },
        "total": None,
    }
    most_expensive = [(entry["line"], entry["custom_id"]) for entry in flash["dearest"]]
    assert most_expensive == [(3, "r2"), (2, "r1"), (1, "r0")]
    assert (flash["concurrent_requests"], pro["concurrent_requests"]) == (2_500, 500)
    assert flash["breakdown"] == {
        "system": 0,
        "tools": [],
        "history": {},
        "user": 13,
        "images": 0,
        "template": 90,
    }


def test_the_spread_of_a_batch_has_the_output_in_it_where_all_requests_have_the_same(
    dscost: Dscost,
) -> None:
    bodies = [body("Hello"), body("Hello, world!", max_tokens=60)]
    write(Path("batch.jsonl"), *bodies)
    flash = ("estimate", "batch.jsonl", *AT, "-m", "flash", "--json")

    same = report(dscost(*flash, "-o", "50"))["estimates"][0]["distribution"]
    other = report(dscost(*flash, "-o", "100"))["estimates"][0]["distribution"]

    # 31 and 34 tokens at 0.30 per million, and 50 output tokens at 1.20
    assert (same["total"]["min"], same["total"]["max"]) == ("0.0000693", "0.0000702")
    assert other["total"] is None


def test_one_line_a_request_and_nothing_else(dscost: Dscost) -> None:
    write(Path("batch.jsonl"), *(line(f"r{i}", body("Hello " * i)) for i in range(1, 5)))
    Path("prompt.txt").write_text("Hello")

    files = ("batch.jsonl", "prompt.txt")
    ran = dscost("estimate", *files, *AT, "-n", "2", "-o", "9", "--per-request", "--json")
    whole = report(dscost("estimate", *files, *AT, "-n", "2", "-o", "9", "--json"))

    lines = [json.loads(text) for text in ran.out.splitlines()]
    assert [(entry["source"], entry["line"]) for entry in lines] == [
        *(("batch.jsonl", number) for number in range(1, 5)),
        ("prompt.txt", 1),
    ]
    assert [entry["custom_id"] for entry in lines] == ["r1", "r2", "r3", "r4", None]
    for index, entry in enumerate(whole["estimates"]):
        parts = [found["estimates"][index] for found in lines]
        for kind, tokens in entry["tokens"].items():
            assert sum(part["tokens"][kind] for part in parts) == tokens
        for kind, amount in entry["cost"].items():
            assert sum(Decimal(part["cost"][kind]) for part in parts) == Decimal(amount)


def test_one_line_a_request_is_json_only(dscost: Dscost) -> None:
    write(Path("a.json"), HELLO)

    ran = dscost("estimate", "a.json", "--per-request")

    assert (ran.code, ran.out) == (2, "")
    assert "--per-request needs --json" in ran.err


def test_a_bad_line_stops_or_is_skipped_and_never_in_silence(dscost: Dscost) -> None:
    write(Path("b.jsonl"), HELLO, {"name": "x"}, HELLO, body(messages=7))

    stopped = dscost("estimate", "b.jsonl", *AT)
    skipped = dscost("estimate", "b.jsonl", *AT, "--on-error", "skip", "--json")

    assert (stopped.code, stopped.out) == (1, "")
    assert stopped.err.startswith("error: b.jsonl:2:1: JSON, but no request")
    found = report(skipped, code=1)
    assert found["inputs"][0]["requests"] == 2
    assert found["skipped"]["requests"] == 2
    assert [text[:11] for text in found["skipped"]["first"]] == ["b.jsonl:2:1", "b.jsonl:4:1"]
    assert skipped.err.count("warning: skipped b.jsonl:2:1: ") == 1
    assert ", and 1 more of this file\n" in skipped.err
    assert "skipped 2 requests: not included in any figure" in skipped.err


def test_one_request_skipped_is_reported_once_and_counted_as_one(dscost: Dscost) -> None:
    write(Path("b.jsonl"), HELLO, {"name": "x"})

    ran = dscost("estimate", "b.jsonl", *AT, "--on-error", "skip")

    assert ran.err.count("b.jsonl:2:1: JSON, but no request") == 1
    assert ran.err.endswith("warning: skipped 1 request: not included in any figure\n")


def test_where_all_is_skipped_there_is_no_report(dscost: Dscost) -> None:
    write(Path("b.jsonl"), {"name": "x"})

    ran = dscost("estimate", "b.jsonl", "--on-error", "skip")

    assert (ran.code, ran.out) == (1, "")
    assert "no request could be counted; skipped: 1" in ran.err


def test_what_the_api_refuses_is_counted_and_the_exit_code_is_1(dscost: Dscost) -> None:
    write(Path("a.json"), body(n=2, max_tokens=10))

    found = report(dscost("estimate", "a.json", *AT, "-o", "50", "--json"), code=1)

    (flash, _) = found["estimates"]
    assert flash["refused"]["requests"] == 1
    assert flash["refused"]["reason"].startswith("a.json:1: n: Invalid n value")
    assert flash["tokens"]["input"] == 31
    assert flash["tokens"]["output"] == flash["tokens"]["output_ceiling"] == 2 * 10


def test_an_unseen_image_is_in_the_minimum_with_184_and_in_the_maximum_with_1024(
    dscost: Dscost,
) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    write(Path("a.json"), body([image]) | {"max_tokens": 1})

    ran = dscost("estimate", "a.json", *AT, "-m", "flash", "--json")

    (flash,) = report(ran)["estimates"]
    assert flash["unknown_images"] == {"images": 1, "tokens_min": 184, "tokens_max": 1_024}
    tokens, cost = flash["tokens"], flash["cost"]
    assert Decimal(cost["floor"]) == Decimal(tokens["input"]) * 3 / 10**7
    more = Decimal(1_024 - 184) * 3 / 10**7 + Decimal("1.2") / 10**6
    assert Decimal(cost["ceiling"]) - Decimal(cost["floor"]) == more
    assert dscost("estimate", "a.json", *AT, "-m", "flash", "--max-cost", cost["floor"]).code == 3


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        ("deepseek-flash", ["deepseek-flash", "deepseek-v4-pro"]),
        ("deepseek-v4-flash", ["deepseek-v4-flash", "deepseek-v4-pro"]),
        ("deepseek-v4-pro", ["deepseek-v4-flash", "deepseek-v4-pro"]),
        ("claude-sonnet-4-5", ["deepseek-flash", "deepseek-v4-pro"]),
        ("claude-opus-4-1", ["deepseek-v4-flash", "deepseek-v4-pro"]),
    ],
)
def test_a_bodys_own_model_is_priced_next_to_the_other(
    dscost: Dscost, model: str, columns: list[str]
) -> None:
    write(Path("a.json"), HELLO | {"model": model, "max_tokens": 5})

    found = report(dscost("estimate", "a.json", *AT, "--json"))

    assert [entry["model"] for entry in found["estimates"]] == columns
    mapped = [entry for entry in found["assumptions"] if entry["about"] == "model"]
    assert bool(mapped) == (model not in ("deepseek-flash", "deepseek-v4-pro"))


def test_a_batch_of_several_models_says_that_each_column_prices_all(dscost: Dscost) -> None:
    write(Path("b.jsonl"), *(HELLO | {"model": m} for m in ("deepseek-flash", "deepseek-v4-pro")))

    found = report(dscost("estimate", "b.jsonl", *AT, "--json"))

    assert [entry["requests"] for entry in found["estimates"]] == [2, 2]
    assert {
        "about": "model",
        "value": "each column prices all requests; they name deepseek-flash, deepseek-v4-pro",
        "set_by": "--model",
    } in found["assumptions"]


def test_a_model_given_prices_any_body(dscost: Dscost) -> None:
    write(Path("b.jsonl"), *(HELLO | {"model": m} for m in ("gpt-5", "deepseek-chat")))

    (entry,) = report(dscost("estimate", "b.jsonl", *AT, "-m", "pro", "--json"))["estimates"]

    assert entry["tokens"]["input"] == 84 + 5  # deepseek-chat meant no thinking


def test_a_retired_name_has_its_price_of_the_time(dscost: Dscost) -> None:
    write(Path("a.json"), HELLO | {"model": "deepseek-chat"})

    found = report(dscost("estimate", "a.json", "--at", "2026-07-01T00:00Z", "--json"))

    assert [entry["model"] for entry in found["estimates"]] == ["deepseek-chat", "deepseek-v4-pro"]
    assert found["estimates"][0]["tokens"]["input"] == 5


def test_claude_is_a_name_of_the_anthropic_endpoint_alone(book: PriceBook) -> None:
    assert route("claude-opus-4", Kind.MESSAGES, book).model.name == "deepseek-v4-pro"
    with pytest.raises(UnknownModelError):
        route("claude-opus-4", Kind.CHAT, book)


def test_options_of_prompts_are_refused_for_bodies(dscost: Dscost) -> None:
    write(Path("a.json"), HELLO)

    ran = dscost("estimate", "a.json", "--no-thinking")

    assert (ran.code, ran.out) == (2, "")
    assert "--no-thinking: only for plain prompts" in ran.err


def test_the_table_names_the_kind_and_escapes_what_bodies_bring(dscost: Dscost) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    entry = line("\x1b[31m", body(tools=[tool]))
    write(Path("b.jsonl"), entry, entry)

    ran = dscost("estimate", "b.jsonl", *AT, "--breakdown", "-v")

    assert ran.code == 0
    assert ran.out.startswith("b.jsonl · 2 requests (batch) · peak at")
    assert "\x1b" not in ran.out
    assert "\nConcurrency limit: flash 2,500, v4-pro 500.\n" in ran.out


def test_the_most_expensive_of_requests_sent_ten_times_are_shown_as_the_ten_that_they_are(
    dscost: Dscost,
) -> None:
    write(Path("b.jsonl"), body("Hello"), body("Hello"))
    Path("a.txt").write_text("Hello")
    flash = ("estimate", "a.txt", "b.jsonl", "-m", "flash", *AT)

    ten = dscost(*flash, "-n", "10").out

    heading, _, first = ten[ten.index("most expensive") :].splitlines()[:3]
    assert heading.split() == ["most", "expensive", "input", "at", "most"]
    assert first.split()[:2] == ["b.jsonl:1", "310"]  # 10 times 31
    assert "\neach request is sent 10 times; the cost of all of these\n" in ten
    assert "is sent" not in dscost(*flash).out


def test_a_batch_is_counted_as_well(dscost: Dscost) -> None:
    write(Path("b.jsonl"), HELLO, HELLO)

    found = report(dscost("count", "b.jsonl", "--json"))

    assert found["estimates"][0]["tokens"] == {"input": 62, "text": 2, "template": 60}


def test_fim_is_marked_as_an_estimate(dscost: Dscost) -> None:
    write(Path("a.json"), {"model": "deepseek-v4-pro", "prompt": "Hello", "suffix": "Hello"})

    found = report(dscost("estimate", "a.json", *AT, "--json"))

    assert found["inputs"][0]["kind"] == "fim"
    assert [e["tokens"]["input"] for e in found["estimates"]] == [6, 6]
    (marked,) = [entry for entry in found["assumptions"] if entry["about"] == "fim"]
    assert marked["value"].startswith("an estimate")


@pytest.mark.parametrize("text", ["Hello, world!", "Two  spaces, and a \ttab."])
def test_an_estimate_of_a_short_text_builds_one_encoder(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    built: list[int] = []

    def counted(ranks: Ranks, *pattern: str) -> Encoding:
        built.append(len(ranks))
        return encoding_of(ranks, *pattern)

    monkeypatch.setattr("deepseek_cost.tokenizer.tiktoken_engine.encoding_of", counted)
    sparing_counter.cache_clear()
    write(Path("prompt.txt"), text)

    assert dscost("estimate", "prompt.txt", *AT).code == 0

    assert len(built) == 1
