"""Continue: a session's messages with their usage, but without times of their own.

The list of sessions in the same folder has the start of each, which all its responses get. A fork
begins with a copy of another session's messages, which are not in its own sums.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import items
from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.lenient_json import small_json
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.formats.values import as_object, at, count, name

_AGENT: Final = "continue"
_SESSIONS: Final = "sessions.json"


def read(log: Log) -> Records:
    """Yield the responses of a session."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, session: Mapping[str, object]) -> Iterator[Found]:
    history = items(session.get("history"))
    start = log.seconds(_began(log, session.get("sessionId")))
    copied = _copied(session, history)
    for index, item in enumerate(history):
        usage = as_object(at(item, "message.usage"))
        if not usage or index < copied:
            yield Costless(Reason.REPEATED if usage else Reason.NO_RESPONSE)
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


def _copied(session: Mapping[str, object], history: list[object]) -> int:
    """Return how many messages, from the first, are not in the session's own sums."""
    left = [count(at(session, f"usage.{key}")) for key in ("promptTokens", "completionTokens")]
    for index in range(len(history), 0, -1):
        if left == [0, 0]:
            return index
        usage = as_object(at(history[index - 1], "message.usage"))
        spent = [count(usage.get(key)) or 0 for key in ("prompt_tokens", "completion_tokens")]
        left = [(total or 0) - tokens for total, tokens in zip(left, spent, strict=True)]
    return 0


def _began(log: Log, session: object) -> object:
    """Return when a session began, from the list of sessions in its folder; None if unknown."""
    sessions = small_json(log.path.with_name(_SESSIONS)) if log.path else None
    for entry in sessions if isinstance(sessions, list) else ():
        if at(entry, "sessionId") == session:
            return at(entry, "dateCreated")
    return None
