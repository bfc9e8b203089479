"""A page as HTML: one file without network access or scripts, or a fragment for a notebook."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from deepseek_cost.render.page import (
    BREAK,
    Block,
    Column,
    Drawing,
    Notes,
    Page,
    Table,
    Words,
    aligned,
    for_others,
    indent,
    is_label,
)
from deepseek_cost.render.text import spans, spoken

# Spaces as wide as a point and as a digit.
_HYPHENATED: Final = re.compile(r"(\w[\w.]*(?:-[\w.]+)+)")
_LONGEST_WORD: Final = 24  # longer words would be wider than a phone
_POINT: Final = "\u2008"
_DIGIT: Final = "\u2007"
# A table fits on a phone by these characters: in all, in its labels (at least and at most),
# and in the gap of two columns.
_PHONE: Final = 48
_LABELS: Final = (8, 22)
_GAP: Final = 2
# For desktop and phone: letters keep their size.
_SIZES: Final = {"wide": (900, 520), "narrow": (360, 420)}


def to_html(page: Page) -> str:
    """Return a page as a complete document."""
    return _templates().get_template("page.html").render(page=page) + "\n"


def fragment(page: Page) -> str:
    """Return a page as part of another document, with its own style."""
    return _templates().get_template("fragment.html").render(page=page)


@cache
def _templates() -> Environment:
    """Return the templates, which escape all text."""
    environment = Environment(
        loader=PackageLoader("deepseek_cost.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "aligned_rows": _aligned_rows,
        "is_wide": _is_wide,
        "indent": indent,
        "pictures": _pictures,
        "spans": spans,
        "spoken": spoken,
    }
    environment.filters |= {
        "for_others": for_others,
        "headed": _headed,
        "nested": _nested,
        "padded": _padded,
        "whole": _whole,
    }
    environment.tests |= {name: _kind(kind) for name, kind in _KINDS.items()}
    environment.tests["label"] = is_label
    return environment


def _headed(heading: str) -> list[str]:
    return heading.split(BREAK)


def _aligned_rows(table: Table) -> list[list[tuple[str, ...]]]:
    """Return the rows of each section, with amounts aligned on their decimal points."""
    rows = [row for section in table.sections for row in section]
    columns = [
        _aligned(column, [row[at] for row in rows]) for at, column in enumerate(table.columns)
    ]
    shown = iter(zip(*columns, strict=True))
    return [[next(shown) for _ in section] for section in table.sections]


def _is_wide(table: Table) -> bool:
    """Return whether a table is wider than a phone, which shows each row as a card.

    Headings are broken between words and at hyphens there, and so are long labels.
    """
    rows = [row for section in table.sections for row in section if not is_label(row)]
    widths = [
        max(len(text) for text in (*re.split(r"[\s-]", column.heading), *(row[at] for row in rows)))
        for at, column in enumerate(table.columns)
    ]
    label, *others = widths
    least, most = _LABELS
    return min(max(label, least), most) + sum(others) + _GAP * len(others) > _PHONE


def _aligned(column: Column, texts: list[str]) -> list[str]:
    return aligned(texts, _POINT, _DIGIT) if column.kind == "figure" else texts


def _padded(cell: str) -> Markup:
    """Return a cell with its special spaces as entities, visible in any editor."""
    text = escape(cell)
    return text.replace(_POINT, Markup("&#8200;")).replace(_DIGIT, Markup("&#8199;"))


def _whole(text: str) -> Markup:
    """Return a text whose model names and dates are not broken at their hyphens."""
    parts = _HYPHENATED.split(text)
    for at in range(1, len(parts), 2):
        if len(parts[at]) <= _LONGEST_WORD:
            parts[at] = Markup('<span class="word">{}</span>').format(parts[at])
    return Markup("").join(parts)


def _nested(lines: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Return each line with the indented lines that continue it."""
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        depth, text = indent(line)
        if depth and found:
            found[-1][1].append(text)
        else:
            found.append((text, []))
    return found


def _pictures(drawing: Drawing, number: int) -> dict[str, Markup]:
    """Draw a chart in each size."""
    from deepseek_cost.render.svg import draw  # noqa: PLC0415 - only for charts

    # The library that writes the picture escapes text.
    return {
        name: Markup(draw(drawing.chart, f"{number}-{name}", size, is_part=True))  # noqa: S704
        for name, size in _SIZES.items()
    }


def _kind(kind: type) -> Callable[[Block], bool]:
    return lambda block: isinstance(block, kind)


_KINDS: Final[dict[str, type]] = {
    "table": Table,
    "words": Words,
    "notes": Notes,
    "drawing": Drawing,
}
