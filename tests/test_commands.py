"""The table of commands: told from one place, loaded one at a time."""

import inspect
import subprocess
import sys
from importlib import import_module
from itertools import groupby

import pytest

from deepseek_cost.cli.commands import COMMANDS, NAMES, Entry
from tests.conftest import Dscost


@pytest.mark.parametrize("entry", COMMANDS, ids=NAMES)
def test_the_summary_in_the_table_is_how_the_command_begins_its_own_help(
    dscost: Dscost, entry: Entry
) -> None:
    function = getattr(import_module(f"deepseek_cost.cli.{entry.name}"), entry.name)

    assert (inspect.getdoc(function) or "").splitlines()[0] == entry.summary
    assert entry.summary in " ".join(dscost(entry.name, "--help").out.split())


def test_a_groups_commands_stand_together_each_on_one_line(dscost: Dscost) -> None:
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
    code = f"""import sys; from deepseek_cost.cli import run; run({arguments.split()})
print([n for n in {NAMES} if f'deepseek_cost.cli.{{n}}' in sys.modules], file=sys.stderr)"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == str(loaded)


def test_a_name_misspelt_is_told_with_the_nearest(dscost: Dscost) -> None:
    ran = dscost("wen")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "dscost: No such command 'wen'. Did you mean 'when'?; see dscost --help\n"


def _summaries() -> list[str]:
    return [entry.summary for entry in COMMANDS]
