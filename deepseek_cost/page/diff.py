"""The page of a diff: each model before and after, and the files that are not as they were."""

from collections.abc import Iterable
from decimal import Decimal

from deepseek_cost.page.blocks import Page, Table, grid, page_of, words
from deepseek_cost.page.wording import Footnotes, money, short
from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.diff import DiffReport, FileDiff, Increase, ModelDiff, SideFigures


def describe(report: DiffReport) -> Page:
    """Describe a diff with its files, what was not counted, and its footnotes."""
    notes = Footnotes(report.assumptions)
    return page_of(
        _title(report),
        _models(report, notes),
        words([*_limit(report), _counted(report)]),
        *([_files(report)] if report.files else ()),
        words(_uncounted(report)),
        words(notes.lines(), is_quiet=True),
        warnings=report.warnings,
    )


def _models(report: DiffReport, notes: Footnotes) -> Table:
    table = grid("", "before", "after", "change", "")
    for entry in report.models:
        table.add_section()
        for row in _model_rows(entry, report.currency, notes):
            table.add_row(*row)
    return table


def _files(report: DiffReport) -> Table:
    models = [short(entry.model) for entry in report.models]
    cells = (f"{model}\n{what}" for model in models for what in ("tokens", "cost"))
    table = grid("", "file", *cells, left=2)
    for file in report.files:
        table.add_row(file.state.value, _file_name(file), *_file_cells(file, report.currency))
    return table


def _title(report: DiffReport) -> str:
    """Say what is compared, and at which prices."""
    old, new = report.before, report.after
    at = stamp(old.priced_at)
    if old.priced_at == new.priced_at:
        return f"{old.name} → {new.name}: both priced at {at}"
    return f"{old.name}, priced at {at} → {new.name}, priced at {stamp(new.priced_at)}"


def _model_rows(
    entry: ModelDiff, currency: Currency, notes: Footnotes
) -> Iterable[tuple[str, ...]]:
    """Yield the tokens of a model and what they cost."""
    before, after, more = entry.before, entry.after, entry.increase
    yield (
        notes.mark(f"{short(entry.model)} input tokens", "thinking", "effort", "template"),
        f"{before.tokens.input:,}",
        f"{after.tokens.input:,}",
        _more_tokens(more),
        "",
    )
    whole = more.cost_of == "total"
    label = notes.mark("  total" if whole else "  input cost", "cache_hit_ratio", "output_tokens")
    yield (
        label,
        *(money(_cost(side, more), currency) for side in (before, after)),
        _signed(more.cost, currency),
        _percent(more),
    )


def _counted(report: DiffReport) -> str:
    """Say how many files are not as they were, and how many are."""
    states = [file.state.value for file in report.files]
    parts = [f"{states.count(state):,} {state}" for state in dict.fromkeys(sorted(states))]
    return f"files: {', '.join([*parts, f'{report.unchanged_files:,} unchanged'])}"


def _file_name(file: FileDiff) -> str:
    """Name a file, and what it was called before."""
    return f"{file.source_before} → {file.source}" if file.source_before else file.source


def _file_cells(file: FileDiff, currency: Currency) -> Iterable[str]:
    """Yield what a file has more, two cells a model."""
    for entry in file.models:
        yield _more_tokens(entry.increase)
        yield _signed(entry.increase.cost, currency)


def _uncounted(report: DiffReport) -> Iterable[str]:
    """Yield the files that are on neither side of the figures."""
    for file in report.uncounted:
        known = "" if file.changed else ", as before"
        is_named = file.reason.startswith(f"{file.source}:")
        said = file.reason if is_named else f"{file.source}: {file.reason}"
        yield f"not counted{known}: {said}"


def _limit(report: DiffReport) -> Iterable[str]:
    """Yield how the limit was kept."""
    if report.limit:
        over = [entry for entry in report.models if entry.model in report.limit.exceeded_by]
        grown = ", ".join(f"{short(e.model)} {_percent(e.increase)}".rstrip() for e in over)
        yield (
            f"over the limit of {report.limit.max_increase}: {grown}"
            if over
            else f"within the limit of {report.limit.max_increase}"
        )


def _more_tokens(more: Increase) -> str:
    """Write by how many tokens the input grows; nought has no sign."""
    return f"{more.input_tokens:+,}" if more.input_tokens else "0"


def _signed(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign in front; nought has none."""
    sign = "" if not amount else "+" if amount > 0 else "-"
    return f"{sign}{money(abs(amount), currency)}"


def _percent(more: Increase) -> str:
    """Write by how much a cost grows, in percent; from nothing, no number says it."""
    return "from nothing" if more.cost_percent is None else f"{more.cost_percent}%"


def _cost(side: SideFigures, more: Increase) -> Decimal:
    total = side.cost.total
    return side.cost.floor if more.cost_of == "floor" or total is None else total
