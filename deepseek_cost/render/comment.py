"""A page as the comment of a pull request: Markdown of GitHub and GitLab, kept short."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from deepseek_cost.page.blocks import Column, Page, Table, Words

# By this a job finds the comment that it wrote before.
MARK: Final = "<!-- dscost -->"
# A comment takes 65,536 characters.
_MOST_LINES: Final = 50
_LONGEST: Final = 200
_PLAIN: Final = re.compile(r"[\w .,:;%+$¥()/→'\[\]-]*")
_LINK: Final = re.compile(r"://|www\.|_", re.IGNORECASE)
_SPECIAL: Final = re.compile(r"([$\[\]])")
_TICKS: Final = re.compile("`+")


def to_comment(page: Page) -> str:
    """Write the tables and lines of a page; no name in it is markup, a link or a mention."""
    return "".join(f"{line}\n" for line in _lines(page))


def _lines(page: Page) -> Iterable[str]:
    yield MARK
    yield f"**{_text(page.head[0])}**"
    for line in page.head[1:]:
        yield f"\n{_text(line)}"
    for block in page.blocks:
        if isinstance(block, Table):
            yield from _table(block)
        elif isinstance(block, Words):
            yield from _words(block)
    for warning in page.warnings:
        yield f"\n**warning:** {_text(warning)}"


def _table(table: Table) -> Iterable[str]:
    rows = [row for section in table.sections for row in section]
    yield ""
    yield _row(column.heading.replace("\n", " ") for column in table.columns)
    yield _row("---" if column.kind == "words" else "---:" for column in table.columns)
    for row in rows[:_MOST_LINES]:
        yield _row(_cells(table.columns, row))
    if (more := len(rows) - _MOST_LINES) > 0:
        yield f"\nand {more:,} more"


def _cells(columns: Sequence[Column], row: Sequence[str]) -> Iterable[str]:
    """Yield cells; names stand as code."""
    for index, (column, cell) in enumerate(zip(columns, row, strict=True)):
        is_name = index > 0 and column.kind == "words"
        yield (_code(cell) if is_name else _text(cell.strip())).replace("|", r"\|")


def _words(block: Words) -> Iterable[str]:
    yield "\n<details><summary>What this rests on</summary>" if block.is_quiet else ""
    if block.is_quiet:
        yield ""
    for line in block.lines[:_MOST_LINES]:
        yield f"- {_text(line)}"
    if block.is_quiet:
        yield "\n</details>"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _LINK.search(text):
        return _SPECIAL.sub(r"\\\1", text)
    return _code(text)


def _code(text: str) -> str:
    """Write text as code, where nothing else is markup: not even a mention."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    longest = max(map(len, _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{shown}{space}{fence}"
