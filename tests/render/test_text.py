"""Output for every reader: sentences for screen readers, optional color, narrow screens."""

import json
from pathlib import Path

import pytest

from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z")
TOKENS = ("--user-tokens", "9", "--answer-tokens", "9", "--reasoning-tokens", "0")
CHAT = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
COMMANDS = [
    ("estimate", "hello.txt", *AT),
    ("count", "hello.txt"),
    ("compare", "hello.txt", *AT),
    ("cache", "body.json", *AT),
    (
        "chat",
        "body.json",
        "--turns",
        "2",
        "--user-tokens",
        "9",
        "--answer-tokens",
        "9",
        *("--reasoning-tokens", "0"),
        *AT,
    ),
    ("diff", "hello.txt", "body.json", *AT),
    ("when", *AT),
    ("prices", *AT),
    ("config",),
]


@pytest.fixture
def files(hello: Path) -> Path:
    Path("body.json").write_text(json.dumps(CHAT))
    return hello


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_plain_output_has_no_lines_drawn_and_no_colour(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    ran = dscost(*command, "--plain")

    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    drawn = {char for char in ran.out if 0x2500 <= ord(char) < 0x2600 or ord(char) >= 0x2800}
    assert not drawn - set("¥")
    assert not [line for line in ran.out.splitlines() if "   " in line]


@pytest.mark.usefixtures("files")
def test_plain_is_a_setting_that_a_flag_turns_off(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, sentences = dscost("when", *AT).out, dscost("when", *AT, "--plain").out
    monkeypatch.setenv("DSCOST_PLAIN", "1")

    assert dscost("when", *AT).out == sentences != table
    assert dscost("when", *AT, "--no-plain").out == table
    assert json.loads(dscost("when", *AT, "--json").out)["tier"] == "peak"  # --json ignores it


def test_a_plain_table_names_its_columns(dscost: Dscost) -> None:
    lines = dscost("when", *AT, "--tz", "Asia/Tokyo", "--plain").out.splitlines()

    assert lines[0] == "peak until Mon 23 Nov 13:00 (Asia/Tokyo)"
    assert "next off-peak: Asia/Tokyo Mon 23 Nov 13:00; UTC Mon 04:00; Beijing Mon 12:00" in lines


@pytest.mark.parametrize(
    ("variables", "is_styled"),
    [
        ({}, False),  # a pipe
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": ""}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_a_pipe_has_no_escapes_unless_they_are_forced(
    dscost: Dscost,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    *,
    is_styled: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert ("\x1b[" in dscost("prices", *AT).out) is is_styled


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("columns", ["20", "40", "60"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_narrow_terminal_loses_no_figure(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], columns: str
) -> None:
    wide = dscost(*command).out
    monkeypatch.setenv("COLUMNS", columns)

    narrow = dscost(*command)

    figures = {word for word in wide.split() if word[:1] in "$¥0123456789"}
    reported = "".join(narrow.out.split())
    assert narrow.code == 0
    if command[0] not in {"compare", "chat", "when"}:  # charts change with the width
        assert not {figure for figure in figures if figure not in reported}
