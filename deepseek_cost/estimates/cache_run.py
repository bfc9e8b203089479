"""The hits and misses of each request in a sequence."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ignored import IgnoredSettings
from deepseek_cost.estimates.learned_reasoning import learn
from deepseek_cost.estimates.ledger import Place, Position
from deepseek_cost.estimates.partial_result import Skipped
from deepseek_cost.estimates.tally import Scenario, Tally, tally_body
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Input, sound
from deepseek_cost.inputs.request import Fault, Request
from deepseek_cost.inputs.routing import Routes
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.body import completed, read_body
from deepseek_cost.prompt.breakdown import Hits, UnknownInput
from deepseek_cost.prompt.cache import BLOCK, PrefixCache
from deepseek_cost.prompt.ignored import ignored_settings
from deepseek_cost.prompt.misses import Cause, Item, Miss, expired, explain, items_of
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.template import Mode
from deepseek_cost.prompt.timeline import Timeline
from deepseek_cost.prompt.unsent_reasoning import KnownReasoning

# A request is compared with this many of the last ones, and with no more text than this.
_REMEMBERED: Final = 256
_REMEMBERED_CHARACTERS: Final = 16_000_000
_LISTED: Final = 1_000


class Diagnosed(Struct, frozen=True):
    """A request of the sequence, numbered from 1, with its hits and the reason for a miss."""

    number: int
    place: Place
    model: Model
    tally: Tally
    miss: Miss | None
    message: str | None


class MissGroup(Struct):
    """All misses of one cause with one model: requests, tokens, and the first as an example."""

    model: Model
    cause: Cause
    example: str
    requests: int = 0
    tokens: int = 0


class Sent(Struct, frozen=True):
    """A request kept to compare later ones with: its number, prompt tokens and parts."""

    number: int
    tokens: int
    items: Sequence[Item]

    @property
    def characters(self) -> int:
        """How many characters are kept for it."""
        return sum(len(item.text) for item in self.items)


class Recent(Struct):
    """The parts of the last requests, within bounds."""

    _sent: deque[Sent] = field(default_factory=deque)
    _characters: int = 0

    def add(self, sent: Sent) -> None:
        """Keep a request, and drop the oldest ones if there are too many."""
        self._sent.append(sent)
        self._characters += sent.characters
        while len(self._sent) > _REMEMBERED or self._characters > _REMEMBERED_CHARACTERS:
            self._characters -= self._sent.popleft().characters

    def find(self, number: int | None) -> Sent | None:
        """Return a request by its number, or the last one; None if it was dropped."""
        if not self._sent:
            return None
        at = -1 if number is None else number - self._sent[0].number
        return self._sent[at] if -1 <= at < len(self._sent) else None


class Diagnosis(Struct):
    """Takes requests in; memory grows with the distinct blocks of their prompts only."""

    encoder: SegmentEncoder
    timeline: Timeline
    scenario: Scenario
    tallies: dict[str, Tally] = field(default_factory=dict)
    groups: dict[tuple[str, Cause], MissGroup] = field(default_factory=dict)
    listed: list[Diagnosed] = field(default_factory=list)
    _cache: PrefixCache = field(default_factory=PrefixCache)
    _recent: Recent = field(default_factory=Recent)
    _models: dict[str, Model] = field(default_factory=dict)
    _reasoning: KnownReasoning = field(default_factory=lambda: KnownReasoning(len))

    def __post_init__(self) -> None:
        self._reasoning = KnownReasoning(self.encoder.count)

    @property
    def requests(self) -> int:
        """The number of requests read."""
        return self._cache.requests

    @property
    def unknown(self) -> list[tuple[Model, UnknownInput]]:
        """The unknown input of the requests to each model."""
        return [(self._models[name], tally.unknown) for name, tally in self.tallies.items()]

    def models(self) -> list[str]:
        """Return the models that requests went to; raises InputError if none was counted."""
        if not self.tallies:
            raise InputError("no request could be counted")
        return list(self.tallies)

    def diagnose(self, request: Request, model: Model, *, thinking: bool | None) -> Diagnosed:
        """Diagnose the next request; `thinking` is the mode that its model's name implies, if any.

        Raises InputError for a body that cannot be read, or a timestamp.
        """
        body = self._reasoning.restored(read_body(request, model, thinking=thinking))
        learn(self._reasoning, request)
        prompt = body.prompt(self.encoder)
        owner = f"{model.name} ".encode() + prompt.owner
        hits = self._cache.send(replace(prompt, owner=owner), self.timeline.next(request))
        tally = tally_body(body.count(self.encoder), self.scenario, hits)
        sent = Sent(self.requests, prompt.tokens, items_of(request, body, model.name))
        miss, message = self._explain(sent, hits)
        self._recent.add(sent)
        place = Place(request.source, request.line, request.custom_id)
        found = Diagnosed(sent.number, place, model, tally, miss, message)
        self._add(found)
        return found

    def _explain(self, sent: Sent, hits: Hits) -> tuple[Miss | None, str | None]:
        nearest, best = self._cache.nearest, hits.best or 0
        other = self._recent.find(None if nearest is None else nearest + 1)
        if other is None:
            return None, None
        if (gone := self._cache.gone - hits.expected) >= BLOCK:
            miss: Miss | None = expired(gone, self._cache.unused)
        else:
            unhit = max(0, other.tokens - hits.expected)
            miss = explain(other.items, sent.items, unhit, self.encoder.count)
        if miss is None and best - hits.expected >= BLOCK:
            lost = best - hits.expected
            where = "that DeepSeek caches only from then on"
            miss = Miss(Cause.NEW_PREFIX, lost, f"shares {lost:,} tokens with", where)
        message = (
            miss.message(f"request {sent.number}", f"request {other.number}") if miss else None
        )
        return miss, message

    def _add(self, found: Diagnosed) -> None:
        name = found.model.name
        self._models[name] = found.model
        known = self.tallies.get(name)
        self.tallies[name] = found.tally if known is None else known + found.tally
        if len(self.listed) < _LISTED:
            self.listed.append(found)
        if found.miss and found.message:
            key = (name, found.miss.cause)
            group = self.groups.setdefault(key, MissGroup(found.model, key[1], found.message))
            group.requests += 1
            group.tokens += found.miss.tokens


_NOTES: Final = 100


class Trace(Struct):
    """Takes sources in; `model` is that of texts, and of all requests with `for_all`."""

    diagnosis: Diagnosis
    routes: Routes
    model: Model
    mode: Mode
    system: str = ""
    for_all: bool = False
    skips: Skipped = field(default_factory=Skipped)
    source: int = 0
    sources: list[tuple[str, Kind, int]] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    ignored: IgnoredSettings = field(default_factory=IgnoredSettings)

    @property
    def kinds(self) -> set[Kind]:
        """What the sources are."""
        return {kind for _, kind, _ in self.sources}

    @property
    def keeps_order(self) -> bool:
        """Whether a request that was read cannot be taken back; always."""
        return True

    def check(self, opened: Input) -> None:
        """Read the requests of a source without counting them; raises InputError for a fault."""
        for found in opened.requests():
            sent, model, thinking = self._completed(sound(found))
            read_body(sent, model, thinking=thinking)
            self.diagnosis.timeline.read(sent)

    def read(self, opened: Input) -> None:
        """Take a source's requests; raises InputError unless a fault is to be skipped."""
        kinds: Counter[Kind] = Counter()
        skipped = self.skips.requests
        self.source += 1
        for found in opened.requests():
            try:
                kinds[self._add(found)] += 1
            except InputError as error:
                self.skips.add(error, Position(self.source, found.line, found.column))
        if not kinds and skipped == self.skips.requests:
            raise InputError(
                f"{opened.source.name}: no request in it", tip="give JSON, one request per line"
            )
        if kinds:
            kind = next(iter(kinds)) if len(kinds) == 1 else Kind.MIXED
            self.sources.append((opened.source.name, kind, kinds.total()))

    def _add(self, found: Request | Fault) -> Kind:
        request = sound(found)
        sent, model, thinking = self._completed(request)
        route = self.routes.serving(request)
        if route and route.notice and len(self.notes) < _NOTES:
            self.notes[route.notice] = None
        self.diagnosis.diagnose(sent, model, thinking=thinking)
        if names := ignored_settings(request):
            self.ignored.add(names, Position(self.source, request.line, request.column))
        return request.source_kind

    def _completed(self, request: Request) -> tuple[Request, Model, bool | None]:
        """Return a request as sent, its model, and the mode that the model's name implies."""
        route = self.routes.serving(request)
        model = route.model if route and not self.for_all else self.model
        thinking = route.model.thinking if route else None
        return completed(request, model, self.mode, self.system), model, thinking
