"""Lines of text: how wide they are, and where they break."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deepseek_cost.render.wrapping import cells, filled, wrapped

TEXTS = st.text("ab  c漢é·─→▇█…¥", max_size=60)


@given(TEXTS)
def test_a_text_is_as_wide_as_rich_has_it(text: str) -> None:
    assert cells(text) == cell_len(text)


@given(TEXTS, st.integers(1, 70))
def test_wrapped_lines_have_all_words_and_only_a_long_word_is_wider(text: str, width: int) -> None:
    lines = wrapped(text, width)

    assert " ".join(lines).split() == text.split()
    assert all(cells(line) <= width or len(line.split()) == 1 for line in lines)


def test_lines_that_continue_are_indented_and_those_of_a_cell_keep_their_indent() -> None:
    text = "  prices: unchanged since the official page"

    assert wrapped(text, 31) == ["  prices: unchanged since the", "    official page"]
    assert filled(text, 31) == ["  prices: unchanged since the", "  official page"]
