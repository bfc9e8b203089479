"""A conversation sent again with each turn is counted as one by one, however it is changed."""

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from deepseek_cost.inputs.continuation import Continuations
from deepseek_cost.inputs.jsonl import Lines
from deepseek_cost.pricing.book import Price
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.bodies import Bodies
from tests.estimates.test_batch import NAMES, prices, report
from tests.estimates.test_batch_counter import both

__all__ = ["prices"]
LONG = "You review code, and are brief. " * 50
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def turn(random: Random, bodies: Bodies, number: int) -> list[dict[str, Any]]:
    """Return messages that may follow a response."""
    user = {"role": "user", "content": bodies.some_text()}
    response = {"role": "assistant", "content": bodies.text()}
    ids = [f"{number}{letter}" for letter in "ba"[: random.randint(1, 2)]]
    calls = [
        {"id": one, "type": "function", "function": {"name": "f", "arguments": bodies.text(2)}}
        for one in ids
    ]
    called = {"role": "assistant", "content": None, "tool_calls": calls}
    results = [
        {"role": "tool", "tool_call_id": one, "content": bodies.some_text()} for one in ids[::-1]
    ]
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    others: list[list[dict[str, Any]]] = [
        [user],
        [user, user],
        [response],
        [response, user],
        [called, *results],
        [called | {"reasoning_content": "Let me see."}, *results, response],
        [{"role": "system", "content": bodies.some_text()}, user],
        [{"role": "latest_reminder", "content": bodies.text()}],
        [response, {"role": "latest_reminder", "content": "now"}, user],
        [{"role": "user", "content": [{"type": "text", "text": bodies.text()}]}],
    ]
    rare: list[list[dict[str, Any]]] = [
        [{"role": "user", "content": [{"type": "text", "text": "See"}, picture]}],
        [{"role": "user", "content": [{"type": "file", "file": {"file_id": "a"}}]}],
        [{"role": "tool", "tool_call_id": "none", "content": "refused"}],
        [{"role": "nobody", "content": "refused"}],
        [response | {"prefix": True}],
    ]
    return random.choice(rare if random.random() < 0.05 else others)


def changed(random: Random, body: dict[str, Any], bodies: Bodies) -> None:
    """Change a body in one of the ways in which what was sent before does not go on."""
    messages = body["messages"]
    settings: list[dict[str, Any]] = [
        {"model": random.choice(NAMES)},
        {"tools": random.choice([[TOOL], [], [TOOL | {"type": "x"}]])},
        {"thinking": {"type": random.choice(["enabled", "disabled"])}},
        {"response_format": {"type": random.choice(["json_object", "text"])}},
        {"max_tokens": random.choice([10, 0, 10**9])},
        {"metadata": {"messages": deepcopy(messages)}},
    ]
    match random.randrange(5):
        case 0:
            random.choice(messages)["content"] = bodies.text()
        case 1:
            del messages[random.randrange(1, len(messages) + 1) :]
        case 2:
            messages.insert(random.randrange(len(messages) + 1), messages[-1])
        case _:
            body |= random.choice(settings)


def replay(seed: int) -> list[bytes]:
    """Return a conversation's requests, now and then changed, in several ways to write them."""
    random, bodies = Random(seed), Bodies(seed)  # noqa: S311 - tests, not secrets
    body: dict[str, Any] = {"model": NAMES[0], "messages": [{"role": "system", "content": LONG}]}
    if random.random() < 0.5:
        body["tools"] = [TOOL]
    before = deepcopy(body)
    lines = []
    for number in range(30):
        body = before if random.random() < 0.4 else body
        before = deepcopy(body)
        body["messages"] += deepcopy(turn(random, bodies, number))
        if random.random() < 0.2:
            changed(random, body, bodies)
        sent = dict(sorted(body.items(), reverse=random.random() < 0.2))
        line: dict[str, Any] = {"custom_id": f"r{number}", "url": "/v1/chat/completions"}
        text = json.dumps(line | {"body": sent} if seed % 3 else sent, ensure_ascii=seed % 2 == 0)
        if random.random() < 0.05:
            text = text[:-4] + random.choice(['"x": 1, "x": 2}]}', "\\ud800", "]]}}", "}"])
        lines.append(text.encode("utf-8", "surrogatepass"))
    return lines


@pytest.mark.parametrize("seed", range(40))
def test_a_replay_has_the_report_of_its_requests_one_by_one(
    prices: list[Price], counter: StreamCounter, seed: int
) -> None:
    many, single = both(prices, counter, replay(seed))

    assert report(many, prices) == report(single, prices)


def continued(*bodies: object) -> dict[int, str]:
    """Return the lines that continue the one before, as they are parsed, without the mark."""
    data = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in bodies)
    found = Continuations(_mark="mark").documents(Lines("a.jsonl", 1, data, "utf-8", None))
    return {number: document.line.text for number, document in found.items()}


def chat(*texts: str, **settings: object) -> dict[str, object]:
    messages = [{"role": "user", "content": text} for text in (LONG, *texts)]
    return {"messages": messages, "model": NAMES[0], **settings}


def test_of_a_line_that_continues_the_one_before_only_what_is_new_is_parsed() -> None:
    found = continued(chat("a"), chat("a", "b"), chat("a", "b", "c"), chat("x"))

    end = f'], "model": "{NAMES[0]}"}}'
    assert found == {
        2: '{"messages": ["mark", {"role": "user", "content": "b"}' + end,
        3: '{"messages": ["mark", {"role": "user", "content": "c"}' + end,
    }


def test_the_messages_of_a_line_that_continues_are_all_there_in_their_order() -> None:
    data = b"\n".join(json.dumps(chat(*"abcd"[:size])).encode() for size in range(5))

    found = Continuations().documents(Lines("a.jsonl", 1, data, "utf-8", None))

    assert {number: one.value for number, one in found.items()} == {
        number: chat(*"abcd"[: number - 1]) for number in range(2, 6)
    }


def test_a_line_with_a_fault_is_read_whole_and_so_is_the_one_after_it() -> None:
    doubled = json.dumps(chat("a", "b")).encode().replace(b'"content": "b"', b'"role": "b"')

    assert continued(chat("a"), doubled) == {}
    assert continued(doubled, chat("a", "b", "c")) == {}
    again = json.dumps(chat("a", "b", "c")).encode().replace(b'"content": "b"', b'"role": "b"')
    assert continued(doubled, again) == {}


def test_a_list_of_messages_elsewhere_in_a_line_is_not_mistaken_for_those_sent() -> None:
    decoy = {"metadata": chat("a"), **chat("a")}

    assert continued(decoy, {"metadata": chat("a", "b"), **chat("a")}) == {}


def test_messages_nested_deeply_are_read_whole() -> None:
    def deep(*texts: str, levels: int) -> bytes:
        nested = b"[" * levels + b"]" * levels
        return json.dumps(chat("deep", *texts)).encode().replace(b'"deep"', nested)

    assert list(continued(deep(levels=100), deep("a", levels=100))) == [2]
    assert continued(deep(levels=126), deep("a", levels=126)) == {}
