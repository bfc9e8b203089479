"""All that is to be priced, prompts and requests, read once and tallied for every model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ledger import Ledger, Place, Position
from deepseek_cost.estimates.subtotal import Done, Skips, Subtotal, TalliedSource, totals
from deepseek_cost.estimates.tally import (
    Addressee,
    PromptTokens,
    Scenario,
    Tally,
    addressees,
    require_output_limit,
    tally_body,
    tally_request,
)
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Feed, request_of
from deepseek_cost.inputs.request import Fault, Request
from deepseek_cost.inputs.routing import Served, ServedNames
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.breakdown import Breakdown, Hits, RequestTokens
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.template import require_renderer

if TYPE_CHECKING:
    from deepseek_cost.estimates.batch_counter import Bulk
    from deepseek_cost.estimates.cache_forecast import Forecast
    from deepseek_cost.estimates.workers import Crew
    from deepseek_cost.prompt.body import Body
    from deepseek_cost.tokenizer.base import TextCounter

OnRequest = Callable[[Place, Sequence[Tally], Sequence[RequestTokens]], None]


@dataclass(slots=True)
class Workload:
    """Takes sources in, one after the other; memory does not grow with their requests."""

    subtotal: Subtotal
    scenario: Scenario
    system: str
    counter: "TextCounter"
    served_by: ServedNames
    on_request: OnRequest | None = None
    forecast: "Forecast | None" = None
    crew: "Crew | None" = None
    _segments: SegmentCounter = field(init=False)
    _to: list[Addressee] = field(default_factory=list)
    _source: int = 0
    _forms: "Bulk | None" = None

    def __post_init__(self) -> None:
        self._segments = self.forecast.encoder if self.forecast else SegmentCounter(self.counter)

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """The account of each model."""
        return self.subtotal.ledgers

    @property
    def skips(self) -> Skips:
        """What was left out."""
        return self.subtotal.skips

    @property
    def models(self) -> list[Model]:
        """The models that all is tallied for."""
        return [ledger.model for ledger in self.ledgers]

    @property
    def kinds(self) -> set[Kind]:
        """What the sources are."""
        return {source.kind for source in self.subtotal.tallied}

    def totals(self) -> list[Tally]:
        """Add up all sources for each model; raises InputError where nothing was counted."""
        tallied = self.subtotal.tallied
        if not tallied:
            raise InputError(f"no request could be counted; skipped: {self.skips.requests:,}")
        return totals(tallied)

    def take(self, feed: Feed, number: int | None = None) -> None:
        """Count and tally a source; raises InputError unless a fault is to be skipped.

        `number` is its place among all sources, where others take those before it.
        """
        self._source = self._source + 1 if number is None else number
        if feed.is_text:
            self._take_text(feed)
        else:
            require_renderer()
            for model in self.models:
                require_output_limit(model, self.scenario)
            self._take_requests(feed)

    def _take_text(self, feed: Feed) -> None:
        self._to = self._to or addressees(self.models, self.system, self.scenario, self.counter)
        if self.forecast is None:
            text, hits = self.counter.count(feed.blocks()), self._no_hits()
        else:
            text, hits = self.forecast.take_text(feed.whole(), self._to, self.scenario.requests)
        tallies, counted = [], []
        for ledger, one, found in zip(self.ledgers, self._to, hits, strict=True):
            around = one.around
            parts = Breakdown(system=around.system, user=text, template=around.template)
            tokens = PromptTokens(parts.text, parts.template)
            tally = tally_request(ledger.model, tokens, self.scenario, found)
            if ledger.keeps_parts:
                ledger.parts += parts.times(self.scenario.requests)
            tallies.append(tally)
            counted.append(RequestTokens(parts, tally.output_ceiling))
        if self.on_request:
            self.on_request(Place(feed.source.name, 1, None), tallies, counted)
        source = TalliedSource(feed.source.name, tuple(tallies), is_empty=not text)
        self.subtotal.add(self._source, source)

    def _no_hits(self) -> Sequence[Hits | None]:
        """Return that no hits are forecast; the ratio tells them."""
        return [None for _ in self.ledgers]

    def hand_over(self) -> Subtotal:
        """Return what was added up, and begin anew."""
        done, self.subtotal = self.subtotal, self.subtotal.emptied()
        if self._forms:
            self._forms.subtotal = self.subtotal
        return done

    def take_lines(self, lines: Lines, source: int) -> None:
        """Count and tally some lines of the source of that number; raises InputError as `take`."""
        if self._forms is None and self.forecast is None and self.on_request is None:
            self._forms = self._bulk()
        for number, data in self._forms.take(lines, source) if self._forms else lines:
            self._try(request_of(lines.document(number, data), lines.wanted), source)

    def _take_requests(self, feed: Feed) -> None:
        skipped = self.skips.requests
        parts = feed.parts()
        try:
            for part in self.crew.share(parts, self._source) if self.crew else parts:
                self._take_part(part, feed.wanted)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(self._so_far())
            raise
        if self._source not in self.subtotal.sources and skipped == self.skips.requests:
            raise InputError(f"{feed.source.name}: no request in it; give JSON, one a line")

    def _take_part(self, part: Lines | Document | Fault | Done, wanted: Kind | None) -> None:
        """Take lines, a document, or what a worker did, and tell what that would have told."""
        if isinstance(part, Lines):
            self.take_lines(part, self._source)
        elif isinstance(part, Done):
            self.subtotal.merge(part.subtotal)
            self.skips.tell_all(part.told)
        else:
            self._try(request_of(part, wanted), self._source)

    def _so_far(self) -> str:
        """Tell what was counted of the requests."""
        sums = totals(self.subtotal.tallied)
        counted = (
            f"{tally.input:,} input tokens for {ledger.model.name}"
            for tally, ledger in zip(sums, self.ledgers, strict=False)
        )
        requests = sums[0].requests if sums else 0
        return f"{requests:,} requests counted so far; {', '.join(counted)}"

    def _try(self, found: Request | Fault, source: int) -> None:
        """Tally a request, unless it is to be skipped."""
        at = Position(source, found.line, found.column)
        try:
            self._take_request(_sound(found), at)
        except InputError as error:
            self.skips.note(error, at)

    def _bulk(self) -> "Bulk":
        """Return who takes lines many at a time, for what needs no order and no line of its own."""
        from deepseek_cost.estimates.batch_counter import Bulk  # noqa: PLC0415 - needs the renderer

        return Bulk(
            *(self.subtotal, self.scenario, self._segments),
            bodies_of=self._bodies,
            note=self._note_model,
        )

    def _bodies(self, request: Request) -> "list[Body]":
        """Read a request for each model."""
        from deepseek_cost.prompt.body import read_body  # noqa: PLC0415 - needs the renderer

        served = self._serving(request)
        thinking = served.model.thinking if served else None
        return [read_body(request, model, thinking=thinking) for model in self.models]

    def _take_request(self, request: Request, at: Position) -> None:
        from deepseek_cost.prompt.body import images_without_vision  # noqa: PLC0415 - as above

        self._note_model(request, at)
        bodies = self._bodies(request)
        counted = [body.count(self._segments) for body in bodies]
        hits = self._no_hits()
        if self.forecast is not None:
            hits = self.forecast.take_bodies(bodies, request, self.scenario.requests)
        place = Place(request.source, request.line, request.custom_id)
        tallies = []
        for ledger, body, found in zip(self.ledgers, counted, hits, strict=True):
            tally = tally_body(body, self.scenario, found)
            ledger.note(tally, body.parts)
            ledger.offer(tally, [(at, Place(place.source, place.line, place.short_id))])
            ledger.replaced_images += images_without_vision(request, ledger.model.template)
            ledger.is_fim |= request.kind is Kind.FIM
            if body.refused:
                ledger.refusals.note(place, body.refused, tally.requests, at)
            tallies.append(tally)
        kind = Kind.BATCH if request.in_batch else request.kind
        self.subtotal.add(
            at.source, TalliedSource(request.source, tuple(tallies), frozenset({kind}))
        )
        if self.on_request:
            self.on_request(place, tallies, counted)

    def _serving(self, request: Request) -> Served | None:
        """Look up the model that a body names; raises InputError."""
        name = request.body.get("model")
        return self.served_by.of(request, name) if isinstance(name, str) else None

    def _note_model(self, request: Request, at: Position) -> None:
        """Keep what is to be said of the model that a body names."""
        name, found = request.body.get("model"), self._serving(request)
        if isinstance(name, str):
            self.subtotal.named_models.note(found.model.name if found else name, at)
        if found and found.note:
            self.subtotal.notes.note(found.note, at)


def _sound(found: Request | Fault) -> Request:
    if isinstance(found, Fault):
        raise InputError(str(found))
    return found
