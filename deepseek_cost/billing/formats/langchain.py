"""LangChain (core 1.x): dumped messages and results.

`usage_metadata` has the whole input, including hits, whatever the endpoint. The API's own report
is kept in `response_metadata` and takes precedence, because LangChain adds up the usage of every
chunk in a stream.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, items, times_of
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Kind,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.usage import Counts, has_usage, usage_of
from deepseek_cost.billing.formats.values import as_object, at, count, name

_FIELDS: Final = ("kwargs", "data")
_WRAPPED: Final = ("message", "response", "output", "result")
_METADATA: Final = "response_metadata"
_RAW: Final = (f"{_METADATA}.token_usage", f"{_METADATA}.usage")
_MODELS: Final = (f"{_METADATA}.model_name", f"{_METADATA}.model")


def read(log: Log) -> Records:
    """Yield the responses in dumped messages and results."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    """Yield a line's responses, several for a result of several prompts."""
    start, end = times_of(log, line)
    for message in _messages(line):
        yield _record(log, number, message, line, (start, end))


def _record(
    log: Log,
    number: int,
    message: Mapping[str, object],
    line: Mapping[str, object],
    times: tuple[float | None, float | None],
) -> Found:
    if not has_counts(message):
        return Costless(Reason.NO_RESPONSE)
    model = name(first(message, *_MODELS)) or name(line.get("model"))
    if model is None:
        raise Unreadable("no model in a message with a usage")
    counts = counts_of(message)
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=identity_of(message),
        provider=name(at(message, f"{_METADATA}.model_provider")),
        start=times[0],
        end=times[1],
    )


def _messages(line: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the fields of a line's messages; the line may be the message itself."""
    if line.get("generations") is not None:
        return messages_in(line)
    if listed := items(line.get("messages")):
        return [_unwrapped(as_object(message)) for message in listed]
    wrapped = next((inner for key in _WRAPPED if (inner := as_object(line.get(key)))), {})
    if wrapped and not has_counts(_unwrapped(line)):
        return _messages(wrapped)
    return [_unwrapped(line)]


def messages_in(result: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the fields of a result's messages, one a prompt.

    Alternatives to a prompt's first message are of the same response. Raises Unreadable if several
    prompts have only their sum.
    """
    prompts = [items(prompt) for prompt in items(result.get("generations"))]
    found = [_unwrapped(as_object(at(prompt[0], "message"))) for prompt in prompts if prompt]
    usage = as_object(at(result, "llm_output.token_usage"))
    if not usage or any(has_usage(as_object(first(message, *_RAW))) for message in found):
        return found
    if len(prompts) > 1:
        raise Unreadable("a result of several prompts, with their sum alone")
    about = {"token_usage": usage, "model_name": at(result, "llm_output.model_name")}
    return [
        {**message, _METADATA: {**as_object(message.get(_METADATA)), **about}}
        for message in found or [{}]
    ]


def message_in(result: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields of a result's only message; raises Unreadable if it has several."""
    found = messages_in(result)
    if len(found) > 1:
        raise Unreadable("a result of several prompts, with their sum alone")
    return found[0] if found else {}


def _unwrapped(line: Mapping[str, object]) -> Mapping[str, object]:
    inner = next((found for key in _FIELDS if (found := as_object(line.get(key)))), None)
    return line if inner is None else inner


def has_counts(message: Mapping[str, object]) -> bool:
    """Return whether a message is from a model and has token counts."""
    return has_usage(as_object(first(message, *_RAW))) or bool(
        as_object(message.get("usage_metadata"))
    )


def counts_of(message: Mapping[str, object]) -> Counts:
    """Return the billed tokens, as reported by the API or else by LangChain.

    Raises Unreadable.
    """
    raw = as_object(first(message, *_RAW))
    if has_usage(raw):
        return usage_of(raw)
    return of_metadata(as_object(message.get("usage_metadata")))


def of_metadata(usage: Mapping[str, object]) -> Counts:
    """Return the billed tokens of a `usage_metadata`; raises Unreadable."""
    parts = Parts(
        input=count(usage.get("input_tokens")),
        output=count(usage.get("output_tokens")),
        hit=count(at(usage, "input_token_details.cache_read")),
        reasoning=count(at(usage, "output_token_details.reasoning")),
        total=count(usage.get("total_tokens")),
    )
    return parts.counts(WHOLE, Kind.CHAT)


def identity_of(message: Mapping[str, object]) -> str | None:
    """Return the API's id of a response if it was kept, else LangChain's own."""
    own = name(message.get("id"))
    return name(at(message, f"{_METADATA}.id")) or (f"langchain {own}" if own else None)
