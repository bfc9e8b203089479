"""The report of `dscost count`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from deepseek_cost.assumptions import of_prompt
from deepseek_cost.assumptions.workload import of_workload, warnings_of_workload
from deepseek_cost.estimates import Tally
from deepseek_cost.report.parts import (
    AssumptionEntry,
    Input,
    Part,
    assumption_entries,
    input_entries,
    source_warnings,
)

if TYPE_CHECKING:
    from deepseek_cost.workload import Workload


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
    workload: "Workload",
    skipped: Sequence[str],
    *,
    per_file: bool,
) -> CountReport:
    """Report the tokens of the sources, all together and, if wanted, each."""
    tallied = workload.subtotal.tallied
    names = [ledger.model.name for ledger in workload.ledgers]
    files = (
        FileCounts(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(count_entry, names, source.tallies)),
        )
        for source in tallied
    )
    assumed = of_prompt(workload.scenario, workload.models)
    return CountReport(
        inputs=input_entries(tallied),
        estimates=tuple(map(count_entry, names, workload.totals())),
        files=tuple(files) if per_file else None,
        assumptions=assumption_entries(of_workload(workload, assumed)),
        warnings=(*source_warnings(tallied, skipped), *warnings_of_workload(workload)),
    )


def count_entry(model: str, tally: Tally) -> CountEntry:
    """Report the prompt tokens of a tally."""
    tokens = PromptTokenCounts(input=tally.input, text=tally.text, template=tally.template)
    return CountEntry(model=model, requests=tally.requests, tokens=tokens)
