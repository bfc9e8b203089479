"""The request that a line of a log holds beside its answer, as the API received it."""

import json

from deepseek_cost.logs.records import Record
from deepseek_cost.requests.kinds import Kind, kind_of
from deepseek_cost.requests.places import Request
from deepseek_cost.requests.strictjson import member


def request_in(record: Record) -> Request | None:
    """Return the request of a record; None where it has none that can be counted."""
    body = record.request
    if body is None or not isinstance(body.get("model"), str):
        return None
    kind = kind_of(body)
    if kind is Kind.CHAT and record.kind is Kind.MESSAGES:
        kind = Kind.MESSAGES
    if kind is None:
        return None
    line = record.line
    return Request(
        source=line.source,
        line=line.line,
        column=line.column,
        custom_id=None,
        kind=kind,
        in_batch=False,
        body=body,
        text=_written(record) or json.dumps(body, ensure_ascii=False),
        record=body,
    )


def _written(record: Record) -> str | None:
    """Return a request's JSON as it was written, so that a number in a tool keeps its spelling."""
    text = record.line.text
    for name in record.request_at.split("."):
        if not text.startswith("{"):
            return None
        try:
            begin, end = member(text, name)
        except KeyError:
            return None
        text = text[begin:end]
    return text if text.startswith("{") else None
