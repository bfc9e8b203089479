"""A page as Markdown, as GitHub and GitLab show it: fit for a comment."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from deepseek_cost.render.page import BREAK, Block, Drawing, Page, Table, Week, Words, indent

_WIDTH: Final = 80
# What means something inside a line; at a line's beginning there is more.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|~&!])")
_AT_START: Final = re.compile(r"^(?=[-+=:])|^(?=\d+[.)])")
_ALIGNED: Final = {"words": ":--", "time": ":--", "figure": "--:"}
# No user and no issue is meant; a backslash would not say so.
_NO_MENTION: Final = re.compile("([@#])")
# Read by few, and no part of the list before it.
_FOLDED: Final = "<details><summary>What this rests on</summary>\n\n{}\n\n</details>"
_LINK: Final = re.compile(r"https://[\w./?=%:-]+", re.ASCII)


def to_markdown(page: Page) -> str:
    """Write a page; nothing in its text is taken for markup, a mention or a link."""
    title, *more = page.head
    parts = [f"**{_text(page.verdict)}**"] if page.verdict else []
    parts += [f"### {_text(title)}", *map(_text, more)]
    parts += [f"> [!WARNING]\n> {_text(warning)}" for warning in page.warnings]
    return "\n\n".join([*parts, *map(_block, page.blocks)]) + "\n"


def _block(block: Block) -> str:
    match block:
        case Table():
            caption = [f"**{_text(block.caption)}**\n"] if block.caption else []
            more = [f"\n{_text(block.more)}"] if block.more else []
            return "\n".join([*caption, *_table(block), *more])
        case Words(lines, is_quiet):
            items = "\n".join(_items(lines))
            return _FOLDED.format(items) if is_quiet else items
        case Drawing(chart, caption):
            from deepseek_cost.render.text import draw_chart  # noqa: PLC0415 - for charts alone

            head = f"**{_text(caption)}**\n\n" if caption else ""
            return f"{head}{_code(draw_chart(chart, _WIDTH))}"
        case Week():
            from deepseek_cost.render.text import draw_week, legend  # noqa: PLC0415 - likewise

            notes = "\n".join(_items([legend(block), *block.notes]))
            return f"{_code(draw_week(block))}\n\n{notes}"


def _table(table: Table) -> Iterator[str]:
    yield _row([column.heading.replace(BREAK, " ") for column in table.columns])
    yield f"| {' | '.join(_ALIGNED[column.kind] for column in table.columns)} |"
    for rows in table.sections:
        yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(cell: str) -> str:
    depth, stripped = indent(cell)
    return "&emsp;" * depth + _text(stripped)


def _items(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        depth, stripped = indent(line)
        yield f"{'  ' * min(depth, 1)}- {_text(stripped)}"


def _text(text: str) -> str:
    if _LINK.fullmatch(text):
        return f"<{text}>"
    escaped = _AT_START.sub(r"\\", _MARKS.sub(r"\\\1", text))
    # A backslash before a digit would be shown.
    escaped = re.sub(r"^\\(\d+)([.)])", r"\1\\\2", escaped)
    return _NO_MENTION.sub(r"\1<!-- -->", escaped)


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=2) + 1)
    fence = fence if len(fence) > 2 else "```"  # noqa: PLR2004 - the shortest fence
    return f"{fence}text\n{text}\n{fence}"
