"""A page as Markdown, as GitHub and GitLab show it: fit for a comment."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from deepseek_cost.render.page import (
    BREAK,
    Block,
    Drawing,
    Page,
    Table,
    Week,
    Words,
    clipped,
    indent,
    shortened,
)

_WIDTH: Final = 80
# What means something inside a line; at a line's beginning there is more.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|~&!])")
_AT_START: Final = re.compile(r"^(?=[-+=:])|^(?=\d+[.)])")
_ALIGNED: Final = {"words": ":--", "time": ":--", "figure": "--:"}
# No user, issue, commit or address is meant: GitHub and GitLab make links of them without any
# markup, and a backslash would not keep them from it.
_NO_LINK: Final = re.compile(
    r"(?<=[@#%])(?=\w)|(?<=://)|(?<=mailto:)|(?<=xmpp:)|(?<=www)(?=\.)|(?<=\bgh)(?=-\d)",
    re.IGNORECASE,
)
_HASH: Final = re.compile(r"\b(?=\d*[a-f])([0-9a-f]{3})([0-9a-f]{4,61})\b", re.IGNORECASE)
_BREAK_UP: Final = "<!-- -->"
# DeepSeek's own pages, where a price comes from.
_PAGES: Final = "https://api-docs.deepseek.com/"
# A comment of GitHub's has at most 65,536 characters.
_MOST_CHARACTERS: Final = 65_000
_ROWS_OF_A_COMMENT: Final = (50, 20, 5, 1)
_LONGEST_NAME: Final = 200
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


def to_comment(page: Page) -> str:
    """Write a page that fits a comment, whatever is in it: long tables and names are cut."""
    for most in _ROWS_OF_A_COMMENT:
        text = to_markdown(clipped(shortened(page, most), _LONGEST_NAME))
        if len(text) <= _MOST_CHARACTERS:
            return text
    head = clipped(page, _LONGEST_NAME)
    return to_markdown(head._replace(blocks=(), warnings=(), bars=None))


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
    if _LINK.fullmatch(text) and text.startswith(_PAGES):
        return f"<{text}>"
    escaped = _AT_START.sub(r"\\", _MARKS.sub(r"\\\1", text))
    # A backslash before a digit would be shown.
    escaped = re.sub(r"^\\(\d+)([.)])", r"\1\\\2", escaped)
    return _NO_LINK.sub(_BREAK_UP, _HASH.sub(rf"\1{_BREAK_UP}\2", escaped))


def _code(text: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=2) + 1)
    fence = fence if len(fence) > 2 else "```"  # noqa: PLR2004 - the shortest fence
    return f"{fence}text\n{text}\n{fence}"
