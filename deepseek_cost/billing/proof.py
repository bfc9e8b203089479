"""Compare the forecast with the bill."""

import json
import re
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.billing.formats.base import Response
from deepseek_cost.billing.next_turn import next_turn
from deepseek_cost.billing.records import request_in
from deepseek_cost.billing.response import (
    ResponseText,
    parse_response,
    reasoning_before_calls,
)
from deepseek_cost.billing.tariff import Stretch, Sums, figures_of, total
from deepseek_cost.errors import DscostError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.routing import route
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.entries import Model, Service
from deepseek_cost.prompt.body import Body, RenderedBody, read_body
from deepseek_cost.prompt.breakdown import Hits, RequestTokens
from deepseek_cost.prompt.cache import PrefixCache
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.template import MOST_OUTPUT
from deepseek_cost.prompt.unsent_reasoning import KnownReasoning

_STRICT: Final = re.compile(r'"strict"\s*:\s*true')
_SERVER_SIDE: Final = re.compile(r'"type"\s*:\s*"(web_search|web_fetch)')


class Reason(StrEnum):
    """The likely reason for a difference."""

    IMAGES = "an image that cannot be read here"
    FIM = "a completion between prompt and suffix is an estimate"
    SERVER_SIDE = "web search or fetch on the server adds tokens"
    STRICT = "the server rewrites the schema of strict tools"
    REASONING = "the server looks up reasoning that the request leaves out"
    KEY_ORDER = "the log may not keep the order of the keys in tools"
    FORCED = "the server writes the beginning of a required tool call"
    CUT = "cut at its limit of tokens, within a token or a mark"
    STOP = "ended at a stop sequence, which is billed and not returned"
    CALLS = "tool calls may be generated in other tokens than the history has"
    UNKNOWN = "unknown"


def reason_of(request: Request, tokens: RequestTokens) -> Reason:
    """Return the likely reason a request's token counts differ, judging by its contents."""
    text, body = request.text, request.body
    found = {
        Reason.IMAGES: tokens.unknown_images > 0,
        Reason.FIM: request.kind is Kind.FIM,
        Reason.SERVER_SIDE: bool(_SERVER_SIDE.search(text)),
        Reason.STRICT: bool(_STRICT.search(text)),
        Reason.REASONING: "unsent_reasoning" in tokens.unknown,
        Reason.KEY_ORDER: bool(body.get("tools")),
    }
    return next((reason for reason, holds in found.items() if holds), Reason.UNKNOWN)


# Tokens that follow a response in a history but are not generated: its end, and each tool result,
# if empty. Measured on recorded responses of all three templates.
_AFTER_RESPONSE: Final = 4
_AFTER_CALL: Final = 7
# The tokens that the server itself writes to force a tool call, which are not billed. Measured on
# the five recorded responses with a tool choice that forces one, all of the V4 templates.
_FORCED: Final = 7
# A request's model, the service at that time, and the tokens of its prompt.
_Counted = tuple[Model, Service, int]
# The report names this many deviations; all of them are counted.
_NAMED: Final = 100


class Deviation(Struct, frozen=True):
    """A figure of a request that was not billed as forecast."""

    place: str
    about: str
    forecast: int
    billed: int
    reason: str


class Tried(Struct):
    """How often a figure was forecast, and how often exactly. `forecast`, `billed`: tokens."""

    requests: int = 0
    exact: int = 0
    forecast: int = 0
    billed: int = 0

    def add(self, forecast: int, billed: int) -> bool:
        """Add a figure, in tokens. Return whether the forecast is exact."""
        self.requests += 1
        self.exact += forecast == billed
        self.forecast += forecast
        self.billed += billed
        return forecast == billed


class Proof(Struct):
    """Compares billed records in order. Its memory grows only with the distinct prompts."""

    book: PriceBook
    encoder: SegmentEncoder
    prompts: Tried = field(default_factory=Tried)
    hits: Tried = field(default_factory=Tried)
    outputs: Tried = field(default_factory=Tried)
    best_hits: int = 0
    uncounted: int = 0
    deviations: list[Deviation] = field(default_factory=list)
    _caches: dict[str, PrefixCache] = field(default_factory=lambda: defaultdict(PrefixCache))
    _forecast: dict[Stretch, Sums] = field(default_factory=dict)
    _billed: dict[Stretch, Sums] = field(default_factory=dict)
    _models: dict[tuple[str, datetime], Model] = field(default_factory=dict)
    _thinking: dict[tuple[str, Kind], bool | None] = field(default_factory=dict)
    _reasoning: KnownReasoning = field(default_factory=lambda: KnownReasoning(len))

    def __post_init__(self) -> None:
        self._reasoning = KnownReasoning(self.encoder.count)

    def add(self, record: Response, stretch: Stretch) -> str | None:
        """Compare a record with the forecast of its request.

        Return the request's thinking effort or `off`, or None if it cannot be counted.
        """
        request = request_in(record)
        if request is None:
            self.uncounted += 1
            return None
        try:
            return self._compare(record, request, stretch)
        except DscostError:  # its text may quote the request
            self.uncounted += 1
            self._recount(record, request, None)
            return None

    @property
    def input_costs(self) -> tuple[Decimal, Decimal]:
        """The cost of the input as forecast, with the expected hits, and as billed."""
        forecast, billed = (
            total(figures_of(sums, stretch) for stretch, sums in sums_by_stretch.items())
            for sums_by_stretch in (self._forecast, self._billed)
        )
        return forecast.cost.input, billed.cost.input

    def _compare(self, record: Response, request: Request, stretch: Stretch) -> str:
        """Forecast a request and record any differences. Return its thinking effort or `off`."""
        model, at = stretch.price.model, record.start or record.end or 0.0
        service = model.service_at(datetime.fromtimestamp(at, UTC))
        body, effort = self._read(request, model, service)
        tokens, usage = body.count(self.encoder), record.tokens
        hits = self._caches[service.billed_as].send(body.prompt(self.encoder), at)
        self.best_hits += hits.best or 0
        self._add_costs(tokens, hits, record, stretch)
        if not self.prompts.add(tokens.parts.input, usage.input):
            reason = reason_of(request, tokens)
            self._deviates(record, "prompt tokens", tokens.parts.input, usage.input, reason)
        if not self.hits.add(hits.expected, usage.cache_hit):
            why = _reason_of_hits(hits, usage.cache_hit)
            self._deviates(record, "cache hits", hits.expected, usage.cache_hit, why)
        self._recount(record, request, (model, service, tokens.parts.input))
        if known := reasoning_before_calls(record.response or {}, record.reasoning):
            self._reasoning.add(*known)
        return effort

    def _read(self, request: Request, model: Model, service: Service) -> tuple[Body, str]:
        """Return a request's body as served at the time, and its thinking effort or `off`."""
        known = (model.name, service.since)
        if known not in self._models:
            since = min(service.since, model.since)
            self._models[known] = replace(model, service=(replace(service, since=since),))
        then, thinking = self._models[known], self._implied_thinking(request)
        body = self._reasoning.restored(read_body(request, then, thinking=thinking))
        effort = (isinstance(body, RenderedBody) and body.conversation.effort) or "off"
        return body, effort

    def _add_costs(
        self, tokens: RequestTokens, hits: Hits, record: Response, stretch: Stretch
    ) -> None:
        expected = min(hits.expected, tokens.parts.input)
        forecast = Sums(1, expected, tokens.parts.input - expected)
        usage = record.tokens
        billed = Sums(1, usage.cache_hit, usage.cache_miss)
        for sums, one in ((self._forecast, forecast), (self._billed, billed)):
            sums[stretch] = sums.get(stretch, Sums()) + one

    def _recount(self, record: Response, request: Request, prompt: _Counted | None) -> None:
        """Count a response, including its tool calls, and compare it with the billed output.

        `prompt` is the request's model, service and prompt tokens, or None if not countable.
        """
        parsed = parse_response(record.response or {})
        if parsed is None:
            return
        thinking = record.reasoning is not None or bool(parsed.reasoning)
        counted = parsed.tokens(self.encoder.count, thinking=thinking, reported=record.reasoning)
        if counted is None and parsed.is_cut:  # a call cut in the middle is not kept as generated
            counted = _limit(request)
        elif counted is None and prompt is not None:
            counted = self._count_calls(record, request, prompt, parsed)
        billed = record.tokens.output
        if counted is not None and not self.outputs.add(counted, billed):
            reason = _reason_of_output(request, parsed, billed)
            self._deviates(record, "output", counted, billed, reason)

    def _count_calls(
        self, record: Response, request: Request, prompt: _Counted, parsed: ResponseText
    ) -> int | None:
        """Return the output tokens of a response that calls tools: what it adds to the history.

        None if it cannot be rendered.
        """
        reasoning = record.reasoning or 0
        turn = None
        if reasoning <= MOST_OUTPUT:
            turn = next_turn(request, record.response or {}, parsed, reasoning)
        if turn is None:
            return None
        body, results = turn
        longer = replace(request, body=body, text=json.dumps(body, ensure_ascii=False))
        model, service, before = prompt
        try:
            after = self._read(longer, model, service)[0].count(self.encoder).parts.input
        except DscostError:
            return None
        forced = _FORCED if _is_forced(request) else 0
        return after - before - _AFTER_RESPONSE - _AFTER_CALL * results - forced

    def _deviates(
        self, record: Response, about: str, forecast: int, billed: int, reason: str
    ) -> None:
        if len(self.deviations) < _NAMED:
            place = f"{record.line.source}:{record.line.line}"
            self.deviations.append(Deviation(place, about, forecast, billed, reason))

    def _implied_thinking(self, request: Request) -> bool | None:
        """Return whether a request's model name implies thinking, or None if it says neither."""
        name, kind = known = str(request.body["model"]), request.kind
        if known not in self._thinking:
            self._thinking[known] = None
            with suppress(DscostError):
                self._thinking[known] = route(name, kind, self.book).model.thinking
        return self._thinking[known]


def _limit(request: Request) -> int | None:
    """Return the maximum number of output tokens that a request allows; None if it has none."""
    limits = (request.body.get(name) for name in ("max_tokens", "max_output_tokens"))
    return next((limit for limit in limits if isinstance(limit, int)), None)


def _is_forced(request: Request) -> bool:
    """Return whether a request forces a tool call."""
    choice = request.body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    return kind not in (None, "auto", "none")


def _reason_of_output(request: Request, parsed: ResponseText, billed: int) -> Reason:
    body = request.body
    found = {
        Reason.FORCED: parsed.calls_tools and _is_forced(request),
        Reason.CUT: parsed.is_cut or billed == _limit(request),
        Reason.STOP: bool(body.get("stop") or body.get("stop_sequences")),
        Reason.CALLS: parsed.calls_tools,
    }
    return next((reason for reason, holds in found.items() if holds), Reason.UNKNOWN)


def _reason_of_hits(hits: Hits, billed: int) -> str:
    if billed < hits.expected:
        return "best effort: not stored in time, or gone already"
    if hits.best is not None and billed > hits.best:
        return "the account had sent it before, outside this log"
    return "a common prefix was stored sooner than expected"
