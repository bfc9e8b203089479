"""Many sources: each tallied for every model, and added up."""

from collections.abc import Sequence

from msgspec import Struct

from deepseek_cost.estimates import Tally, total


class TalliedSource(Struct, frozen=True):
    """A source with its tally for each model, in the models' order."""

    source: str
    tallies: tuple[Tally, ...]
    kind: str = "text"
    is_empty: bool = False

    @property
    def requests(self) -> int:
        """The requests that the source stands for."""
        return self.tallies[0].requests


def totals(tallied: Sequence[TalliedSource]) -> list[Tally]:
    """Add up the sources for each model."""
    return [total(column) for column in zip(*(source.tallies for source in tallied), strict=True)]
