"""Fast paths of reading, checking and writing give the same results as the careful ones."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from deepseek_cost.inputs import strict_json
from deepseek_cost.prompt import arguments, json_schema
from deepseek_cost.prompt.chat_completions import refused_setting
from deepseek_cost.prompt.checks import RefusalError
from deepseek_cost.prompt.common_schema import is_common
from deepseek_cost.prompt.skeleton import _is_usual
from tests.bodies import MAKERS, Bodies
from tests.mutations import damaged

ODD_JSON = [
    *("1e999", "-0", "1E5", "9" * 30, str(2**64), "1.0", "[1,]", '{"a":1,"a":2}', '{"a" :1,"a":2}'),
    *('{"a":1, "a" : 2, "b":"\\":"}', '"\\ud800"', '"\\ud83d\\ude00"', "NaN", "01", '"\t"', "{} x"),
    *("[" * 126 + "]" * 126, "[" * 2_000 + "]" * 2_000, "9" * 5_000, "", '{"a":"x\\":y","a":1}'),
]


def damaged_bodies() -> list[str]:
    bodies, chance = Bodies(5), Random(5)  # noqa: S311 - no secret
    makers = [make for _, make in MAKERS.values()]
    return [damaged(json.dumps(make(bodies)), bodies, chance) for _ in range(20) for make in makers]


@pytest.mark.parametrize("texts", [ODD_JSON, damaged_bodies()])
def test_json_is_read_and_refused_alike(texts: list[str]) -> None:
    def outcome(read: Callable[[str], object], text: str) -> str:
        try:
            return repr(read(text))
        except strict_json.JsonFaultError as fault:
            return f"{fault.reason} at {fault.offset}"

    for text in texts:
        assert outcome(strict_json.parse, text) == outcome(strict_json._parse, text)


def test_json_is_written_alike() -> None:
    bodies = Bodies(3)
    odd = [1e16, 2.5, -0.0, 1e-7, 2**63, 2**64, -(2**63) - 1, "\x7f", {}, {"a": [[], {}]}, "\x1b/"]

    for value in [*odd, *(bodies.value(4) for _ in range(2_000))]:
        assert arguments.written(value) == arguments._written(value)


def test_a_schema_of_common_keywords_is_valid() -> None:
    bodies, chance = Bodies(9), Random(9)  # noqa: S311 - no secret
    keys = [*json_schema._KEYWORDS, "default", "$schema", "x"]
    values: list[Any] = [None, True, 0, -1, 2.0, "x", "string", [], {}, ["a", "a"], ["a"], [1]]
    values += [{"type": "string"}, {"a": True}, [{}]]
    common = 0
    for _ in range(2_000):
        schema = bodies.schema()
        for _ in range(chance.randint(0, 2)):
            schema[chance.choice(keys)] = chance.choice(values)
        if is_common(schema):
            common += 1
            try:
                json_schema._check(schema, "schema")
                json_schema._refuse_lost(schema, schema, "schema")
            except RefusalError:
                pytest.fail(json.dumps(schema))
    assert common > 200


@pytest.mark.parametrize("name", ["max_tokens", "seed", "temperature", "top_p"])
def test_a_setting_that_is_taken_at_sight_is_one_that_the_api_takes(name: str) -> None:
    numbers = ["0", "1", "2", "7", "393216", "393217", "-1", "-0", "9" * 30, "1e2", "7e-1", "1e999"]
    numbers += [f"{number / 100}" for number in range(250)] + ["0.001", "1.0001", "2.0001"]

    usual = [number for number in numbers if _is_usual(name, number)]

    assert all(refused_setting({name: json.loads(number)}) is None for number in usual)
    assert {"1"} <= set(usual) < set(numbers)
