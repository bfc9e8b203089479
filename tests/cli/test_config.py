"""`dscost config`: every setting, its value and source; and the schema for editors."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deepseek_cost.cli.commands.config import json_schema, settings
from deepseek_cost.cli.settings import names
from tests.conftest import Dscost


@pytest.fixture
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(json_schema())
    return loaded


@pytest.fixture
def inner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder inside a project, which is the current folder."""
    folder = tmp_path / "inner"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_every_setting_is_shown_with_its_value_and_its_place(
    dscost: Dscost, inner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inner.parent / "pyproject.toml").write_text(
        '[tool.dscost]\nmodel = ["v4-pro", "flash"]\ncurrency = "CNY"\nprices = "own.toml"\n'
    )
    (inner / "dscost.toml").write_text("thinking = false\ncurrency = 'USD'\n")
    monkeypatch.setenv("DSCOST_OUTPUT_TOKENS", "500")

    report = json.loads(dscost("config", "--json").out)
    found = {entry["name"]: entry for entry in report["settings"]}

    assert set(found) == names() == {one.name for one in settings()}
    given = {
        name: (entry["value"], entry["source"], entry["place"])
        for name, entry in found.items()
        if entry["source"] != "default"
    }
    assert given == {
        "model": (["v4-pro", "flash"], "file", "../pyproject.toml:tool.dscost.model"),
        "currency": ("USD", "file", "dscost.toml:currency"),
        "prices": (str(inner.parent / "own.toml"), "file", "../pyproject.toml:tool.dscost.prices"),
        "thinking": (False, "file", "dscost.toml:thinking"),
        "output-tokens": (500, "environment", "DSCOST_OUTPUT_TOKENS"),
    }
    assert found["tz"]["value"] is None
    assert found["tz"]["default"] == "yours"


@pytest.mark.usefixtures("inner")
def test_without_files_flags_variables_and_defaults_stay(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even an invalid file is read."""
    Path("dscost.toml").write_text("model = [")
    monkeypatch.setenv("DSCOST_TZ", "Asia/Tokyo")

    settings = json.loads(dscost("--no-config", "config", "--json").out)["settings"]

    assert [one["name"] for one in settings if one["source"] != "default"] == ["tz"]
    assert dscost("--no-config", "when").code == 0
    assert dscost("when").code == 2
    assert dscost("--no-config", "when", "--nope").problem.endswith("; see dscost when --help\n")


@pytest.mark.usefixtures("inner")
def test_the_table_has_a_line_for_each(dscost: Dscost, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dscost.toml").write_text('model = "v4-pro"\n')
    monkeypatch.setenv("DSCOST_TZ", "Asia/Tokyo")

    lines = dscost("config").out.splitlines()

    assert lines[0] == f"{len(names())} settings, 2 set; the others have their defaults"
    assert ["model", "v4-pro", "dscost.toml:model"] in [line.split() for line in lines]
    assert ["tz", "Asia/Tokyo", "DSCOST_TZ"] in [line.split() for line in lines]
    assert ["thinking", "true", "default"] in [line.split() for line in lines]


@pytest.mark.usefixtures("inner")
def test_a_variable_that_is_not_a_setting_is_warned_of(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSCOST_MODLE", "pro")

    ran = dscost("config", "--json")

    reported = "DSCOST_MODLE is not a setting; did you mean DSCOST_MODEL?"
    assert (ran.code, ran.err) == (0, f"warning: {reported}\n")
    assert json.loads(ran.out)["warnings"] == [reported]


@pytest.mark.usefixtures("inner")
@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("timeout = 0.01", "dscost.toml:timeout: 0.01 is not in the range"),
        ('tier-by = "middle"', "dscost.toml:tier-by: 'middle' is not one of 'start', 'end'"),
        ("thinking = 1", "dscost.toml:thinking: write true or false"),
        ("modle = 1", "dscost.toml:modle: no such setting; did you mean model?"),
    ],
)
def test_a_typo_is_reported_whichever_command_has_the_option(
    dscost: Dscost, text: str, reported: str
) -> None:
    Path("dscost.toml").write_text(text)

    ran = dscost("config")

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem
    assert reported in ran.problem


@pytest.mark.usefixtures("inner")
@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ('model = "v4-pro"', True),
        ('model = ["v4-pro", "v4-flash"]', True),
        ("model = 1", False),
        ("cache-hit-ratio = 0.8", True),
        ('cache-hit-ratio = "auto"', True),
        ("cache-hit-ratio = true", False),
        ("output-tokens = 500", True),
        ("output-tokens = 500.5", False),
        ("output-tokens = -1", False),
        ("max-cost = 5", True),
        ("thinking = false", True),
        ('thinking = "no"', False),
        ('effort = "max"', True),
        ('effort = "huge"', False),
        ("timeout = 2.5", True),
        ("timeout = 0", False),
        ("nothing = 1", False),
        ("", True),
    ],
)
def test_an_editor_and_the_tool_accept_the_same(
    dscost: Dscost, schema: dict[str, Any], text: str, *, is_right: bool
) -> None:
    Path("dscost.toml").write_text(text)

    assert jsonschema.Draft202012Validator(schema).is_valid(tomllib.loads(text)) is is_right
    assert (dscost("config").code == 0) is is_right
