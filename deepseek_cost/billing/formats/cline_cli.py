"""Cline's command line: a session's messages; those from the model have their usage."""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.lenient_json import small_json
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.values import as_object, at, count, name
from deepseek_cost.errors import placed

_AGENT: Final = "cline"


def read(log: Log) -> Records:
    """Yield the responses of a session."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, session: Mapping[str, object]) -> Iterator[Found]:
    messages = session.get("messages")
    about = _about(log)
    for index, message in enumerate(messages if isinstance(messages, list) else (), 1):
        usage = as_object(at(message, "metrics"))
        if not usage:
            yield Costless(Reason.NO_RESPONSE)
            continue
        try:
            yield _record(log, number, session, as_object(message), about)
        except Unreadable as error:
            yield log.fault(number, placed(f"message {index}: ", error.reason))


def _record(
    log: Log,
    number: int,
    session: Mapping[str, object],
    message: Mapping[str, object],
    about: Mapping[str, object],
) -> Found:
    usage = as_object(message.get("metrics"))
    model = name(at(message, "modelInfo.id")) or name(about.get("model"))
    if model is None:
        return log.fault(number, "no model in a message with a usage")
    whole, hit, output = (
        count(usage.get(key)) or 0 for key in ("inputTokens", "cacheReadTokens", "outputTokens")
    )
    if hit > whole:
        raise Unreadable("its usage has more cache hits than input")
    return Response(
        line=log.line(number),
        model=model,
        hit=hit,
        miss=whole - hit,
        output=output,
        identity=f"cline {session.get('sessionId')} {message.get('id')}",
        provider=label_of_host(name(at(message, "modelInfo.provider"))),
        end=log.seconds(message.get("ts")),
        project=name(about.get("workspace_root")),
        session=name(session.get("sessionId")),
        agent=_AGENT,
    )


def _about(log: Log) -> Mapping[str, object]:
    """Return a session's description from the other file in its folder."""
    if log.path is None or not log.path.name.endswith(".messages.json"):
        return {}
    return as_object(small_json(log.path.with_name(log.path.name.replace(".messages", ""))))
