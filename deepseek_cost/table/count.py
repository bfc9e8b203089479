"""The table of a count."""

from rich.console import Console

from deepseek_cost.report.count import CountReport
from deepseek_cost.table.layout import Footnotes, grid, inputs, print_line, print_table, short
from deepseek_cost.terminal import printable


def show(report: CountReport, console: Console) -> None:
    """Print a count, with its files if it has them."""
    notes = Footnotes(report.assumptions)
    print_line(console, f"{inputs(report.inputs)}\n")
    table = grid("", *(entry.model for entry in report.estimates))
    tokens = [entry.tokens for entry in report.estimates]
    table.add_row("text tokens", *(f"{t.text:,}" for t in tokens))
    label = notes.mark("template tokens", "template", "thinking", "effort")
    table.add_row(label, *(f"{t.template:,}" for t in tokens))
    table.add_row("input tokens", *(f"{t.input:,}" for t in tokens))
    print_table(console, table)
    if report.files:
        console.print()
        files = grid(
            "file", "text", *(f"{short(entry.model)}\ninput" for entry in report.estimates)
        )
        for file in report.files:
            text = f"{file.estimates[0].tokens.text:,}"
            files.add_row(
                printable(file.source), text, *(f"{e.tokens.input:,}" for e in file.estimates)
            )
        print_table(console, files)
    for line in ("", *notes.lines()):
        print_line(console, line, style="dim")
