"""Text in screen columns: its width, and line breaks only between words."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

_WORD: Final = r"( *)([^ ]+)"
# Characters one column wide: most texts have no others, and Rich takes a moment to load.
_OF_ONE: Final = frozenset(
    map(
        chr,
        chain(
            range(0x20, 0x7F),
            range(0xA1, 0xAD),
            range(0xAE, 0x300),
            range(0x2013, 0x2027),
            range(0x2500, 0x2580),
        ),
    )
)


def cells(text: str) -> int:
    """Return the width of a text in screen columns."""
    if text.isascii() or _OF_ONE.issuperset(text):
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - see above

    return cell_len(text)


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text; a word longer than the width gets its own line.

    Lines after the first are indented by two more columns, if that leaves enough room.
    """
    if cells(text) <= width:
        return [text.rstrip(" ")]
    indent = len(text) - len(text.lstrip(" "))
    hang = " " * (indent + 2 if width > _NARROW else indent)
    return list(_lines(re.findall(_WORD, text), hang, width)) or [""]


_NARROW: Final = 30


def _lines(found: Sequence[tuple[str, str]], hang: str, width: int) -> Iterator[str]:
    line = ""
    for number, (gap, word) in enumerate(found):
        longer = f"{line}{gap}{word}"
        if number and cells(longer) > width:
            yield line
            line = f"{hang}{word}"
        else:
            line = longer
    if line:
        yield line


def filled(text: str, width: int) -> list[str]:
    """Return the lines of a cell's text, all with the same indent as the text."""
    if cells(text) <= width:
        return [text.rstrip(" ")]
    indent = text[: len(text) - len(text.lstrip(" "))]
    return list(_lines(re.findall(_WORD, text), indent, width)) or [""]


def longest_word(text: str) -> int:
    """Return the columns that the longest word of a text takes, with the text's indent."""
    indent = len(text) - len(text.lstrip(" "))
    return indent + max(map(cells, text.split(" ")))
