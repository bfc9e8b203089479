"""The table of a count."""

from deepseek_cost.page.blocks import Page, Table, grid, page_of, words
from deepseek_cost.page.wording import Footnotes, inputs, short
from deepseek_cost.report.count import CountReport


def describe(report: CountReport) -> Page:
    """Describe a count, with its files if it has them."""
    notes = Footnotes(report.assumptions)
    return page_of(
        inputs(report.inputs),
        _totals(report, notes),
        *([_files(report)] if report.files else ()),
        words(notes.lines(), is_quiet=True),
        warnings=report.warnings,
    )


def _totals(report: CountReport, notes: Footnotes) -> Table:
    table = grid("", *(entry.model for entry in report.estimates))
    tokens = [entry.tokens for entry in report.estimates]
    table.add_row("text tokens", *(f"{t.text:,}" for t in tokens))
    label = notes.mark("template tokens", "template", "thinking", "effort")
    table.add_row(label, *(f"{t.template:,}" for t in tokens))
    table.add_row("input tokens", *(f"{t.input:,}" for t in tokens))
    return table


def _files(report: CountReport) -> Table:
    models = (f"{short(entry.model)}\ninput" for entry in report.estimates)
    table = grid("file", "text", *models)
    for file in report.files or ():
        text = f"{file.estimates[0].tokens.text:,}"
        table.add_row(file.source, text, *(f"{e.tokens.input:,}" for e in file.estimates))
    return table
