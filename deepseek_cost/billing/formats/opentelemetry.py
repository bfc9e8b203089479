"""OpenTelemetry's GenAI conventions and OpenInference: OTLP JSON, console exporters, Phoenix.

Written by opentelemetry-instrumentation-openai 0.62, openinference-instrumentation-openai 0.1.66,
langfuse 5.0 and others. Only spans of a single model call count; the span of an agent, a chain or a
framework repeats the sums of its calls. The input includes the hits, and the output the reasoning.
opentelemetry-instrumentation-openai-v2 2.4 leaves the hits out, and has no spans of Responses.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from deepseek_cost.billing.formats import langfuse
from deepseek_cost.billing.formats.api import first, items, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.leaves import Enclosing
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.parts import WHOLE, Parts
from deepseek_cost.billing.formats.provider import host_by
from deepseek_cost.billing.formats.usage import Counts
from deepseek_cost.billing.formats.values import as_object, at, count, name

_USAGE: Final = "gen_ai.usage"
_LLM: Final = "llm.token_count"
_INPUT: Final = (
    *(f"{_USAGE}.input_tokens", f"{_USAGE}.prompt_tokens", f"{_LLM}.prompt"),
    *("ai.usage.inputTokens", "ai.usage.promptTokens"),
)
_OUTPUT: Final = (
    *(f"{_USAGE}.output_tokens", f"{_USAGE}.completion_tokens", f"{_LLM}.completion"),
    *("ai.usage.outputTokens", "ai.usage.completionTokens"),
)
_HITS: Final = (
    *(f"{_USAGE}.cache_read.input_tokens", f"{_USAGE}.cache_read_input_tokens"),
    *(f"{_LLM}.prompt_details.cache_read", f"{_USAGE}.details.cache_read_tokens"),
    *(f"{_USAGE}.details.cached_tokens", f"{_USAGE}.cached_input_tokens"),
    *(f"{_USAGE}.details.cache_read_input_tokens", "ai.usage.cachedInputTokens"),
)
_REASONING: Final = (
    *(f"{_USAGE}.reasoning_tokens", f"{_USAGE}.reasoning.output_tokens"),
    *(f"{_LLM}.completion_details.reasoning", f"{_USAGE}.details.reasoning_tokens"),
    "ai.usage.reasoningTokens",
)
_TOTAL: Final = (
    *(f"{_USAGE}.total_tokens", f"{_LLM}.total", "llm.usage.total_tokens"),
    "ai.usage.totalTokens",
)
_MODELS: Final = (
    *("gen_ai.response.model", "gen_ai.request.model", "llm.model_name"),
    *("ai.response.model", "ai.model.id", "langfuse.observation.model.name"),
)
_PROVIDERS: Final = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_ADDRESSES: Final = (
    *("gen_ai.openai.api_base", "server.address", "url.full", "http.url", "llm.request.base_url"),
)
_OF_LANGFUSE: Final = "langfuse.observation.usage_details"
_LANGFUSE_KINDS: Final = {"generation": "LLM", "embedding": "EMBEDDING", "span": "CHAIN"}
_CALLS: Final = ("chat", "text_completion", "generate_content", "responses")
_EMBEDDINGS: Final = ("embeddings", "embedding")
_NANOS: Final = 1_000_000_000
_COLUMN: Final = "attributes."


def read(log: Log) -> Records:
    """Yield the model calls among a log's spans."""
    enclosing = Enclosing(log, _parents)
    return log.each(lambda number, value: _records(log, number, value, enclosing))


class Span:
    """A span from any exporter: its attributes by name, and its place in the trace."""

    def __init__(self, value: Mapping[str, object], service: object = None) -> None:
        self._value = value
        self.service = service
        self.attributes = _attributes(value)

    @property
    def identity(self) -> str:
        """The span's id with its trace's id: span ids are unique only within a trace."""
        span = first(self._value, "spanId", "span_id", "context.span_id", "context.spanId")
        return f"{self._trace} {span or self._value.get('context.span_id')}"

    @property
    def own_identity(self) -> str | None:
        """The span's identity if the response has no id; None if the span has no id either."""
        return None if self.identity.endswith(" None") else f"span {self.identity}"

    @property
    def parent(self) -> str | None:
        """The identity of the parent span, or None if there is none."""
        found = first(self._value, "parentSpanId", "parent_id", "parent_span_id")
        parent = found or first(self._value, "parentSpanContext.spanId")
        return f"{self._trace} {parent}" if parent else None

    @property
    def _trace(self) -> object:
        paths = ("traceId", "trace_id", "context.trace_id", "context.traceId")
        return first(self._value, *paths) or self._value.get("context.trace_id")

    def value(self, names: tuple[str, ...]) -> object:
        """Return the first attribute with one of these names, or None."""
        return next(
            (found for key in names if (found := self.attributes.get(key)) is not None), None
        )

    @property
    def is_call(self) -> bool:
        """Whether this is a single model call with a usage."""
        if self.value((*_INPUT, *_OUTPUT, _OF_LANGFUSE)) is None:
            return False
        operation = self.attributes.get("gen_ai.operation.name")
        return self.kind in {None, "LLM"} and (operation is None or operation in _CALLS)

    @property
    def is_embedding(self) -> bool:
        """Whether this is a call to another endpoint."""
        operation = self.attributes.get("gen_ai.operation.name")
        return self.kind == "EMBEDDING" or operation in _EMBEDDINGS

    @property
    def kind(self) -> str | None:
        """The span's kind in OpenInference's terms, or None."""
        found = self.attributes.get("openinference.span.kind") or self._value.get("span_kind")
        found = found or _LANGFUSE_KINDS.get(str(self.attributes.get("langfuse.observation.type")))
        return found.upper() if isinstance(found, str) else None

    def counts(self) -> Counts | None:
        """Return the billed tokens, or None if there were none; raises Unreadable."""
        if details := as_object(self.attributes.get(_OF_LANGFUSE)):
            return langfuse.counts_of({"usageDetails": details})
        whole, output, hit, reasoning, total = (
            count(self.value(names)) for names in (_INPUT, _OUTPUT, _HITS, _REASONING, _TOTAL)
        )
        return Parts(whole, output, hit, reasoning=reasoning, total=total).counts(WHOLE)

    def times(self) -> tuple[float | None, float | None]:
        """Return start and end in seconds since 1970; raises Unreadable."""
        start, end = (
            _seconds(first(self._value, *names))
            for names in (
                ("startTimeUnixNano", "start_time", "startTime", "start_time_unix_nano"),
                ("endTimeUnixNano", "end_time", "endTime", "end_time_unix_nano"),
            )
        )
        return start, end


def _spans(value: object) -> Iterator[Span]:
    """Yield a line's spans: OTLP has many per line, a console exporter one."""
    resources = at(value, "resourceSpans") or at(value, "resource_spans")
    if not isinstance(resources, list):
        yield Span(as_object(value), first(value, "resource.attributes.service.name"))
        return
    for resource in resources:
        service = _attributes(as_object(at(resource, "resource"))).get("service.name")
        scopes = first(resource, "scopeSpans", "instrumentationLibrarySpans", "scope_spans")
        for scope in items(scopes):
            for span in items(at(scope, "spans")):
                yield Span(as_object(span), service)


def _parents(value: object) -> list[str]:
    return [span.parent for span in _spans(value) if span.is_call and span.parent]


def _records(log: Log, number: int, value: object, enclosing: Enclosing) -> Iterator[Found]:
    for span in _spans(value):
        try:
            yield _record(log, number, span, enclosing)
        except Unreadable as error:
            yield log.fault(number, error.reason)


def _record(log: Log, number: int, span: Span, enclosing: Enclosing) -> Found:
    if span.is_embedding:
        return Costless(Reason.OTHER_ENDPOINT)
    if not span.is_call:
        has_sums = span.value(_INPUT) is not None
        return Costless(Reason.SUM if has_sums else Reason.NO_RESPONSE)
    if span.identity in enclosing:
        return Costless(Reason.SUM)
    model = name(span.value(_MODELS))
    if model is None:
        raise Unreadable("no model in a span with a usage")
    counts = span.counts()
    if counts is None:
        return Costless(Reason.FAILED)
    start, end = span.times()
    attributes = span.attributes
    answer = as_object(attributes.get("output.value"))
    return Response(
        line=log.line(number),
        model=model,
        hit=counts.hit,
        miss=counts.miss,
        output=counts.output,
        reasoning=counts.reasoning,
        identity=name(attributes.get("gen_ai.response.id"))
        or name(answer.get("id"))
        or span.own_identity,
        provider=host_by(name(span.value(_PROVIDERS)), name(span.value(_ADDRESSES))),
        start=start,
        end=end,
        project=_service(span.service),
        session=name(span.value(("session.id", "gen_ai.conversation.id"))),
        key=name(span.value(("user.id", "enduser.id"))),
    )


def _service(service: object) -> str | None:
    found = name(service)
    return None if (found or "").startswith("unknown_service") else found


def _attributes(value: Mapping[str, object]) -> dict[str, object]:
    """Return attributes by name, from a list of keys and values, an object, or columns."""
    found = value.get("attributes")
    if isinstance(found, list):
        pairs = ((at(item, "key"), at(item, "value")) for item in found)
        return {key: _plain(inner) for key, inner in pairs if isinstance(key, str)}
    if isinstance(found, dict):
        return _flat(found)
    columns = ((key.removeprefix(_COLUMN), cell) for key, cell in value.items())
    return {key: cell for key, cell in columns if f"{_COLUMN}{key}" in value and cell != ""}


def _flat(value: Mapping[str, object], prefix: str = "", depth: int = 0) -> dict[str, object]:
    """Return attributes under dotted names, which some backends turn into nested objects."""
    found: dict[str, object] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and depth < 6:  # noqa: PLR2004 - no name has more dots
            found.update(_flat(inner, f"{prefix}{key}.", depth + 1))
        else:
            found[f"{prefix}{key}"] = inner
    return found


def _plain(value: object) -> object:
    """Return the content of an OTLP value, which has integers as text."""
    if not isinstance(value, dict):
        return value
    return next((inner for key, inner in value.items() if not isinstance(inner, dict)), None)


def _seconds(value: object) -> float | None:
    if isinstance(value, list):  # seconds and nanoseconds, as JavaScript has them
        pair = [part for part in value if isinstance(part, int) and not isinstance(part, bool)]
        return utc_seconds(pair[0] + pair[1] / _NANOS) if len(pair) == len(value) == 2 else None  # noqa: PLR2004
    return utc_seconds(value)
