"""Many prompts: each counted once, tallied for every model, and added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deepseek_cost.estimates import Scenario, Tally, tally_text, total
from deepseek_cost.prices import Model

if TYPE_CHECKING:
    from deepseek_cost.sources import Advance, TextSource
    from deepseek_cost.tokens import TextCounter


@dataclass(frozen=True, slots=True)
class TalliedSource:
    """A source with its tally for each model, in the models' order."""

    source: str
    tallies: tuple[Tally, ...]

    @property
    def requests(self) -> int:
        """The requests that the source stands for."""
        return self.tallies[0].requests

    @property
    def is_empty(self) -> bool:
        """Whether the source has no text at all; its template is billed all the same."""
        return self.tallies[0].text == 0


def tally_sources(
    sources: "Iterable[TextSource]",
    models: Sequence[Model],
    system: str,
    scenario: Scenario,
    counter: "TextCounter",
    advance: "Advance",
) -> tuple[TalliedSource, ...]:
    """Tally each source as one request a source and `scenario.requests` times that."""
    return tuple(
        TalliedSource(
            source.name,
            tuple(tally_text(models, source.blocks(advance), system, scenario, counter)),
        )
        for source in sources
    )


def totals(tallied: Sequence[TalliedSource]) -> list[Tally]:
    """Add up the sources for each model."""
    return [total(column) for column in zip(*(source.tallies for source in tallied), strict=True)]
