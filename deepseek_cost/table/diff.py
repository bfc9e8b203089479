"""The tables of a diff: each model before and after, and the files that are not as they were."""

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console

from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.diff import DiffReport, FileDiff, Increase, ModelDiff, SideFigures
from deepseek_cost.table.layout import Footnotes, grid, money, print_line, print_table, short
from deepseek_cost.terminal import printable

HEADINGS = ("", "before", "after", "change", "")


def show(report: DiffReport, console: Console) -> None:
    """Print a diff with its files, what was not counted, and its footnotes."""
    notes = Footnotes(report.assumptions)
    print_line(console, f"{printable(title(report))}\n")
    table = grid(*HEADINGS)
    for index, entry in enumerate(report.models):
        if index:
            table.add_section()
        for row in model_rows(entry, report.currency, notes):
            table.add_row(*row)
    print_table(console, table)
    print_line(console, f"\n{counted(report)}")
    if report.files:
        console.print()
        files = grid(*file_headings(report), left=2)
        for file in report.files:
            files.add_row(file.state.value, printable(file_name(file)), *file_cells(file, report))
        print_table(console, files)
    for line in (*uncounted_lines(report), *limit_lines(report)):
        print_line(console, printable(line))
    for line in ("", *notes.lines()):
        print_line(console, line, style="dim")


def title(report: DiffReport) -> str:
    """Say what is compared, and at which prices."""
    old, new = report.before, report.after
    at = stamp(old.priced_at)
    if old.priced_at == new.priced_at:
        return f"{old.name} → {new.name}: both priced at {at}"
    return f"{old.name}, priced at {at} → {new.name}, priced at {stamp(new.priced_at)}"


def model_rows(entry: ModelDiff, currency: Currency, notes: Footnotes) -> Iterable[tuple[str, ...]]:
    """Yield the tokens of a model and what they cost."""
    before, after, more = entry.before, entry.after, entry.increase
    yield (
        notes.mark(f"{short(entry.model)} input tokens", "thinking", "effort", "template"),
        f"{before.tokens.input:,}",
        f"{after.tokens.input:,}",
        more_tokens(more),
        "",
    )
    whole = more.cost_of == "total"
    label = notes.mark("  total" if whole else "  input cost", "cache_hit_ratio", "output_tokens")
    yield (
        label,
        *(money(_cost(side, more), currency) for side in (before, after)),
        signed(more.cost, currency),
        percent(more),
    )


def counted(report: DiffReport) -> str:
    """Say how many files are not as they were, and how many are."""
    states = [file.state.value for file in report.files]
    parts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(sorted(states))]
    return f"files: {', '.join([*parts, f'{report.unchanged_files:,} unchanged'])}"


def file_headings(report: DiffReport) -> list[str]:
    """Name the columns of the files: their state, their name, two a model."""
    models = [short(entry.model) for entry in report.models]
    cells = [f"{model}\n{what}" for model in models for what in ("tokens", "cost")]
    return ["", "file", *cells]


def file_name(file: FileDiff) -> str:
    """Name a file, and what it was called before."""
    return f"{file.source_before} → {file.source}" if file.source_before else file.source


def file_cells(file: FileDiff, report: DiffReport) -> Iterable[str]:
    """Yield what a file has more, two cells a model."""
    for entry in file.models:
        yield more_tokens(entry.increase)
        yield signed(entry.increase.cost, report.currency)


def uncounted_lines(report: DiffReport) -> Iterable[str]:
    """Yield the files that are on neither side of the figures."""
    for file in report.uncounted:
        known = "" if file.changed else ", as before"
        said = file.reason.removeprefix(f"{file.source}: ")
        yield f"not counted{known}: {file.source}: {said}"


def limit_lines(report: DiffReport) -> Iterable[str]:
    """Yield how the limit was kept."""
    if report.limit:
        over = [entry for entry in report.models if entry.model in report.limit.exceeded_by]
        grown = ", ".join(f"{short(e.model)} {percent(e.increase)}".rstrip() for e in over)
        yield (
            f"over the limit of {report.limit.max_increase}: {grown}"
            if over
            else f"within the limit of {report.limit.max_increase}"
        )


def more_tokens(more: Increase) -> str:
    """Write by how many tokens the input grows; nought has no sign."""
    return f"{more.input_tokens:+,}" if more.input_tokens else "0"


def signed(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign in front; nought has none."""
    sign = "" if not amount else "+" if amount > 0 else "-"
    return f"{sign}{money(abs(amount), currency)}"


def percent(more: Increase) -> str:
    """Write by how much a cost grows, in percent; from nothing, no number says it."""
    return "from nothing" if more.cost_percent is None else f"{more.cost_percent}%"


def _cost(side: SideFigures, more: Increase) -> Decimal:
    total = side.cost.total
    return side.cost.floor if more.cost_of == "floor" or total is None else total
