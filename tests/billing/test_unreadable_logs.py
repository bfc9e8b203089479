"""Files of which nothing can be priced: one error with the way out, which works; no table."""

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

TABLE = "time,model,prompt_tokens,prompt_cache_hit_tokens,completion_tokens\n"
ROW = "2026-11-03T05:00:00Z,deepseek-v4-flash,1000,0,200"
# Off-peak, v4-flash costs 0.15 a million misses, 0.6 a million tokens of output: 0.00015 + 0.00012.
COST = "0.00027"
LINE: dict[str, Any] = {"time": "2026-11-03T05:00:00Z", "model": "deepseek-v4-flash"}


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--plain"]])
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", f"{TABLE}{ROW},7,8\n", "line 2: 7 cells under 5 names; quote cells with ','"),
        (
            "a.csv",
            f"{TABLE}{ROW},7,8\n2026-11-03T05:00:00Z,deepseek-v4-flash,1\n",
            "none of its 2 lines can be priced; line 2: 7 cells under 5 names",
        ),
        ("a.csv", f"time,{TABLE}x,{ROW}\n", "line 1: the column 'time' is there twice; rename one"),
        ("a.csv", "time;model;a\nx;deepseek-v4-flash;1\n", "line 2: no usage in it"),
        ("a.csv", "time\tmodel\tmodel\n1\t2\t3\n", "line 1: the column 'model' is there twice"),
        ("a.log", "\x7fELF\0\0\0", "a binary file, not a log"),
        ("a.db", "", "an SQLite database that is not a known tool's"),
        ("a.jsonl", '{"model": "deepseek-v4-flash"}\n' * 200, "none of its 200 lines can be"),
    ],
)
def test_a_file_that_is_not_understood_is_one_error_and_no_table(
    dscost: Dscost, name: str, content: str, reason: str, form: list[str]
) -> None:
    Path(name).write_text(content, encoding="utf-8")
    if name.endswith(".db"):
        with closing(sqlite3.connect(name)) as database:
            database.execute("CREATE TABLE texts (text)")
            database.commit()
    ran = dscost("bill", name, *form)

    assert (ran.code, ran.out) == (1, "")
    assert f"error: {name}: {reason}" in ran.err
    assert ran.err.count("error: ") == 1
    assert "warning" not in ran.err


def test_next_to_a_log_such_a_file_is_named_with_its_reason(dscost: Dscost) -> None:
    Path("a.csv").write_text(f"{TABLE}{ROW}\n")
    Path("b.csv").write_text(f"{TABLE}{ROW},7,8\n")
    report = json.loads(dscost("bill", "a.csv", "b.csv", "--json").out)

    assert report["total"]["cost"]["total"] == COST
    assert "7 cells under 5 names" in report["unpriced"]["named"][0]


def test_bad_lines_before_the_first_good_one_are_named_each(dscost: Dscost) -> None:
    Path("a.csv").write_text(TABLE + f"{ROW},7\n" * 150 + f"{ROW}\n" + f"{ROW},8\n")
    report = json.loads(dscost("bill", "a.csv", "--json").out)

    assert (report["total"]["requests"], report["unpriced"]["lines"]) == (1, 151)
    assert report["unpriced"]["named"][99].startswith("a.csv:101:1: 6 cells")


@pytest.mark.parametrize(
    "counts",
    [
        {"hit": 0, "in": 1000, "visible": 150, "reasoning": 50},
        {"tokens": {"cached_read": 0, "prompt": 1000, "completion": 200}, "total_cost": 5},
        {"cache_miss": 1000, "cache_hit": 0, "generated_tokens": 200, "latency_ms": 7},
        {"prompt_tokens": 1000, "prompt_cache_hit_tokens": 0, "visible": 150, "thoughts": 50},
        {"usage": {"prompt_tokens": 1000, "completion_tokens": 200}, "my_cache_reads": 0},
    ],
)
def test_counts_by_other_names_are_offered_as_options_which_work(
    dscost: Dscost, counts: dict[str, Any]
) -> None:
    Path("a.jsonl").write_text(json.dumps(LINE | counts))
    refused = dscost("bill", "a.jsonl")
    (tip,) = (line for line in refused.err.splitlines() if line.startswith("tip: "))
    report = json.loads(dscost("bill", "a.jsonl", *_option(tip), "--json").out)

    assert report["total"]["cost"]["total"] == COST


def test_hits_on_top_of_the_input_are_offered_as_a_sum(dscost: Dscost) -> None:
    # 900 hits of 1,000 tokens: 100 x 0.15 + 900 x 0.003 + 200 x 0.6, a million
    Path("a.jsonl").write_text(json.dumps(LINE | {"hits": 900, "input": 100, "output": 200}))
    tip = dscost("bill", "a.jsonl").err.splitlines()[1]
    report = json.loads(dscost("bill", "a.jsonl", *_option(tip), "--json").out)

    assert "input=input+hits" in tip
    assert report["total"]["cost"]["total"] == "0.0001377"


def test_the_parts_of_an_output_that_are_reasoning_are_shown_as_such(dscost: Dscost) -> None:
    usage = {"prompt_tokens": 1000, "prompt_cache_hit_tokens": 0, "completion_tokens": 150}
    for line in ({"usage": usage | {"total_tokens": 1150}}, usage):
        Path("a.jsonl").write_text(json.dumps(LINE | line | {"visible": 150, "reasoning": 50}))
        ran = dscost("bill", "a.jsonl", "--field", "output=visible+reasoning", "--json")
        total = json.loads(ran.out)["total"]
        assert total["tokens"]["output"] == 200
        assert (total["tokens"]["reasoning"], total["cost"]["total"]) == (50, COST)


def test_a_log_in_another_encoding_can_be_read_as_its_tip_says(dscost: Dscost) -> None:
    Path("a.csv").write_text(f"{TABLE}{ROW}\n", encoding="utf-16")
    tip = dscost("bill", "a.csv").err.splitlines()[1]
    report = json.loads(dscost("bill", "a.csv", *_option(tip), "--json").out)

    assert report["total"]["cost"]["total"] == COST


def test_a_file_in_another_encoding_may_be_a_log_so_a_folder_with_it_is_not_all_priced(
    dscost: Dscost,
) -> None:
    Path("logs").mkdir()
    Path("logs/a.csv").write_text(f"{TABLE}{ROW}\n")
    Path("logs/b.csv").write_text(f"{TABLE}{ROW}\n", encoding="utf-16")

    ran = dscost("bill", "logs", "--json")

    report = json.loads(ran.out)
    assert (ran.code, report["total"]["cost"]["total"]) == (1, COST)
    [named] = report["unpriced"]["named"]
    assert named.endswith("b.csv:1:1: not utf-8; it looks like --encoding utf-16")


def test_a_log_that_is_not_in_the_encoding_given_is_not_priced(dscost: Dscost) -> None:
    Path("a.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    ran = dscost("bill", "a.jsonl", "--encoding", "utf-16")
    assert ran.code == 1
    assert "a.jsonl:1:1: not utf-16" in ran.err


@pytest.mark.parametrize("line", [{"time": "2026-11-03T05:00:00"}, {"model": None}, {"time": 1e30}])
def test_a_line_with_all_its_counts_is_of_a_log_whatever_else_it_lacks(
    dscost: Dscost, line: dict[str, Any]
) -> None:
    usage = {"prompt_tokens": 1000, "prompt_cache_hit_tokens": 0, "completion_tokens": 200}
    Path("a.jsonl").write_text(json.dumps(LINE | {"usage": usage} | line))
    ran = dscost("bill", "a.jsonl", "--json")
    report = json.loads(ran.out)

    assert (ran.code, report["total"], report["unpriced"]["lines"]) == (1, None, 1)


def test_requests_for_endpoints_without_a_price_are_not_sent_to_another_command(
    dscost: Dscost,
) -> None:
    line = {
        "custom_id": "a",
        "method": "POST",
        "body": {"model": "deepseek-v4-flash", "input": "a"},
    }
    Path("other.jsonl").write_text(json.dumps(line | {"url": "/v1/embeddings"}))
    Path("own.jsonl").write_text(json.dumps(line | {"url": "/v1/responses"}))

    other, own = dscost("bill", "other.jsonl"), dscost("bill", "own.jsonl")

    assert (other.code, "1 x for another endpoint" in other.out) == (0, True)
    assert (own.code, "dscost estimate prices them" in own.err) == (1, True)
    assert dscost("estimate", "own.jsonl").code == 0  # the advice works


def _option(tip: str) -> list[str]:
    """Return the option that a tip advises, as a shell would pass it."""
    return shlex.split(tip[tip.index("--") :])
