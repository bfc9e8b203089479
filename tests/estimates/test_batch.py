"""Subtotals: the report is the same however a batch is split and its parts are merged."""

import json
import pickle
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost.estimates.ledger import Earliest, Ledger, Position
from deepseek_cost.estimates.partial_result import PartialResult, Skipped
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import Scenario
from deepseek_cost.estimates.workload import Workload
from deepseek_cost.inputs.jsonl import Lines
from deepseek_cost.inputs.routing import Routes, route
from deepseek_cost.pricing.book import Price, PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.breakdown import Breakdown, ToolTokens
from deepseek_cost.reports.estimate import estimate_report
from deepseek_cost.reports.parts import PriceTable, to_json
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.bodies import MAKERS, Bodies
from tests.conftest import utc

NAMES = ("deepseek-flash", "deepseek-v4-pro", "deepseek-v4-flash", "no-such-model")


def lines_of(seed: int, count: int = 40) -> list[bytes]:
    """Return lines of all kinds: bodies, batch lines, blank lines, faults, refusals, ties."""
    random, bodies = Random(seed), Bodies(seed)  # noqa: S311 - tests, not secrets
    found: list[bytes] = [b"", b"{", b'{"name": "x"}', b"\xff", b'{"a": 1, "a": 1}']
    while len(found) < count:
        _, make = MAKERS[random.choice([name for name in MAKERS if not name.startswith("odd")])]
        body = make(bodies) | {"model": random.choice(NAMES)}
        if random.random() < 0.2:
            body["n"] = 2  # refused
        line = {"custom_id": f"r{len(found)}", "url": "/v1/chat/completions", "body": body}
        data = json.dumps(line if random.random() < 0.5 else body).encode()
        found += [data] * random.randint(1, 3)
    random.shuffle(found)
    return found


@pytest.fixture(scope="module")
def prices(book: PriceBook) -> list[Price]:
    at = utc("2026-11-23 02:00")
    return [book.price(name, at, Currency.USD) for name in NAMES[:2]]


def workload(prices: list[Price], counter: StreamCounter) -> Workload:
    ledgers = [Ledger(price.model, price.rates, keeps_parts=True) for price in prices]
    book = load_prices()
    return Workload(
        PartialResult(ledgers, Skipped(allowed=True)),
        Scenario(),
        "",
        counter,
        Routes(lambda name, kind: route(name, kind, book)),
    )


def report(done: Workload, prices: list[Price]) -> str:
    quote = Quote(load_prices(), prices, done.scenario, time_label=None, zone="UTC")
    table = PriceTable(source="bundled", chosen_by="bundled", checked=quote.book.checked)
    return to_json(estimate_report(quote, done, table, [], per_file=True))


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1_000), data=st.data())
def test_any_split_and_any_order_of_merging_has_the_report_of_one_reader(
    prices: list[Price], counter: StreamCounter, seed: int, data: st.DataObject
) -> None:
    sources = {1: lines_of(seed), 2: lines_of(seed + 1, 12)}
    whole = workload(prices, counter)
    parts: list[PartialResult] = []
    for number, lines in sources.items():
        whole.add_lines(Lines(f"{number}.jsonl", 1, b"\n".join(lines), "utf-8", None), number)
        cuts = data.draw(st.sets(st.integers(1, len(lines) - 1), max_size=6))
        for begin, end in pairwise([0, *sorted(cuts), len(lines)]):
            part = workload(prices, counter)
            some = b"\n".join(lines[begin:end])
            part.add_lines(Lines(f"{number}.jsonl", begin + 1, some, "utf-8", None), number)
            parts.append(pickle.loads(pickle.dumps(part.partial)))  # noqa: S301 - our own

    merged = workload(prices, counter)
    while len(parts) > 1:  # a tree of any shape
        into, one = (parts.pop(data.draw(st.integers(0, len(parts) - 1))) for _ in range(2))
        into.merge(one)
        parts.append(into)
    merged.partial.merge(parts[0])

    assert report(merged, prices) == report(whole, prices)


@given(reported=st.lists(st.tuples(st.sampled_from("abcdefg"), st.integers(0, 50))), data=st.data())
def test_the_earliest_are_those_of_the_sorted_whole(
    reported: list[tuple[str, int]], data: st.DataObject
) -> None:
    expected = list(dict.fromkeys(text for text, _ in sorted(reported, key=lambda pair: pair[1])))
    first: dict[str, int] = {}
    for text, line in reported:
        first[text] = min(line, first.get(text, line))
    parts = [Earliest(3) for _ in range(3)]
    for text, line in reported:
        parts[data.draw(st.integers(0, 2))].add(text, Position(1, line))

    parts[2].merge(parts[0])
    parts[2].merge(parts[1])

    lines = [first[text] for text in parts[2]]
    assert lines == sorted(first.values())[: len(lines)]
    assert len(lines) == min(3, len(expected))


def test_the_tools_that_are_kept_do_not_depend_on_the_order() -> None:
    names = [f"tool-{number:04}" for number in range(1_200)]
    one = [Breakdown(tools={name: ToolTokens(1, 2)}) for name in names]

    forward = sum(one, Breakdown())
    backward = sum(reversed(one), Breakdown())

    assert forward == backward
    assert forward.tools["(other tools)"] == ToolTokens(201, 402)
    assert forward.tools["tool-0998"] == ToolTokens(1, 2)
    assert "tool-0999" not in forward.tools
