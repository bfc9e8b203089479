"""Input that only the API has is named and given as a range, never as an exact figure."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

AT = "2026-11-23T05:00Z"
QUESTION: list[Any] = [{"role": "user", "content": "Who won?"}]
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 40}
PDF = {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
TOOL = {
    "type": "function",
    "function": {"name": "now", "parameters": {"type": "object", "properties": {}}},
}
CALL = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}


def written(folder: Path, **body: object) -> Path:
    path = folder / "body.json"
    path.write_text(json.dumps({"model": "deepseek-flash"} | body))
    return path


def replayed(folder: Path, **response: object) -> Path:
    """Write a body whose second message is an assistant message with a tool call."""
    messages = [
        *QUESTION,
        {"role": "assistant", "content": "", "tool_calls": [CALL]} | response,
        {"role": "tool", "content": "noon", "tool_call_id": "c1"},
    ]
    return written(folder, messages=messages, tools=[TOOL], max_tokens=1_000)


BODIES: dict[str, dict[str, Any]] = {
    "file": {"messages": [{"role": "user", "content": [PDF]}], "max_tokens": 9},
    "history": {"input": "Go on", "previous_response_id": "r1"},
    "server_tool": {"messages": QUESTION, "tools": [{"type": "deepseek_web_search"}]},
    "item": {"input": [{"type": "web_search_call", "id": "w"}, *QUESTION]},
}


@pytest.mark.parametrize(("at", "fees"), [(AT, "0.03"), ("2026-10-01T05:00Z", None)])
def test_the_fees_of_the_searches_that_a_request_allows_are_shown(
    dscost: Dscost, tmp_path: Path, at: str, fees: str | None
) -> None:
    """40 searches at 0.75 USD per 1,000 cost 0.03 USD; until 2026-10-31 they were free."""
    path = written(tmp_path, messages=QUESTION, tools=[SEARCH], max_tokens=9)

    (entry,) = json.loads(dscost("estimate", path, "-m", "flash", "--at", at, "--json").out)[
        "estimates"
    ]
    table = dscost("estimate", path, "-m", "flash", "--at", at).out

    assert entry["cost"].get("fees") == fees
    row = next((line for line in table.splitlines() if line.startswith("fees of server")), None)
    assert (row.split()[-1] if row else None) == (fees and f"${fees}")


@pytest.mark.parametrize("what", BODIES)
def test_a_limit_is_not_kept_by_what_nothing_bounds(
    dscost: Dscost, tmp_path: Path, what: str
) -> None:
    path = written(tmp_path, **BODIES[what])

    ran = dscost("estimate", path, "--at", AT, "--max-cost", "1000", "--json")

    assert ran.code == 3
    assert "--max-cost cannot be checked: the input has no upper bound" in ran.err
    for entry in json.loads(ran.out)["estimates"]:
        assert entry["unknown_input"] == [{"what": what, "count": 1, "least": 0, "most": None}]


def test_an_image_behind_a_url_is_a_range_and_keeps_a_limit(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path, messages=[{"role": "user", "content": [PICTURE]}], max_tokens=1)

    ran = dscost("estimate", path, "-m", "flash", "--at", AT, "--max-cost", "1", "--json")

    (entry,) = json.loads(ran.out)["estimates"]
    assert ran.code == 0
    assert entry["unknown_input"] == [{"what": "image", "count": 1, "least": 184, "most": 1_024}]
    # 840 tokens more than counted, at 0.15 per million, and one output token at 0.60.
    more = Decimal(840) * Decimal("0.15") / 1_000_000 + Decimal("0.60") / 1_000_000
    assert Decimal(entry["cost"]["ceiling"]) == Decimal(entry["cost"]["floor"]) + more


@pytest.mark.parametrize(
    "body",
    [
        {"messages": QUESTION, "tools": [SEARCH], "max_tokens": 1},
        {"messages": QUESTION, "tools": [SEARCH | {"type": "deepseek_read_url"}], "max_tokens": 1},
        {"input": "Who won?", "tools": [SEARCH], "max_output_tokens": 1},
    ],
)
def test_a_limit_is_compared_with_calls_of_a_server_tool_up_to_their_limit(
    dscost: Dscost, tmp_path: Path, body: dict[str, Any]
) -> None:
    path = written(tmp_path, **body)

    options = ("estimate", path, "-m", "flash", "--at", AT, "--json")

    minimum = Decimal(json.loads(dscost(*options).out)["estimates"][0]["cost"]["floor"])
    # 40 calls at 0.75 per thousand, and one output token at 0.60 per million.
    known = minimum + Decimal("0.0300006")
    within, over = (
        dscost(*options, "--max-cost", f"{most:f}") for most in (known, known - Decimal("1e-7"))
    )

    assert (within.code, over.code) == (3, 3)
    assert "cannot be checked: the input has no upper bound" in within.err
    assert "over --max-cost" in over.err


def test_server_tools_were_free_until_the_end_of_october(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path, messages=QUESTION, tools=[SEARCH], max_tokens=1)

    before, after = (
        dscost("estimate", path, "-m", "flash", "--at", at, "--max-cost", "0.02")
        for at in ("2026-10-31T15:59:59Z", "2026-10-31T16:00:00Z")
    )

    assert "over --max-cost" not in before.err
    assert "over --max-cost" in after.err


def test_a_server_tool_that_may_not_be_called_adds_nothing(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path, messages=QUESTION, tools=[SEARCH], tool_choice={"type": "none"})

    report = json.loads(dscost("estimate", path, "--at", AT, "--json").out)

    assert [entry["unknown_input"] for entry in report["estimates"]] == [[], []]


def test_reasoning_that_was_not_sent_back_is_a_range(dscost: Dscost, tmp_path: Path) -> None:
    ran = dscost("estimate", replayed(tmp_path), "--at", AT, "--json")

    for entry in json.loads(ran.out)["estimates"]:
        (unknown,) = entry["unknown_input"]
        # A response has at most 393,216 tokens.
        assert unknown == {"what": "unsent_reasoning", "count": 1, "least": 0, "most": 393_216}
    assert "1 turn whose reasoning was not sent back" in ran.err
    assert "deepseek-v4-pro: a replayed tool turn without its reasoning may be refused" in ran.err


def test_reasoning_that_was_sent_is_counted(dscost: Dscost, tmp_path: Path) -> None:
    path = replayed(tmp_path, reasoning_content="The time is asked.")

    ran = dscost("estimate", path, "--at", AT, "--json")

    assert [entry["unknown_input"] for entry in json.loads(ran.out)["estimates"]] == [[], []]


def test_without_thinking_no_reasoning_is_missing(dscost: Dscost, tmp_path: Path) -> None:
    path = replayed(tmp_path)
    body = json.loads(path.read_text()) | {"thinking": {"type": "disabled"}}
    path.write_text(json.dumps(body))

    ran = dscost("count", path, "--json")

    assert [entry["unknown_input"] for entry in json.loads(ran.out)["estimates"]] == [[], []]


COMMANDS: dict[str, tuple[str, list[str]]] = {
    "count": ("estimates", []),
    "estimate": ("estimates", ["--at", AT]),
    "compare": ("lines", ["--at", AT]),
    "chat": ("runs", ["--at", AT, "--turns", "1", "--user-tokens", "9", "--answer-tokens", "9"]),
    "cache": ("models", ["--at", AT]),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_unknown_input(dscost: Dscost, tmp_path: Path, command: str) -> None:
    field, options = COMMANDS[command]
    path = written(tmp_path, **BODIES["file"])

    ran = dscost(command, path, *options, "--json")

    for entry in json.loads(ran.out)[field]:
        assert entry["unknown_input"] == [{"what": "file", "count": 1, "least": 0, "most": None}]
    assert "warning: the input is a minimum; it does not count 1 file" in ran.err


def test_a_balance_pays_at_most_so_often_for_what_nothing_bounds(
    dscost: Dscost, tmp_path: Path
) -> None:
    path = written(tmp_path, **BODIES["file"])

    ran = dscost("estimate", path, "-m", "flash", "--at", AT, "--granted", "5")

    assert "pays for it on flash: at most" in " ".join(ran.out.split())


def test_every_figure_of_a_batch_says_that_it_is_a_minimum(dscost: Dscost, tmp_path: Path) -> None:
    path = tmp_path / "batch.jsonl"
    bodies = [
        {"model": "deepseek-v4-flash", "messages": [{"role": "user", "content": [PDF]}]},
        {"model": "deepseek-v4-pro", "messages": QUESTION},
    ]
    path.write_text("\n".join(map(json.dumps, bodies)))

    plain = " ".join(dscost("estimate", path, "--at", AT).out.split())
    with_output = " ".join(
        dscost("estimate", path, "--at", AT, "-o", 100, "--per-file").out.split()
    )

    assert "TOTAL as written: no upper bound (" in plain
    assert "TOTAL as written: at least $" in with_output
    # Above the distribution of the requests, and above the most expensive ones.
    assert with_output.count("without input that the requests do not show") == 2
    assert with_output.count("v4-flash total at least $") == 1
    assert with_output.count("v4-pro input at least ") == 1


@pytest.mark.parametrize("what", BODIES)
def test_what_nothing_bounds_has_no_maximum(dscost: Dscost, tmp_path: Path, what: str) -> None:
    path = written(tmp_path, **BODIES[what])
    options = ("-m", "flash", "--at", AT, "--granted", "5")

    report = json.loads(dscost("estimate", path, *options, "--json").out)
    shown = dscost("estimate", path, *options, "--plain").out

    (entry,) = report["estimates"]
    assert entry["cost"]["ceiling"] is entry["cost"]["total"] is None
    assert report["as_written"]["ceiling"] is report["as_written"]["models"][0]["ceiling"] is None
    assert entry["affordable"]["at_ceiling"] == 0
    assert f"costs at least ${Decimal(entry['cost']['floor']):f}" in shown
    assert "at most, $" not in shown


def test_a_report_without_a_maximum_is_read_back(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path, **BODIES["file"])
    report = tmp_path / "report.json"
    report.write_text(dscost("estimate", path, "--at", AT, "--json").out)

    ran = dscost("render", report)

    assert ran.code == 0
    assert "no upper bound" in ran.out
    assert ran.out == dscost("estimate", path, "--at", AT).out


def test_diff_names_the_input_that_each_side_does_not_show(dscost: Dscost, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old = written(tmp_path / "old", messages=QUESTION, max_tokens=9)
    new = written(tmp_path / "new", **BODIES["file"])
    options = (old, new, "-m", "flash", "--at", AT)

    (model,) = json.loads(dscost("diff", *options, "--json").out)["models"]
    table = dscost("diff", *options).out

    assert model["before"]["unknown_input"] == []
    assert model["after"]["unknown_input"] == [
        {"what": "file", "count": 1, "least": 0, "most": None}
    ]
    assert model["after"]["cost"]["ceiling"] is None
    assert "at least" in table
    assert "no upper bound" in table
    assert " or more" in table


def test_reports_with_unknown_input_on_the_new_side_keep_no_limit(
    dscost: Dscost, tmp_path: Path
) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    options = ("-m", "flash", "--at", AT, "--json")
    path = written(tmp_path, messages=QUESTION, max_tokens=9)
    old.write_text(dscost("estimate", path, *options).out)
    path = written(tmp_path, **BODIES["file"])
    new.write_text(dscost("estimate", path, *options).out)

    ran = dscost("diff", old, new, "--max-increase", "1000%")

    assert ran.code == 3
    assert "not counted: 1 file" in ran.err
    assert dscost("diff", new, new, "--max-increase", "0%").code == 0


def test_compare_marks_every_cost_that_unknown_input_adds_to(
    dscost: Dscost, tmp_path: Path
) -> None:
    path = written(tmp_path, **BODIES["file"])

    ran = dscost("compare", path, "--at", AT, "--per-day", "7", "--plain")

    costs = [line for line in ran.out.splitlines() if "$" in line and "from" not in line]
    assert costs
    for line in costs:
        assert line.count("$") == line.count("at least $")
