"""What the input adds up to, or a part of it: parts merge to the same whole in any order."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.earliest import Earliest
from deepseek_cost.estimates import Tally, total
from deepseek_cost.ledger import Ledger
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.skips import Skips

# Names and notes that the report has; a batch that makes up more of them is no worse for it.
_NAMED: Final = 100


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


class Subtotal(Struct):
    """What some of the requests add up to: sums for each model, and what is said of them.

    Subtotals of parts, however the input is cut and whoever reads them, merge in any order to what
    one reader of everything has. They can be pickled.
    """

    ledgers: Sequence[Ledger]
    skips: Skips = field(default_factory=Skips)
    notes: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    named_models: Earliest = field(default_factory=lambda: Earliest(_NAMED))
    sources: dict[int, TalliedSource] = field(default_factory=dict)

    @property
    def tallied(self) -> list[TalliedSource]:
        """The sources of which anything was counted, in order."""
        return [self.sources[number] for number in sorted(self.sources)]

    def add(self, number: int, source: TalliedSource) -> None:
        """Add a part of a source, which is the one of that number in the input."""
        known = self.sources.get(number)
        self.sources[number] = source if known is None else known + source

    def merge(self, other: "Subtotal") -> None:
        """Add what another part of the input adds up to, for the same models."""
        for ledger, its in zip(self.ledgers, other.ledgers, strict=True):
            ledger.merge(its)
        self.skips.merge(other.skips)
        self.notes.merge(other.notes)
        self.named_models.merge(other.named_models)
        for number, source in other.sources.items():
            self.add(number, source)


def totals(tallied: Sequence[TalliedSource]) -> list[Tally]:
    """Add up the sources for each model."""
    return [total(column) for column in zip(*(source.tallies for source in tallied), strict=True)]
