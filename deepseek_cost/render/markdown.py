"""A page as Markdown for GitHub and GitLab, suitable for a comment."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from deepseek_cost.render.page import (
    BREAK,
    Block,
    Drawing,
    Notes,
    Page,
    Table,
    Week,
    Words,
    clipped,
    for_others,
    indent,
    shortened,
)

_WIDTH: Final = 80
# Markup inside a line; there is more at the beginning of a line.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|~&!])")
_AT_START: Final = re.compile(r"^(?=[-+=:])|^(?=\d+[.)])")
_ALIGNED: Final = {"words": ":--", "time": ":--", "figure": "--:"}
# GitHub and GitLab make links of users, issues, commits and addresses without any markup, and a
# backslash does not prevent it.
_NO_LINK: Final = re.compile(
    r"(?<=[@#%])(?=\w)|(?<=://)|(?<=mailto:)|(?<=xmpp:)|(?<=www)(?=\.)|(?<=\bgh)(?=-\d)",
    re.IGNORECASE,
)
_HASH: Final = re.compile(r"\b(?=\d*[a-f])([0-9a-f]{3})([0-9a-f]{4,61})\b", re.IGNORECASE)
_BREAK_UP: Final = "<!-- -->"
# DeepSeek's own pages, where a price comes from.
_PAGES: Final = "https://api-docs.deepseek.com/"
# A GitHub comment has at most 65,536 characters.
_MOST_CHARACTERS: Final = 65_000
_ROWS_OF_A_COMMENT: Final = (50, 20, 5, 1)
_LONGEST_NAME: Final = 200
# Of interest to few readers, and no part of a list before it.
_FOLDED: Final = "<details><summary>{}</summary>\n\n{}\n\n</details>"
_LINK: Final = re.compile(r"https://[\w./?=%:-]+", re.ASCII)


def to_markdown(page: Page) -> str:
    """Return a page with its details folded; no text turns into markup, a mention or a link."""
    title, *more = page.head
    parts = [f"**{_text(page.headline)}**"] if page.headline else []
    parts += [f"### {_text(title)}", *map(_text, more)]
    parts += [f"> [!WARNING]\n> {_text(for_others(warning))}" for warning in page.warnings]
    parts += [*map(_block, page.blocks), *([_text(page.basis)] if page.basis else [])]
    if page.details:
        parts.append(_FOLDED.format("Details", "\n\n".join(map(_block, page.details))))
    return "\n\n".join(parts) + "\n"


def to_comment(page: Page) -> str:
    """Return a page short enough for a comment, with long tables and names cut."""
    for most in _ROWS_OF_A_COMMENT:
        text = to_markdown(clipped(shortened(page, most), _LONGEST_NAME))
        if len(text) <= _MOST_CHARACTERS:
            return text
    head = clipped(page, _LONGEST_NAME)
    return to_markdown(replace(head, blocks=(), details=(), warnings=(), bars=None))


def _block(block: Block) -> str:
    match block:
        case Table():
            caption = [f"**{_text(block.caption)}**\n"] if block.caption else []
            more = [f"\n{_text(block.more)}"] if block.more else []
            return "\n".join([*caption, *_table(block), *more])
        case Words(lines):
            return "\n".join(_items(lines))
        case Notes(title, notes):
            listed = "\n".join(_items([note.text for note in notes]))
            return f"**{_text(title)}**\n\n{listed}"
        case Drawing(chart, caption):
            from deepseek_cost.render.text import draw_chart  # noqa: PLC0415 - only for charts

            head = f"**{_text(caption)}**\n\n" if caption else ""
            return f"{head}{_code(draw_chart(chart, _WIDTH))}"
        case Week():
            from deepseek_cost.render.text import draw_week, legend  # noqa: PLC0415 - likewise

            listed = "\n".join(_items([legend(block), *block.notes]))
            return f"{_code(draw_week(block))}\n\n{listed}"


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
