"""A diff as GitHub's and GitLab's Markdown, fit for the comment of a pull request."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from deepseek_cost.report.diff import DiffReport
from deepseek_cost.table import diff
from deepseek_cost.table.layout import Footnotes
from deepseek_cost.terminal import printable

# A comment takes 65,536 characters.
_MOST_FILES: Final = 50
_LONGEST: Final = 200
# By this a job finds the comment that it wrote before.
_MARK: Final = "<!-- dscost diff -->"
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|~&$])")
_TICKS: Final = re.compile("`+")


def markdown(report: DiffReport) -> str:
    """Write a diff as Markdown; no name in it is markup, a link or a mention."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: DiffReport) -> Iterable[str]:
    notes = Footnotes(())
    yield _MARK
    yield f"**Prompt cost:** {_code(diff.title(report))}"
    yield ""
    rows = (row for e in report.models for row in diff.model_rows(e, report.currency, notes))
    yield from _table(diff.HEADINGS, 1, [[_text(cell.strip()) for cell in row] for row in rows])
    yield ""
    for line in (*diff.limit_lines(report), diff.counted(report)):
        yield f"{_text(line)}\n"
    if report.files:
        yield from _files(report)
    for line in [*diff.uncounted_lines(report)][:_MOST_FILES]:
        yield f"- {_code(line)}"
    yield "\n<details><summary>What this rests on</summary>\n"
    for line in Footnotes(report.assumptions).lines():
        yield f"- {_text(line)}"
    yield "\n</details>"


def _files(report: DiffReport) -> Iterable[str]:
    headings = [heading.replace("\n", " ") for heading in diff.file_headings(report)]
    rows = [
        [
            file.state.value,
            _code(diff.file_name(file)).replace("|", r"\|"),
            *map(_text, diff.file_cells(file, report)),
        ]
        for file in report.files[:_MOST_FILES]
    ]
    yield from _table(headings, 2, rows)
    if (more := len(report.files) - _MOST_FILES) > 0:
        yield f"\nand {more:,} more"
    yield ""


def _table(headings: Sequence[str], left: int, rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield _row(headings)
    yield _row(["---"] * left + ["---:"] * (len(headings) - left))
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", printable(text))


def _code(text: str) -> str:
    """Write text as code, where nothing else is markup: not even a mention."""
    shown = printable(text)
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
    longest = max(map(len, _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}"
