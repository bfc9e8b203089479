"""The tables of `dscost cache`: what hits, why the rest misses, request by request."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from deepseek_cost.prices import stamp
from deepseek_cost.report.cache import CacheReport
from deepseek_cost.table.layout import (
    Footnotes,
    grid,
    inputs,
    money,
    print_line,
    print_table,
    short,
    sources,
)
from deepseek_cost.terminal import printable

# A longer sequence is told by its causes; --json has more.
_SHOWN = 24


def show(report: CacheReport, console: Console) -> None:
    """Print the range of hits, the causes of misses with an example and advice, the requests."""
    notes = Footnotes(report.assumptions)
    print_line(console, f"{inputs(report.inputs)}, prices of {stamp(report.priced_at)}\n")
    print_table(console, _hits(report, notes))
    for line in _misses(report):
        print_line(console, line)
    print_line(console, "")
    print_table(console, _requests(report))
    if report.requests > _SHOWN:
        print_line(console, f"and {report.requests - _SHOWN:,} more requests")
    for line in ("", *notes.lines(), "", *sources(report.models)):
        print_line(console, line, style="dim")


def _hits(report: CacheReport, notes: Footnotes) -> Table:
    table = grid("", *(entry.model for entry in report.models))
    caches = [entry.cache for entry in report.models]
    table.add_row("requests", *(f"{entry.requests:,}" for entry in report.models))
    table.add_row("input tokens", *(f"{entry.input:,}" for entry in report.models))
    label = notes.mark("cache hits expected", "cache_hits", "answers", "cache_age")
    table.add_row(label, *(f"{c.expected.cache_hit:,}" for c in caches))
    table.add_row("  their share", *(f"{c.expected.cache_hit_ratio:.1%}" for c in caches))
    table.add_row("  at worst", *(f"{c.worst.cache_hit:,}" for c in caches))
    table.add_row("  at best", *(f"{c.best.cache_hit:,}" for c in caches))
    label = notes.mark("input cost", "tier", "priced_at", "prices")
    table.add_row(label, *(money(c.expected.floor, report.currency) for c in caches))
    table.add_row("  with hits at worst", *(money(c.worst.floor, report.currency) for c in caches))
    table.add_row("  with hits at best", *(money(c.best.floor, report.currency) for c in caches))
    return table


def _misses(report: CacheReport) -> Iterable[str]:
    """Yield a paragraph for each cause."""
    if not report.misses:
        yield "\nno request misses what one before it has sent"
    for miss in report.misses:
        cost = money(miss.cost_per_1000_requests, report.currency)
        requests = f"{miss.requests:,} request{'s' if miss.requests > 1 else ''}"
        yield ""
        yield f"{requests} to {short(miss.model)} missed {miss.tokens:,} tokens sent before: "
        yield f"  {printable(miss.example)}"
        yield f"  costs {cost} more per 1,000 requests; {miss.advice}"


def _requests(report: CacheReport) -> Table:
    table = grid("request", "model", "input", "hits", "at best", "miss")
    for entry in report.listed[:_SHOWN]:
        table.add_row(
            printable(f"{entry.number} {entry.source}:{entry.line}"),
            short(entry.model),
            f"{entry.input:,}",
            f"{entry.cache_hit:,}",
            f"{entry.cache_hit_best:,}",
            entry.cause.value.replace("_", " ") if entry.cause else "",
        )
    return table
