"""A price page as blocks: tables with their spans filled in, and paragraphs of text.

Read from HTML, from Markdown, or from text in which each row of a table is a line of bars.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final
from unicodedata import normalize

from msgspec import Struct

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HTML: Final = re.compile(r"<(?:!doctype|html|head|body|table|div|main|article|p)\b", re.IGNORECASE)
_SKIPPED: Final = frozenset(
    ["script", "style", "nav", "button", "svg", "noscript", "template", "-comment", "head"]
)
_INLINE: Final = frozenset(["-text", "a", "b", "code", "em", "i", "small", "span", "strong", "sup"])
# Where Docusaurus, which serves DeepSeek's pages, has the page itself; then what others have.
_PLACES: Final = (".theme-doc-markdown", "article", "main", "body")
_MOST_SPANNED: Final = 50
_INVISIBLE: Final = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_LINK: Final = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_AUTOLINK: Final = re.compile(r"<(https?://[^<>\s]*)>")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_RULE: Final = re.compile(r"(?:\*{3,}|-{3,}|_{3,})")
_DELIMITER: Final = re.compile(r":?-+:?")
_BAR: Final = re.compile(r"(?<!\\)\|")


class Table(Struct, frozen=True):
    """Rows of cells. `is_whole`: spanned cells are repeated, so that rows are equally wide.

    `is_cut`: the page ends in this table, before its last row does.
    """

    rows: tuple[tuple[str, ...], ...]
    is_whole: bool = False
    is_cut: bool = False


class Paragraph(Struct, frozen=True):
    """A line or paragraph of text, a heading included."""

    text: str


Block = Table | Paragraph


def read_blocks(text: str) -> list[Block]:
    """Return the tables and paragraphs of a page, in their order."""
    is_html = _HTML.search(text) is not None
    lines = text.rstrip().splitlines()
    found = _html_blocks(text) if is_html else _line_blocks(lines)
    blocks = [block for block in found if isinstance(block, Table) or block.text]
    last = blocks[-1] if blocks else None
    if isinstance(last, Table):
        is_cut = _ends_in_html_table(text) if is_html else not lines[-1].endswith("|")
        blocks[-1] = Table(last.rows, last.is_whole, is_cut)
    return blocks


def page_text(text: str) -> str:
    """Return the paragraphs of a page, one per line; text other than HTML is returned unchanged."""
    if not _HTML.search(text):
        return text
    return "\n".join(block.text for block in _html_blocks(text) if isinstance(block, Paragraph))


def _ends_in_html_table(text: str) -> bool:
    folded = text.lower()
    return folded.count("<table") != folded.count("</table")


def plain(text: str) -> str:
    """Return text with one spelling of brackets, dashes, quotes and white space."""
    text = _DASHES.sub("-", _INVISIBLE.sub("", normalize("NFKC", text)))
    return " ".join(text.replace("“", '"').replace("”", '"').split())


def _html_blocks(text: str) -> Iterator[Block]:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - for web pages alone

    document = LexborHTMLParser(text)
    root = next(filter(None, map(document.css_first, _PLACES)), document.root)
    if root is None:
        return
    inside = {node.mem_id for node in root.css("table")}
    yield from _blocks_below(root)
    for node in document.css("table"):  # one outside of the page proper is no less a table
        if node.mem_id not in inside:
            yield _html_table(node)


def _blocks_below(root: "LexborNode") -> Iterator[Block]:
    """Walk the elements in their order, without recursion: a page may nest them to any depth."""
    line: list[str] = []
    pending: list[LexborNode | None] = [root]
    while pending:
        node = pending.pop()
        if node is None or node.tag == "table" or node.tag not in _INLINE:
            yield Paragraph(plain("".join(line)))
            line.clear()
        if node is None or node.tag in _SKIPPED:
            continue
        if node.tag == "table":
            yield _html_table(node)
        elif node.tag == "-text":
            line.append(node.text_content or "")
        else:
            if node.tag not in _INLINE:
                pending.append(None)
            pending.extend(reversed(list(node.iter(include_text=True))))
    yield Paragraph(plain("".join(line)))


def _html_table(table: "LexborNode") -> Table:
    """Return the cells of a table, each repeated wherever it spans."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column: rows still covered, and the text
    for line in table.css("tr"):
        row: list[str] = []
        for cell in line.iter():
            _hang(row, hanging)
            text = _cell_text(cell)
            down = _span(cell, "rowspan")
            for _ in range(_span(cell, "colspan")):
                _hang(row, hanging)  # spans that overlap make the row too wide, which is noticed
                if down > 1:
                    hanging[len(row)] = (down - 1, text)
                row.append(text)
        _hang(row, hanging)
        rows.append(row)
    if hanging:  # a span reaches below the last row
        rows.append([text for _, text in hanging.values()])
    return Table(tuple(map(tuple, rows)), is_whole=True)


def _hang(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Add the cells that span down from rows above."""
    while len(row) in hanging:
        column = len(row)
        left, text = hanging.pop(column)
        if left > 1:
            hanging[column] = (left - 1, text)
        row.append(text)


def _span(cell: "LexborNode", name: str) -> int:
    value = cell.attributes.get(name) or "1"
    return min(int(value), _MOST_SPANNED) if value.isascii() and value.isdigit() else 1


def _cell_text(cell: "LexborNode") -> str:
    parts: list[str] = []
    for node in cell.traverse(include_text=True):
        if node.tag == "-text":
            text = node.text_content or ""
            is_marker = node.parent is not None and node.parent.tag == "sup" and text.isdigit()
            parts.append(f"({text})" if is_marker else text)
        elif node.tag == "br":
            parts.append(" ")
    return plain("".join(parts))


def _line_blocks(lines: Iterable[str]) -> Iterator[Block]:
    rows: list[tuple[str, ...]] = []
    is_whole = False
    for line in map(str.strip, lines):
        if line.startswith("|"):
            cells = tuple(_markdown(cell) for cell in _BAR.split(line[1:].removesuffix("|")))
            if all(map(_DELIMITER.fullmatch, cells)):
                is_whole = True
            else:
                rows.append(cells)
            continue
        if rows:
            yield Table(tuple(rows), is_whole)
            rows, is_whole = [], False
        if not _RULE.fullmatch(line):
            yield Paragraph(_markdown(line.lstrip("#")))
    if rows:
        yield Table(tuple(rows), is_whole)


def _markdown(text: str) -> str:
    """Return the plain text of a piece of Markdown: links as their text, no emphasis."""
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text)).replace("**", "").replace("`", "")
    text = re.sub(r"<br\s*/?>", " ", text)
    return plain(_ESCAPE.sub(r"\1", text))
