"""A sequence of requests read from sources in order, each sent to the model that it names."""

from collections import Counter
from typing import Final

from msgspec import Struct, field

from deepseek_cost.diagnosis import Diagnosis
from deepseek_cost.errors import InputError
from deepseek_cost.prices import Model
from deepseek_cost.prompt import Mode, body_of, require_renderer
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.requests.places import Fault, Request, made_request
from deepseek_cost.requests.reader import Feed
from deepseek_cost.served import ServedNames
from deepseek_cost.skips import Skips

_NOTES: Final = 100


class Trace(Struct):
    """Takes sources in; `model` is that of texts, and of all requests with `for_all`."""

    diagnosis: Diagnosis
    served_by: ServedNames
    model: Model
    mode: Mode
    system: str = ""
    for_all: bool = False
    skips: Skips = field(default_factory=Skips)
    sources: list[tuple[str, Kind, int]] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def kinds(self) -> set[Kind]:
        """What the sources are."""
        return {kind for _, kind, _ in self.sources}

    def take(self, feed: Feed) -> None:
        """Take a source's requests; raises InputError unless a fault is to be skipped."""
        require_renderer()
        if feed.is_text:
            body = body_of(self.model.name, self.mode, self.system, feed.whole())
            self._take(made_request(feed.source.name, body))
            self.sources.append((feed.source.name, Kind.TEXT, 1))
            return
        kinds: Counter[Kind] = Counter()
        skipped = self.skips.requests
        for found in feed.requests():
            try:
                kinds[self._take(found)] += 1
            except InputError as error:
                self.skips.note(error)
        if not kinds and skipped == self.skips.requests:
            raise InputError(f"{feed.source.name}: no request in it; give JSON, one a line")
        if kinds:
            kind = next(iter(kinds)) if len(kinds) == 1 else Kind.MIXED
            self.sources.append((feed.source.name, kind, kinds.total()))

    def _take(self, found: Request | Fault) -> Kind:
        if isinstance(found, Fault):
            raise InputError(str(found))
        name = found.body.get("model")
        served = self.served_by.of(found, name) if isinstance(name, str) else None
        if served and served.note and len(self.notes) < _NOTES:
            self.notes[served.note] = None
        model = served.model if served and not self.for_all else self.model
        thinking = served.model.thinking if served else None
        self.diagnosis.take(found, model, thinking=thinking)
        return Kind.BATCH if found.in_batch else found.kind
