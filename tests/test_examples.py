"""The example programs."""

import subprocess
import sys

import pytest

from deepseek_cost import count_tokens
from tests.conftest import ROOT


def test_a_column_is_counted_and_priced_in_polars() -> None:
    pytest.importorskip("polars", reason="polars comes with the extra test")
    lines = (ROOT / "examples" / "review.txt").read_text("utf-8").splitlines()
    tokens = sum(count_tokens(line, model="v4-pro").input for line in lines)

    done = subprocess.run(
        [sys.executable, "examples/polars_cost.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    # 32 requests with 83 template tokens each, plus their texts, at 1.32 USD per million
    assert tokens == 3_017
    assert done.stdout == "32 requests, 3,017 input tokens, 0.00398244 USD without output\n"
