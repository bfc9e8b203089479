"""README: every example is run, and its output is what stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

README = ROOT / "README.md"
_EXAMPLE = re.compile(r"^```console\n\$ (?P<command>.*)\n(?P<output>(?s:.*?))^```$", re.MULTILINE)
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = list(_EXAMPLE.finditer(README.read_text(encoding="utf-8")))


def run(command: str, folder: Path) -> str:
    """Run a README command as a shell at 80 columns would show it."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DSCOST")},
        "COLUMNS": "80",
        "PATH": programs,
        "TZ": "UTC",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        shell=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e["command"][:60])
def test_an_example_prints_what_the_readme_shows(example: re.Match[str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")

    assert run(example["command"], tmp_path) == example["output"]


def test_the_readme_has_examples_of_every_command() -> None:
    commands = {example["command"].split()[1] for example in EXAMPLES}

    # check needs an account.
    everywhere = {"estimate", "count", "compare", "chat", "cache", "bill", "when", "prices"}
    assert commands == everywhere


def test_the_python_example_says_what_it_gives() -> None:
    code = _PYTHON.search(README.read_text(encoding="utf-8"))
    assert code
    names: dict[str, object] = {}

    for line in filter(None, code[1].splitlines()):
        expression, _, comment = line.partition("  # ")
        if comment:
            assert repr(eval(expression, names)) == comment  # noqa: S307 - our own README
        else:
            exec(line, names)  # noqa: S102 - likewise
