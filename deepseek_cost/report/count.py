"""The report of `dscost count`."""

from collections.abc import Sequence
from typing import Literal

from deepseek_cost.assumptions import of_prompt
from deepseek_cost.batch import TalliedSource, totals
from deepseek_cost.estimates import Scenario, Tally
from deepseek_cost.prices import Model
from deepseek_cost.report.parts import (
    AssumptionEntry,
    Input,
    Part,
    assumption_entries,
    input_entries,
    source_warnings,
)


class PromptTokenCounts(Part):
    """Prompt tokens summed over requests: what the user wrote, and what the template adds."""

    input: int
    text: int
    template: int


class CountEntry(Part):
    """The prompt tokens of all requests for one model."""

    model: str
    requests: int
    tokens: PromptTokenCounts


class FileCounts(Part):
    """The counts of one source."""

    source: str
    requests: int
    estimates: tuple[CountEntry, ...]


class CountReport(Part):
    """`dscost count --json`; `files` is there with --per-file."""

    schema_version: Literal["1"] = "1"
    command: Literal["count"] = "count"
    inputs: tuple[Input, ...]
    estimates: tuple[CountEntry, ...]
    files: tuple[FileCounts, ...] | None = None
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def count_report(
    models: Sequence[Model],
    scenario: Scenario,
    tallied: Sequence[TalliedSource],
    skipped: Sequence[str],
    *,
    per_file: bool,
) -> CountReport:
    """Report the tokens of the sources, all together and, if wanted, each."""
    names = [model.name for model in models]
    files = (
        FileCounts(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(count_entry, names, source.tallies)),
        )
        for source in tallied
    )
    return CountReport(
        inputs=input_entries(tallied),
        estimates=tuple(map(count_entry, names, totals(tallied))),
        files=tuple(files) if per_file else None,
        assumptions=assumption_entries(of_prompt(scenario)),
        warnings=tuple(source_warnings(tallied, skipped)),
    )


def count_entry(model: str, tally: Tally) -> CountEntry:
    """Report the prompt tokens of a tally."""
    tokens = PromptTokenCounts(input=tally.input, text=tally.text, template=tally.template)
    return CountEntry(model=model, requests=tally.requests, tokens=tokens)
