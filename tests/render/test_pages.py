"""Pages described by tests, as a web page and as a picture."""

import re

from deepseek_cost.render.html import to_html
from deepseek_cost.render.markdown import to_markdown
from deepseek_cost.render.page import Column, Table, grid, page_of
from deepseek_cost.render.svg import to_svg
from deepseek_cost.render.terminal import to_terminal
from deepseek_cost.render.text import to_plain


def test_a_phone_shows_the_rows_of_a_wide_table_as_cards_with_the_headings_in_them() -> None:
    wide, narrow = grid("day", "requests", "cost"), grid("day", "requests", "cost")
    wide.add_row("2026-11-02", "3 of them, and 40,000 that could not be priced", "$0.50")
    narrow.add_row("2026-11-02", "3", "$0.50")

    page, other = to_html(page_of("head", wide)), to_html(page_of("head", narrow))

    assert '<table class="cards">' in page
    assert '<td class="figure" data-label="cost">$0.50</td>' in page
    assert "<table>" in other


def test_bars_are_left_out_where_the_figures_need_the_room() -> None:
    table = Table(Column("day", "words"), Column("cost", "figure"), Column("", "time"))
    table.add_row("2026-11-02", "$0.50", "▇▇▇▇")

    assert "$0.50  ▇▇▇▇" in to_terminal(page_of("head", table), 23)
    assert to_terminal(page_of("head", table), 22).splitlines()[-1] == "2026-11-02  $0.50"


def test_amounts_are_padded_to_one_number_of_decimals() -> None:
    table = grid("", "cost")
    for amount in ("$1.25", "$0.125", "$7"):
        table.add_row("", amount)

    page = to_html(page_of("head", table))

    # A space as wide as a digit for the thousandth, and one as wide as a point for 7.
    assert ">$1.25&#8199;</td>" in page
    assert ">$0.125</td>" in page
    assert ">$7&#8200;&#8199;&#8199;&#8199;</td>" in page


def test_a_picture_wraps_long_lines_between_words() -> None:
    words = [f"word{number}" for number in range(60)]

    drawn = to_svg(page_of(" ".join(words)))

    shown = re.sub(r"<[^>]+>", " ", drawn).replace("&#160;", " ").split()
    assert [word for word in words if word not in shown] == []


def test_a_label_has_its_line_to_itself() -> None:
    table = grid("rate", "cost")
    table.add_row("2026-08-16 16:00 until 2026-09-10 04:00")
    table.add_row("  peak", "$0.50")
    page = page_of("head", table)

    assert to_terminal(page, 60).splitlines()[-4:] == [
        "rate     cost",
        "─────────────",
        "2026-08-16 16:00 until 2026-09-10 04:00",
        "  peak  $0.50",
    ]
    assert 'colspan="2">2026-08-16 16:00 until 2026-09-10 04:00</th>' in to_html(page)
    assert to_plain(page).splitlines()[-2:] == [
        "2026-08-16 16:00 until 2026-09-10 04:00",
        "rate peak: cost $0.50",
    ]


def test_a_page_for_others_names_no_option_in_its_warnings() -> None:
    warning = "reasoning tokens of 3 turns are unknown; add them with --reasoning-tokens N"
    page = page_of("head", warnings=(warning, "a -- b; c"))

    for shown in (to_html(page), to_markdown(page)):
        assert "reasoning tokens of 3 turns are unknown" in shown
        assert "--reasoning" not in shown
        assert "b; c" in shown


def test_a_page_breaks_no_model_name_at_its_hyphens() -> None:
    long = "a-name-of-a-file-that-is-wider-than-a-phone.txt"
    page = to_html(page_of(f"deepseek-v4-pro; {long} <b-c> costs $1 on 2026-11-02"))

    assert '<span class="word">deepseek-v4-pro</span>; a-name-of-a-file' in page
    assert '&lt;<span class="word">b-c</span>&gt;' in page
    assert 'on <span class="word">2026-11-02</span></h1>' in page
    assert f"<title>deepseek-v4-pro; {long} &lt;b-c&gt;" in page
