"""Helicone: requests from its export and its API, with or without bodies.

Responses from Helicone's own cache refer to the original request.
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
from deepseek_cost.billing.formats.provider import host_by
from deepseek_cost.billing.formats.values import as_object, at, count, name

_OK: Final = 200
_NO_REFERENCE: Final = frozenset({"", "00000000-0000-0000-0000-000000000000"})


def read(log: Log) -> Records:
    """Yield the requests of an export."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    inner = line.get("data")
    for request in items(inner) if isinstance(inner, list) else [line]:
        yield _record(log, number, as_object(request))


def _record(log: Log, number: int, request: Mapping[str, object]) -> Found:
    if str(request.get("cache_reference_id") or "") not in _NO_REFERENCE:
        return Costless(Reason.CACHED)
    if count(request.get("response_status")) not in {None, _OK}:
        return Costless(Reason.FAILED)
    path = str(first(request, "request_path", "target_url") or "")
    if "embedding" in path:
        return Costless(Reason.OTHER_ENDPOINT)
    body = as_object(request.get("response_body"))
    if is_response(body):
        found = response_of(log, number, body)
        found.request = dict(as_object(request.get("request_body"))) or None
    else:
        found = _without_body(log, number, request)
    found.provider = host_by(name(request.get("provider")), path if "://" in path else None)
    found.start = utc_seconds(request.get("request_created_at"))
    found.end = utc_seconds(request.get("response_created_at"))
    found.session = name(at(request, "request_properties.Helicone-Session-Id"))
    found.key = name(first(request, "request_user_id", "helicone_user"))
    return found


def _without_body(log: Log, number: int, request: Mapping[str, object]) -> Response:
    model = name(first(request, "response_model", "model", "request_model"))
    if model is None:
        raise Unreadable("no model in a request")
    parts = Parts(
        input=count(request.get("prompt_tokens")),
        output=count(request.get("completion_tokens")),
        hit=count(request.get("prompt_cache_read_tokens")),
        written=count(request.get("prompt_cache_write_tokens")),
        reasoning=count(request.get("reasoning_tokens")),
        total=count(request.get("total_tokens")),
    )
    counts = parts.counts(WHOLE)
    own = name(request.get("request_id"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=f"helicone {own}" if own else None,
    )
