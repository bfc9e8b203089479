"""Responses as the real clients return them, from a server that behaves like the API."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import anthropic
import openai
import pytest

from deepseek_cost import InputError, Meter, count_tokens, price_answer, price_usage

# A Monday, 10:00 in Beijing: peak hours.
PEAK = datetime(2026, 11, 23, 2, tzinfo=UTC)
# 64 hits, 36 misses and 10 output tokens at V4 Pro's peak prices of 0.044, 1.32 and 3.96 USD:
# (64 x 0.044 + 36 x 1.32 + 10 x 3.96) / 1,000,000
COST = Decimal("0.000089936")
USAGE = {"prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}
CHAT_USAGE = {**USAGE, "completion_tokens": 10, "total_tokens": 110}
OF_CHAT = {"id": "a", "created": int(PEAK.timestamp()), "model": "deepseek-v4-pro"}
HELLO = {"role": "user", "content": "Hello"}
CHAT: dict[str, Any] = {"model": "deepseek-v4-pro", "messages": [HELLO]}
MESSAGES: dict[str, Any] = {**CHAT, "max_tokens": 10}


class Api(BaseHTTPRequestHandler):
    """Responds like DeepSeek's endpoints: chat (also streamed), responses and messages."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kind = "text/event-stream" if body.get("stream") else "application/json"
        response = {"/chat/completions": _chat, "/responses": _response, "/v1/messages": _message}
        data = response[self.path](body).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


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
    response = {"id": "r", "object": "response", "created_at": OF_CHAT["created"], "output": []}
    return json.dumps({**response, "model": "deepseek-v4-pro", "usage": usage})


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
    response = chat_client.chat.completions.create(**CHAT)
    stream = chat_client.chat.completions.create(**CHAT, stream=True)

    assert price_answer(response).total == COST
    assert price_usage(response.usage, model=response.model, at=PEAK).total == COST
    assert price_answer(stream).total == COST


def test_what_the_openai_client_returns_for_responses_is_priced(
    chat_client: openai.OpenAI,
) -> None:
    response = chat_client.responses.create(model="deepseek-v4-pro", input="Hello")

    assert price_answer(response).total == COST


def test_what_the_anthropic_client_returns_is_priced(
    messages_client: anthropic.Anthropic,
) -> None:
    response = messages_client.messages.create(**MESSAGES)
    stream = messages_client.messages.create(**MESSAGES, stream=True)

    assert price_answer(response, at=PEAK).total == COST
    assert price_usage(response.usage, model=response.model, at=PEAK).total == COST
    assert price_answer(stream, at=PEAK).total == COST


def test_helpers_of_the_clients_stream_are_priced(
    chat_client: openai.OpenAI, messages_client: anthropic.Anthropic
) -> None:
    meter = Meter()

    with chat_client.chat.completions.stream(**CHAT) as chat:
        of_chat = [meter.add(event) for event in chat]
    with messages_client.messages.stream(**MESSAGES) as messages:
        of_messages = [meter.add(event, at=PEAK) for event in messages]
    meter.close()

    assert [charge.total for charge in of_chat if charge] == [COST]
    assert [charge.total for charge in of_messages if charge] == [COST]
    assert (meter.requests, meter.total) == (2, 2 * COST)


def test_a_meter_prices_what_an_asynchronous_client_streams(server: str) -> None:
    meter = Meter()

    async def ask() -> None:
        async with openai.AsyncOpenAI(api_key="none", base_url=server) as client:
            async for chunk in await client.chat.completions.create(**CHAT, stream=True):
                meter.add(chunk)

    asyncio.run(ask())

    assert (meter.requests, meter.total) == (1, COST)


def test_a_response_in_the_history_counts_as_its_dict(chat_client: openai.OpenAI) -> None:
    message = chat_client.chat.completions.create(**CHAT).choices[0].message
    again = {"role": "user", "content": "Again"}

    as_object = count_tokens([HELLO, message, again], model="v4-pro")

    reported = {"role": "assistant", "content": "Hi"}
    assert as_object == count_tokens([HELLO, reported, again], model="v4-pro")


def _chunk(name: str, usage: dict[str, int] | None = None) -> dict[str, object]:
    return {
        **OF_CHAT,
        "id": name,
        "object": "chat.completion.chunk",
        "choices": [] if usage else [{"index": 0, "delta": {"content": "Hi"}}],
        "usage": usage,
    }


def test_streams_at_the_same_time_are_distinguished() -> None:
    meter = Meter()

    charges = [
        meter.add(part)
        for part in (_chunk("a"), _chunk("b"), _chunk("b", CHAT_USAGE), _chunk("a", CHAT_USAGE))
    ]
    meter.close()

    assert [charge.total if charge else None for charge in charges] == [None, None, COST, COST]
    assert meter.total == 2 * COST


def test_a_stream_that_reports_no_usage_is_an_error_never_zero() -> None:
    meter = Meter()
    begun = {"type": "message_start", "message": {"type": "message", "model": "deepseek-v4-pro"}}

    meter.add(_chunk("a"))
    with pytest.raises(InputError, match="a stream without a usage"):
        meter.close()
    with pytest.raises(InputError, match="a stream without a usage"):
        price_answer([_chunk("a")])
    meter.add(begun)
    with pytest.raises(InputError, match="a stream without a usage"):
        meter.add(begun)
    with pytest.raises(InputError, match="no usage in it"):
        meter.add({"choices": []})
    assert (meter.requests, meter.total) == (0, Decimal(0))
