"""LangSmith (SDK 0.4): runs as JSON or JSONL. Only leaf runs of a model were billed.

Chains and agents repeat the sums of the runs in them. Times without a time zone are UTC.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats.api import first, is_response, items, response_of, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.langchain import (
    counts_of,
    has_counts,
    identity_of,
    message_in,
    of_metadata,
)
from deepseek_cost.billing.formats.leaves import Enclosing
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.usage import Counts
from deepseek_cost.billing.formats.values import as_object, at, count, name

_MODELS: Final = (
    *("extra.metadata.ls_model_name", "extra.invocation_params.model"),
    *("extra.invocation_params.model_name", "outputs.model"),
)


def read(log: Log) -> Records:
    """Yield the runs of an export."""
    enclosing = Enclosing(log, _parents)
    return log.each(lambda number, value: _records(log, number, value, enclosing))


def _runs(value: object) -> list[object]:
    inner = at(value, "runs")
    return items(inner) if isinstance(inner, list) else [value]


def _parents(value: object) -> list[str]:
    runs = [run for run in _runs(value) if at(run, "run_type") == "llm"]
    parents = (at(run, "parent_run_id") for run in runs)
    return [parent for parent in parents if isinstance(parent, str)]


def _records(log: Log, number: int, value: object, enclosing: Enclosing) -> Iterator[Found]:
    for run in _runs(value):
        yield _record(log, number, as_object(run), enclosing)


def _record(log: Log, number: int, run: Mapping[str, object], enclosing: Enclosing) -> Found:
    identity = name(run.get("id"))
    kind = run.get("run_type")
    if kind != "llm":
        if kind == "embedding":
            return Costless(Reason.OTHER_ENDPOINT)
        has_sums = bool(run.get("total_tokens"))
        return Costless(Reason.SUM if has_sums else Reason.NO_RESPONSE)
    if identity in enclosing:
        return Costless(Reason.SUM)
    outputs = as_object(run.get("outputs"))
    own = f"langsmith {identity}" if identity else None
    model = name(first(run, *_MODELS))
    if is_response(outputs) and "choices" in outputs:  # the client itself, traced
        found = response_of(log, number, outputs)
    else:
        counts, api_id = _counts(run, outputs)
        if counts is None:
            return Costless(Reason.FAILED)
        if model is None:
            raise Unreadable("no model in a run with a usage")
        found = Response(
            line=log.line(number),
            model=model,
            hit=counts.hit,
            miss=counts.miss,
            output=counts.output,
            reasoning=counts.reasoning,
            kind=counts.kind,
            identity=api_id,
        )
    found.identity = found.identity or own
    found.provider = name(at(run, "extra.metadata.ls_provider"))
    found.start = utc_seconds(run.get("start_time"))
    found.end = utc_seconds(run.get("end_time"))
    found.session = name(first(run, "extra.metadata.thread_id", "extra.metadata.session_id"))
    found.project = name(first(run, "session_name", "project_name"))
    found.label = name(run.get("name"))
    return found


def _counts(
    run: Mapping[str, object], outputs: Mapping[str, object]
) -> tuple[Counts | None, str | None]:
    """Return the billed tokens and the API's id, from the message or else the run's sums."""
    message = message_in(outputs) if "generations" in outputs else outputs
    if has_counts(message):
        return counts_of(message), identity_of(message)
    usage = as_object(first(run, "extra.metadata.usage_metadata"))
    if usage:
        return of_metadata(usage), None
    whole, output = count(run.get("prompt_tokens")), count(run.get("completion_tokens"))
    if not whole and not output:
        return None, None
    parts = Parts(
        input=whole,
        output=output,
        hit=count(at(run, "prompt_token_details.cache_read")),
        reasoning=count(at(run, "completion_token_details.reasoning")),
        total=count(run.get("total_tokens")),
    )
    return parts.counts(WHOLE), None
