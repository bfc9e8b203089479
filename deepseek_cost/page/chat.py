"""The tables and the chart of `dscost chat`."""

from collections.abc import Sequence
from decimal import Decimal

from deepseek_cost.page.blocks import Drawing, Page, Table, grid, page_of, words
from deepseek_cost.page.chart import MARKERS, Chart
from deepseek_cost.page.wording import (
    Footnotes,
    inputs,
    money,
    short,
    sources,
)
from deepseek_cost.prices import stamp
from deepseek_cost.report.chat import ChatReport, RunEntry, TurnEntry

# Turns in the table; of more, they are shown at ever wider steps. --json has all.
_SHOWN = 24
_TICKS = 10


def describe(report: ChatReport) -> Page:
    """Describe each run turn by turn, the totals side by side, and the chart."""
    notes = Footnotes(report.assumptions)
    said = "projected" if report.projected else "replayed"
    return page_of(
        f"{inputs(report.inputs)}, {said}, prices of {stamp(report.priced_at)}",
        *(_turns(run, report) for run in _as_sent(report.runs)),
        _totals(report, notes),
        Drawing(_chart(report), "cumulative cost over the turns"),
        words(notes.lines(), is_quiet=True),
        words(sources(report.runs), is_quiet=True),
        warnings=report.warnings,
    )


def _chart(report: ChatReport) -> Chart:
    """Return the cumulative cost over the turns, a line a run."""
    longest = max(len(run.turns) for run in report.runs)
    end = -(-longest // _TICKS) * _TICKS  # so that ticks are at whole turns
    return Chart(
        title=f"{inputs(report.inputs)}: cumulative cost, {stamp(report.priced_at)}",
        x_title="turns",
        lines=[
            (
                _name(run),
                [(0.0, 0.0), *((turn.number, float(turn.cumulative)) for turn in run.turns)],
            )
            for run in report.runs
        ],
        x_ticks=[end * tick / _TICKS for tick in range(_TICKS + 1)],
        x_label=lambda turn: f"{turn:.4g}",
        currency=report.currency,
    )


def _as_sent(runs: Sequence[RunEntry]) -> Sequence[RunEntry]:
    """Return the first run of each model: that with the tools which the request has."""
    return [run for n, run in enumerate(runs) if n == 0 or run.model != runs[n - 1].model]


def _name(run: RunEntry) -> str:
    return f"{short(run.model)} {'with' if run.with_tools else 'without'} tools"


def _turns(run: RunEntry, report: ChatReport) -> Table:
    headings = ("turn", "input", "hits", "misses", "output", "cost", "cumulative")
    table = grid(*headings, caption=f"{_name(run)}, {run.tier.label}")
    for turn in _some(run.turns):
        table.add_row(
            f"{turn.number:,}",
            f"{turn.input:,}",
            f"{turn.cache_hit:,}",
            f"{turn.cache_miss:,}",
            f"{turn.output:,}",
            money(turn.cost, report.currency),
            money(turn.cumulative, report.currency),
        )
    return table


def _some(turns: Sequence[TurnEntry]) -> Sequence[TurnEntry]:
    """Return the first turns, the last, and some between them where there are many."""
    if len(turns) <= _SHOWN:
        return turns
    half = _SHOWN // 2
    step = -(-(len(turns) - half) // half)
    return [*turns[:half], *turns[half + step - 1 : -1 : step], turns[-1]]


def _totals(report: ChatReport, notes: Footnotes) -> Table:
    headings = [f"{marker} {_name(run)}" for run, marker in zip(report.runs, MARKERS, strict=False)]
    table = grid("", *(heading.replace(" with", "\nwith") for heading in headings))
    runs, currency = report.runs, report.currency
    table.add_row("turns", *(f"{len(run.turns):,}" for run in runs))
    table.add_row("input tokens", *(f"{run.input:,}" for run in runs))
    label = notes.mark("  cache hits", "cache_hits", "cache_age")
    table.add_row(label, *(f"{run.cache.expected.cache_hit:,}" for run in runs))
    table.add_row("    their share", *(f"{run.cache.expected.cache_hit_ratio:.1%}" for run in runs))
    label = notes.mark("output tokens", "turns", "reasoning")
    table.add_row(label, *(f"{run.output:,}" for run in runs))
    totals = [run.cache.expected.total for run in runs]
    table.add_row(notes.mark("total", "prices", "tier", "priced_at"), *_amounts(totals, report))
    table.add_row("  with hits at worst", *_amounts([r.cache.worst.total for r in runs], report))
    table.add_row("  with hits at best", *_amounts([r.cache.best.total for r in runs], report))
    others = [run.turns[-1].cumulative_other_tier for run in runs]
    if any(other is not None for other in others):
        tiers = dict.fromkeys(run.other_tier.label for run in runs if run.other_tier)
        table.add_row(f"{', '.join(tiers)} total", *_amounts(others, report))
    first = [money(run.turns[0].cost, currency) for run in runs]
    table.add_row("first turn", *first)
    table.add_row("last turn", *(money(run.turns[-1].cost, currency) for run in runs))
    if any(run.context_ends for run in runs):
        ends = [f"turn {run.context_ends:,}" if run.context_ends else "" for run in runs]
        table.add_row("context ends at", *ends)
    return table


def _amounts(amounts: Sequence[Decimal | None], report: ChatReport) -> list[str]:
    return ["" if amount is None else money(amount, report.currency) for amount in amounts]
