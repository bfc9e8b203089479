"""Completion, tested in real shells: press a key, and read the screen."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepseek_cost.cli.command import NAMES
from tests.conftest import Dscost

EMPTY_LINE = "\x15"
SECONDS = 60  # a busy machine starts slowly
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][A-Z0-9]?|\x1b\][^\x07]*\x07|[\r\x00\x07]")
# How to start each shell without the user's own files, and enable completion.
STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(dscost completion bash)"'),
    "zsh": (
        ["zsh", "-f", "-i"],
        'autoload -Uz compinit; compinit -u -D; eval "$(dscost completion zsh)"',
    ),
}


class Terminal:
    """A shell in its own terminal."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.seen = ""
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "TERM": "xterm",
            "COLUMNS": "100",
            "PS1": "READY> ",
            "HOME": str(folder),
        }
        self._pid, self._screen = pty.fork()
        if not self._pid:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)  # noqa: S606 - tests a shell

    def press(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def wait_for(self, *wanted: str) -> str:
        """Read until all `wanted` texts have appeared; return the text read. Fail after 60 s."""
        came = ""
        end = time.monotonic() + SECONDS
        while not all(text in came for text in wanted):
            assert time.monotonic() < end, f"{wanted} not on the screen: {came!r}"
            if select.select([self._screen], [], [], 0.2)[0]:
                came += ESCAPES.sub("", os.read(self._screen, 65_536).decode(errors="replace"))
        return came

    def close(self) -> None:
        os.close(self._screen)
        os.kill(self._pid, 9)
        os.waitpid(self._pid, 0)


@pytest.fixture(params=STARTS, scope="module")
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    command, teach = STARTS[request.param]
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {request.param} on this machine")
    folder = tmp_path_factory.mktemp("home")
    (folder / "prompt.txt").write_text("Hello")
    terminal = Terminal(command, folder)
    terminal.press(f"PS1='READY''> '; {teach}\n")
    terminal.wait_for("READY> ")
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("dscost esti", ("mate ",)),
        ("dscost c", ("count", "compare", "chat", "cache", "check", "config")),
        ("dscost estimate --curr", ("ency",)),
        ("dscost estimate --currency ", ("USD", "CNY")),
        ("dscost count --model v4-", ("v4-flash", "v4-pro")),
        ("dscost estimate -m deepseek-v4-p", ("ro",)),
        ("dscost estimate pro", ("mpt.txt",)),  # a file, as without completion
    ],
)
def test_a_shell_completes(terminal: Terminal, typed: str, wanted: tuple[str, ...]) -> None:
    terminal.press(f"{EMPTY_LINE}{typed}")
    terminal.wait_for(typed.rsplit(maxsplit=1)[-1])

    terminal.press("\t\t")

    terminal.wait_for(*wanted)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dscost esti", {"estimate"}),
        ("dscost estimate --curr", {"--currency"}),
        ("dscost estimate --currency ", {"USD", "CNY"}),
        ("dscost count --model v4", {"v4-flash", "v4-pro"}),
        ("dscost when --tz Europe/Berl", {"Europe/Berlin"}),
        ("dscost estimate pro", {"prompt.txt"}),
    ],
)
def test_fish_completes(tmp_path: Path, typed: str, expected: set[str]) -> None:
    if shutil.which("fish") is None:
        pytest.skip("no fish on this machine")
    (tmp_path / "prompt.txt").write_text("Hello")
    script = f"dscost completion fish | source; complete -C '{typed}'"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["fish", "--no-config", "-c", script],  # noqa: S607 - the user's
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert {line.partition("\t")[0] for line in done.stdout.splitlines() if line} == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dscost esti", {"estimate"}),
        ("dscost count --model v4", {"v4-flash", "v4-pro"}),
        ("dscost estimate --currency ", {"USD", "CNY"}),
    ],
)
def test_powershell_completes(tmp_path: Path, typed: str, expected: set[str]) -> None:
    if shutil.which("pwsh") is None:
        pytest.skip("no pwsh on this machine")
    script = (
        "dscost completion powershell | Out-String | Invoke-Expression; "
        f"(TabExpansion2 -inputScript '{typed}' -cursorColumn {len(typed)})"
        ".CompletionMatches.CompletionText"
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    done = subprocess.run(
        ["pwsh", "-NoProfile", "-Command", script],  # noqa: S607 - the user's
        env={**os.environ, "PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(done.stdout.split()) == expected


def test_powershell_is_answered_as_its_script_asks(
    monkeypatch: pytest.MonkeyPatch, dscost: Dscost, capfd: pytest.CaptureFixture[str]
) -> None:
    script = dscost("completion", "powershell").out
    assert '$Env:_DSCOST_COMPLETE = "complete_powershell"' in script
    assert "Register-ArgumentCompleter -Native -CommandName dscost" in script
    monkeypatch.setenv("_DSCOST_COMPLETE", "complete_powershell")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "dscost count --model v4-p")
    monkeypatch.setenv("_TYPER_COMPLETE_WORD_TO_COMPLETE", "v4-p")

    with pytest.raises(SystemExit):
        dscost()

    assert capfd.readouterr().out.split(":::")[0] == "v4-pro"


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"COMP_WORDS": "dscost", "COMP_CWORD": "x"},
        {"COMP_WORDS": "dscost", "COMP_CWORD": ""},
    ],
)
def test_a_malformed_question_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, dscost: Dscost, question: dict[str, str]
) -> None:
    monkeypatch.setenv("_DSCOST_COMPLETE", "complete_bash")
    for name, value in question.items():
        monkeypatch.setenv(name, value)

    ran = dscost()

    reported = "error: the shell's request is malformed; see dscost completion --help\n"
    assert (ran.code, ran.out, ran.problem) == (2, "", reported)


def test_a_file_that_is_wrong_does_not_keep_a_shell_from_completing(
    monkeypatch: pytest.MonkeyPatch,
    dscost: Dscost,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dscost.toml").write_text("this is [ no TOML")
    monkeypatch.setenv("_DSCOST_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "dscost count --mod")
    monkeypatch.setenv("COMP_CWORD", "2")

    with pytest.raises(SystemExit):
        dscost()

    assert capfd.readouterr() == ("--model\n", "")


def test_an_unknown_shell_is_refused_with_those_there_are(dscost: Dscost) -> None:
    ran = dscost("completion", "tcsh")

    assert (ran.code, ran.out) == (2, "")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish', 'powershell'" in ran.err
    assert "completion" in NAMES
