"""The package as shipped: wheel, sdist, versions, public names."""

import re
import subprocess
import sys
import tarfile
import zipfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

import deepseek_cost
import hatch_build
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An sdist, and a wheel built from that sdist."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return out


def test_the_wheel_carries_the_price_table_the_types_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        read = archive.read
        assert read("deepseek_cost/data/prices.toml") == (ROOT / "data/prices.toml").read_bytes()
        for name, make in hatch_build.FILES.items():
            assert read(f"deepseek_cost/data/{name}") == make()

    data = {name.rpartition("/")[2] for name in names if name.startswith("deepseek_cost/data/")}
    assert data == {"prices.toml", *hatch_build.FILES}
    assert any(
        name.endswith("licenses/deepseek_cost/tokenizer/LICENSE-vocabulary.txt") for name in names
    )
    assert "deepseek_cost/py.typed" in names
    assert {name.split("/")[0] for name in names} == {
        "deepseek_cost",
        "tiktoken_ext",
        f"deepseek_cost-{version('deepseek-cost')}.dist-info",
    }
    assert "tiktoken_ext/__init__.py" not in names  # it would hide tiktoken's own encodings
    packages = [ROOT / "deepseek_cost", ROOT / "tiktoken_ext"]
    files = (path for package in packages for path in package.rglob("*.py"))
    modules = {path.relative_to(ROOT).as_posix() for path in files}
    assert modules == {name for name in names if name.endswith(".py")}


def test_the_sdist_carries_what_the_tests_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert {
        *("README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", "PKG-INFO"),
        *("data/prices.toml", "hatch_build.py", "examples/review.txt"),
        *("tests/test_package.py", "deepseek_cost/py.typed"),
    } <= names
    assert not [name for name in names if "recorded" in name or "deepseek_cost/data" in name]


def test_the_wheel_runs_from_a_folder_of_its_own(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")  # noqa: S202 - our own
    code = (
        "import deepseek_cost.pricing.loader as p; print(p.__file__);"
        "print(p.bundled()); print(p.load_prices().checked)"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path / "site"), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    site = tmp_path / "site" / "deepseek_cost"
    assert ran.stdout.split() == [
        str(site / "pricing" / "loader.py"),
        str(site / "data" / "prices.toml"),
        "2026-11-28",
    ]


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", text, re.MULTILINE)

    assert released[0] == version("deepseek-cost")


# Written out because programs depend on these names; removing one needs a new version.
PUBLIC = [
    "Charge",
    "Cost",
    "Currency",
    "DscostError",
    "Effort",
    "Estimate",
    "InputError",
    "LiveError",
    "Meter",
    "Price",
    "PriceBook",
    "PriceTableError",
    "PromptTokens",
    "Rates",
    "Tally",
    "Tier",
    "TokenUsage",
    "UnknownModelError",
    "UnpricedError",
    "UsageError",
    "VocabularyError",
    "count_texts",
    "count_tokens",
    "estimate",
    "estimate_report",
    "load_prices",
    "price_answer",
    "price_usage",
]


def test_the_public_names_are_these_and_each_is_documented() -> None:
    assert deepseek_cost.__all__ == dir(deepseek_cost) == PUBLIC
    for name in PUBLIC:
        assert getattr(deepseek_cost, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        deepseek_cost.nothing  # noqa: B018


def test_no_submodule_hides_a_public_function() -> None:
    for path in (ROOT / "deepseek_cost").glob("[a-z]*.py"):
        import_module(f"deepseek_cost.{path.stem}")

    assert callable(deepseek_cost.estimate)
    assert callable(deepseek_cost.count_tokens)


def test_only_public_parts_of_typer_are_used() -> None:
    files = [*(ROOT / "deepseek_cost").rglob("*.py"), *(ROOT / "docs").glob("*.py")]
    private = re.compile(
        r"from typer[\w.]*\._(?!_)|from typer[\w.]* import _|\btyper[\w.]*\._(?!_)"
    )

    assert [path.name for path in files if private.search(path.read_text(encoding="utf-8"))] == []


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'pydantic', 'rich', 'typer', 'tiktoken', 'regex', 'deepseek_recipe', 'decimal'}"
    code = f"import sys, deepseek_cost; print(sorted({heavy} & {{*sys.modules}}))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
