"""Reasonix: one line of statistics per response, in one file per day."""

from typing import Final

from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.formats.values import as_object, name

_AGENT: Final = "reasonix"


def read(log: Log) -> Records:
    """Yield the responses in a file of statistics."""
    return log.each(lambda number, value: [_record(log, number, value)])


def _record(log: Log, number: int, value: object) -> Found:
    line = as_object(value)
    model = name(line.get("model"))
    if model is None or "prompt" not in line:
        return Costless(Reason.NO_RESPONSE)
    counts = usage_of(
        {
            "prompt_tokens": line.get("prompt"),
            "completion_tokens": line.get("completion"),
            "reasoning_tokens": line.get("reasoning"),
            "prompt_cache_hit_tokens": line.get("cache_hit"),
            "prompt_cache_miss_tokens": line.get("cache_miss"),
            "total_tokens": line.get("total"),
        }
    )
    label, _, served_as = model.rpartition("/")
    return Response(
        line=log.line(number),
        model=served_as,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=f"reasonix {line.get('ts')} {model}",  # to the nanosecond
        provider=label_of_host(label or None),
        end=log.seconds(line.get("ts")),
        session=name(line.get("session")),
        agent=_AGENT,
    )
