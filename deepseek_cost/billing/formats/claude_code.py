"""Claude Code: transcripts, those of sub-agents included, and what `claude -p` prints.

A transcript has one line per content block of a response, each with the response's id and its
whole usage. Resumed and forked sessions copy lines into a new file. Of `--output-format
stream-json` only the `result` line has what was billed, as a sum per model and without a time.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.base import Costless, Found, Kind, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log, as_object, count, name
from deepseek_cost.billing.formats.provider import is_deepseek_name
from deepseek_cost.billing.formats.usage import fees_of, usage_of

_AGENT: Final = "claude"
_TOKENS: Final = ("input_tokens", "cache_read_input_tokens", "output_tokens")
_SYNTHETIC: Final = "<synthetic>"
# Anthropic's own ids, which no other host gives; its responses have both of them.
_RESPONSE_ID: Final = re.compile(r"msg_[0-9A-Za-z]{20,}")
_REQUEST_ID: Final = re.compile(r"req_[0-9A-Za-z]{20,}")


def read(log: Log) -> Records:
    """Yield the responses of a transcript, or of the output of `claude -p`."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Found]:
    if value.get("type") == "result":
        yield from _results(log, number, value)
    elif (
        "session_id" in value
    ):  # printed; its usage is that of the stream's beginning, without the output
        yield Costless(Reason.NO_RESPONSE)
    else:
        yield _response(log, number, value)


def _response(log: Log, number: int, value: Mapping[str, object]) -> Found:
    message = as_object(value.get("message"))
    usage = as_object(message.get("usage"))
    model = name(message.get("model"))
    if value.get("type") != "assistant" or not usage or model in {None, _SYNTHETIC}:
        return Costless(Reason.NO_RESPONSE)
    counts = usage_of(usage, Kind.MESSAGES)
    identity = name(message.get("id"))
    return Response(
        line=log.line(number),
        model=model or "",
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=Kind.MESSAGES,
        identity=identity,
        provider=_provider(model or "", identity, name(value.get("requestId"))),
        end=log.seconds(value.get("timestamp")),
        fees=fees_of(usage, {}),
        project=name(value.get("cwd")),
        session=name(value.get("sessionId")),
        agent=_AGENT,
    )


def _provider(model: str, identity: str | None, request: str | None) -> str | None:
    if _RESPONSE_ID.match(identity or "") and _REQUEST_ID.match(request or ""):
        return "api.anthropic.com"
    ids = (identity or "").startswith("msg_") and (request or "").startswith("req_")
    return "api.anthropic.com" if ids and not is_deepseek_name(model) else None


def _results(log: Log, number: int, value: Mapping[str, object]) -> Iterator[Found]:
    """Yield the sums of a run per model; they are of one or more requests each."""
    models = as_object(value.get("modelUsage"))
    if not models and not any(as_object(value.get("usage")).get(key) for key in _TOKENS):
        yield Costless(Reason.FAILED)
    elif not models:
        yield log.fault(number, "the result names no model; use its transcript in ~/.claude")
    for model, sums in models.items():
        usage = as_object(sums)
        yield Response(
            line=log.line(number),
            model=model,
            hit=count(usage.get("cacheReadInputTokens")) or 0,
            miss=(count(usage.get("inputTokens")) or 0)
            + (count(usage.get("cacheCreationInputTokens")) or 0),
            output=count(usage.get("outputTokens")) or 0,
            kind=Kind.MESSAGES,
            identity=f"{value.get('session_id')} {value.get('uuid')} {model}",
            end=log.seconds(value.get("timestamp")),
            fees=fees_of(
                {"server_tool_use": {"web_search_requests": usage.get("webSearchRequests")}}, {}
            ),
            session=name(value.get("session_id")),
            agent=_AGENT,
        )
