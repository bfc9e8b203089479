"""A page as HTML: one file that needs no network and no script, or a fragment for a notebook."""

from collections.abc import Callable
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from deepseek_cost.render.page import BREAK, Block, Drawing, Page, Table, Words, indent
from deepseek_cost.render.text import spans, spoken

# Wide, and as a phone shows it: letters keep their size.
_SIZES: Final = {"wide": (900, 520), "narrow": (360, 420)}


def to_html(page: Page) -> str:
    """Write a page as a whole document."""
    return _templates().get_template("page.html").render(page=page) + "\n"


def fragment(page: Page) -> str:
    """Write a page as a part of another document, with its own style."""
    return _templates().get_template("fragment.html").render(page=page)


@cache
def _templates() -> Environment:
    """Return the templates; all that they are given is escaped."""
    environment = Environment(
        loader=PackageLoader("deepseek_cost.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "indent": indent,
        "pictures": _pictures,
        "spans": spans,
        "spoken": spoken,
    }
    environment.filters |= {"headed": _headed, "nested": _nested}
    environment.tests |= {name: _kind(kind) for name, kind in _KINDS.items()}
    return environment


def _headed(heading: str) -> list[str]:
    return heading.split(BREAK)


def _nested(lines: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """Return each line with those that go on from it."""
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
    from deepseek_cost.render.svg import draw  # noqa: PLC0415 - for charts alone

    # The picture is written by a library that escapes what it is given.
    return {
        name: Markup(draw(drawing.chart, f"{number}-{name}", size, is_part=True))  # noqa: S704
        for name, size in _SIZES.items()
    }


def _kind(kind: type) -> Callable[[Block], bool]:
    return lambda block: isinstance(block, kind)


_KINDS: Final[dict[str, type]] = {"table": Table, "words": Words, "drawing": Drawing}
