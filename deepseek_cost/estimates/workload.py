"""Read all prompts and requests once, and tally them for every model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Final

from deepseek_cost.errors import InputError, NothingReadError
from deepseek_cost.estimates.ledger import Ledger, Place, Position
from deepseek_cost.estimates.partial_result import (
    PartialResult,
    Skipped,
    TalliedSource,
    own_column,
)
from deepseek_cost.estimates.tally import Scenario, Tally, require_output_limit, tally_body
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Input, request_of, sound
from deepseek_cost.inputs.request import Fault, Request
from deepseek_cost.inputs.routing import Route, Routes
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.breakdown import Hits, RequestTokens
from deepseek_cost.prompt.segments import SegmentCounter

if TYPE_CHECKING:
    from deepseek_cost.estimates.batch_counter import SkeletonCounter
    from deepseek_cost.estimates.cache_forecast import CacheForecast
    from deepseek_cost.estimates.workers import WorkerPool
    from deepseek_cost.inputs.continuation import Continuations
    from deepseek_cost.prompt.body import Body, RenderedBody
    from deepseek_cost.prompt.history import History
    from deepseek_cost.prompt.text_form import TextForm
    from deepseek_cost.prompt.unsent_reasoning import KnownReasoning
    from deepseek_cost.tokenizer.base import TextCounter

# One set of each kind for all the sources that hold nothing else.
_ALONE: Final = {kind: frozenset({kind}) for kind in Kind}

OnRequest = Callable[[Place, Sequence[Tally], Sequence[RequestTokens]], None]


class Workload:
    """Reads sources one after the other; memory does not grow with their requests."""

    def __init__(
        self,
        partial: PartialResult,
        scenario: Scenario,
        system: str,
        counter: "TextCounter",
        routes: Routes,
        *,
        forecast: "CacheForecast | None" = None,
    ) -> None:
        self.partial = partial
        self.scenario = scenario
        self.system = system
        self.routes = routes
        self.forecast = forecast
        self.on_request: OnRequest | None = None
        self.pool: WorkerPool | None = None
        self._segments = forecast.encoder if forecast else SegmentCounter(counter)
        self._source = 0
        self._reasoning: KnownReasoning | None = None  # of a source with responses
        self._skeletons: SkeletonCounter | None = None
        self._text_form: TextForm | None = None

    @cached_property
    def _continued(self) -> "Continuations":
        from deepseek_cost.inputs.continuation import Continuations  # noqa: PLC0415 - of lines alone

        return Continuations()

    @cached_property
    def _history(self) -> "History":
        from deepseek_cost.prompt.history import History  # noqa: PLC0415 - likewise

        return History()

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """The ledger of each model."""
        return self.partial.ledgers

    @property
    def skips(self) -> Skipped:
        """The requests that were left out."""
        return self.partial.skips

    @property
    def models(self) -> list[Model]:
        """The models that everything is tallied for."""
        return [ledger.model for ledger in self.ledgers]

    @property
    def kinds(self) -> set[Kind]:
        """What the sources are."""
        return {source.kind for source in self.partial.tallied}

    def totals(self) -> Sequence[Tally]:
        """Add up all sources for each model; raises InputError if nothing was counted."""
        if not self.partial.sources:
            raise InputError(f"no request could be counted; skipped: {self.skips.requests:,}")
        return self.partial.totals()

    def read(self, opened: Input, number: int | None = None) -> None:
        """Count and tally a source; raises InputError unless a fault is to be skipped.

        `number` is its place among all sources, where others take those before it.
        """
        self._source = self._source + 1 if number is None else number
        self._require_output_limits()
        if opened.is_text:
            self._add_text(opened)
        else:
            self._add_requests(opened)

    def _add_text(self, opened: Input) -> None:
        """Count and tally a text; all but the first are not rendered, unless hits are forecast."""
        from deepseek_cost.prompt.text_form import TextForm, stream_of  # noqa: PLC0415 - not for --help

        request = opened.text_request(whole=self.forecast is not None)
        at = Position(self._source, request.line)
        if self.forecast is not None:
            self._add_request(request, at)
            return
        form = self._text_form
        if form is None:
            bodies = self._rendered(request)
            self._prepare(bodies)
            form = self._text_form = TextForm.of(bodies, self._segments)
        counted = form.counted(self._segments.count_stream(stream_of(request)))
        self._add_counted(request, at, form.bodies, counted, self._no_hits())

    @property
    def keeps_order(self) -> bool:
        """Whether a counted request cannot be taken back: it is in a forecast, or printed."""
        return self.forecast is not None or self.on_request is not None

    def check(self, opened: Input) -> None:
        """Read the requests of a source without counting them; raises InputError for a fault."""
        for found in opened.requests():
            self._bodies(request := sound(found))
            if self.forecast is not None:
                self.forecast.timeline.read(request)

    def add_tokens(self, tokens: int) -> None:
        """Tally requests of so many input tokens each, counted as the bill does.

        Raises UsageError for more output than a model can give.
        """
        from deepseek_cost.prompt.body import bare_text  # noqa: PLC0415 - not for --help

        self._require_output_limits()
        bodies = [bare_text(tokens, one, self.scenario.mode_for(one)) for one in self.models]
        self._add_request(bodies[0].request, Position(1, 1), bodies)

    def _require_output_limits(self) -> None:
        for model in self.models:
            require_output_limit(model, self.scenario)

    def _no_hits(self) -> Sequence[Hits | None]:
        """Return None for each ledger: hits are not forecast, but come from the ratio."""
        return [None for _ in self.ledgers]

    def pop_result(self) -> PartialResult:
        """Return what was added up, and start over."""
        done = self.partial
        self._begin(done.empty_copy())
        return done

    def _begin(self, partial: PartialResult) -> None:
        """Add everything that follows to this subtotal."""
        self.partial = partial
        if self._skeletons:
            self._skeletons.partial = partial

    def add_lines(self, lines: Lines, source: int) -> None:
        """Count and tally some lines of the source of that number; raises InputError as `take`."""
        rest: Iterable[tuple[int, bytes]] = lines
        continued: dict[int, Document] = {}
        if self._takes_many_lines:
            self._skeletons = self._skeletons or self._line_counter()
            continued = self._continued.documents(lines)
            rest = self._skeletons.count(lines, source, continued)
        read = [
            self._read_line(continued.get(number) or lines.document(number, data), lines.kind)
            for number, data in rest
        ]
        if self.forecast is None:
            self._segments.prepare(text for _, bodies in read for text in _texts(bodies))
        for found, bodies in read:
            self._try(found, source, bodies)

    @property
    def _takes_many_lines(self) -> bool:
        """Whether lines need no order and are not printed one by one."""
        return not self.keeps_order and self._reasoning is None

    def _read_line(
        self, document: Document | Fault, wanted: Kind | None
    ) -> "tuple[Request | Fault, Sequence[Body]]":
        """Read a line for each model; an error is kept until the line is tallied."""
        found = request_of(document, wanted)
        if isinstance(found, Fault):
            return found, ()
        try:
            return found, self._bodies(found, self._history if self._takes_many_lines else None)
        except InputError:
            return found, ()

    def _add_requests(self, opened: Input) -> None:
        """Tally a source apart and add it as it ends: of one with a fault, nothing is counted.

        Raises NothingReadError then, unless its first requests are in a forecast or printed.
        """
        before = self.pop_result()
        try:
            self._add_parts(opened)
        except InputError as error:
            self._begin(before)
            if error.field is not None or self.keeps_order:
                raise
            raise NothingReadError(error.message) from error
        except KeyboardInterrupt as interrupt:
            before.merge(self.partial)
            self._begin(before)
            interrupt.add_note(self._so_far())
            raise
        before.merge(self.partial)
        self._begin(before)

    def _add_parts(self, opened: Input) -> None:
        self._reasoning = self._known_reasoning(opened.first())
        for part in self._shared(opened):
            self._add_part(part, opened.kind)
        if not self.partial.sources and not self.skips.requests:
            raise InputError(
                f"{opened.source.name}: no request in it", tip="give JSON, one request per line"
            )

    def _known_reasoning(self, first: Request | Fault | None) -> "KnownReasoning | None":
        """Return what keeps the reasoning of responses, if a source begins with one."""
        if not isinstance(first, Request) or first.response is None:
            return None
        from deepseek_cost.prompt.unsent_reasoning import KnownReasoning  # noqa: PLC0415 - of logs

        return KnownReasoning(self._segments.count)

    def _shared(self, opened: Input) -> Iterator[Lines | Document | Fault | PartialResult]:
        """Yield the parts of a source, or what workers did of them; a log is read in its order."""
        if self.pool is None or self._reasoning is not None:
            return opened.parts()
        size = opened.source.size
        return self.pool.share(opened.parts(), self._source, size, self._is_replay)

    def _is_replay(self) -> bool:
        return self._continued.is_replay()

    def _add_part(
        self, part: Lines | Document | Fault | PartialResult, wanted: Kind | None
    ) -> None:
        """Add lines, a document, or what a worker added up."""
        if isinstance(part, Lines):
            self.add_lines(part, self._source)
        elif isinstance(part, PartialResult):
            self.partial.merge(part)
        else:
            self._try(request_of(part, wanted), self._source)

    def _so_far(self) -> str:
        """Describe how much was counted so far."""
        sums = self.partial.totals()
        counted = (
            f"{tally.input:,} input tokens for {ledger.model.name}"
            for tally, ledger in zip(sums, self.ledgers, strict=False)
        )
        requests = sums[0].requests if sums else 0
        return f"{requests:,} requests counted so far; {', '.join(counted)}"

    def add_request(self, found: Request | Fault) -> None:
        """Count and tally a request of the source read last; raises InputError as `read`."""
        self._try(found, self._source)

    def _try(self, found: Request | Fault, source: int, bodies: "Sequence[Body]" = ()) -> None:
        """Tally a request; if it is invalid, skip it if that is wanted."""
        at = Position(source, found.line, found.column)
        try:
            self._add_request(sound(found), at, bodies)
        except InputError as error:
            self.skips.add(error, at)

    def _line_counter(self) -> "SkeletonCounter":
        """Return the counter of many lines at once; None if order or single lines matter."""
        from deepseek_cost.estimates.batch_counter import SkeletonCounter  # noqa: PLC0415 - of lines alone

        return SkeletonCounter(
            *(self.partial, self.scenario, self._segments),
            bodies_of=self._bodies,
            own_model=self._own_model,
            add_model=self._add_model,
        )

    def _bodies(self, request: Request, history: "History | None" = None) -> "Sequence[Body]":
        """Read a request for each model; `history` is of the one before."""
        from deepseek_cost.prompt.body import completed, read_bodies  # noqa: PLC0415 - not for --help

        if request.is_prompt:
            return self._rendered(request)
        route = self._serving(request)
        thinking = route.model.thinking if route else None
        model = route.model if route else self.models[0]
        sent = completed(request, model, self.scenario.mode, self.system)
        models = self._priced_for(route)
        return read_bodies(sent, models, thinking=thinking, history=history)

    def _rendered(self, request: Request) -> "list[RenderedBody]":
        """Read a prompt for each model; those of one mode read the same."""
        from deepseek_cost.prompt.body import completed, render_bodies  # noqa: PLC0415 - as above

        found: list[RenderedBody] = []
        for mode, alike in groupby(self.models, self.scenario.mode_for):
            models = list(alike)
            found += render_bodies(completed(request, models[0], mode, self.system), models)
        return found

    def _priced_for(self, route: Route | None) -> list[Model]:
        """Return the models that a request is counted for: its own last, unless it is another's."""
        models = self.models
        if route is None or route.model.name in [model.name for model in models]:
            return models
        return [*models, route.model]

    def _add_request(self, request: Request, at: Position, bodies: "Sequence[Body]" = ()) -> None:
        self._add_model(request, at)
        bodies = self._read_whole(request, bodies)
        counted = [body.count(self._segments) for body in bodies]
        hits = self._no_hits()
        if self.forecast is not None:
            columns = bodies[: len(self.ledgers)]
            hits = self.forecast.body_hits(columns, request, self.scenario.requests)
        self._add_counted(request, at, bodies, counted, hits)

    def _add_counted(
        self,
        request: Request,
        at: Position,
        bodies: "Sequence[Body]",
        counted: Sequence[RequestTokens],
        hits: Sequence[Hits | None],
    ) -> None:
        """Tally a request that was counted for each model."""
        place = Place(request.source, request.line, request.custom_id)
        tallies = []
        for ledger, body, found, read in zip(self.ledgers, counted, hits, bodies, strict=False):
            tally = tally_body(body, self.scenario, found)
            tallies.append(tally)
            if body.is_open:
                ledger.add_parts(tally, body.parts)
            else:
                _add_body(ledger, tally, body, place, at)
                _add_kind(ledger, request.kind, read)
        is_empty = counted[0].is_open and not counted[0].parts.user
        kinds = _ALONE[request.source_kind]
        self.partial.add(at.source, TalliedSource(request.source, tuple(tallies), kinds, is_empty))
        self._add_written(request, bodies, counted, tallies)
        if self.on_request:
            self.on_request(place, tallies, counted[: len(tallies)])

    def _read_whole(self, request: Request, bodies: "Sequence[Body]") -> "Sequence[Body]":
        """Return bodies, with the reasoning that earlier lines have; keep what this one has."""
        if not bodies:
            bodies = self._bodies(request)
            if self.forecast is None:
                self._prepare(bodies)
        if self._reasoning is None:
            return bodies
        from deepseek_cost.estimates.learned_reasoning import learn  # noqa: PLC0415 - of logs

        restored = [self._reasoning.restored(body) for body in bodies]
        learn(self._reasoning, request)
        return restored

    def _prepare(self, bodies: "Sequence[Body]") -> None:
        """Count all texts first, so that one encoder is built for all of them."""
        for body in bodies:
            for stream in body.streams():
                self._segments.count_stream(stream)
        self._segments.prepare(_texts(bodies))

    def _add_written(
        self,
        request: Request,
        bodies: "Sequence[Body]",
        counted: Sequence[RequestTokens],
        tallies: Sequence[Tally],
    ) -> None:
        """Add a request to its own model, which has its own cache in a forecast."""
        route = self._serving(request)
        if route is None:
            self.partial.add_unnamed(tuple(tallies))
            return
        at = own_column(self.models, route.model)
        hits = None
        if self.forecast is not None:
            hits = self.forecast.own_hits(bodies[at], route.model.name, self.scenario.requests)
        self.partial.add_written(route.model.name, tally_body(counted[at], self.scenario, hits))

    def _own_model(self, request: Request) -> Model | None:
        route = self._serving(request)
        return route.model if route else None

    def _serving(self, request: Request) -> Route | None:
        """Look up the model that a body names; raises InputError."""
        return self.routes.serving(request)

    def _add_model(self, request: Request, at: Position, bodies: int = 1) -> None:
        """Keep the model that a body names, and its settings that the API ignores.

        `bodies` is how many have the same.
        """
        from deepseek_cost.prompt.ignored import ignored_settings  # noqa: PLC0415 - texts need none of it

        if names := ignored_settings(request):
            self.partial.ignored.add(names, at, bodies * self.scenario.requests)
        name, found = request.body.get("model"), self._serving(request)
        if isinstance(name, str) and name:
            self.partial.named_models.add(found.model.name if found else name, at)
        if found and found.notice:
            self.partial.notes.add(found.notice, at)


def _add_body(
    ledger: Ledger, tally: Tally, counted: RequestTokens, place: Place, at: Position
) -> None:
    """Add a counted body to a model's ledger, with its place if it is expensive or refused."""
    ledger.add(tally, counted.parts)
    ledger.offer(tally, [(at, Place(place.source, place.line, place.short_id))])
    if counted.refused:
        ledger.refusals.add(place, counted.refused, tally.requests, at)


def _add_kind(ledger: Ledger, kind: Kind, body: "Body") -> None:
    """Keep in a ledger what is special about a body: images sent to a model without vision, FIM."""
    from deepseek_cost.prompt.body import images_without_vision  # noqa: PLC0415 - not for --help

    ledger.replaced_images += images_without_vision(body)
    ledger.is_fim |= kind is Kind.FIM


def _texts(bodies: "Sequence[Body]") -> "Iterator[str]":
    for body in bodies:
        yield from body.texts()
