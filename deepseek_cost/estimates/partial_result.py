"""What parts add up to, in any order."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ledger import Earliest, Ledger, Position
from deepseek_cost.estimates.tally import Tally, total
from deepseek_cost.inputs.kinds import Kind

# Those that the report names; all are told as they go by, and all are counted.
_NAMED: Final = 100


class Skipped(Struct):
    """The requests that were left out; with nobody to tell, none may be."""

    report: Callable[[str], None] | None = None
    requests: int = 0
    named: Earliest = field(default_factory=lambda: Earliest(_NAMED))

    def add(self, error: InputError, at: Position | None = None) -> None:
        """Leave out a request; raises the error where none is to be skipped.

        Without a position it stands after those noted before.
        """
        if self.report is None:
            raise error
        self.named.add(error.message, at or Position(0, self.requests))
        self.requests += 1
        self.report(error.message)

    def report_all(self, messages: Iterable[str]) -> None:
        """Tell what was left out elsewhere."""
        for message in messages:
            if self.report is not None:
                self.report(message)

    def merge(self, other: "Skipped") -> None:
        """Take in what was left out, and told, elsewhere."""
        self.requests += other.requests
        self.named.merge(other.named)


class TalliedSource(Struct, frozen=True):
    """A source with its tally for each model, in the models' order."""

    source: str
    tallies: tuple[Tally, ...]
    kinds: frozenset[Kind] = frozenset({Kind.TEXT})
    is_empty: bool = False

    @property
    def requests(self) -> int:
        """The requests that the source stands for."""
        return self.tallies[0].requests

    @property
    def kind(self) -> Kind:
        """What the source holds."""
        return next(iter(self.kinds)) if len(self.kinds) == 1 else Kind.MIXED

    def __add__(self, other: "TalliedSource") -> "TalliedSource":
        sums = (mine + its for mine, its in zip(self.tallies, other.tallies, strict=True))
        return replace(self, tallies=tuple(sums), kinds=self.kinds | other.kinds)


class PartialResult(Struct):
    """What some of the requests add up to: sums for each model, and what is said of them.

    Subtotals of parts, however the input is cut and whoever reads them, merge in any order to what
    one reader of everything has. They can be pickled.
    """

    ledgers: Sequence[Ledger]
    skips: Skipped = field(default_factory=Skipped)
    notes: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    named_models: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    sources: dict[int, TalliedSource] = field(default_factory=dict)

    @property
    def tallied(self) -> list[TalliedSource]:
        """The sources of which anything was counted, in order."""
        return [self.sources[number] for number in sorted(self.sources)]

    def empty_copy(self) -> "PartialResult":
        """Return a subtotal of nothing for the same models."""
        ledgers = [Ledger(one.model, one.rates, one.keeps_parts) for one in self.ledgers]
        return PartialResult(ledgers, Skipped(self.skips.report))

    def add(self, number: int, source: TalliedSource) -> None:
        """Add a part of a source, which is the one of that number in the input."""
        known = self.sources.get(number)
        self.sources[number] = source if known is None else known + source

    def merge(self, other: "PartialResult") -> None:
        """Add what another part of the input adds up to, for the same models."""
        for ledger, its in zip(self.ledgers, other.ledgers, strict=True):
            ledger.merge(its)
        self.skips.merge(other.skips)
        self.notes.merge(other.notes)
        self.named_models.merge(other.named_models)
        for number, source in other.sources.items():
            self.add(number, source)


class WorkerResult(NamedTuple):
    """What a worker added up, and what it would have told the user."""

    partial: PartialResult
    messages: list[str]


def totals(tallied: Sequence[TalliedSource]) -> list[Tally]:
    """Add up the sources for each model."""
    return [total(column) for column in zip(*(source.tallies for source in tallied), strict=True)]
