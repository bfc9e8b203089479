"""The table of a bill."""

from collections.abc import Iterable
from datetime import timedelta
from math import inf
from typing import Final

from deepseek_cost.page.bars import Bars, bars
from deepseek_cost.page.blocks import Page, Table, grid, page_of, words
from deepseek_cost.page.proof import proof_tables
from deepseek_cost.page.wording import Footnotes, money, short
from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.bill import BilledCost, BillFigures, BillReport

# What a bar stands for, for spans of fewer days, and how much of a date names it.
_UNITS: Final = (("day", 62, 10), ("month", 62 * 31, 7), ("year", inf, 4))


def describe(report: BillReport) -> Page:
    """Describe the totals, what they would have been otherwise, and by what they break down."""
    notes = Footnotes(report.assumptions)
    return page_of(
        f"{_logs(report)}, {_span(report)}",
        _totals(report, notes),
        _breakdown(report),
        *(proof_tables(report.forecast, report.currency) if report.forecast else ()),
        words(_balance(report)),
        words(_unpriced(report), is_quiet=True),
        words(notes.lines(), is_quiet=True),
        warnings=report.warnings,
        bars=_bars(report),
    )


def _bars(report: BillReport) -> Bars | None:
    """Return the cost over time, also of times without any; that of one day by model."""
    days = {entry.day: entry.figures.cost for entry in report.by_day}
    if len(days) < 2:  # noqa: PLR2004 - no course of time
        costs = [(short(entry.model), [entry.figures.cost]) for entry in report.by_model]
        return bars("cost by model", costs, report.currency)
    first, span = min(days), (max(days) - min(days)).days
    unit, digits = next((name, digits) for name, most, digits in _UNITS if span < most)
    found: dict[str, list[BilledCost]] = {}
    for number in range(span + 1):
        found.setdefault(f"{first + timedelta(number)}"[:digits], [])
    for day, cost in days.items():
        found[f"{day}"[:digits]].append(cost)
    return bars(f"cost by {unit}", list(found.items()), report.currency)


def _totals(report: BillReport, notes: Footnotes) -> Table:
    figures, currency = report.total, report.currency
    tokens, cost = figures.tokens, figures.cost
    table = grid("", "tokens", "cost")
    hits = notes.mark("cache hits", "cache_hits")
    table.add_row(hits, f"{tokens.cache_hit:,}", money(cost.cache_hit, currency))
    table.add_row("cache misses", f"{tokens.cache_miss:,}", money(cost.cache_miss, currency))
    table.add_row("output", f"{tokens.output:,}", money(cost.output, currency))
    table.add_row(notes.mark("  reasoning", "reasoning"), f"{tokens.reasoning:,}", "")
    whole = tokens.input + tokens.output
    table.add_row(notes.mark("total", "tier"), f"{whole:,}", money(cost.total, currency))
    table.add_section()
    table.add_row("saved by the cache", "", money(figures.saved_by_cache, currency))
    table.add_row("extra at peak hours", "", money(figures.peak_extra, currency))
    for entry in report.by_model:
        label = f"{short(entry.model)} on {short(entry.other_model)}"
        beside = entry.figures.other_model
        shown = "unknown" if beside is None else money(beside, currency)
        table.add_row(notes.mark(label, "other_model"), "", shown)
    return table


def _breakdown(report: BillReport) -> Table:
    table = grid("", "requests", "hits", "misses", "output", "cost")
    for rows in (
        [(f"{entry.day}", entry.figures) for entry in report.by_day],
        [(short(entry.model), entry.figures) for entry in report.by_model],
        [(entry.tier.label, entry.figures) for entry in report.by_tier],
        _keys(report),
    ):
        table.add_section()
        for label, figures in rows:
            table.add_row(label, *_cells(figures, report.currency))
    return table


def _keys(report: BillReport) -> list[tuple[str, BillFigures]]:
    if all(entry.key is None for entry in report.by_key):
        return []
    return [(entry.key or "(no key)", entry.figures) for entry in report.by_key]


def _cells(figures: BillFigures, currency: Currency) -> list[str]:
    tokens = figures.tokens
    counts = (figures.requests, tokens.cache_hit, tokens.cache_miss, tokens.output)
    return [*(f"{count:,}" for count in counts), money(figures.cost.total, currency)]


def _logs(report: BillReport) -> str:
    first = report.inputs[0].source
    name = "standard input" if first == "-" else first
    more = f" and {len(report.inputs) - 1:,} more" if len(report.inputs) > 1 else ""
    requests = report.total.requests
    return f"{name}{more}: {requests:,} request{'s' if requests != 1 else ''} priced"


def _span(report: BillReport) -> str:
    if report.first is None or report.last is None:
        return "none at any time"
    return f"{stamp(report.first)} to {stamp(report.last)}, days of {report.timezone}"


def _balance(report: BillReport) -> Iterable[str]:
    """Yield when each part of the balance was used up, what is left, and how far it goes."""
    if (found := report.balance) is None:
        return
    parts = {
        "granted": (found.before.granted, found.granted_used_up, found.after.granted),
        "topped up": (found.before.topped_up, found.topped_up_used_up, found.after.topped_up),
    }
    for name, (before, used_up, after) in parts.items():
        if before:
            left = f"{money(after, report.currency)} left"
            end = f"used up in the hour from {stamp(used_up)}" if used_up else left
            yield f"{name} {money(before, report.currency)}: {end}"
    if found.owed:
        yield f"billed after all was used up: {money(found.owed, report.currency)}"
    elif found.requests_left is not None:
        days = f", {found.days_left} days" if found.days_left is not None else ""
        yield f"at this rate it lasts for {found.requests_left:,} more requests{days}"


def _unpriced(report: BillReport) -> Iterable[str]:
    """Yield the lines that could not be priced."""
    unpriced = report.unpriced
    if unpriced.lines:
        yield f"not priced: {unpriced.lines:,}"
        yield from (f"  {named}" for named in unpriced.named)
        if unpriced.lines > len(unpriced.named):
            yield f"  and {unpriced.lines - len(unpriced.named):,} more"
