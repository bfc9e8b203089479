"""A mixed batch priced as written: each request with the model that it names."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

AT = ("--at", "2026-11-23T05:00Z")
# Without thinking, each has 6 tokens on either model, and at most 1,000 output tokens.
BODY: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hello"}],
    "thinking": {"type": "disabled"},
    "max_tokens": 1_000,
}
# Off-peak rates per million: input 0.15 and 0.66, output 0.60 and 1.98. Here, 1,000 output tokens.
FLASH = Decimal("0.6") * 1_000 / 10**6
PRO = Decimal("1.98") * 1_000 / 10**6


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.jsonl"
    names = ["deepseek-flash", "deepseek-flash", "deepseek-v4-pro"]
    path.write_text("\n".join(json.dumps(BODY | {"model": name}) for name in names))
    return path


def test_each_request_is_priced_at_the_model_that_it_names(dscost: Dscost, mixed: Path) -> None:
    report = json.loads(dscost("estimate", mixed, *AT, "--json").out)

    written = report["as_written"]
    flash, pro = report["estimates"]
    assert [(one["model"], one["requests"]) for one in written["models"]] == [
        ("deepseek-flash", 2),
        ("deepseek-v4-pro", 1),
    ]
    assert (written["requests"], written["unnamed"], written["total"]) == (3, 0, None)
    # Two thirds of the cost of all on Flash, plus a third of the cost of all on Pro.
    for bound in ("floor", "ceiling"):
        third = (2 * Decimal(flash["cost"][bound]) + Decimal(pro["cost"][bound])) / 3
        assert Decimal(written[bound]) == third
    assert Decimal(written["ceiling"]) - Decimal(written["floor"]) == 2 * FLASH + PRO
    assert list(report).index("as_written") < list(report).index("estimates")


def test_a_limit_is_for_the_batch_as_written(dscost: Dscost, mixed: Path) -> None:
    # As written, it may cost 3.2 thousandths of a dollar; all on Pro, 6.
    within, over = (
        dscost("estimate", mixed, *AT, "--max-cost", limit) for limit in ("0.004", "0.003")
    )

    assert (within.code, over.code) == (0, 3)
    assert "all as written may cost 0.00318" in over.err
    assert "TOTAL as written: at most $0.00318" in within.out


def test_a_limit_is_for_the_models_that_are_chosen(dscost: Dscost, mixed: Path) -> None:
    ran = dscost("estimate", mixed, *AT, "-m", "pro", "--max-cost", "0.004")

    assert ran.code == 3
    assert "deepseek-v4-pro may cost 0.0059" in ran.err


def test_a_limit_is_not_for_a_model_that_nobody_names(dscost: Dscost, tmp_path: Path) -> None:
    path = tmp_path / "flash.json"
    path.write_text(json.dumps(BODY | {"model": "deepseek-flash"}))

    ran = dscost("estimate", path, *AT, "--max-cost", "0.001")

    assert ran.code == 0  # Flash costs 0.0006; Pro, at 0.002, is only compared


def test_prompts_without_a_model_are_checked_against_both(dscost: Dscost, hello: Path) -> None:
    ran = dscost("estimate", hello, "-o", "1000", "--max-cost", "0.003")

    assert ran.code == 3
    assert "deepseek-v4-pro may cost" in ran.err
    assert "(peak rate)" in ran.err


def test_a_limit_counts_no_predicted_cache_hits(dscost: Dscost, tmp_path: Path) -> None:
    path = tmp_path / "same.jsonl"
    long = BODY | {"messages": [{"role": "user", "content": "word " * 2_000}], "max_tokens": 1}
    path.write_text("\n".join([json.dumps(long | {"model": "deepseek-flash"})] * 4))

    # 4 x about 2,000 tokens at 0.15 per million, most of them predicted as hits at 0.003.
    ran = dscost("estimate", path, *AT, "-c", "auto", "--max-cost", "0.0010")

    assert ran.code == 3
    assert "without cache hits" in ran.err
