"""No code in the folder being read ever runs, whatever its files are called."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import shadows

PROGRAM = Path(sys.executable).parent / "dscost"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    shadows.fill(tmp_path)
    return tmp_path


def run(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *args], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_folder_would_run_what_is_imported_from_it(hostile: Path) -> None:
    code = "import logging, multiprocessing.spawn"
    subprocess.run([sys.executable, "-c", code], cwd=hostile, check=False, capture_output=True)

    assert "logging" in shadows.imported(hostile)


def test_workers_of_a_large_batch_import_nothing_from_where_it_lies(hostile: Path) -> None:
    line = '{"model": "deepseek-flash", "messages": [{"role": "user", "content": "Hello"}]}\n'
    # Inputs over 8 MB start workers.
    (hostile / "big.jsonl").write_text(line * 110_000)

    done = run(hostile, "count", "big.jsonl", "--jobs", "2", "--plain")

    assert (done.returncode, done.stderr) == (0, "")
    assert "110,000 requests" in done.stdout
    assert shadows.imported(hostile) == set()


@pytest.mark.parametrize(
    "args",
    [
        ("estimate", "prompt.txt", "--json"),
        ("prices",),
        ("when", "--template", "{tier}"),
        ("diff", "prompt.txt", "prompt.txt"),
        ("completion", "bash"),
        ("config",),
    ],
)
def test_a_command_imports_nothing_from_where_it_is_called(
    hostile: Path, args: tuple[str, ...]
) -> None:
    (hostile / "prompt.txt").write_text("Hello")

    assert run(hostile, *args).returncode == 0
    assert shadows.imported(hostile) == set()
