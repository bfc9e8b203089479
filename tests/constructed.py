"""Constructed cases in the shape of recorded bills, for anyone without the recordings.

These are not real bills. Their token counts come from DeepSeek's own renderer and tokenizer, which
agree with the recorded bills; so checks that read recordings can run in any checkout.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.entries import Template
from tests.bodies import MAKERS, Bodies
from tests.reference import Reference

MODELS = {Template.V4: "deepseek-v4-pro", Template.V4_1: "deepseek-flash"}
_KINDS = ("tools", "tool results", "reasoning", "system anywhere")
_EACH = 20
# Every 25th bill is off by the residual, as if a server had changed its template.
_ODD = 25
_RESIDUAL = 3
# Tokens billed for "Hello" with "Hello" as its reasoning: the two, and the separator.
_HELLO_OUTPUT = 3


def write_cases(path: Path) -> Path:
    """Write the cases as JSONL, each with a request and its usage, and return the path."""
    lines = (json.dumps(case) for case in _cases())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _cases() -> Iterator[dict[str, Any]]:
    bodies, reference = Bodies(seed=11), Reference()
    number = 0
    for template, model in MODELS.items():
        for name in _KINDS:
            for _ in range(_EACH):
                number += 1
                body = MAKERS[name][1](bodies) | {"model": model}
                yield _case(number, template, body, reference)
        for system in ("", "You are terse."):
            for text in ("Hello", "你好，世界", "def f(): ..."):
                number += 1
                messages = [{"role": "user", "content": text}]
                if system:
                    messages.insert(0, {"role": "system", "content": system})
                yield _case(number, template, {"model": model, "messages": messages}, reference)


def _case(
    number: int, template: Template, body: dict[str, Any], reference: Reference
) -> dict[str, Any]:
    residual = _RESIDUAL if number % _ODD == 0 else 0
    tokens = reference.tokens(Kind.CHAT, template, body) + residual
    hit = tokens // 128 * 128 if number % 2 else 0
    return {
        "id": f"constructed-{number}",
        "recorded_at": f"2026-11-20T{number % 24:02}:00:00Z",
        "endpoint": "chat/completions",
        "model": body["model"],
        "template": str(template),
        "request": body,
        "sent_order": True,
        "residual": residual,
        "finish_reason": "stop",
        "response_text": "Hello",
        "reasoning_text": "Hello",
        "response_tool_calls": [],
        "usage": {
            "prompt_tokens": tokens,
            "prompt_tokens_details": {"cached_tokens": hit},
            "prompt_cache_hit_tokens": hit,
            "prompt_cache_miss_tokens": tokens - hit,
            "completion_tokens": _HELLO_OUTPUT,
            "completion_tokens_details": {"reasoning_tokens": 1},
            "total_tokens": tokens + _HELLO_OUTPUT,
        },
    }


# Sequences of requests: for each request, its messages as (role, number of tokens, word), and the
# hits by DeepSeek's rules. Hits come in blocks of 128 tokens. L is the previous prompt with its
# response; the template adds fewer than 15 tokens to the words.
_TURNS = [("user", 300, "river"), ("assistant", 100, "stone"), ("user", 50, "cloud")]
_MORE = [*_TURNS, ("assistant", 60, "sand"), ("user", 40, "tree")]
_SYSTEM = ("system", 1000, "green")
_Messages = list[tuple[str, int, str]]
SEQUENCES: dict[str, list[tuple[_Messages, int]]] = {
    "the same again": [(_TURNS[:1], 0), (_TURNS[:1], 256)],  # 300: two blocks
    "too short": [([("user", 100, "river")], 0), ([("user", 100, "river")], 0)],
    # L = 300 + 100: three blocks; then 300 + 100 + 50 + 60 = 510 plus the template: four
    "the next turns": [(_TURNS[:1], 0), (_TURNS, 384), (_MORE, 512)],
    # The second request reveals the common prefix, the third hits it: 1,000 tokens, seven blocks.
    "a common beginning": [
        ([_SYSTEM, ("user", 60, "river")], 0),
        ([_SYSTEM, ("user", 60, "stone")], 0),
        ([_SYSTEM, ("user", 60, "cloud")], 896),
    ],
    "another beginning": [
        ([_SYSTEM, ("user", 60, "river")], 0),
        ([("system", 1000, "white"), ("user", 60, "river")], 0),
    ],
    # The earlier prompt is not a prefix of this one, because its message ended later.
    "another end": [([("user", 400, "river")], 0), ([("user", 380, "river")], 0)],
}


def write_sequences(path: Path) -> Path:
    """Write the requests of all sequences as if recorded, in both templates; return the path."""
    reference = Reference()
    cases = (
        _asked(f"{name}, {template}#{number}", template, messages, hit, reference)
        for template in MODELS
        for name, requests in SEQUENCES.items()
        for number, (messages, hit) in enumerate(requests, 1)
    )
    path.write_text("".join(f"{json.dumps(case)}\n" for case in cases), encoding="utf-8")
    return path


def _asked(
    name: str, template: Template, messages: _Messages, hit: int, reference: Reference
) -> dict[str, Any]:
    body = {
        "model": MODELS[template],
        "thinking": {"type": "disabled"},
        "messages": [
            {"role": role, "content": f" {word}" * count} for role, count, word in messages
        ],
    }
    tokens = reference.tokens(Kind.CHAT, template, body)
    assert 0 < tokens - sum(count for _, count, _ in messages) < 15  # each word is a token
    response = next((f" {word}" * n for _, n, word in _MORE[len(messages) :][:1]), "")
    return {
        "sequence": name,
        "endpoint": "chat/completions",
        "model": body["model"],
        "template": str(template),
        "request": body,
        "response_text": response,
        "reasoning_text": "",
        "response_tool_calls": [],
        "usage": {"prompt_tokens": tokens, "prompt_cache_hit_tokens": hit},
    }
