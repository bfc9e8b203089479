"""Standard error: labels, tips on separate lines, and color if wanted."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from deepseek_cost.cli.command import ALL_NAMES, manual_of
from tests.conftest import ROOT, Dscost


@pytest.fixture(autouse=True)
def _no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_an_error_and_its_tip_have_a_line_each(dscost: Dscost) -> None:
    assert dscost("estimate", "nowhere.txt") == (
        1,
        "",
        "error: nowhere.txt: no such file\ntip: give a text file, a directory, or - for stdin\n",
    )
    assert dscost("wen") == (
        2,
        "",
        "error: no such command 'wen'\ntip: did you mean dscost when?\n",
    )
    assert dscost("when", "x") == (
        2,
        "",
        "error: unexpected argument 'x'\ntip: for another time: --at TIME\n",
    )


def test_a_warning_is_one_line_and_a_note_is_no_error(dscost: Dscost, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    ran = dscost(tmp_path / "empty.txt", "--at", "2026-11-23T02:00Z")

    lines = ran.err.splitlines()
    assert lines[0].startswith("note: ")
    assert lines[1].startswith("warning: ")
    assert len(lines) == 2
    assert ran.code == 0


@pytest.mark.parametrize(
    ("variables", "is_colored"),
    [
        ({}, False),  # a pipe
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
        ({"TTY_COMPATIBLE": "1"}, True),
    ],
)
def test_errors_help_and_tables_have_color_only_if_it_is_forced(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, is_colored: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    error = dscost("estimate", "nowhere.txt").err
    assert ("\x1b[31m\x1b[1merror:\x1b[0m nowhere.txt" in error) is is_colored
    for text in (error, dscost("-h").out, dscost("when", "-h").out, dscost("prices").out):
        assert ("\x1b[" in text) is is_colored


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals to open there")
@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "0"}])
def test_a_terminal_has_color_unless_it_is_unwanted(variables: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "deepseek_cost", "nowhere"]
    subprocess.run(
        command, env=os.environ | variables, stdout=theirs, stderr=theirs, check=False, cwd=ROOT
    )
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)

    assert b"no such command 'nowhere'" in shown
    assert (b"\x1b[" in shown) is (not variables)


def test_no_escape_of_a_name_reaches_the_terminal(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    for args in (
        ["estimate", "a\x1b[2J"],
        ["a\x1b[2J"],
        ["when", "--a\x1b[2J"],
        ["when", "\x1b]0;"],
    ):
        shown = dscost(*args).err

        assert "\x1b[31m" in shown
        assert "\x1b[2J" not in shown
        assert "\x1b]" not in shown


@pytest.mark.parametrize("name", ["", *ALL_NAMES])
def test_help_begins_with_usage_examples_and_the_page(dscost: Dscost, name: str) -> None:
    out = dscost(*name.split(), "-h").out
    headings = [line for line in out.splitlines() if line[:1].isalpha()]

    assert headings[0].startswith("Usage: dscost")
    assert headings[1] == "Examples:"
    page = headings[2].removeprefix("Docs: ").removesuffix(" in dscost's repository")
    assert (ROOT / page).is_file()
    assert len(manual_of(name).examples) <= 3 if name else True
    assert "[default: (" not in out
