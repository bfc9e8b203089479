"""Lines taken many at a time have the report of lines read one by one, whatever their texts are."""

import json
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from deepseek_cost.pricebook import Price
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.lines import Document, Lines
from deepseek_cost.requests.places import Fault
from deepseek_cost.tokens import TiktokenCounter
from deepseek_cost.workload import Workload
from tests.bodies import MAKERS, Bodies
from tests.test_batch import NAMES, lines_of, prices, report, workload

__all__ = ["prices"]
CHATS = [name for name, (kind, _) in MAKERS.items() if kind is Kind.CHAT]
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
    """Return a body with other texts in its messages."""
    body = deepcopy(body)
    for message in body["messages"]:
        content = message.get("content")
        for block in content if isinstance(content, list) else [message]:
            key = "text" if block is not message else "content"
            if isinstance(block.get(key), str):
                block[key] = random.choice(EDGES) if random.random() < 0.3 else bodies.text(8)
    return body


def batch(seed: int) -> list[bytes]:
    """Return lines of a few forms, each often and with other texts, and lines of none."""
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
    prices: list[Price], counter: TiktokenCounter, lines: list[bytes], encoding: str = "utf-8"
) -> tuple[Workload, Workload]:
    """Take lines many at a time, and one by one."""
    many, single = (workload(prices, counter) for _ in range(2))
    single.on_request = lambda _place, _tallies, _tokens: None
    for done in (many, single):
        done.take_lines(Lines("a.jsonl", 1, b"\n".join(lines), encoding, None), 1)
    return many, single


@pytest.mark.parametrize("seed", range(25))
def test_many_at_a_time_have_the_report_of_one_by_one(
    prices: list[Price], counter: TiktokenCounter, seed: int
) -> None:
    many, single = both(prices, counter, batch(seed))

    assert report(many, prices) == report(single, prices)


def test_lines_that_differ_in_their_texts_alone_are_not_read_again(
    prices: list[Price], counter: TiktokenCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    document = Lines.document

    def noting(lines: Lines, number: int, data: bytes) -> Document | Fault:
        read.append(number)
        return document(lines, number, data)

    monkeypatch.setattr(Lines, "document", noting)
    body: dict[str, Any] = {"model": "deepseek-flash", "messages": [{"role": "user"}]}
    texts = [f'word {number}, 价格 "{number}"' for number in range(50)]
    lines = []
    for number, text in enumerate(texts):
        body["messages"][0]["content"] = text
        lines.append(json.dumps({"custom_id": f"r{number}", "body": body}).encode())

    done = workload(prices, counter)
    done.take_lines(Lines("a.jsonl", 1, b"\n".join(lines), "utf-8", None), 1)

    assert set(read) == {1, 2}  # the first may be the only one; the second makes the form
    assert [tally.requests for tally in done.totals()] == [50, 50]
    assert done.totals()[0].text == sum(counter.count_each(texts))
    (dearest, _), *_ = done.ledgers[0].dearest()
    most = max(counter.count_each(texts))
    assert dearest.custom_id == f"r{counter.count_each(texts).index(most)}"
