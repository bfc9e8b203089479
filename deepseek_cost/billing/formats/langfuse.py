"""Langfuse (v3 and v2): observations as JSON, JSONL, CSV or pages from its API.

Usage in OpenAI's form is stored split: `input` without the hits, `output` without the reasoning.
Counts set by users themselves may include them; the total shows which.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, items, utc_seconds
from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Response
from deepseek_cost.billing.formats.leaves import Enclosing
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import SPLIT, Parts
from deepseek_cost.billing.formats.usage import Counts, usage_of
from deepseek_cost.billing.formats.values import as_object, at, count, name

_GENERATION: Final = "GENERATION"
_DETAILS: Final = ("usageDetails", "usage_details", "providedUsageDetails")
_HITS: Final = (
    *("input_cached_tokens", "input_cache_read", "cache_read_input_tokens"),
    *("cache_read", "input_cached", "cached_tokens", "input_cache_read_tokens"),
)
_WRITTEN: Final = ("input_cache_creation", "cache_creation_input_tokens")
_REASONING: Final = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
_PARENTS: Final = ("parentObservationId", "parent_observation_id")


def read(log: Log) -> Records:
    """Yield the generations of an export."""
    enclosing = Enclosing(log, _parents)
    return log.each(lambda number, value: _records(log, number, value, enclosing))


def _observations(value: object) -> list[object]:
    """Return a line's observations. A page from the API and a trace have several."""
    inner = first(value, "data", "observations")
    return items(inner) if isinstance(inner, list) else [value]


def _parents(value: object) -> list[str]:
    found = (
        first(observation, *_PARENTS)
        for observation in _observations(value)
        if at(observation, "type") == _GENERATION
    )
    return [parent for parent in found if isinstance(parent, str)]


def _records(log: Log, number: int, value: object, enclosing: Enclosing) -> Iterator[Found]:
    for observation in _observations(value):
        yield _record(log, number, as_object(observation), enclosing)


def _record(
    log: Log, number: int, observation: Mapping[str, object], enclosing: Enclosing
) -> Found:
    identity = name(observation.get("id"))
    kind = str(observation.get("type") or _GENERATION).upper()
    if kind != _GENERATION:
        is_embedding = kind == "EMBEDDING"
        return Costless(Reason.OTHER_ENDPOINT if is_embedding else Reason.NO_RESPONSE)
    if identity in enclosing:
        return Costless(Reason.SUM)
    counts = counts_of(observation)
    model = name(first(observation, "model", "providedModelName", "provided_model_name"))
    if counts is None:
        return Costless(Reason.FAILED)
    if model is None:
        return log.fault(number, "no model in a generation with a usage")
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=f"langfuse {identity}" if identity else None,
        provider=name(at(observation, "metadata.ls_provider")),
        start=utc_seconds(first(observation, "startTime", "start_time")),
        end=utc_seconds(first(observation, "endTime", "end_time")),
        session=name(first(observation, "sessionId", "session_id", "traceId", "trace_id")),
        key=name(first(observation, "userId", "user_id")),
        label=name(observation.get("name")),
    )


def counts_of(observation: Mapping[str, object]) -> Counts | None:
    """Return the billed tokens, or None for a generation that failed or has not ended."""
    details = as_object(first(observation, *_DETAILS))
    if "prompt_tokens" in details or "input_tokens" in details:  # as the API sent it
        return usage_of(details)
    if not details:
        return _of_version_2(observation)
    counts = {key: count(value) for key, value in details.items()}
    if not any(counts.values()):
        return None
    parts = Parts(
        input=counts.get("input"),
        output=counts.get("output"),
        hit=_any(counts, _HITS),
        written=_any(counts, _WRITTEN),
        reasoning=_any(counts, _REASONING),
        total=counts.get("total"),
    )
    return parts.counts(SPLIT)


def _of_version_2(observation: Mapping[str, object]) -> Counts | None:
    """Return the counts from version 2's fields, which do not report hits."""
    whole, output = (
        count(first(observation, *paths))
        for paths in (
            ("usage.input", "usage.promptTokens", "promptTokens", "inputTokens"),
            ("usage.output", "usage.completionTokens", "completionTokens", "outputTokens"),
        )
    )
    return Parts(whole, output).counts(SPLIT) if whole or output else None


def _any(counts: Mapping[str, int | None], names: tuple[str, ...]) -> int | None:
    return next((found for key in names if (found := counts.get(key)) is not None), None)
