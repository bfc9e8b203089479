"""Generate the pictures for the README and the pages: `python docs/pictures.py`."""

import os
import re
import subprocess
import sys
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
FOLDER = Path(__file__).parent / "pictures"
# Rich's SVG would download its font; a picture must not need the network.
_FORMAT = re.sub(r"@font-face {{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_REVIEW = "examples/review.txt --at 2026-11-23T02:00Z"
# A command and the maximum number of lines of its output to show.
TERMINALS = {
    "estimate": (f"dscost estimate {_REVIEW}", 28),
    "when": ("dscost when --at 2026-11-23T02:00Z --tz Europe/Berlin", 40),
}
# Charts that the command writes itself.
CHARTS = {
    "compare": f"dscost compare {_REVIEW} --output-tokens 400",
    "chat": f"dscost chat {_REVIEW} -m pro --turns 30 --user-tokens 200 --answer-tokens 400",
}


def main() -> None:
    """Generate all pictures."""
    make(FOLDER)


def make(folder: Path) -> None:
    """Write the pictures into a folder."""
    for name, (command, lines) in TERMINALS.items():
        (folder / f"{name}.svg").write_text(_terminal(name, command, lines), encoding="utf-8")
    for name, command in CHARTS.items():
        _run(f"{command} --svg {folder / name}.svg")


def _terminal(name: str, command: str, lines: int) -> str:
    shown = Text.from_ansi("\n".join(_run(command).splitlines()[:lines]))
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=80, file=nowhere)
        console.print(f"[green]$[/] {command}", highlight=False, no_wrap=True, crop=False)
        console.print(shown)
        return console.export_svg(
            title="dscost", theme=DIMMED_MONOKAI, code_format=_FORMAT, unique_id=name
        )


def _run(command: str) -> str:
    """Return what an 80-column terminal shows, including colors."""
    program, *arguments = command.split()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DSCOST")},
        "COLUMNS": "80",
        "FORCE_COLOR": "1",
        "TZ": "UTC",
    }
    environment.pop("NO_COLOR", None)
    return subprocess.run(  # noqa: S603 - the tool itself, with our own examples
        [Path(sys.executable).parent / program, *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout


if __name__ == "__main__":
    main()
