"""Portkey: logs from its export, with or without bodies.

Without a body, hits cannot be distinguished from misses. Responses from Portkey's own cache have
the status HIT or SEMANTIC HIT.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, is_response, items, response_of, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.values import as_object, at, count, name

_OK: Final = 200


def read(log: Log) -> Records:
    """Yield the requests of an export."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    inner = line.get("data")
    for request in items(inner) if isinstance(inner, list) else [line]:
        yield _record(log, number, as_object(request))


def _record(log: Log, number: int, request: Mapping[str, object]) -> Found:
    if str(request.get("cache_status") or "").upper().endswith("HIT"):
        return Costless(Reason.CACHED)
    if count(request.get("response_status_code")) not in {None, _OK}:
        return Costless(Reason.FAILED)
    body = as_object(first(request, "response.body", "response"))
    if is_response(body):
        found = response_of(log, number, body)
        found.request = dict(as_object(first(request, "request.body", "request"))) or None
    else:
        found = _without_body(log, number, request)
    found.provider = name(request.get("ai_org"))
    found.end = utc_seconds(request.get("created_at")) or found.end
    found.session = name(request.get("trace_id"))
    found.key = name(first(request, "metadata._user", "virtual_key", "api_key_name"))
    return found


def _without_body(log: Log, number: int, request: Mapping[str, object]) -> Response:
    model = name(request.get("ai_model"))
    if model is None:
        raise Unreadable("no model in a request")
    parts = Parts(
        input=count(request.get("req_units")),
        output=count(request.get("res_units")),
        hit=count(at(request, "cache_read_input_tokens")),
        total=count(request.get("total_units")),
    )
    counts = parts.counts(WHOLE)
    own = name(request.get("id"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        identity=f"portkey {own}" if own else None,
    )
