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
from deepseek_cost.billing.formats.log import Log, as_object, at, count, name
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.usage import Counts, has_usage, usage_of

_FIELDS: Final = ("kwargs", "data")
_WRAPPED: Final = ("message", "response", "output", "result")
_METADATA: Final = "response_metadata"
_RAW: Final = (f"{_METADATA}.token_usage", f"{_METADATA}.usage")
_MODELS: Final = (f"{_METADATA}.model_name", f"{_METADATA}.model")


def read(log: Log) -> Records:
    """Yield the responses in dumped messages and results."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    """Yield a line's response. A result of several prompts has only their sum."""
    start, end = times_of(log, line)
    message = _message(line)
    if not has_counts(message):
        yield Costless(Reason.NO_RESPONSE)
        return
    model = name(first(message, *_MODELS)) or name(line.get("model"))
    if model is None:
        raise Unreadable("no model in a message with a usage")
    counts = counts_of(message)
    yield Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=identity_of(message),
        provider=name(at(message, f"{_METADATA}.model_provider")),
        start=start,
        end=end,
    )


def _message(line: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields of a line's message; the line may be the message itself."""
    if line.get("generations") is not None:
        return message_in(line)
    wrapped = next((inner for key in _WRAPPED if (inner := as_object(line.get(key)))), {})
    if wrapped and not has_counts(_unwrapped(line)):
        return _message(wrapped)
    return _unwrapped(line)


def message_in(result: Mapping[str, object]) -> Mapping[str, object]:
    """Return the fields of a result's message; raises Unreadable if it has several."""
    prompts = items(result.get("generations"))
    if len(prompts) > 1:
        raise Unreadable("a result of several prompts, with their sum alone")
    first_prompt = items(prompts[0]) if prompts else []
    message = _unwrapped(as_object(at(first_prompt[0], "message"))) if first_prompt else {}
    usage = as_object(at(result, "llm_output.token_usage"))
    if usage and not has_usage(as_object(first(message, *_RAW))):
        about = {"token_usage": usage, "model_name": at(result, "llm_output.model_name")}
        return {**message, _METADATA: {**as_object(message.get(_METADATA)), **about}}
    return message


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
