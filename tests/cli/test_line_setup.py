"""Status and prompt lines with settings: read once, then printed without the command line."""

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deepseek_cost.cli import line_setup, prompt_line, statusline
from deepseek_cost.pricing.loader import bundled
from deepseek_cost.pricing.own_files import config_folder
from tests.conftest import Dscost

TEMPLATE = "{tier} until {until:%c %Z} {next}"
Arrange = Callable[[Path, pytest.MonkeyPatch], object]


def file(name: str, text: str) -> Arrange:
    return lambda folder, _: (folder / name).write_text(text)


def variable(name: str, value: str) -> Arrange:
    return lambda _, patch: patch.setenv(name, value)


def table(path: Path) -> None:
    """Write a price table in which no hour is a peak hour from 9 to 12 any more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(bundled().read_text().replace('"09:00"', '"08:00"'))


def flat(setting: Arrange) -> Arrange:
    def arrange(folder: Path, patch: pytest.MonkeyPatch) -> None:
        windows = '[["09:00", "12:00"], ["14:00", "18:00"]]'
        text = bundled().read_text()
        assert text.count(windows) > 1
        (folder / "own.toml").write_text(text.replace(windows, "[]"))
        setting(folder, patch)

    return arrange


def own_table(setting: Arrange) -> Arrange:
    def arrange(folder: Path, patch: pytest.MonkeyPatch) -> None:
        table(folder / "own.toml")
        setting(folder, patch)

    return arrange


def in_config(name: str, text: str) -> Arrange:
    def arrange(_: Path, __: pytest.MonkeyPatch) -> None:
        path = Path(config_folder(), name)
        table(path)
        if text:
            path.write_text(text)

    return arrange


SETTINGS: dict[str, Arrange] = {
    "a model": file("dscost.toml", 'model = "pro"\n'),
    "yuan": file("dscost.toml", 'currency = "CNY"\n'),
    "yuan for the project": file("pyproject.toml", '[tool.dscost]\ncurrency = "cny"\n'),
    "a project that only uses it": file("pyproject.toml", '[project]\ndependencies = ["dscost"]\n'),
    "a zone": file("dscost.toml", 'tz = "Asia/Kathmandu"\n'),
    "an offset": file("dscost.toml", 'tz = "+05:30"\nplain = true\n'),
    "yuan by variable": variable("DSCOST_CURRENCY", "rmb"),
    "a zone by variable": variable("DSCOST_TZ", "Berlin"),
    "another variable": variable("DSCOST_MODEL", "flash pro"),
    "prices": own_table(file("dscost.toml", 'prices = "own.toml"\n')),
    "prices by variable": own_table(variable("DSCOST_PRICES", "own.toml")),
    "prices without peak hours": flat(variable("DSCOST_PRICES", "own.toml")),
    "prices of the user": in_config("prices.toml", ""),
    "holidays": in_config(
        "holidays.toml",
        '[[holiday]]\nyear = 2031\nsource = ["a notice"]\nconfidence = "high"\n'
        "checked = 2026-11-28\ndays_off = {}\n",
    ),
}


@pytest.fixture(autouse=True)
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to be in, and a session with a response of this minute."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    transcript = tmp_path / "projects/p/session.jsonl"
    transcript.parent.mkdir(parents=True)
    usage = {"input_tokens": 1_000_000, "output_tokens": 500_000}
    message = {"id": "a", "model": "deepseek-v4-pro", "usage": usage}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    transcript.write_text(
        json.dumps({"type": "assistant", "timestamp": at, "message": message}) + "\n"
    )
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    text = json.dumps({"transcript_path": str(transcript)}).encode()
    monkeypatch.setattr(statusline, "_held", [])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    yield folder
    statusline._held.clear()


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["dscost", *words])


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("words", [["statusline"], ["statusline", "--currency", "CNY"]], ids=len)
def test_a_status_line_is_the_same_once_its_settings_are_known(
    dscost: Dscost,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: Path,
    words: list[str],
    name: str,
) -> None:
    SETTINGS[name](status, monkeypatch)
    asked(monkeypatch, *words)
    assert not statusline.main()

    long = dscost(*words)

    assert long.code == 0, long.err
    assert statusline.main()
    assert capfd.readouterr().out == long.out
    assert long.out.startswith("¥" if "yuan" in name or len(words) > 1 else "$")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_prompt_line_is_the_same_once_its_settings_are_known(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: Path, name: str
) -> None:
    SETTINGS[name](status, monkeypatch)
    asked(monkeypatch, "when", "--template", TEMPLATE)
    assert prompt_line.line(TEMPLATE) is None

    long = dscost("when", "--template", TEMPLATE)

    assert long.code == 0, long.err
    if not long.err:  # what is warned of is warned of again
        assert prompt_line.line(TEMPLATE) == long.out
        assert prompt_line.line("{tier}") == long.out.partition(" ")[0] + "\n"


def test_settings_that_changed_are_read_again(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: Path
) -> None:
    table(status / "own.toml")
    settings = status / "dscost.toml"
    settings.write_text('prices = "own.toml"\n')
    asked(monkeypatch, "statusline")

    def is_known() -> bool:
        assert dscost("statusline").code == 0
        return any(line_setup.setups())

    assert is_known()
    settings.write_text('prices = "own.toml"\ncurrency = "CNY"\n')
    assert not any(line_setup.setups())
    assert is_known()
    (status / "own.toml").write_text((status / "own.toml").read_text() + "\n")
    assert not any(line_setup.setups())
    assert is_known()
    monkeypatch.setenv("DSCOST_CURRENCY", "USD")
    assert not any(line_setup.setups())
    assert is_known()
    inner = status / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert not any(line_setup.setups())
    (status / "own.toml").unlink()
    monkeypatch.chdir(status)
    assert not any(line_setup.setups())


def test_a_wrong_setting_is_reported_on_every_line(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: Path
) -> None:
    (status / "dscost.toml").write_text('currency = "EUR"\n')
    asked(monkeypatch, "statusline")
    for _ in range(2):
        assert dscost("statusline").code == 2
        assert not statusline.main()


@pytest.mark.parametrize("damage", ["", "[]", "{", "[" * 99_999, '{"statusline": 5}', "pipe"])
def test_damage_to_what_is_kept_makes_the_command_line_run(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: Path, damage: str
) -> None:
    (status / "dscost.toml").write_text('currency = "CNY"\n')
    asked(monkeypatch, "statusline")
    kept = Path(line_setup.cache_folder(), "lines.json")
    kept.parent.mkdir(parents=True)
    if damage == "pipe":
        os.mkfifo(kept)
    else:
        kept.write_text(damage)

    assert not statusline.main()
    assert dscost("statusline").code == 0
    assert statusline.main() == (damage != "pipe")


def test_what_is_kept_is_bounded_and_removed_by_the_command(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: Path
) -> None:
    (status / "dscost.toml").write_text('currency = "CNY"\n')
    asked(monkeypatch, "statusline")
    setup = line_setup.Setup("CNY", "", "1 1", "cny", "1 1\n")
    for number in range(70):
        monkeypatch.setenv("DSCOST_MODEL", str(number))
        line_setup.keep(setup, None)
    kept = Path(line_setup.cache_folder(), "lines.json")
    entries = json.loads(kept.read_text())
    assert [key.split("\0")[2] for key in entries] == [f"DSCOST_MODEL={n}" for n in range(6, 70)]

    assert dscost("statusline", "--clear").code == 0
    assert not kept.exists()
