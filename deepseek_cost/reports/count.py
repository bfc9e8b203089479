"""The report of `dscost count`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from deepseek_cost.estimates.assumptions import of_prompt, of_workload, warnings_of_workload
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.render.page import Page, Table, grid, page_of, short
from deepseek_cost.reports.parts import (
    InputEntry,
    Json,
    Part,
    Report,
    assumed,
    input_entries,
    inputs,
    records_by_source,
    source_assumptions,
    source_warnings,
    subject_of,
    thinking_of,
)
from deepseek_cost.reports.unknown_input import (
    UnknownInputs,
    at_least,
    unknown_entries,
)

if TYPE_CHECKING:
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.source import SkippedSource


class PromptTokenCounts(Part):
    """Prompt tokens summed over requests: the user's text, and what the chat template adds."""

    input: int
    text: int
    template: int


ImageTokens = Annotated[
    int | UnsetType,
    Meta(description="input tokens of images, part of `tokens.text`; absent for a single file"),
]


class CountEntry(Part):
    """The prompt tokens of all requests for one model."""

    model: str
    requests: int
    tokens: PromptTokenCounts
    unknown_input: UnknownInputs = ()
    images: ImageTokens = UNSET


class FileCounts(Part):
    """The counts of one source."""

    source: str
    requests: int
    estimates: tuple[CountEntry, ...]


class CountReport(Report):
    """The output of `dscost count --json`; with --per-file it includes `files`."""

    command: Literal["count"] = "count"
    inputs: tuple[InputEntry, ...]
    estimates: tuple[CountEntry, ...]
    files: tuple[FileCounts, ...] | UnsetType = UNSET
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe a count, file by file if it has files."""
        return page_of(
            inputs(self.inputs),
            _totals(self),
            *([_files(self)] if self.files else ()),
            details=(assumed(self.assumptions),),
            basis=thinking_of(self.assumptions),
            warnings=self.warnings,
            headline=_headline(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return an entry per model, or per source and model with --per-file."""
        return records_by_source(document)


def count_report(
    workload: "Workload",
    skipped: "Sequence[SkippedSource]",
    *,
    per_file: bool,
) -> CountReport:
    """Report the tokens of the sources, in total and, if wanted, per file."""
    tallied = workload.partial.tallied
    names = [ledger.model.name for ledger in workload.ledgers]
    images = [ledger.image_tokens for ledger in workload.ledgers]
    files = (
        FileCounts(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(count_entry, names, source.tallies)),
        )
        for source in tallied
    )
    found = of_prompt(workload.scenario, workload.models)
    return CountReport(
        inputs=input_entries(tallied),
        estimates=tuple(map(count_entry, names, workload.totals(), images)),
        files=tuple(files) if per_file else UNSET,
        assumptions=(*of_workload(workload, found), *source_assumptions(tallied, skipped)),
        warnings=(*source_warnings(tallied, skipped), *warnings_of_workload(workload)),
    )


def count_entry(model: str, tally: Tally, images: int | UnsetType = UNSET) -> CountEntry:
    """Report the prompt tokens of a tally, and those of its images where they are known."""
    tokens = PromptTokenCounts(input=tally.input, text=tally.text, template=tally.template)
    unknown = unknown_entries(tally.unknown)
    return CountEntry(
        model=model,
        requests=tally.requests,
        tokens=tokens,
        unknown_input=unknown,
        images=images,
    )


def _headline(report: CountReport) -> str:
    """Return the input tokens for each model, in a sentence."""
    requests = report.estimates[0].requests
    counts = [at_least(f"{one.tokens.input:,}", one.unknown_input) for one in report.estimates]
    counts[0] += " input tokens"
    pairs = zip(counts, report.estimates, strict=True)
    shown = " and ".join(f"{count} on {entry.model}" for count, entry in pairs)
    verb = "has" if requests == 1 else "have"
    return f"{subject_of(report.inputs, requests)} {verb} {shown}"


def _totals(report: CountReport) -> Table:
    table = grid("tokens", *(entry.model for entry in report.estimates), is_by_model=True)
    tokens = [entry.tokens for entry in report.estimates]
    images = [entry.images or 0 for entry in report.estimates]
    texts = [t.text - pictures for t, pictures in zip(tokens, images, strict=True)]
    table.add_row("your text", *(f"{text:,}" for text in texts))
    if any(images):
        table.add_row("images", *(f"{pictures:,}" for pictures in images))
    table.add_row("chat template", *(f"{t.template:,}" for t in tokens))
    cells = [at_least(f"{e.tokens.input:,}", e.unknown_input) for e in report.estimates]
    table.add_row("TOTAL input", *cells)
    return table


def _files(report: CountReport) -> Table:
    models = (f"{short(entry.model)}\ninput" for entry in report.estimates)
    table = grid("file", "your text", *models)
    for file in report.files or ():
        text = f"{file.estimates[0].tokens.text:,}"
        table.add_row(file.source, text, *(f"{e.tokens.input:,}" for e in file.estimates))
    return table
