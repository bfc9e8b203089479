"""pydantic-ai (1 and 2): messages as written by `all_messages_json`, or one per line.

The input includes the hits, and the output the reasoning. For a stream, the library adds up the
usage of every chunk.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, items
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
from deepseek_cost.billing.formats.provider import host_by
from deepseek_cost.billing.formats.values import as_object, count, name

_HITS: Final = (
    *("cache_read_tokens", "details.prompt_cache_hit_tokens", "details.cached_tokens"),
    "details.cache_read_input_tokens",
)
_REASONING: Final = ("output_reasoning_tokens", "details.reasoning_tokens")


def read(log: Log) -> Records:
    """Yield the responses among the messages."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    messages = line.get("messages")
    for message in items(messages) if isinstance(messages, list) else [line]:
        yield _record(log, number, as_object(message))


def _record(log: Log, number: int, message: Mapping[str, object]) -> Found:
    usage = as_object(message.get("usage"))
    if message.get("kind") != "response" or not usage:
        return Costless(Reason.NO_RESPONSE)
    whole, output, hit, reasoning = (
        count(first(usage, *paths))
        for paths in (
            ("input_tokens", "request_tokens"),
            ("output_tokens", "response_tokens"),
            _HITS,
            _REASONING,
        )
    )
    if not whole and not output:
        return Costless(Reason.FAILED)
    model = name(message.get("model_name"))
    if model is None:
        raise Unreadable("no model in a response with a usage")
    counts = Parts(whole, output, hit, reasoning=reasoning).counts(WHOLE)
    provider = name(message.get("provider_name"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=Kind.MESSAGES if provider == "anthropic" else Kind.CHAT,
        identity=name(first(message, "provider_response_id", "vendor_id")),
        provider=host_by(provider, name(message.get("provider_url"))),
        end=log.seconds(message.get("timestamp")),
        session=name(message.get("conversation_id")),
    )
