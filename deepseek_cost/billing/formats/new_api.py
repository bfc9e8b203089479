"""new-api and its forks: rows of its logs as CSV, JSON or a page from its API.

`other` is JSON as text, with the hits as `cache_tokens`. `prompt_tokens` includes them, unless the
channel uses Anthropic's format. Rows not of type 2 are payments, errors or notes.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, items
from deepseek_cost.billing.formats.base import Costless, Found, Kind, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import MISSES, WHOLE, Parts
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name

_CONSUMED: Final = 2
_FAILED: Final = 5


def read(log: Log) -> Records:
    """Yield the rows of an export."""
    return log.each(lambda number, value: _records(log, number, value))


def _records(log: Log, number: int, value: object) -> Iterator[Found]:
    inner = first(value, "data.items", "data", "items")
    for row in items(inner) if isinstance(inner, list) else [value]:
        yield _record(log, number, as_object(row))


def _record(log: Log, number: int, row: Mapping[str, object]) -> Found:
    kind = count(row.get("type"))
    if kind not in {None, _CONSUMED}:
        return Costless(Reason.FAILED if kind == _FAILED else Reason.NO_RESPONSE)
    whole, output = count(row.get("prompt_tokens")), count(row.get("completion_tokens"))
    model = name(row.get("model_name"))
    other = as_object(row.get("other"))
    if model is None or not (whole or output):
        return Costless(Reason.NO_RESPONSE)
    is_messages = bool(other.get("claude")) or other.get("usage_semantic") == "anthropic"
    parts = Parts(
        input=whole,
        output=output,
        hit=count(other.get("cache_tokens")),
        written=count(other.get("cache_creation_tokens")) if is_messages else None,
    )
    kind_of = Kind.MESSAGES if is_messages else Kind.CHAT
    counts = parts.counts(MISSES if is_messages else WHOLE, kind_of)
    identity = name(row.get("request_id"))
    return Response(
        line=log.line(number),
        model=name(other.get("upstream_model_name")) or model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        kind=kind_of,
        identity=identity or _row_id(row),
        provider=label_of_host(name(first(row, "channel_name"))),
        end=log.seconds(row.get("created_at")),
        project=name(row.get("group")),
        session=name(at(other, "session_id")),
        key=name(first(row, "token_name", "username")),
    )


def _row_id(row: Mapping[str, object]) -> str | None:
    """Return an id that differs between servers; a row's own id starts at 1 on each."""
    found = row.get("id")
    return f"new-api {found} {row.get('created_at')} {row.get('quota')}" if found else None
