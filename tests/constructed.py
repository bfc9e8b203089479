"""Cases of the shape in which bills were recorded, made here: for whoever has no recordings.

They are no bills. What a bill would say is counted by DeepSeek's own renderer and tokenizer, which
recorded bills agree with; the checks that read recordings run on these in any checkout.
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
# Every so many bills are off by this, as where a server changed its template.
_ODD = 25
_RESIDUAL = 3
# What was billed for "Hello" with "Hello" as its reasoning: the two, and what parts them.
_HELLO_OUTPUT = 3


def write_cases(path: Path) -> Path:
    """Write them as lines of JSON, each with a request and its usage."""
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
