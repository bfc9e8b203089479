"""Continue: a session's messages with their usage, but without times of their own.

The list of sessions in the same folder has the start of each, which all its responses get.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log, as_object, at, name, small_json
from deepseek_cost.billing.formats.usage import usage_of

_AGENT: Final = "continue"
_SESSIONS: Final = "sessions.json"


def read(log: Log) -> Records:
    """Yield the responses of a session."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, session: Mapping[str, object]) -> Iterator[Found]:
    history = session.get("history")
    start = log.seconds(_began(log, session.get("sessionId")))
    for index, item in enumerate(history if isinstance(history, list) else ()):
        usage = as_object(at(item, "message.usage"))
        if not usage:
            yield Costless(Reason.NO_RESPONSE)
            continue
        model = name(usage.get("model"))
        if model is None:
            yield log.fault(number, f"no model in message {index + 1}")
            continue
        counts = usage_of(usage)
        yield Response(
            line=log.line(number),
            model=model,
            hit=counts.hit,
            miss=counts.miss,
            output=counts.output,
            reasoning=counts.reasoning,
            identity=f"continue {session.get('sessionId')} {index}",
            start=start,
            project=name(session.get("workspaceDirectory")),
            session=name(session.get("sessionId")),
            agent=_AGENT,
        )


def _began(log: Log, session: object) -> object:
    """Return when a session began, from the list of sessions in its folder; None if unknown."""
    sessions = small_json(log.path.with_name(_SESSIONS)) if log.path else None
    for entry in sessions if isinstance(sessions, list) else ():
        if at(entry, "sessionId") == session:
            return at(entry, "dateCreated")
    return None
