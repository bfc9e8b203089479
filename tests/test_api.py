"""The Python interface: requests of every shape, answers of the real clients, notebooks."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import anthropic
import openai
import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost import (
    Charge,
    Estimate,
    InputError,
    TokenUsage,
    UnknownModelError,
    UnpricedError,
    UsageError,
    count_tokens,
    estimate,
    load_prices,
    price_answer,
    price_usage,
)
from deepseek_cost.api import Request
from deepseek_cost.tokens import default_counter

# A Monday, 10:00 in Beijing: peak hours.
PEAK = datetime(2026, 11, 23, 2, tzinfo=UTC)
# 64 hits, 36 misses and 10 tokens of output at V4 Pro's peak prices of 0.044, 1.32 and 3.96 USD:
# (64 x 0.044 + 36 x 1.32 + 10 x 3.96) / 1,000,000
COST = Decimal("0.000089936")
USAGE = {"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}
CHAT_USAGE = {**USAGE, "completion_tokens": 10, "total_tokens": 110}
OF_CHAT = {"id": "a", "created": int(PEAK.timestamp()), "model": "deepseek-v4-pro"}
HELLO = {"role": "user", "content": "Hello"}


def test_a_text_its_message_and_its_body_are_the_same_request() -> None:
    body = {"model": "deepseek-v4-pro", "messages": [HELLO]}

    text = count_tokens("Hello", model="v4-pro")

    assert text.input == 84  # as the API was seen to bill
    assert count_tokens([HELLO], model="v4-pro") == text
    assert count_tokens(body, model="v4-pro") == text


@pytest.mark.parametrize("model", ["v4-pro", "v4-flash", "deepseek-flash"])
@pytest.mark.parametrize("thinking", [False, True])
@pytest.mark.parametrize("effort", ["low", "high", "max"])
@pytest.mark.parametrize("system", ["", "Be brief."])
def test_messages_take_the_options_of_a_text(
    model: str, effort: str, system: str, *, thinking: bool
) -> None:
    text = count_tokens("Hello", model=model, system=system, thinking=thinking, effort=effort)
    chat = count_tokens([HELLO], model=model, system=system, thinking=thinking, effort=effort)

    assert chat == text


def test_an_estimate_of_messages_costs_what_its_tokens_cost() -> None:
    chat = estimate([HELLO], model="v4-pro", at=PEAK, output_tokens=500, requests=1_000)

    # 1,000 x (84 x 1.32 + 500 x 3.96) / 1,000,000
    assert chat.total == Decimal("2.09088")


def test_a_body_says_itself_what_a_text_needs_options_for() -> None:
    body = {"model": "deepseek-v4-pro", "messages": [HELLO], "thinking": {"type": "disabled"}}

    assert count_tokens(body).input == count_tokens("Hello", thinking=False).input
    with pytest.raises(UsageError, match="stand in the body"):
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

    with pytest.raises(InputError, match="cannot be written as JSON"):
        count_tokens([endless])


def test_more_output_than_a_model_gives_is_refused_for_bodies_too() -> None:
    with pytest.raises(UsageError, match="output limit"):
        estimate([HELLO], model="v4-pro", at=PEAK, output_tokens=10**9)


def test_the_book_tells_all_prices_of_an_instant() -> None:
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
        ({"prompt_tokens": 100, "completion_tokens": 1}, "^its usage does not tell cache hits$"),
        ({**CHAT_USAGE, "prompt_tokens": 99}, "do not add up"),
        ({**CHAT_USAGE, "completion_tokens": -1}, "no count of tokens"),
        ({**CHAT_USAGE, "completion_tokens": 10**5_000}, "no count of tokens"),
        (b"usage", "a bytes is no object"),
    ],
)
def test_an_unclear_usage_is_an_error_never_zero(usage: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        price_usage(usage, model="v4-pro", at=PEAK)


def test_an_answer_without_a_time_asks_for_one() -> None:
    answer = {"model": "deepseek-v4-pro", "usage": CHAT_USAGE}

    with pytest.raises(InputError, match=r"^no time in it; pass at=$"):
        price_answer(answer)
    with pytest.raises(ValueError, match="time zone"):
        price_answer(answer, at=PEAK.replace(tzinfo=None))
    assert price_answer(answer, at=PEAK).total == COST


def test_an_answer_of_an_unknown_model_or_without_tokens_is_an_error() -> None:
    with pytest.raises(UnknownModelError):
        price_answer({"model": "gpt-9", "usage": CHAT_USAGE}, at=PEAK)
    with pytest.raises(InputError, match="no usage in it"):
        price_answer({"model": "deepseek-v4-pro"}, at=PEAK)
    with pytest.raises(InputError, match="no usage in it"):
        price_answer([], at=PEAK)
    with pytest.raises(InputError, match="stream without a usage"):
        price_answer([{**OF_CHAT, "object": "chat.completion.chunk", "choices": []}])


class Api(BaseHTTPRequestHandler):
    """Answers as DeepSeek's endpoints do: chat, its stream, responses and messages."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = "text/event-stream" if body.get("stream") else "application/json"
        answer = {"/chat/completions": _chat, "/responses": _response, "/v1/messages": _message}
        data = answer[self.path](body).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _chat(body: dict[str, Any]) -> str:
    message = {"role": "assistant", "content": "Hi"}
    choice = {"index": 0, "finish_reason": "stop"}
    if not body.get("stream"):
        choices = [{**choice, "message": message}]
        done = {**OF_CHAT, "object": "chat.completion", "choices": choices, "usage": CHAT_USAGE}
        return json.dumps(done)
    chunk = {**OF_CHAT, "object": "chat.completion.chunk", "usage": None}
    first = {**chunk, "choices": [{"index": 0, "delta": message, "finish_reason": None}]}
    last = {**chunk, "choices": [{**choice, "delta": {}}], "usage": CHAT_USAGE}
    return _events([first, last], end="data: [DONE]\n\n")


def _response(_: dict[str, Any]) -> str:
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 64},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 110,
    }
    answer = {"id": "r", "object": "response", "created_at": OF_CHAT["created"], "output": []}
    return json.dumps({**answer, "model": "deepseek-v4-pro", "usage": usage})


def _message(body: dict[str, Any]) -> str:
    usage = {"input_tokens": 36, "cache_read_input_tokens": 64, "output_tokens": 10}
    message = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "deepseek-v4-pro",
        "content": [],
        "stop_reason": "end_turn",
        "usage": usage,
    }
    if not body.get("stream"):
        return json.dumps(message)
    begun = {**message, "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return _events(
        [
            {"type": "message_start", "message": begun},
            {"type": "message_delta", "delta": end, "usage": {"output_tokens": 10}},
            {"type": "message_stop"},
        ]
    )


def _events(events: list[dict[str, Any]], end: str = "") -> str:
    named = (f"event: {e['type']}\n" if "type" in e else "" for e in events)
    return (
        "".join(f"{n}data: {json.dumps(e)}\n\n" for n, e in zip(named, events, strict=True)) + end
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    api = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    Thread(target=api.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{api.server_port}"
    api.shutdown()
    api.server_close()


@pytest.fixture
def chat_client(server: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="none", base_url=server) as client:
        yield client


@pytest.fixture
def messages_client(server: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="none", base_url=server) as client:
        yield client


def test_what_the_openai_client_returns_is_priced(chat_client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "deepseek-v4-pro", "messages": [HELLO]}

    answer = chat_client.chat.completions.create(**asked)
    stream = chat_client.chat.completions.create(**asked, stream=True)

    assert price_answer(answer).total == COST
    assert price_usage(answer.usage, model=answer.model, at=PEAK).total == COST
    assert price_answer(stream).total == COST


def test_what_the_openai_client_returns_for_responses_is_priced(
    chat_client: openai.OpenAI,
) -> None:
    answer = chat_client.responses.create(model="deepseek-v4-pro", input="Hello")

    assert price_answer(answer).total == COST


def test_what_the_anthropic_client_returns_is_priced(
    messages_client: anthropic.Anthropic,
) -> None:
    asked: dict[str, Any] = {"model": "deepseek-v4-pro", "max_tokens": 10, "messages": [HELLO]}

    answer = messages_client.messages.create(**asked)
    stream = messages_client.messages.create(**asked, stream=True)

    assert price_answer(answer, at=PEAK).total == COST
    assert price_usage(answer.usage, model=answer.model, at=PEAK).total == COST
    assert price_answer(stream, at=PEAK).total == COST


class _Cells(HTMLParser):
    """The texts of a table, and what is open in it."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Note that an element begins."""
        del attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that it ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)


def _shown(value: Estimate | Charge) -> list[str]:
    cells = _Cells()
    cells.feed(value._repr_html_())
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
ceiling: Decimal = one.ceiling
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
