"""The JSON contract: its fields, its amounts, its published schema."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deepseek_cost.reports.parts import exact
from tests.conftest import ROOT, Dscost, report_schema

AT = "2026-11-23T02:00:00Z"


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    return report_schema()


def test_an_estimate_is_printed_whole(dscost: Dscost, hello: Path) -> None:
    ran = dscost("estimate", hello, "-m", "pro", "-o", "500", "--at", AT, "--json")

    report = json.loads(ran.out)
    (entry,) = report["estimates"]
    assert list(report) == [
        *("schema_version", "command", "currency", "priced_at", "timezone", "price_table"),
        *("inputs", "estimates", "assumptions", "warnings"),
    ]
    assert (report["schema_version"], report["command"]) == ("1", "estimate")
    assert (report["currency"], report["priced_at"]) == ("USD", AT)
    assert report["inputs"] == [{"source": "hello.txt", "kind": "text", "requests": 1}]
    assert entry["model"] == entry["billed_as"] == "deepseek-v4-pro"
    assert (entry["tier"], entry["requests"]) == ("peak", 1)
    assert entry["tokens"] == {
        "input": 84,
        "text": 1,
        "template": 83,
        "cache_hit": 0,
        "cache_miss": 84,
        "output": 500,
        "output_ceiling": 65_536,
    }
    assert entry["rates_per_million"] == {
        "cache_hit": "0.044",
        "cache_miss": "1.32",
        "output": "3.96",
    }
    assert entry["cost"] == {
        "cache_hit": "0",
        "cache_miss": "0.00011088",  # 84 x 1.32 / 1,000,000
        "output": "0.00198",  # 500 x 3.96 / 1,000,000
        "total": "0.00209088",
        "floor": "0.00011088",
        "ceiling": "0.25963344",  # 65,536 x 3.96 / 1,000,000 + floor
    }
    assert entry["other_tier"] == {
        "tier": "off_peak",
        "total": "0.00104544",
        "floor": "0.00005544",
        "ceiling": "0.12981672",
    }
    assert {"about": "output_tokens", "value": "500", "set_by": "--output-tokens"} in report[
        "assumptions"
    ]
    assert report["warnings"] == []


def test_unknown_output_is_null_and_not_zero(dscost: Dscost, hello: Path) -> None:
    report = json.loads(dscost("estimate", hello, "-m", "pro", "--at", AT, "--json").out)

    (entry,) = report["estimates"]
    assert entry["tokens"]["output"] is None
    assert entry["cost"]["output"] is None
    assert entry["cost"]["total"] is None
    assert entry["other_tier"]["total"] is None
    assert entry["cost"]["floor"] == "0.00011088"


def test_a_flat_price_has_no_other_tier(dscost: Dscost, hello: Path) -> None:
    report = json.loads(dscost("estimate", hello, "--at", "2026-05-25T00:00Z", "--json").out)

    assert [(e["tier"], e["other_tier"]) for e in report["estimates"]] == [("flat", None)] * 2


def test_counts_have_model_requests_and_tokens(dscost: Dscost, hello: Path) -> None:
    report = json.loads(dscost("count", hello, "-n", "3", "--json").out)

    assert report["estimates"] == [
        {
            "model": "deepseek-v4-flash",
            "requests": 3,
            "tokens": {"input": 93, "text": 3, "template": 90},
            "unknown_input": [],
            "images": 0,
        },
        {
            "model": "deepseek-v4-pro",
            "requests": 3,
            "tokens": {"input": 252, "text": 3, "template": 249},
            "unknown_input": [],
            "images": 0,
        },
    ]


def test_files_add_up_to_the_totals(dscost: Dscost, tmp_path: Path) -> None:
    for name, text in (("a.txt", "Hello"), ("b.txt", "Hello, world!"), ("c.txt", "")):
        (tmp_path / name).write_text(text)

    options = ("-c", "33.3%", "-o", "7", "-n", "9", "--per-file", "--json")
    report = json.loads(dscost("estimate", tmp_path, *options).out)

    assert [Path(file["source"]).name for file in report["files"]] == ["a.txt", "b.txt", "c.txt"]
    for index, entry in enumerate(report["estimates"]):
        parts = [file["estimates"][index] for file in report["files"]]
        for kind, tokens in entry["tokens"].items():
            assert sum(part["tokens"][kind] for part in parts) == tokens
        for kind, amount in entry["cost"].items():
            assert sum(Decimal(part["cost"][kind]) for part in parts) == Decimal(amount)


@pytest.mark.parametrize(
    "arguments",
    [
        ("estimate", "hello.txt"),
        ("estimate", "hello.txt", "-o", "5", "--per-file", "--currency", "cny"),
        ("estimate", "hello.txt", "--at", "2026-05-25T00:00Z", "-n", "1000000000000"),
        ("count", "hello.txt", "--per-file"),
        ("prices",),
        ("prices", "--at", "2026-05-25T00:00Z", "--currency", "CNY"),
        ("prices", "--history", "--currency", "CNY"),
        ("prices", "--check", str(ROOT / "data" / "prices.toml")),
        ("when", "--tz", "Asia/Kathmandu"),
        ("compare", "hello.txt", "-o", "5", "--per-day", "7", "-c", "33.3%"),
    ],
)
@pytest.mark.usefixtures("hello")
def test_what_is_printed_is_valid_by_the_published_schema(
    dscost: Dscost, schema: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    ran = dscost(*arguments, "--json")

    assert ran.code == 0
    jsonschema.Draft202012Validator(schema).validate(json.loads(ran.out))


def test_the_schema_refuses_what_is_no_report(schema: dict[str, Any], dscost: Dscost) -> None:
    report = json.loads(dscost("prices", "--json").out)
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(report)
    assert not validator.is_valid(report | {"schema_version": "2"})
    assert not validator.is_valid(report | {"extra": 1})


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0E-9", "0"), ("0.10", "0.1"), ("1E+3", "1000"), ("1E-9", "0.000000001"), ("100", "100")],
)
def test_an_amount_has_all_its_digits_and_no_others(amount: str, written: str) -> None:
    assert exact(Decimal(amount)) == written
