"""simonw/llm (0.36 and older): its database `logs.db`, and the output of `llm logs --json`.

Newer databases have `turns`, older ones `responses`; both keep the API's response as JSON. Users
choose their own names for models, so the one in the response counts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import is_response, kind_of, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Form, Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.usage import Counts, fees_of, usage_of
from deepseek_cost.billing.formats.values import as_object, count, name

_AGENT: Final = "llm"
_TABLES: Final = ("responses", "turns")
_COLUMNS: Final = (
    *("id", "model", "resolved_model", "response_json", "input_tokens", "output_tokens"),
    *("token_details", "duration_ms", "datetime_utc", "conversation_id", "thread_id"),
)


def read(log: Log) -> Records:
    """Yield the responses from a database or from its log as JSON."""
    if log.form is Form.SQLITE:
        return _from_database(log)
    return log.each(lambda number, value: [_record(log, number, as_object(value))])


def _from_database(log: Log) -> Iterator[Found]:
    import sqlite3  # noqa: PLC0415 - few logs are databases

    number = 0
    try:
        with log.connected() as database:
            for table in _TABLES:
                columns = [name for name in _COLUMNS if f"{table}.{name}" in log.tables]
                if not columns:
                    continue
                # Both are our own names, not from the log.
                rows = database.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608
                for row in rows:
                    number += 1
                    try:
                        yield _record(log, number, dict(zip(columns, row, strict=True)))
                    except Unreadable as error:
                        yield log.fault(number, error.reason)
    except sqlite3.Error as error:
        yield log.fault(number + 1, f"the database cannot be read: {error}")


def _record(log: Log, number: int, row: Mapping[str, object]) -> Found:
    response = as_object(row.get("response_json"))
    counts = _counts(row, response)
    if counts is None:
        return Costless(Reason.FAILED)
    own = name(row.get("model")) or ""
    model = name(response.get("model")) or name(row.get("resolved_model")) or own
    if not model:
        raise Unreadable("no model in a row with a usage")
    start = utc_seconds(row.get("datetime_utc"))
    duration = row.get("duration_ms")
    is_timed = start is not None and isinstance(duration, int) and duration >= 0
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=name(response.get("id")) or f"llm {row.get('id')}",
        provider=label_of_host(own.partition("/")[0] if "/" in own else None),
        start=start,
        end=start + duration / 1000 if is_timed else None,  # type: ignore[operator]
        fees=fees_of(as_object(response.get("usage")), response),
        session=name(row.get("conversation_id")) or name(row.get("thread_id")),
        agent=_AGENT,
    )


def _counts(row: Mapping[str, object], response: Mapping[str, object]) -> Counts | None:
    """Return the billed tokens from the response or else the columns; None if nothing came."""
    if is_response(response):
        return usage_of(as_object(response.get("usage")), kind_of(response))
    whole, output = count(row.get("input_tokens")), count(row.get("output_tokens"))
    if not whole and not output:
        return None
    details = as_object(row.get("token_details"))
    return usage_of({"prompt_tokens": whole, "completion_tokens": output, **details})
