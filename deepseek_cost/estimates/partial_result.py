"""Subtotals of parts of the input, which merge in any order."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ignored import IgnoredSettings
from deepseek_cost.estimates.ledger import Earliest, Ledger, Position
from deepseek_cost.estimates.tally import Tally, total
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.entries import Model

# Those that the report names; all are counted.
_NAMED: Final = 100
# Adding up many tallies is faster than adding one to the others each time.
_ADDED_AT_ONCE: Final = 1_000


class SkippedOfSource(Struct):
    """The requests of one source that were left out: the first with its reason, and how many."""

    at: Position
    message: str
    requests: int = 1

    def merge(self, other: "SkippedOfSource") -> None:
        """Add those of another part of the source."""
        if other.at < self.at:
            self.at, self.message = other.at, other.message
        self.requests += other.requests


class Skipped(Struct):
    """The requests that were left out; an error if none may be left out."""

    allowed: bool = False
    named: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    sources: dict[int, SkippedOfSource] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were left out."""
        return sum(one.requests for one in self.sources.values())

    def add(self, error: InputError, at: Position) -> None:
        """Leave out the request at a place; raises the error if none may be left out."""
        if not self.allowed:
            raise error
        self.named.add(error.message, at)
        self._add(at.source, SkippedOfSource(at, error.message))

    def merge(self, other: "Skipped") -> None:
        """Add what was left out of another part of the input."""
        self.named.merge(other.named)
        for number, its in other.sources.items():
            self._add(number, its)

    def __iter__(self) -> Iterator[SkippedOfSource]:
        """Yield what was left out of each source, in the order of the sources."""
        return (self.sources[number] for number in sorted(self.sources))

    def _add(self, number: int, skipped: SkippedOfSource) -> None:
        if known := self.sources.get(number):
            known.merge(skipped)
        else:
            self.sources[number] = skipped


class TalliedSource(Struct, frozen=True):
    """A source with its tally for each model, in the models' order."""

    source: str
    tallies: tuple[Tally, ...]
    kinds: frozenset[Kind] = frozenset({Kind.TEXT})
    is_empty: bool = False

    @property
    def requests(self) -> int:
        """The number of requests that the source represents."""
        return self.tallies[0].requests

    @property
    def kind(self) -> Kind:
        """The kind of the source."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else Kind.MIXED

    def __add__(self, other: "TalliedSource") -> "TalliedSource":
        sums = (mine + its for mine, its in zip(self.tallies, other.tallies, strict=True))
        return replace(self, tallies=tuple(sums), kinds=self.kinds | other.kinds)


class PartialResult(Struct):
    """What some of the requests add up to: sums for each model, and notes about them.

    Subtotals of parts, however the input is cut and whoever reads them, merge in any order to what
    one reader of everything has. They can be pickled.
    """

    ledgers: Sequence[Ledger]
    skips: Skipped = field(default_factory=Skipped)
    notes: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    named_models: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    ignored: IgnoredSettings = field(default_factory=IgnoredSettings)
    sources: dict[int, TalliedSource] = field(default_factory=dict)
    as_written: dict[str, Tally] = field(default_factory=dict)
    _unnamed: list[tuple[Tally, ...]] = field(default_factory=list)
    _totals: Sequence[Tally] | None = None  # until a source is added

    @property
    def tallied(self) -> list[TalliedSource]:
        """The sources of which anything was counted, in order."""
        return [self.sources[number] for number in sorted(self.sources)]

    def totals(self) -> Sequence[Tally]:
        """Add up the sources for each model, of which there must be one at least."""
        if self._totals is None:
            columns = zip(*(source.tallies for source in self.tallied), strict=True)
            self._totals = [total(column) for column in columns]
        return self._totals

    def empty_copy(self) -> "PartialResult":
        """Return a subtotal of nothing for the same models."""
        ledgers = [Ledger(one.model, one.rates, one.keeps_parts) for one in self.ledgers]
        return PartialResult(ledgers, Skipped(self.skips.allowed))

    def add(self, number: int, source: TalliedSource) -> None:
        """Add a part of a source, which is the one of that number in the input."""
        known = self.sources.get(number)
        self.sources[number] = source if known is None else known + source
        self._totals = None

    def add_written(self, model: str, tally: Tally) -> None:
        """Add a request at the model that it names."""
        known = self.as_written.get(model)
        self.as_written[model] = tally if known is None else known + tally

    def add_unnamed(self, tallies: tuple[Tally, ...]) -> None:
        """Add a prompt, which names no model, in the models' order."""
        self._unnamed.append(tallies)
        if len(self._unnamed) == _ADDED_AT_ONCE:
            self._unnamed = [self.unnamed]

    @property
    def unnamed(self) -> tuple[Tally, ...]:
        """The sums of the prompts, in the models' order; empty if there are none."""
        return tuple(map(total, zip(*self._unnamed, strict=True)))

    def merge(self, other: "PartialResult") -> None:
        """Add what another part of the input adds up to, for the same models."""
        for ledger, its in zip(self.ledgers, other.ledgers, strict=True):
            ledger.merge(its)
        self.skips.merge(other.skips)
        self.notes.merge(other.notes)
        self.named_models.merge(other.named_models)
        self.ignored.merge(other.ignored)
        for number, source in other.sources.items():
            self.add(number, source)
        for model, tally in other.as_written.items():
            self.add_written(model, tally)
        if other.unnamed:
            self.add_unnamed(other.unnamed)


def own_column(models: Sequence[Model], own: Model) -> int:
    """Return where the figures of a request's own model are: after those of the others, if new."""
    names = [model.name for model in models]
    return names.index(own.name) if own.name in names else len(names)
