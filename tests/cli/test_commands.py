"""The table of commands: defined in one place, loaded one at a time."""

import inspect
import json
import os
import re
import subprocess
import sys
from importlib import import_module
from itertools import groupby
from pathlib import Path

import pytest

from deepseek_cost.cli.command import (
    ALL_NAMES,
    COMMANDS,
    NAMES,
    SUBCOMMANDS,
    Entry,
    manual_of,
)
from tests.conftest import ROOT, Dscost
from tests.repository import ENVIRONMENT, Repository


@pytest.mark.parametrize("entry", COMMANDS, ids=NAMES)
def test_the_summary_in_the_table_is_how_the_command_begins_its_own_help(
    dscost: Dscost, entry: Entry
) -> None:
    function = getattr(import_module(f"deepseek_cost.cli.commands.{entry.name}"), entry.name)

    assert (inspect.getdoc(function) or "").splitlines()[0] == entry.summary
    assert entry.summary in " ".join(dscost(entry.name, "--help").out.split())


def test_a_groups_commands_are_together_each_on_one_line(dscost: Dscost) -> None:
    out = dscost("--help").out

    groups = [group for group, _ in groupby(COMMANDS, key=lambda entry: entry.group)]
    assert len(set(groups)) == len(groups)
    assert [line for line in out.splitlines() if line[:-1] in groups] == [f"{g}:" for g in groups]
    assert [line.split()[0] for line in out.splitlines() if line.endswith(tuple(_summaries()))] == [
        *NAMES
    ]


@pytest.mark.parametrize(
    ("arguments", "loaded"),
    [("--help", []), ("--version", []), ("wen", []), ("when --help", ["when"])],
)
def test_no_command_is_loaded_but_the_one_that_is_asked_for(
    arguments: str, loaded: list[str]
) -> None:
    code = f"""import sys; from deepseek_cost.cli.app import run; run({arguments.split()})
from deepseek_cost.cli import commands as c
print([n for n in {NAMES} if f'{{c.__name__}}.{{n}}' in sys.modules], file=sys.stderr)"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == str(loaded)


def test_a_name_misspelt_is_reported_with_the_nearest(dscost: Dscost) -> None:
    ran = dscost("wen")

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem == "error: no such command 'wen'; did you mean dscost when?\n"


def test_every_command_ends_its_help_with_examples_and_exit_codes(dscost: Dscost) -> None:
    """Commands with a limit list exit code 3; those that cannot fail do not list 1."""
    codes = {}
    for name in ALL_NAMES:
        out = dscost(*name.split(), "--help").out
        reported = out.partition("\nExamples:\n")[2]
        codes[name] = re.findall(r"^  (\d+) ", reported.partition("Exit codes:\n")[2], re.MULTILINE)
        assert f"  {manual_of(name).examples[0].command}\n" in reported

    usual = ["0", "1", "2", "130"]
    assert codes == dict.fromkeys(ALL_NAMES, usual) | {
        "estimate": ["0", "1", "2", "3", "130"],
        "diff": ["0", "1", "2", "3", "130"],
        "bill": ["0", "1", "2", "3", "130"],
        "when": ["0", "1", "2", "3", "130"],
        "config": ["0", "2", "130"],
        "completion": ["0", "2", "130"],
    }


def test_a_command_within_a_command_wins_over_the_name_of_a_model(dscost: Dscost) -> None:
    for entry in SUBCOMMANDS:
        assert dscost(*entry.name.split(), "--help").out.startswith(f"Usage: dscost {entry.name} ")
        assert f"  {entry.name} " in dscost("prices", "--help").out
    assert dscost("prices", "flash", "--at", "2026-11-20T02:00Z").code == 0


@pytest.mark.parametrize("command", ["estimate", "count", "compare", "cache", "chat"])
@pytest.mark.parametrize("name", ["", ","])
def test_an_empty_name_is_an_unknown_model(
    dscost: Dscost, tmp_path: Path, command: str, name: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"model": "deepseek-flash", "messages": [{"role": "user", "content": "a"}]}')
    ran = dscost(command, str(path), "--model", name)
    assert ran.code in {1, 2}
    assert f"unknown model '{name}'" in ran.err


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with everything the examples in the help name, in a repository with a branch."""
    repository = Repository(tmp_path / "desk")
    examples = ROOT / "examples"
    request = json.loads((examples / "weather.json").read_text(encoding="utf-8"))
    request["messages"].insert(1, {"role": "user", "content": "Hello"})
    request["messages"].insert(2, {"role": "assistant", "content": "Hello, how can I help?"})
    responses = (examples / "november-log.jsonl").read_text(encoding="utf-8").splitlines()
    prompt = (examples / "review.txt").read_text(encoding="utf-8")
    report = (ROOT / "tests" / "reports" / "estimate.json").read_text(encoding="utf-8")
    repository.commit(
        {
            "prompt.txt": prompt,
            "old.txt": "Review this.",
            "new.txt": "Review this, and be brief.",
            "prompts/review.txt": "Review this.",
            "src/main.py": "print()",
            "batch.jsonl": (examples / "batch.jsonl").read_bytes(),
            "responses.jsonl": "\n".join(line for line in responses if "usage" in line),
            "request.json": json.dumps(request),
            "report.json": report,
        }
    )
    repository.git("switch", "-q", "-c", "longer")
    repository.commit({"prompts/review.txt": "Review this!"})
    return repository.folder


@pytest.mark.parametrize(
    "command",
    [
        example.command
        for name in ALL_NAMES
        for example in manual_of(name).examples
        # These need a server or an installed tool; each has its own tests.
        if name not in ("check", "statusline") and not name.startswith("prices ")
        if example.command != "dscost bill" and "--invoice" not in example.command
    ],
)
def test_the_examples_of_the_help_run(desk: Path, command: str) -> None:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", command],  # noqa: S607
        cwd=desk,
        env=os.environ | ENVIRONMENT | {"PATH": programs},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def _summaries() -> list[str]:
    return [entry.summary for entry in COMMANDS]
