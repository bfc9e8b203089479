"""Response lengths: their distribution, its file, and an estimate based on it."""

import json
from collections import Counter
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing.histogram import Histogram
from deepseek_cost.billing.profile import Habit, Profile
from deepseek_cost.errors import InputError
from deepseek_cost.reports.profile import profile_json, read_profile
from tests.conftest import Dscost

AT = ("--at", "2026-11-02T05:00:00Z")  # off-peak
PRO = "deepseek-v4-pro"


@given(st.lists(st.integers(0, 50), min_size=1, max_size=50), st.integers(1, 100))
def test_a_quantile_is_the_nearest_rank(lengths: list[int], percent: int) -> None:
    spread = Histogram(Counter(lengths))
    rank = max(1, ceil(Fraction(len(lengths) * percent, 100)))
    assert spread.quantile(percent) == sorted(lengths)[rank - 1]
    assert spread.mean == Fraction(sum(lengths), len(lengths))


def test_a_profile_is_read_as_it_was_written() -> None:
    profile = Profile()
    profile.add(Habit(PRO, "high", "rank"), 100, 60)
    profile.add(Habit(PRO, "high", "rank"), 100, None)
    profile.add(Habit(PRO, "off"), 7, None)
    read = read_profile(profile_json(profile), "p.json")
    assert read.by_habit == profile.by_habit
    assert read.by_habit[Habit(PRO, "high", "rank")].reasoning.counts == {60: 1}


def test_a_log_that_makes_up_labels_keeps_its_memory() -> None:
    profile = Profile()
    for number in range(1_000):
        profile.add(Habit(PRO, "high", str(number)), number, None)
    assert len(profile.by_habit) == 201
    assert sum(lengths.output.total for lengths in profile.by_habit.values()) == 1_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema_version": "1", "command": "bill --calibrate"}',
        '{"schema_version": "2", "command": "bill --calibrate", "entries": []}',
        '{"schema_version": "1", "command": "bill --calibrate", "entries": [{"output": []}]}',
    ],
)
def test_what_is_no_profile_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"p\.json: no output profile"):
        read_profile(text, "p.json")


def responses(*lengths: int, **more: object) -> str:
    lines = (
        {
            "created": 1_793_577_600,
            "model": PRO,
            "usage": {"input_tokens": 9, "cache_read_input_tokens": 0, "output_tokens": length},
        }
        for length in lengths
    )
    return "".join(f"{json.dumps(line | more)}\n" for line in lines)


def estimate(dscost: Dscost, *args: object) -> dict[str, Any]:
    ran = dscost("estimate", *args, *AT, "-m", "v4-pro", "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)["estimates"][0]
    return found


@pytest.mark.parametrize("source", ["log.jsonl", "profile.json"])
def test_an_estimate_learns_from_the_responses_of_a_log_or_its_profile(
    dscost: Dscost, hello: Path, source: str
) -> None:
    log = Path("log.jsonl")
    log.write_text(responses(*range(1, 101)))
    assert dscost("bill", log, "--calibrate", "profile.json").code == 0
    one = estimate(dscost, hello, "--output-from", source, "-n", 1_000)
    # Lengths from 1 to 100: the mean is 50.5, so 50,500 tokens for 1,000 requests. Off-peak:
    # input 84,000 x 0.66 = 55,440; output 50,500 x 1.98 = 99,990, 50,000 x 1.98 = 99,000 or
    # 95,000 x 1.98 = 188,100.
    assert one["tokens"]["output"] == 50_500
    assert one["cost"]["total"] == "0.15543"
    assert one["learned_output"] == {
        "answers": 100,
        "mean": "50.5",
        "p50": 50,
        "p95": 95,
        "total_p50": "0.15444",
        "total_p95": "0.24354",
    }


def test_a_limit_is_compared_with_the_95th_percentile(dscost: Dscost, hello: Path) -> None:
    log = Path("log.jsonl")
    log.write_text(responses(*range(1, 101)))
    args = ("estimate", hello, *AT, "-m", "v4-pro", "-n", 1_000, "--output-from", log)
    assert dscost(*args, "--max-cost", "0.24354").code == 0
    assert dscost(*args, "--max-cost", "0.24353").code == 3


def test_a_label_picks_its_responses(dscost: Dscost, hello: Path) -> None:
    Path("log.jsonl").write_text(responses(10, label="short") + responses(90, label="long"))
    args = (hello, "--output-from", "log.jsonl", "--output-label")
    assert estimate(dscost, *args, "short")["tokens"]["output"] == 10
    assert estimate(dscost, *args, "long")["tokens"]["output"] == 90
    ran = dscost("estimate", *args, "nope", *AT)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error: --output-label 'nope': no response in log.jsonl has it; there are long, short\n"
    )


def test_a_label_that_no_response_has_is_refused(dscost: Dscost, hello: Path) -> None:
    Path("log.jsonl").write_text(responses(10))
    ran = dscost("estimate", hello, "--output-from", "log.jsonl", "--output-label", "nope")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("'nope': no response in log.jsonl has a label\n")


def test_a_mode_picks_its_responses() -> None:
    profile = Profile()
    profile.add(Habit(PRO, "high"), 90, None)
    profile.add(Habit(PRO, "off"), 10, None)
    families = {PRO: PRO}
    assert profile.output(families, PRO, "off", None) == Histogram(Counter({10: 1}))
    assert profile.output(families, PRO, "low", None) is None
    assert profile.output(families, PRO, None, None) == Histogram(Counter({10: 1, 90: 1}))


def test_a_model_without_responses_stays_unknown(dscost: Dscost, hello: Path) -> None:
    Path("log.jsonl").write_text(responses(10))
    ran = dscost("estimate", hello, *AT, "--output-from", "log.jsonl")
    assert "--output-from has no response of deepseek-v4-flash like these" in ran.err
    assert "unknown" in ran.out
    assert "$0.00 " not in ran.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--output-from", "log.jsonl", "-o", "5"], "--output-tokens and --output-from cannot"),
        (["--output-label", "x"], "--output-label goes with --output-from"),
        (["--output-from", "-"], "--output-from takes a file"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    dscost: Dscost, hello: Path, args: list[str], message: str
) -> None:
    Path("log.jsonl").write_text(responses(10))
    ran = dscost("estimate", hello, *args)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
