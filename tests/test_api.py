"""The Python interface: requests of every shape, usage in every format, notebooks."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost import (
    Charge,
    DscostError,
    Estimate,
    InputError,
    TokenUsage,
    UnknownModelError,
    UnpricedError,
    UsageError,
    count_texts,
    count_tokens,
    estimate,
    estimate_report,
    load_prices,
    price_answer,
    price_usage,
)
from deepseek_cost.api import Request
from deepseek_cost.cli.wording import in_flags
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.parts import to_json
from deepseek_cost.tokenizer import default_counter
from tests.conftest import Dscost

# A Monday, 10:00 in Beijing: peak hours.
PEAK = datetime(2026, 11, 23, 2, tzinfo=UTC)
# 64 hits, 36 misses and 10 output tokens at V4 Pro's peak prices of 0.044, 1.32 and 3.96 USD:
# (64 x 0.044 + 36 x 1.32 + 10 x 3.96) / 1,000,000
COST = Decimal("0.000089936")
USAGE = {"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}
CHAT_USAGE = {**USAGE, "completion_tokens": 10, "total_tokens": 110}
HELLO = {"role": "user", "content": "Hello"}


def test_a_text_its_message_and_its_body_are_the_same_request() -> None:
    body = {"model": "deepseek-v4-pro", "messages": [HELLO]}

    text = count_tokens("Hello", model="v4-pro")

    assert text.input == 84  # as billed by the API
    assert count_tokens([HELLO], model="v4-pro") == text
    assert count_tokens(body, model="v4-pro") == text


@pytest.mark.parametrize("model", ["v4-pro", "v4-flash", "deepseek-flash"])
@pytest.mark.parametrize(
    "mode",
    [{}, {"thinking": False}, {"thinking": True}, {"effort": "low"}, {"effort": "max"}],
    ids=str,
)
@pytest.mark.parametrize("system", ["", "Be brief."])
def test_messages_take_the_options_of_a_text(model: str, system: str, mode: dict[str, Any]) -> None:
    text = count_tokens("Hello", model=model, system=system, **mode)
    chat = count_tokens([HELLO], model=model, system=system, **mode)

    assert chat == text


def test_an_estimate_of_messages_costs_what_its_tokens_cost() -> None:
    chat = estimate([HELLO], model="v4-pro", at=PEAK, output_tokens=500, requests=1_000)

    # 1,000 x (84 x 1.32 + 500 x 3.96) / 1,000,000
    assert chat.total == Decimal("2.09088")


def test_a_body_says_itself_what_a_text_needs_options_for() -> None:
    body = {"model": "deepseek-v4-pro", "messages": [HELLO], "thinking": {"type": "disabled"}}

    assert count_tokens(body).input == count_tokens("Hello", thinking=False).input
    with pytest.raises(UsageError, match="thinking: only for texts and messages; a whole request"):
        count_tokens(body, thinking=True)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({}, "no request"),
        ([], "the API refuses|empty"),
        ({"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": object()}]}, "JSON"),
        ([{"role": "nobody", "content": "Hello"}], "request:1:"),
        ([{"role": "user", "content": "\ud800"}], "surrogate"),
        ("\ud800", "surrogate"),
        ([{"role": "user", "content": float("nan")}], "request"),
    ],
    ids=["nothing", "no messages", "no JSON", "no role", "surrogate", "text", "NaN"],
)
def test_what_the_api_would_not_take_is_an_input_error(request_: Request, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        count_tokens(request_)


def test_a_request_that_contains_itself_is_an_input_error() -> None:
    endless: dict[str, Any] = {"role": "user"}
    endless["content"] = endless

    with pytest.raises(InputError, match="cannot be sent as JSON: Circular"):
        count_tokens([endless])


def test_a_request_is_counted_for_the_model_that_it_names() -> None:
    body = {"model": "deepseek-flash", "messages": [HELLO]}

    assert count_tokens(body).input == 31  # as billed by the API; 84 for Pro
    assert count_tokens(body, model="v4-pro").input == 84
    assert estimate(body, at=PEAK).price.model.name == "deepseek-flash"
    with pytest.raises(UnknownModelError, match="unknown model 'gpt-9'"):
        count_tokens({**body, "model": "gpt-9"})
    assert count_tokens({**body, "model": "gpt-9"}, model="v4-pro").input == 84
    with pytest.raises(UsageError, match=r"which model\? pass model="):
        count_tokens({"messages": [HELLO]})
    with pytest.raises(UsageError, match=r"which model\? pass model="):
        estimate("Hello", at=PEAK)


def test_the_arguments_of_a_clients_call_are_a_request() -> None:
    off = {"thinking": {"type": "disabled"}}
    call = {"model": "deepseek-v4-pro", "messages": (HELLO,), "extra_body": off, "timeout": 9}

    assert count_tokens(call).input == 5  # as billed by the API without thinking


def test_what_is_doubtful_about_an_estimate_comes_with_it() -> None:
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    asked = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]}]
    old = {"model": "deepseek-v4-flash", "messages": [HELLO]}

    seen, blind = (estimate(asked, model=model, at=PEAK) for model in ("flash", "v4-pro"))

    assert (seen.tally.unknown_images, blind.tally.unknown_images) == (1, 0)
    # 1,024 tokens instead of 184, at 0.30 USD per million
    assert seen.ceiling is not None
    assert seen.ceiling - seen.floor == (1_024 - 184) * Decimal("0.3") / 10**6 + (
        seen.tally.output_ceiling * Decimal("1.2") / 10**6
    )
    assert "deepseek-v4-pro takes no images" in blind.warnings[0]
    assert estimate(old, at=PEAK).warnings[0].startswith("deepseek-v4-flash: the model was retired")
    assert estimate("Hello", model="v4-pro", at=PEAK).warnings == ()
    assert "2028" in estimate("Hello", model="v4-pro", at=PEAK.replace(year=2028)).warnings[-1]
    with pytest.raises(InputError, match="1 image that cannot be read here"):
        count_tokens(asked, model="flash")


@settings(deadline=None)
@given(st.lists(st.text(max_size=20)))
def test_many_texts_are_counted_as_each(texts: list[str]) -> None:
    each = [count_tokens(text, model="v4-flash", system="Be brief.").input for text in texts]

    assert count_texts(texts, model="v4-flash", system="Be brief.") == each


def test_a_column_with_something_else_than_text_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"texts\[1\] is no text but NoneType"):
        count_texts(["Hello", None], model="v4-pro")  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"at": datetime(2026, 11, 23)}, "has no time zone"),  # noqa: DTZ001 - the case under test
        ({"currency": "EUR"}, "currency='EUR' is not a choice; write USD, CNY"),
        ({"effort": "huge"}, "effort='huge' is not a choice; write low, high, max"),
        ({"effort": "low", "thinking": False}, "effort needs thinking"),
        ({"cache_hit_ratio": 1.5}, "cache_hit_ratio: '1.5' is not a share between 0 and 1"),
        ({"requests": 0}, "requests=0 is not between 1 and"),
        ({"output_tokens": -1}, "output_tokens=-1 is negative"),
        ({"model": "v4-por"}, "did you mean v4-pro"),
    ],
)
def test_all_that_goes_wrong_has_one_base(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(DscostError, match=reason):
        estimate("Hello", **{"model": "v4-pro", "at": PEAK, **options})


def test_the_report_is_what_the_command_writes_but_for_its_flags(
    dscost: Dscost, hello: Path
) -> None:
    ran = dscost("estimate", hello, "--at", "2026-11-23T02:00Z", "-o", 500, "-c", "0.5", "--json")

    report = estimate_report("Hello", at=PEAK, output_tokens=500, cache_hit_ratio="0.5")

    written, expected = json.loads(to_json(in_flags(report))), json.loads(ran.out)
    assert written.pop("inputs") == [{"source": "request", "kind": "text", "requests": 1}]
    expected.pop("inputs")
    assert written == expected


def test_more_output_than_a_model_gives_is_refused_for_bodies_too() -> None:
    with pytest.raises(UsageError, match="output limit"):
        estimate([HELLO], model="v4-pro", at=PEAK, output_tokens=10**9)


def test_the_book_reports_all_prices_of_a_time() -> None:
    book = load_prices()
    before_v4 = datetime(2026, 1, 1, tzinfo=UTC)

    prices = {price.model.name: price for price in book.at(PEAK)}

    assert prices["deepseek-v4-pro"] == book.price("v4-pro", PEAK)
    assert all(price.at == PEAK for price in prices.values())
    for model in book.model:
        if model.name not in prices:
            with pytest.raises(UnpricedError):
                book.price(model.name, PEAK)
    assert "deepseek-v4-pro" not in {price.model.name for price in book.at(before_v4)}


@pytest.mark.parametrize(
    "usage",
    [
        CHAT_USAGE,
        {"input_tokens": 36, "cache_read_input_tokens": 64, "output_tokens": 10},
        {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 64}, "output_tokens": 10},
        TokenUsage(cache_hit=64, cache_miss=36, output=10),
    ],
    ids=["chat", "messages", "responses", "value"],
)
def test_a_usage_of_any_format_is_priced(usage: dict[str, object] | TokenUsage) -> None:
    assert price_usage(usage, model="v4-pro", at=PEAK).total == COST


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_usage_costs_its_tokens_at_their_rates(hit: int, miss: int, output: int) -> None:
    usage = {
        "prompt_cache_hit_tokens": hit,
        "prompt_cache_miss_tokens": miss,
        "completion_tokens": output,
    }

    charge = price_usage(usage, model="v4-pro", at=PEAK)

    by_hand = hit * Decimal("0.044") + miss * Decimal("1.32") + output * Decimal("3.96")
    assert charge.total == by_hand / 1_000_000


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({}, "missing"),
        ({"prompt_tokens": 100, "completion_tokens": 1}, "^its usage does not report cache hits$"),
        ({**CHAT_USAGE, "prompt_tokens": 99}, "contradicts itself"),
        ({**CHAT_USAGE, "completion_tokens": -1}, "is not a number of tokens"),
        ({**CHAT_USAGE, "completion_tokens": 10**5_000}, "is not a number of tokens"),
        (b"usage", "a bytes is not an object"),
    ],
)
def test_an_unclear_usage_is_an_error_never_zero(usage: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        price_usage(usage, model="v4-pro", at=PEAK)


def test_a_response_without_a_time_asks_for_one() -> None:
    response = {"model": "deepseek-v4-pro", "usage": CHAT_USAGE}

    with pytest.raises(InputError, match=r"^no time in it; pass at=$"):
        price_answer(response)
    with pytest.raises(UsageError, match="has no time zone; for UTC write"):
        price_answer(response, at=PEAK.replace(tzinfo=None))
    assert price_answer(response, at=PEAK).total == COST


def test_a_response_of_an_unknown_model_or_without_tokens_is_an_error() -> None:
    with pytest.raises(UnknownModelError):
        price_answer({"model": "gpt-9", "usage": CHAT_USAGE}, at=PEAK)
    with pytest.raises(InputError, match="no usage in it"):
        price_answer({"model": "deepseek-v4-pro"}, at=PEAK)
    with pytest.raises(InputError, match="no usage in it"):
        price_answer([], at=PEAK)


class _Cells(HTMLParser):
    """Collects the texts of a table and its open elements."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Record that an element starts."""
        del attrs
        if tag not in ("br", "col", "meta"):  # these have no end tag
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Record that an element ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect a text."""
        self.texts += filter(None, [data.strip()])


def _shown(value: Estimate | Charge | EstimateReport) -> list[str]:
    cells = _Cells()
    cells.feed(value._repr_html_() or "")
    assert cells.open == []
    return cells.texts


def test_a_notebook_shows_an_estimate_as_a_table() -> None:
    known = _shown(estimate("Hello", model="v4-pro", at=PEAK, output_tokens=500))
    unknown = _shown(estimate("Hello", model="v4-pro", at=PEAK))

    assert known == [
        "deepseek-v4-pro, peak price at 2026-11-23 02:00 UTC",
        *("tokens", "USD per million", "cost in USD"),
        *("cache hits", "0", "0.044", "0"),
        *("cache misses", "84", "1.32", "0.00011088"),
        *("output", "500", "3.96", "0.00198"),
        *("total", "584", "0.00209088"),
    ]
    assert unknown[-8:] == [
        *("output", "0 to 65,536", "3.96", "not known"),
        *("least", "0.00011088"),  # 84 x 1.32 / 1,000,000
        *("most", "0.25963344"),  # and 65,536 x 3.96 / 1,000,000
    ]


def test_a_notebook_shows_a_report_as_its_page() -> None:
    report = estimate_report("Hello", at=PEAK, output_tokens=500)

    page = _shown(report)

    for text in ("deepseek-v4-flash", "deepseek-v4-pro", "input tokens", "84", "31"):
        assert text in page
    assert not hasattr(report.estimates[0], "_repr_html_")


def test_a_notebook_shows_a_charge_as_a_table() -> None:
    charge = price_usage(CHAT_USAGE, model="v4-pro", at=PEAK)

    assert _shown(charge)[-3:] == ["total", "110", "0.000089936"]


def test_tiktoken_finds_deepseeks_encoding_by_its_name() -> None:
    encoding = tiktoken.get_encoding("deepseek_v4")

    assert encoding.encode("Hello") == [19923]
    assert encoding.encode("<｜begin▁of▁sentence｜>", allowed_special="all") == [0]
    assert encoding.n_vocab == 129_280
    assert "cl100k_base" in tiktoken.list_encoding_names()  # tiktoken's own are still there


@settings(deadline=None)  # the first call loads the vocabulary
@given(st.text())
def test_tiktokens_encoding_counts_as_we_do_and_loses_nothing(text: str) -> None:
    encoding = tiktoken.get_encoding("deepseek_v4")

    tokens = encoding.encode_ordinary(text)

    assert len(tokens) == default_counter().count([text])
    assert encoding.decode(tokens) == text


_PROGRAM = """\
from datetime import UTC, datetime
from decimal import Decimal

import openai

from deepseek_cost import Estimate, count_tokens, estimate, load_prices, price_answer, price_usage

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
one: Estimate = estimate([{"role": "user", "content": "Hello"}], model="v4-pro", at=AT)
ceiling: Decimal | None = one.ceiling
tokens: int = count_tokens("Hello").input
names: list[str] = [price.model.name for price in load_prices().at(AT)]
answer = openai.OpenAI(api_key="none").chat.completions.create(model="m", messages=[])
total: Decimal = price_answer(answer).total
if answer.usage:
    total = price_usage(answer.usage, model="v4-pro", at=AT).total
stream = openai.OpenAI(api_key="none").chat.completions.create(model="m", messages=[], stream=True)
total = price_answer(stream).total
"""


def test_a_program_that_uses_the_interface_passes_the_strict_type_check(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy comes with the extra lint")
    (tmp_path / "program.py").write_text(_PROGRAM, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "Success: no issues found in 1 source file\n", done.stderr
