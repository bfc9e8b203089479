"""Texts in a form rendered once: the same bodies as each text rendered by itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost import load_prices
from deepseek_cost.inputs.request import Request, TextStream, text_request
from deepseek_cost.prompt.body import RenderedBody, completed, render_bodies
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.prompt.text_form import TextForm, stream_of
from deepseek_cost.tokenizer import default_counter

MODES = [Mode(), Mode(thinking=False), Mode(effort=Effort.MAX)]


def rendered(request: Request, mode: Mode, system: str) -> list[RenderedBody]:
    book = load_prices()
    models = [book.find(name) for name in ("deepseek-v4-pro", "deepseek-flash")]
    return render_bodies(completed(request, models[0], mode, system), models)


@given(
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.text(st.characters(codec="utf-8"), min_size=1),
    st.sampled_from(MODES),
    st.sampled_from(["", "Be brief.", "\n"]),
)
@settings(max_examples=60, deadline=None)
def test_a_text_in_the_form_of_another_is_counted_as_by_itself(
    first: str, second: str, mode: Mode, system: str
) -> None:
    counter = SegmentCounter(default_counter())
    form = TextForm.of(rendered(text_request("a.txt", first), mode, system), counter)
    other = text_request("b.txt", second)

    counted = form.counted(counter.count(second))

    assert counted == [body.count(counter) for body in rendered(other, mode, system)]


@pytest.mark.parametrize("form_of", ["Hello.", TextStream(["Hello."])])
def test_a_text_that_is_read_in_blocks_has_the_form_of_any_other(
    form_of: str | TextStream,
) -> None:
    counter = SegmentCounter(default_counter())
    form = TextForm.of(rendered(text_request("a.txt", form_of), Mode(), ""), counter)
    blocks = text_request("b.txt", TextStream(["One ", "two."]))
    whole = text_request("b.txt", "One two.")

    counted = form.counted(counter.count_stream(stream_of(blocks)))

    assert counted == [body.count(counter) for body in rendered(whole, Mode(), "")]
