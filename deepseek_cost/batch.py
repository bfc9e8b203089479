"""Many prompts: each counted once, tallied for every model, and added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepseek_cost.estimates import Addressee, Scenario, Tally, tally_request, total

if TYPE_CHECKING:
    from deepseek_cost.sources import Advance, TextSource
    from deepseek_cost.tokens import TextCounter


@dataclass(frozen=True, slots=True)
class TalliedSource:
    """A source with its tally for each model, in the models' order."""

    source: str
    tallies: tuple[Tally, ...]
    is_empty: bool = False

    @property
    def requests(self) -> int:
        """The requests that the source stands for."""
        return self.tallies[0].requests


def tally_source(
    source: "TextSource",
    to: Sequence[Addressee],
    scenario: Scenario,
    counter: "TextCounter",
    advance: "Advance",
) -> TalliedSource:
    """Count a source once, and tally it as `scenario.requests` requests to each model."""
    text = counter.count(source.blocks(advance))
    tallies = (tally_request(one.model, one.tokens(text), scenario) for one in to)
    return TalliedSource(source.name, tuple(tallies), is_empty=not text)


def totals(tallied: Sequence[TalliedSource]) -> list[Tally]:
    """Add up the sources for each model."""
    return [total(column) for column in zip(*(source.tallies for source in tallied), strict=True)]
