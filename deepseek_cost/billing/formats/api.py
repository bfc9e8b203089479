"""Responses kept whole, as the API sent them: in a gateway's log, a batch or a HAR file."""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from deepseek_cost.billing.formats.base import Kind, Response, Unreadable
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.usage import fees_of, has_usage, usage_of
from deepseek_cost.billing.formats.values import as_object, at, name
from deepseek_cost.inputs.timestamps import NoTimeError, seconds_of

_STARTS: Final = (
    *("start_time", "startTime", "started_at", "request_created_at", "created_at", "createdAt"),
    *("created", "timestamp", "time", "ts", "@timestamp", "datetime", "date"),
)
_ENDS: Final = ("end_time", "endTime", "completed_at", "finished_at", "ended_at")
_EMBEDDINGS: Final = ("list", "embedding")


def is_response(body: Mapping[str, object]) -> bool:
    """Return whether an object is a response with a usage."""
    return has_usage(as_object(body.get("usage")))


def is_of_other_endpoint(body: Mapping[str, object]) -> bool:
    """Return whether a response is from embeddings, images or moderation."""
    return body.get("object") in _EMBEDDINGS or (
        "choices" not in body and isinstance(body.get("data"), list)
    )


def response_of(log: Log, number: int, body: Mapping[str, object]) -> Response:
    """Return a response of the API, with its own time if it has one; raises Unreadable."""
    usage = as_object(body.get("usage"))
    if not has_usage(usage):
        raise Unreadable("no usage in it")
    counts = usage_of(usage, kind_of(body))
    model = name(body.get("model"))
    if model is None:
        raise Unreadable("no model in it")
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=name(body.get("id")),
        provider=name(body.get("provider")),
        start=log.seconds(body.get("created") or body.get("created_at") or None),
        end=log.seconds(body.get("completed_at") or None),
        fees=fees_of(usage, body),
        response=body,
    )


def kind_of(body: Mapping[str, object]) -> Kind | None:
    """Return the endpoint a response came from, or None if only its usage can show it."""
    if body.get("object") == "response":
        return Kind.RESPONSES
    if body.get("type") == "message":
        return Kind.MESSAGES
    return Kind.FIM if body.get("object") == "text_completion" else None


def times_of(log: Log, record: Mapping[str, object]) -> tuple[float | None, float | None]:
    """Return start and end (seconds since 1970) under common names; None if missing or 0."""
    start, end = (
        next((log.seconds(value) for key in names if (value := record.get(key))), None)
        for names in (_STARTS, _ENDS)
    )
    return start, end


def utc_seconds(value: object) -> float | None:
    """Return a time in seconds since 1970, taken as UTC if it has no time zone; None for none.

    Raises Unreadable if the value is not a time.
    """
    if value is None or value == "":
        return None
    try:
        return seconds_of(value, UTC)
    except NoTimeError as error:
        raise Unreadable(str(error)) from None


def items(value: object) -> list[object]:
    """Return the value if it is a list, else an empty list."""
    return value if isinstance(value, list) else []


def first(value: object, *paths: str) -> object:
    """Return the value at the first path that has one, or None."""
    for path in paths:
        found = at(value, path)
        if found is not None and found != "":
            return found
    return None
