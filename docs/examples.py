"""Examples in the README and the pages; `python docs/examples.py` updates their output."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
# Languages a reader can run; the tests run these blocks unless the page gives a reason not to.
_RUNNABLE: Final = {"bash", "console", "python", "sh", "shell"}
_BLOCK: Final = re.compile(
    r"(?:^ *<!-- (?:not run: (?P<why>.+)|faked: (?P<fake>.+)) -->\n)?"
    r"^ *```(?P<language>\w+)\n(?P<text>(?s:.*?))^ *```$",
    re.MULTILINE,
)


_FENCED: Final = re.compile(r"^ *```\w*\n(?s:.*?)^ *```$", re.MULTILINE)
# A block without a fence: lines of four spaces or more after a blank line, outside of lists.
_UNFENCED: Final = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")


class Block(NamedTuple):
    """A code block in a page, and the reason why the tests do not run it, if any.

    A block with the name of a fake is run by tests/test_fakes.py.
    """

    page: str
    language: str
    text: str
    why_not: str | None
    fake: str | None = None

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0]}"

    def commands(self) -> Iterator[tuple[str, str]]:
        """Yield each command in a console block with its output."""
        for part in re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def pages() -> list[Path]:
    """Return the README and the pages, without the references, which the build generates."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def _block(page: str, found: re.Match[str]) -> Block:
    return Block(page, found["language"], found["text"], found["why"], found["fake"])


def blocks(page: Path) -> list[Block]:
    """Return the code blocks in a page that a reader can run."""
    name = page.relative_to(ROOT).as_posix()
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    every = [_block(name, match) for match in found]
    return [block for block in every if block.language in _RUNNABLE]


def unfenced(page: Path) -> list[str]:
    """Return the code blocks in a page that have no fence, which `blocks` would not find."""
    return _UNFENCED.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))


def lay_out(folder: Path) -> Path:
    """Copy the files that the examples read into a folder, and return the folder."""
    for name in ("examples", "data"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def run(command: str, folder: Path) -> str:
    """Return what a command prints on an 80-column terminal, including standard error."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DSCOST")}
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(  # noqa: S602 - our own pages
        command,
        cwd=folder,
        shell=True,
        executable=shutil.which("bash"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env={**own, "COLUMNS": "80", "PATH": programs, "TZ": "UTC"},
        check=False,
    ).stdout


def rerun(page: Path) -> str:
    """Return a page with the current output of its console blocks, each run in its own folder."""

    def again(match: re.Match[str]) -> str:
        block = _block(page.name, match)
        if block.language != "console" or block.why_not or block.fake:
            return match[0]
        with tempfile.TemporaryDirectory() as made:
            folder = lay_out(Path(made))
            text = "".join(f"$ {line}\n{run(line, folder)}" for line, _ in block.commands())
        return f"```console\n{text}```"

    return _BLOCK.sub(again, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    for each in pages():
        each.write_text(rerun(each), encoding="utf-8")
