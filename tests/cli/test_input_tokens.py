"""A calculator that needs no file: costs from token counts alone."""

import json
from decimal import Decimal

import pytest

from tests.conftest import Dscost

# Off-peak on 2026-11-28: Flash 0.003 / 0.15 / 0.60 and Pro 0.022 / 0.66 / 1.98 USD per 1M.
AT = ("--at", "2026-11-28T02:00Z")


def test_counts_are_priced_as_they_are(dscost: Dscost) -> None:
    ran = dscost(
        *("estimate", "--input-tokens", 5000, "--cached", 4000, "-o", 300, "-n", 2, *AT, "--json")
    )

    flash, pro = json.loads(ran.out)["estimates"]
    assert (ran.code, ran.err) == (0, "")
    # (4,000 x 0.003 + 1,000 x 0.15 + 300 x 0.60) / 1M = 0.000342, twice
    assert Decimal(flash["cost"]["total"]) == Decimal("0.000684")
    # (4,000 x 0.022 + 1,000 x 0.66 + 300 x 1.98) / 1M = 0.001342, twice
    assert Decimal(pro["cost"]["total"]) == Decimal("0.002684")
    assert flash["tokens"] == {
        "input": 10_000,
        "text": 10_000,
        "template": 0,
        "cache_hit": 8_000,
        "cache_miss": 2_000,
        "output": 600,
        "output_ceiling": 131_072,
    }


def test_a_hit_rate_says_the_same_as_a_count(dscost: Dscost) -> None:
    by_count = dscost("estimate", "--input-tokens", 5000, "--cached", 4000, *AT, "--json").out
    by_rate = dscost("estimate", "--input-tokens", 5000, "-c", "80%", *AT, "--json").out

    assert json.loads(by_count)["estimates"] == json.loads(by_rate)["estimates"]


def test_a_limit_holds_for_counts_as_well(dscost: Dscost) -> None:
    ran = dscost(
        *("estimate", "--input-tokens", 10**6, "-o", 0, "-m", "flash", "--max-cost", "0.14", *AT)
    )

    assert ran.code == 3  # 1M misses cost 0.15
    assert "may cost 0.15" in ran.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("--cached 3", "--cached goes with --input-tokens"),
        ("--input-tokens 5 x.txt", "replaces files"),
        ("--input-tokens 5 --cached 6", "--cached 6 is more than --input-tokens 5"),
        ("--input-tokens 5 --cached 3 -c 0.5", "both set the cache hits"),
        ("--input-tokens 5 -c auto", "no text, which --cache-hit-ratio auto needs"),
        ("--input-tokens 5 --breakdown", "no text, which --breakdown needs"),
        ("--input-tokens 5 --system x.txt", "no text, which --system needs"),
        ("--input-tokens 5 --as-one", "no text, which --as-one needs"),
        ("--input-tokens 0", "0 is less than 1"),
        ("--input-tokens -1", "-1 is less than 1"),
        ("--input-tokens many", "not a whole number"),
        ("--input-tokens 5 -o 400000 -m flash", "output limit"),
    ],
)
def test_counts_that_make_no_sense_are_refused(dscost: Dscost, args: str, message: str) -> None:
    ran = dscost("estimate", *args.split())

    assert (ran.code, ran.out) == (2, "")
    assert message in ran.problem


def test_compare_needs_no_file_either(dscost: Dscost) -> None:
    options = ("--input-tokens", 5000, "-o", 300, *AT, "--json")

    lines = json.loads(dscost("compare", *options).out)["lines"]
    costs = {(line["model"], line["tier"]): line["costs"] for line in lines}
    estimates = json.loads(dscost("estimate", *options, "-c", "0.3").out)["estimates"]
    assert [entry["cost"]["total"] for entry in estimates] == [
        costs[entry["model"], "off_peak"][3]["cost"] for entry in estimates
    ]
    for of_texts in ("x.txt", "--encoding=gb18030"):
        refused = dscost("compare", "--input-tokens", 5, of_texts)
        assert (refused.code, refused.out) == (2, "")


def test_the_result_is_a_sentence(dscost: Dscost) -> None:
    given = ("estimate", "--input-tokens", 5000, "--cached", 4000, "-o", 300, "-m", "pro", *AT)
    one = dscost(*given, "--plain").out.splitlines()
    many = dscost(*given, "-n", 1000, "--plain").out.splitlines()

    assert one[0] == (
        "A request of 5,000 input tokens costs $0.001342 on deepseek-v4-pro with 300 output tokens"
    )
    assert many[0] == (
        "1,000 requests of 5,000 input tokens cost $1.342 on deepseek-v4-pro"
        " with 300 output tokens each"
    )
    assert one[-1].startswith("Assumes thinking on, 4,000 cache hits in each request.")


@pytest.mark.parametrize("command", ["count", "chat", "cache", "diff"])
def test_other_commands_lead_to_the_one_that_needs_no_file(dscost: Dscost, command: str) -> None:
    ran = dscost(command, "--input-tokens", 5)

    assert ran.code == 2
    assert "dscost estimate --input-tokens N" in ran.problem


def test_a_thousand_requests_are_priced_where_one_costs_less_than_a_cent(dscost: Dscost) -> None:
    def row(tokens: int) -> list[str] | None:
        lines = dscost("estimate", "--input-tokens", tokens, "-o", 300, *AT).out.splitlines()
        return next((line.split() for line in lines if "per 1,000 requests" in line), None)

    # Flash: 20,000 x 0.15 + 300 x 0.60 = 3,180; Pro: 20,000 x 0.66 + 300 x 1.98 = 13,794 per 1M
    assert row(20_000) == ["per", "1,000", "requests", "$3.18", "$13.79"]
    assert row(100_000) is None  # Flash: 0.01518
