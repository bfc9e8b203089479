"""Qwen Code: only its usage events have every request exactly once.

A prompt can cause a second request (for its memory), which does not appear in the chat's messages.
The requests of a sub-agent are events of its chat too; its own file has neither events nor a model.
"""

from collections.abc import Mapping
from typing import Final

from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.formats.values import as_object, at, name

_AGENT: Final = "qwen"
_EVENT: Final = "qwen-code.api_response"


def read(log: Log) -> Records:
    """Yield a chat's responses, from its messages until the first event: older versions wrote none.

    An event comes before its message.
    """
    has_events = False

    def convert(number: int, value: object) -> list[Found]:
        nonlocal has_events
        line = as_object(value)
        event = as_object(at(line, "systemPayload.uiEvent"))
        has_events = has_events or event.get("event.name") == _EVENT
        return [_record(log, number, line, event, has_events=has_events)]

    return log.each(convert)


def _record(
    log: Log,
    number: int,
    line: Mapping[str, object],
    event: Mapping[str, object],
    *,
    has_events: bool,
) -> Found:
    message = as_object(line.get("usageMetadata"))
    if line.get("isSidechain") and message:
        return Costless(Reason.REPEATED)
    if event.get("event.name") == _EVENT:
        usage, model = event, event.get("model")
        names = ("input_token_count", "output_token_count", "cached_content_token_count")
        more = ("thoughts_token_count", "total_token_count")
    elif message and not has_events:
        usage, model = message, line.get("model")
        names = ("promptTokenCount", "candidatesTokenCount", "cachedContentTokenCount")
        more = ("thoughtsTokenCount", "totalTokenCount")
    else:
        return Costless(Reason.NO_RESPONSE)
    found = (name(model), *(usage.get(key) for key in (*names, *more)))
    return _response(log, number, line, event, found)


def _response(
    log: Log, number: int, line: object, event: object, found: tuple[object, ...]
) -> Found:
    model, whole, output, hit, reasoning, total = found
    if not isinstance(model, str):
        return log.fault(number, "no model in it")
    counts = usage_of(
        {
            "prompt_tokens": whole,
            "completion_tokens": output,
            "prompt_cache_hit_tokens": hit,
            "reasoning_tokens": reasoning,
            "total_tokens": total,
        }
    )
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=name(at(event, "response_id")) or f"qwen {at(line, 'uuid')}",
        end=log.seconds(at(line, "timestamp")),
        project=name(at(line, "cwd")),
        session=name(at(line, "sessionId")),
        agent=_AGENT,
    )
