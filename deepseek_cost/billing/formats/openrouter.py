"""OpenRouter: its responses, its generation records, and its activity export as CSV.

OpenRouter charges for these, whatever host served them, so they are not on DeepSeek's bill; the
cost it states is kept. If users bring their own DeepSeek key, DeepSeek charges.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from deepseek_cost.billing.formats.api import first, is_response, response_of, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.values import as_object, at, count, name

_HOST: Final = "openrouter"
_FALSE: Final = frozenset({"", "0", "0.0", "false", "none"})
_INPUTS: Final = ("native_tokens_prompt", "tokens_prompt")
_OUTPUTS: Final = ("native_tokens_completion", "tokens_completion")
_HITS: Final = ("native_tokens_cached", "tokens_cached")
_REASONING: Final = ("native_tokens_reasoning", "tokens_reasoning")


def read(log: Log) -> Records:
    """Yield the generations in a log or an export."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    if is_response(line):
        found = response_of(log, number, line)
        is_own_key = bool(at(line, "usage.is_byok"))
        found.provider = _provider(line.get("provider"), is_own_key=is_own_key)
        found.stated_cost = _money(at(line, "usage.cost"))
        yield found
        return
    generation = as_object(line.get("data")) or line
    if name(first(generation, "model_permaslug", "model")) is None:
        yield Costless(Reason.NO_RESPONSE)
    else:
        yield _generation(log, number, generation)


def _generation(log: Log, number: int, row: Mapping[str, object]) -> Found:
    own_key = str(first(row, "byok_usage_inference", "is_byok") or "").lower()
    provider = _provider(row.get("provider_name"), is_own_key=own_key not in _FALSE)
    if provider != _HOST and "native_tokens_prompt" not in row:
        raise Unreadable("charged to a key of your own, but counted by OpenRouter's tokenizer")
    parts = Parts(
        input=count(first(row, *_INPUTS)),
        output=count(first(row, *_OUTPUTS)),
        hit=count(first(row, *_HITS)),
        reasoning=count(first(row, *_REASONING)),
    )
    counts = parts.counts(WHOLE)
    return Response(
        line=log.line(number),
        model=str(first(row, "model_permaslug", "model")),
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=name(first(row, "generation_id", "id")),
        provider=provider,
        start=utc_seconds(row.get("created_at")),
        project=name(row.get("app_name")),
        key=name(first(row, "api_key_name", "user")),
        stated_cost=_money(first(row, "cost_total", "total_cost")),
    )


def _provider(served_by: object, *, is_own_key: bool) -> str:
    """Return who charged: DeepSeek only if it served the request with the user's own key."""
    return "deepseek" if is_own_key and str(served_by).lower() == "deepseek" else _HOST


def _money(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
