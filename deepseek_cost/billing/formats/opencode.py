"""opencode and Kilo's command line, which is built on it: databases, older files, exports.

`input` does not include the hits, nor `output` the reasoning. A message of several steps, each a
request, has the counts of its last step or their sum; the steps are among its parts. The request
that names a session is billed as well, but not recorded anywhere. A fork copies messages under new
ids into a session that does not refer to its origin, so a message is known by its times, which are
copied as they are. The end tells those apart that were begun in the same millisecond.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from deepseek_cost.billing.formats.api import items
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
from deepseek_cost.billing.formats.values import as_object, at, count, name

_SEVERAL: Final = 2
_MESSAGES: Final = "SELECT id, session_id, data FROM message ORDER BY rowid"
_STEPS: Final = (
    "SELECT data FROM part WHERE message_id = ? AND data LIKE '%\"step-finish\"%' ORDER BY id"
)


def read(log: Log) -> Records:
    """Yield the responses from a database, an export or a message's file."""
    if log.form is Form.SQLITE:
        return _from_database(log)
    return log.each(lambda number, value: _from_document(log, number, as_object(value)))


def _from_document(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Found]:
    messages = value.get("messages")
    for message in messages if isinstance(messages, list) else [{"info": value}]:
        found = as_object(message)
        yield from _records(log, number, as_object(found.get("info")), items(found.get("parts")))


def _from_database(log: Log) -> Records:
    import sqlite3  # noqa: PLC0415 - few logs are databases

    number = 0
    has_steps = {"part.message_id", "part.data"} <= log.tables
    try:
        with log.connected() as database:
            for number, row in enumerate(database.execute(_MESSAGES), 1):
                identity, session, data = row
                message = {"id": identity, "sessionID": session} | dict(as_object(data))
                parts = database.execute(_STEPS, (identity,)) if has_steps else ()
                try:
                    yield from _records(log, number, message, [part for (part,) in parts])
                except Unreadable as error:
                    yield log.fault(number, error.reason)
    except sqlite3.Error as error:
        yield log.fault(number + 1, f"the database cannot be read: {error}")


def _records(
    log: Log, number: int, message: Mapping[str, object], parts: list[object]
) -> Iterator[Found]:
    """Yield a message's requests: the message itself, or each of its steps if it has several."""
    steps = [
        tokens
        for part in map(as_object, parts)
        if part.get("type") == "step-finish" and (tokens := as_object(part.get("tokens")))
    ]
    if len(steps) < _SEVERAL:
        yield _record(log, number, message)
        return
    for at_, tokens in enumerate(steps, 1 - len(steps)):  # the last has the message's own id
        found = _record(log, number, {**message, "tokens": tokens, "cost": None})
        if isinstance(found, Response):
            found.exact_time = False
            found.identity = f"{found.identity} {at_}" if at_ else found.identity
        yield found


def _record(log: Log, number: int, message: Mapping[str, object]) -> Found:
    tokens = as_object(message.get("tokens"))
    model = name(message.get("modelID"))
    if message.get("role") != "assistant" or not tokens or model is None:
        return Costless(Reason.NO_RESPONSE)
    miss, visible, reasoning, hit, written = (
        count(at(tokens, path)) or 0
        for path in ("input", "output", "reasoning", "cache.read", "cache.write")
    )
    output = visible + reasoning
    if not any((miss, output, hit, written)):  # broken off, or refused
        return Costless(Reason.FAILED)
    total = count(tokens.get("total")) or 0
    if total not in {0, miss + hit + written + output}:
        raise Unreadable("its usage contradicts itself: total is not the sum of its parts")
    return Response(
        line=log.line(number),
        model=model,
        hit=hit,
        miss=miss + written,
        output=output,
        reasoning=reasoning,
        identity=_identity(message),
        provider=label_of_host(name(message.get("providerID"))),
        start=log.seconds(at(message, "time.created")),
        end=log.seconds(at(message, "time.completed")),
        project=name(at(message, "path.root")) or name(at(message, "path.cwd")),
        session=name(message.get("sessionID")),
        agent="kilo" if "kilo" in log.name.lower() else "opencode",
        stated_cost=_money(message.get("cost")),
    )


def _identity(message: Mapping[str, object]) -> str:
    began, ended = at(message, "time.created"), at(message, "time.completed")
    return f"opencode {began} {ended}" if began else f"opencode {message.get('id')}"


def _money(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
