"""Counting many lines at a time gives the same report as one by one, whatever their texts."""

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from deepseek_cost.estimates.workload import Workload
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Fault
from deepseek_cost.pricing.book import Price
from deepseek_cost.prompt.skeleton import Skeleton
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.bodies import MAKERS, Bodies
from tests.estimates.test_batch import NAMES, lines_of, prices, report, workload

__all__ = ["prices"]
CHATS = [name for name, (kind, _) in MAKERS.items() if kind is Kind.CHAT and name != "odd"]
TOOLS = "### Available Tool Schemas\n\n"
EDGES = [
    "",
    " ",
    "\n",
    "\n\nx",
    "x \n",
    "\u3000x\ufeff",
    TOOLS,
    f"a{TOOLS}b\nc",
    "<think>",
    "\ue000",
]
EDGES += ['"', "\\", "\x00", "😀", "</think>a", "<｜User｜>", "\ue0000\ue001", '{"a": 1}', "image"]


def refilled(body: dict[str, Any], random: Random, bodies: Bodies) -> dict[str, Any]:
    """Return a copy of a body with different texts in its messages."""
    body = deepcopy(body)
    for message in body["messages"]:
        content = message.get("content")
        for block in content if isinstance(content, list) else [message]:
            key = "text" if block is not message else "content"
            if isinstance(block.get(key), str):
                block[key] = random.choice(EDGES) if random.random() < 0.3 else bodies.text(8)
    return body


def batch(seed: int) -> list[bytes]:
    """Return lines of a few forms, each repeated with different texts, and lines of no form."""
    random, bodies = Random(seed), Bodies(seed)  # noqa: S311 - tests, not secrets
    found = lines_of(seed, 10)
    for _ in range(6):
        _, make = MAKERS[random.choice(CHATS)]
        made = make(bodies) | {"model": random.choice(NAMES[:3])}
        for number in range(6):
            body = refilled(made, random, bodies)
            name = random.choice(["", '"', "\ud83d\ude00", f"r{number}"])
            line = {"custom_id": name, "url": "/chat/completions", "body": body}
            text = json.dumps(line if seed % 2 else body, ensure_ascii=random.random() < 0.5)
            found.append(text.encode("utf-8", "surrogatepass"))
    random.shuffle(found)
    return found


def both(
    prices: list[Price],
    counter: StreamCounter,
    lines: list[bytes],
    encoding: str = "utf-8",
    *,
    by_part: bool = True,
) -> tuple[Workload, Workload]:
    """Return two workloads, one with the lines added many at a time, one with them one by one."""
    many, single = (workload(prices, counter) for _ in range(2))
    for ledger in (*many.ledgers, *single.ledgers):
        ledger.keeps_parts = by_part
    single.on_request = lambda _place, _tallies, _tokens: None
    for done in (many, single):
        done.add_lines(Lines("a.jsonl", 1, b"\n".join(lines), encoding, None), 1)
    return many, single


@pytest.mark.parametrize("by_part", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_many_at_a_time_have_the_report_of_one_by_one(
    prices: list[Price], counter: StreamCounter, seed: int, *, by_part: bool
) -> None:
    many, single = both(prices, counter, batch(seed), by_part=by_part)

    assert report(many, prices) == report(single, prices)


def documents_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which the number of each line that is read as a document is added."""
    read: list[int] = []
    document = Lines.document

    def recording(lines: Lines, number: int, data: bytes) -> Document | Fault:
        read.append(number)
        return document(lines, number, data)

    monkeypatch.setattr(Lines, "document", recording)
    return read


@pytest.mark.parametrize("key", ["prompt", "text", None])
def test_lines_of_prompts_are_counted_alike_and_are_not_read_again(
    prices: list[Price], counter: StreamCounter, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    texts = [f"{number}{edge}" for number, edge in enumerate(EDGES)]
    lines = [json.dumps({key: text} if key else text).encode() for text in texts]
    many, single = both(prices, counter, lines)

    assert report(many, prices) == report(single, prices)
    assert {source.kind for source in many.partial.tallied} == {Kind.TEXT}

    read = documents_read(monkeypatch)
    workload(prices, counter).add_lines(Lines("a", 1, b"\n".join(lines), "utf-8", None), 1)
    # The first line is read because its form may be unique; the second establishes the form.
    assert set(read) == {1, 2}


def test_lines_that_differ_in_their_texts_alone_are_not_read_again(
    prices: list[Price], counter: StreamCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = documents_read(monkeypatch)
    body: dict[str, Any] = {"model": "deepseek-flash", "messages": [{"role": "user"}]}
    texts = [f'word {number}, 价格 "{number}"' for number in range(50)]
    lines = []
    for number, text in enumerate(texts):
        body["messages"][0]["content"] = text
        lines.append(json.dumps({"custom_id": f"r{number}", "body": body}).encode())

    done = workload(prices, counter)
    done.add_lines(Lines("a.jsonl", 1, b"\n".join(lines), "utf-8", None), 1)

    assert set(read) == {1, 2}  # the first may be unique; the second establishes the form
    assert [tally.requests for tally in done.totals()] == [50, 50]
    assert done.totals()[0].text == sum(counter.count_each(texts))
    (dearest, _), *_ = done.ledgers[0].most_expensive()
    most = max(counter.count_each(texts))
    assert dearest.custom_id == f"r{counter.count_each(texts).index(most)}"


NUMBERS = [
    "0",
    "1",
    "-1",
    "0.5",
    "2.5",
    "1e2",
    "1.0",
    "300",
    "393216",
    "393217",
    "7e-1",
    "-0",
    "05",
]
KEYS = ["max_tokens", "temperature", "top_p", "seed"]


def numbered_lines(seed: int) -> list[bytes]:
    """Return lines that differ in a text and in their numeric settings, some of them refused."""
    random = Random(seed)  # noqa: S311 - tests, not secrets
    nested = '"tools": [{"type": "function", "function": {"name": "f", "x": {"seed": 5}}}], '
    lines = []
    for number in range(40):
        given = [f'"{key}": {random.choice(NUMBERS)}' for key in KEYS if random.random() < 0.7]
        message = f'"messages": [{{"role": "user", "content": "text {number}"}}]'
        tools = nested if random.random() < 0.3 else ""
        body = ", ".join(['"model": "deepseek-flash"', tools + message, *given])
        lines.append(f'{{"custom_id": "r{number}", "body": {{{body}}}}}'.encode())
    return lines


@pytest.mark.parametrize("seed", range(6))
def test_lines_that_differ_in_numbers_of_settings_have_the_report_of_one_by_one(
    prices: list[Price], counter: StreamCounter, seed: int
) -> None:
    many, single = both(prices, counter, numbered_lines(seed))

    assert report(many, prices) == report(single, prices)


def test_lines_that_differ_in_numbers_of_settings_are_not_read_again(
    prices: list[Price], counter: StreamCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = documents_read(monkeypatch)
    body = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "a"}]}
    made = [body | {"max_tokens": 10 + n, "temperature": n / 100} for n in range(50)]
    lines = [json.dumps({"custom_id": f"r{n}", "body": one}).encode() for n, one in enumerate(made)]

    done = workload(prices, counter)
    done.add_lines(Lines("a.jsonl", 1, b"\n".join(lines), "utf-8", None), 1)

    assert set(read) == {1, 2}
    assert done.totals()[0].output_ceiling == sum(range(10, 60))


@pytest.mark.parametrize(("by_part", "outcomes"), [(True, 4), (False, 2)])
def test_what_has_the_same_sums_is_worked_out_once(
    prices: list[Price], counter: StreamCounter, outcomes: int, *, by_part: bool
) -> None:
    def conversation(*texts: str) -> bytes:
        roles = ("user", "assistant", "user")
        messages = [
            {"role": role, "content": text} for role, text in zip(roles, texts, strict=True)
        ]
        return json.dumps({"model": "deepseek-flash", "messages": messages}).encode()

    # "Hello" is one token. By part, the user's earlier and current tokens are 1 + 1, 2 + 3, 3 + 2
    # and 1 + 4: four outcomes. In sum, there are 3 or 6 with the assistant's one: two outcomes.
    hello = {number: " ".join(["Hello"] * number) for number in range(1, 5)}
    assert counter.count([hello[4]]) == 4
    splits = [(1, 1), (1, 1), (2, 3), (3, 2), (1, 4)]
    lines = [conversation(hello[a], hello[1], hello[b]) for a, b in splits]
    done, _ = both(prices, counter, lines, by_part=by_part)

    assert done._skeletons
    known = done._skeletons._skeletons.values()
    skeletons = [one for one in known if isinstance(one, Skeleton)]

    assert [len(one._outcomes) for one in skeletons] == [outcomes]
    assert [tally.text for tally in done.totals()] == [3 + 3 + 6 + 6 + 6] * 2


def test_a_request_of_very_many_texts_is_taken_by_itself(
    prices: list[Price], counter: StreamCounter
) -> None:
    messages = [{"role": "user", "content": f"word {number}"} for number in range(300)]
    line = json.dumps({"model": "deepseek-flash", "messages": messages}).encode()

    many, single = both(prices, counter, [line] * 3)

    assert many._skeletons
    known = many._skeletons._skeletons.values()
    assert not [one for one in known if isinstance(one, Skeleton)]
    assert report(many, prices) == report(single, prices)
