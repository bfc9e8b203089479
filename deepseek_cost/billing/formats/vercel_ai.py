"""Vercel's AI SDK (4 to 6): results, steps and finish events as JSON.

The input includes the hits, and the output the reasoning. A result of several steps also has their
sums; the steps are what was billed.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, items, times_of
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
from deepseek_cost.billing.formats.provider import label_of_host
from deepseek_cost.billing.formats.usage import Counts, has_usage, usage_of
from deepseek_cost.billing.formats.values import as_object, at, count, name

_HITS: Final = (
    *("usage.inputTokenDetails.cacheReadTokens", "usage.cachedInputTokens"),
    *("providerMetadata.deepseek.promptCacheHitTokens", "usage.cachedPromptTokens"),
    "experimental_providerMetadata.deepseek.promptCacheHitTokens",
)
_REASONING: Final = ("usage.outputTokenDetails.reasoningTokens", "usage.reasoningTokens")
_WRAPPED: Final = ("result", "response", "output")
_MODELS: Final = ("response.modelId", "model.modelId", "modelId", "model", "response.model")


def read(log: Log) -> Records:
    """Yield the steps of the results."""
    return log.each(lambda number, value: _records(log, number, as_object(value)))


def _records(log: Log, number: int, line: Mapping[str, object]) -> Iterator[Found]:
    result = _result(line)
    times = times_of(log, line)
    steps = [as_object(step) for step in items(result.get("steps"))]
    for step in steps or [result]:
        yield _record(log, number, step, {**line, **result}, times)


def _result(line: Mapping[str, object]) -> Mapping[str, object]:
    """Return a line's result; the line may be the result itself."""
    if line.get("usage") is not None or line.get("steps") is not None:
        return line
    wrapped = (as_object(line.get(key)) for key in _WRAPPED)
    return next((inner for inner in wrapped if "usage" in inner or "steps" in inner), line)


def _record(
    log: Log,
    number: int,
    step: Mapping[str, object],
    result: Mapping[str, object],
    times: tuple[float | None, float | None],
) -> Found:
    if not as_object(step.get("usage")):
        return Costless(Reason.NO_RESPONSE)
    counts = _counts(step)
    if counts is None:
        return Costless(Reason.FAILED)
    model = name(first(step, *_MODELS)) or name(first(result, *_MODELS))
    if model is None:
        raise Unreadable("no model in a result with a usage")
    start = log.seconds(first(step, "response.timestamp"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        kind=counts.kind,
        identity=name(at(step, "response.id")),
        provider=_provider(name(first(step, "model.provider", "provider"))),
        start=times[0] if start is None else start,
        end=times[1],
    )


def _counts(step: Mapping[str, object]) -> Counts | None:
    """Return the billed tokens, from the API's own usage if kept; None for a failed step."""
    raw = as_object(at(step, "usage.raw"))
    if has_usage(raw):
        return usage_of(raw)
    whole, output, hit, reasoning, total = (
        count(first(step, *paths))
        for paths in (
            ("usage.inputTokens", "usage.promptTokens"),
            ("usage.outputTokens", "usage.completionTokens"),
            _HITS,
            _REASONING,
            ("usage.totalTokens",),
        )
    )
    if not whole and not output:
        return None
    return Parts(whole, output, hit, reasoning=reasoning, total=total).counts(WHOLE)


def _provider(label: str | None) -> str | None:
    """Return the host in a name like `deepseek.chat`; compatible providers are named by users."""
    return label_of_host(label.partition(".")[0]) if label else None
