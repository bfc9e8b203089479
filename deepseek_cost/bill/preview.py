"""Requests of the preview, April to August 2026: its template had no text for high effort."""

import json
from dataclasses import replace

from deepseek_cost.prices import Model
from deepseek_cost.prompt.bodies import Body, RenderedBody, read_body
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.places import Request


def read_as_preview(request: Request, model: Model, *, thinking: bool | None) -> Body:
    """Read a body for the preview: by the later template, whose low effort has no text either.

    Raises InputError for a body that cannot be counted.
    """
    body = read_body(request, model, thinking=thinking)
    if isinstance(body, RenderedBody) and body.conversation.reasoning_effort == "high":
        return read_body(_at_low_effort(request), model, thinking=thinking)
    return body


def _at_low_effort(request: Request) -> Request:
    if request.kind is Kind.CHAT:
        low = request.body | {"reasoning_effort": "low"}
    else:
        name = "reasoning" if request.kind is Kind.RESPONSES else "output_config"
        given = request.body.get(name)
        low = request.body | {name: (given if isinstance(given, dict) else {}) | {"effort": "low"}}
    return replace(request, body=low, text=json.dumps(low, ensure_ascii=False))
