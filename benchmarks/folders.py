"""Time an estimate of a folder of many files, and a diff of a repository in which few changed.

    python benchmarks/folders.py --rival /path/to/another/dscost

Both are created for the run. A rival is another build of dscost; ratios are to the first build.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import paragraphs
from benchmarks.racing import busy, dscost, peak, process, raced, ratios

_CHARACTERS: Final = 700
_CHANGED: Final = 20  # one in 20 files changes
_GIT: Final = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")


def main() -> None:
    """Race the builds on the folder and on the repository."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rival", action="append", default=[])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--tracked", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    options = parser.parse_args()
    programs = [*options.rival, dscost()]
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        os.chdir(folder)
        write(Path("folder"), options.files)
        race(f"estimate of {options.files:,} files", programs, ["estimate", "folder"], options.runs)
        commit_twice(Path("repository"), options.tracked)
        os.chdir("repository")
        what = f"diff of {options.tracked:,} files, {options.tracked // _CHANGED:,} changed"
        race(what, programs, ["diff", "HEAD~1..HEAD", "prompts"], options.runs)
        os.chdir("/")


def race(what: str, programs: list[str], command: list[str], runs: int) -> None:
    """Print each program's time, its ratio to the first program's, and its peak memory."""
    rivals = {program: process([program, *command, "--json"]) for program in programs}
    times = {name: [run.seconds for run in done] for name, done in raced(rivals, runs).items()}
    print(what, *ratios(times, programs[0]), sep="\n")
    for program in programs:
        print(f"{program:34} {peak([program, *command, '--json']) / 1e6:.0f} MB at most")


def write(folder: Path, files: int) -> None:
    """Write files of about a hundred words each, a hundred per folder.

    Each begins with a word: a part of the corpus alone may begin as JSON does.
    """
    for number, text in zip(range(files), texts(_CHARACTERS), strict=False):
        path = folder / f"{number // 100:03}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Prompt {number}\n{text}", encoding="utf-8")


def texts(characters: int) -> Iterator[str]:
    """Yield texts of so many characters, without end."""
    rest = ""
    while True:
        for paragraph in paragraphs("mixed", 10_000_000):
            rest += paragraph
            while len(rest) >= characters:
                yield rest[:characters]
                rest = rest[characters:]


def commit_twice(folder: Path, files: int) -> None:
    """Create a repository in whose second commit some files are longer."""
    write(folder / "prompts", files)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "before")
    for number, path in enumerate(sorted(folder.glob("prompts/*/*"))):
        if number % _CHANGED == 0:
            path.write_text(path.read_text(encoding="utf-8") + " And be brief.", encoding="utf-8")
    git(folder, "commit", "-qam", "after")


def git(folder: Path, *args: str) -> None:
    """Run git, and raise if it fails."""
    subprocess.run([*_GIT, "-C", str(folder), *args], check=True)


if __name__ == "__main__":
    main()
