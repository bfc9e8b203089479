"""Requests of the preview, April to August 2026: its template had no text for high effort."""

import json

from msgspec.structs import replace

from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.places import Request


def at_low_effort(request: Request) -> Request:
    """Return a request as the preview rendered it at high effort.

    The later template has no text for low effort, either; recorded bills agree with that.
    """
    if request.kind is Kind.CHAT:
        low = request.body | {"reasoning_effort": "low"}
    else:
        name = "reasoning" if request.kind is Kind.RESPONSES else "output_config"
        given = request.body.get(name)
        low = request.body | {name: (given if isinstance(given, dict) else {}) | {"effort": "low"}}
    return replace(request, body=low, text=json.dumps(low, ensure_ascii=False))
