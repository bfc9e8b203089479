"""The prompt as the API receives it: equal to DeepSeek's renderer, token by token."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deepseek_recipe as recipe
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepseek_cost import count_tokens, load_prices
from deepseek_cost.inputs.request import TextStream, text_request
from deepseek_cost.pricing.entries import Template
from deepseek_cost.prompt.body import completed, read_body
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.tokenizer import default_counter, vocabulary
from tests.hostile import FRAGMENTS

MODES = [Mode(thinking=False), *(Mode(effort=effort) for effort in Effort)]
MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("model", "off", "low", "high", "most"),
    [("deepseek-v4-pro", 5, 5, 84, 97), ("deepseek-flash", 5, 31, 31, 31)],
)
def test_hello_costs_what_the_api_was_seen_to_bill(
    model: str, off: int, low: int, high: int, most: int
) -> None:
    assert count_tokens("Hello", model=model, thinking=False).input == off
    assert count_tokens("Hello", model=model, effort="low").input == low
    assert count_tokens("Hello", model=model).input == high
    assert count_tokens("Hello", model=model, effort="max").input == most
    assert count_tokens("Hello", model=model).text == 1


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> dict[Template, Any]:
    """DeepSeek's renderers, with its vocabulary and the token that only V4.1 spells out."""
    text = vocabulary.original_path().read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("vocabulary") / "tokenizer.json"
    path.write_text(text.replace("<｜place▁holder▁no▁0｜>", "<｜System｜>"), encoding="utf-8")
    tokenizer = recipe.Tokenizer.from_file(str(path))
    return {
        Template.V4: recipe.DeepseekV4Encoding().with_tokenizer(tokenizer),
        Template.V4_1: recipe.DeepseekV41Encoding().with_tokenizer(tokenizer),
    }


def encode(
    official: dict[Template, Any], template: Template, mode: Mode, system: str, user: str
) -> list[int]:
    """Return the token ids of a prompt from DeepSeek's renderer and tokenizer."""
    version = {
        Template.V4: recipe.ModelVersion.DeepseekV4Pro,
        Template.V4_1: recipe.ModelVersion.DeepseekV41Flash,
    }[template]
    messages = [{"role": "system", "content": system}] if system else []
    body: dict[str, Any] = {
        "model": "m",
        "messages": [*messages, {"role": "user", "content": user}],
        "thinking": {"type": "enabled" if mode.thinking else "disabled"},
    }
    if mode.thinking:
        body["reasoning_effort"] = mode.effort.value
    options = recipe.ConversionOptions().with_model_alias("m", version)
    conversation = recipe.ChatCompletionRequest(body).convert(options).conversation
    return list(official[template].encode(conversation))


@pytest.mark.parametrize("template", MODELS)
@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.effort.value if m.thinking else "off")
@given(system=texts, user=texts)
@settings(max_examples=60, deadline=None)
def test_a_prompt_has_as_many_tokens_as_in_deepseeks_own_code(
    official: dict[Template, Any], template: Template, mode: Mode, system: str, user: str
) -> None:
    model = load_prices().find(MODELS[template])
    counter = SegmentCounter(default_counter())
    expected = len(encode(official, template, mode, system, user))

    for text in (user, TextStream(iter([user[:5], user[5:]]))):
        request = completed(text_request("p.txt", text), model, mode, system)
        counted = read_body(request, model).count(counter)

        assert counted.parts.input == expected
        assert counted.parts.user == counter.count(user)


def plain_cases(bills: Path) -> Iterator[dict[str, Any]]:
    """Yield the recordings with one user message and at most a system message before it."""
    for line in bills.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        request = case["request"]
        messages = request.get("messages", [])
        roles = [message["role"] for message in messages]
        strings = all(isinstance(message["content"], str) for message in messages)
        plain = roles in (["user"], ["system", "user"]) and strings and not request.get("tools")
        if case["template"] in ("v4", "v4.1") and case["residual"] == 0 and plain:
            yield case


def test_plain_prompts_have_the_tokens_that_the_api_billed(bills: Path) -> None:
    compared = 0
    for case in plain_cases(bills):
        request = case["request"]
        system = "".join(m["content"] for m in request["messages"][:-1])
        thinking = request.get("thinking", {}).get("type", "enabled") == "enabled"
        asked = request.get("reasoning_effort", "high")
        effort = {"xhigh": "max", "medium": "high"}.get(asked, asked) if thinking else None
        model = "deepseek-v4-pro" if case["template"] == "v4" else "deepseek-flash"

        tokens = count_tokens(
            request["messages"][-1]["content"],
            model=model,
            system=system,
            thinking=thinking,
            effort=effort,
        )

        assert tokens.input == case["usage"]["prompt_tokens"], case["id"]
        compared += 1
    assert compared >= 10
