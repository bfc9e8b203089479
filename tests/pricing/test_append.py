"""Appending a price, in a copy of the checkout: one edit, and what docs/prices.md says of it."""

import re
import shutil
from pathlib import Path

import pytest

from deepseek_cost.pricing.loader import compiled
from docs import examples
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "prices.md"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, built before the price is appended."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("deepseek_cost", "tests", "docs", "data", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    built = tmp_path / "deepseek_cost" / "data"
    built.mkdir(exist_ok=True)
    (built / "prices.json").write_bytes(compiled())
    return tmp_path


def test_the_page_of_how_to_append_a_price_is_right(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    (price,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    *_, shown, tests = (block for block in examples.blocks(PAGE) if block.why_not)
    with (checkout / "data" / "prices.toml").open("a", encoding="utf-8") as table:
        table.write(f"\n{price}")
    monkeypatch.setenv("PYTHONPATH", str(checkout))  # the copy's own package
    # Do not run this test again inside itself.
    monkeypatch.setenv("PYTEST_ADDOPTS", "--ignore=tests/pricing/test_append.py")

    for command, output in shown.commands():
        assert examples.run(command, checkout) == output
    found = examples.run(f"set -e\n{tests.text}\necho every command succeeded", checkout)
    assert found.endswith("every command succeeded\n"), found
