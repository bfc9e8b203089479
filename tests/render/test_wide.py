"""What is drawn without Rich looks as if Rich had drawn it."""

import io
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from deepseek_cost.render.page import Column, Page, Table, Week, Words, page_of
from deepseek_cost.render.terminal import print_page
from deepseek_cost.render.wide import to_wide_terminal

TEXTS = st.one_of(
    st.sampled_from(["", "total", "$1.00", "12,345", "two words", "¥3", "[b]x[/b]", ":smile:"]),
    st.text("ab 漢éｶ👍\u0301-", max_size=12),
)
HEADINGS = st.one_of(TEXTS, st.just("flash\ninput"))
KINDS = st.sampled_from(["words", "figure", "time"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(st.builds(Column, HEADINGS, KINDS), min_size=1, max_size=4))
    table = Table(*columns, caption=draw(TEXTS))
    table.more = draw(TEXTS)
    for rows in draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)):
        table.add_section()
        for _ in range(rows):
            table.add_row(*(draw(TEXTS) for _ in columns))
    return table


WORDS = st.builds(Words, st.lists(TEXTS, min_size=1, max_size=3).map(tuple), st.booleans())
WEEKS = st.just(Week((("Mon 23 Nov", "P-" * 24),), "UTC", ("a holiday", "another")))
PAGES = st.builds(page_of, TEXTS, st.one_of(tables(), WORDS, WEEKS), tables(), WORDS)


def by_rich(page: Page, width: int, *, is_styled: bool) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        markup=False,
        highlight=False,
        emoji=False,
        force_terminal=is_styled,
        color_system="standard" if is_styled else None,
        _environ={},
    )
    with console.capture() as captured:
        print_page(page, console)
    return captured.get()


def seen(text: str) -> list[list[tuple[str, str]]]:
    """Return what is on each line: its visible characters and blanks, each with its style."""
    lines, style = [], "0"
    for line in text.splitlines():
        found = []
        for code, char in re.findall(r"\x1b\[([\d;]*)m|(.)", line):
            style = code or style
            if char:
                found.append((char, "" if char == " " else style))
        while found and found[-1][0] == " ":
            found.pop()
        lines.append(found)
    return lines


@given(PAGES, st.sampled_from([20, 40, 80, 200]), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_page_that_fits_looks_as_rich_draws_it(
    page: Page,
    width: int,
    is_styled: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    drawn = to_wide_terminal(page, width, is_styled=is_styled)

    if drawn is not None:
        assert seen(drawn) == seen(by_rich(page, width, is_styled=is_styled))


def test_a_table_that_is_one_column_too_wide_is_left_to_rich() -> None:
    table = Table(Column("ten letter", "words"), Column("five5", "figure"))
    page = page_of("head", table)

    assert (
        to_wide_terminal(page, 17, is_styled=False)
        == "head\n\nten letter  five5\n" + "─" * 17 + "\n"
    )
    assert to_wide_terminal(page, 16, is_styled=False) is None


def test_what_is_quiet_is_dim_and_headings_are_strong() -> None:
    table = Table(Column("a", "time"))
    table.add_row("1")
    page = page_of("head", table, Words(("note",), is_quiet=True))

    drawn = to_wide_terminal(page, 80, is_styled=True)

    assert drawn == "head\n\n\x1b[1ma\x1b[0m\n─\n1\n\n\x1b[2mnote\x1b[0m\n"
