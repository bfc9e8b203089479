"""The tables of `dscost cache`: what hits, why the rest misses, request by request."""

from collections.abc import Iterable

from deepseek_cost.page.blocks import Page, Table, Words, grid, page_of, words
from deepseek_cost.page.wording import (
    Footnotes,
    inputs,
    money,
    short,
    sources,
)
from deepseek_cost.prices import stamp
from deepseek_cost.report.cache import CacheReport

# A longer sequence is told by its causes; --json has more.
_SHOWN = 24


def describe(report: CacheReport) -> Page:
    """Describe the range of hits, the causes of misses with an example and advice, the requests."""
    notes = Footnotes(report.assumptions)
    return page_of(
        f"{inputs(report.inputs)}, prices of {stamp(report.priced_at)}",
        _hits(report, notes),
        *_misses(report),
        _requests(report),
        words(notes.lines(), is_quiet=True),
        words(sources(report.models), is_quiet=True),
        warnings=report.warnings,
    )


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


def _misses(report: CacheReport) -> Iterable[Words]:
    """Yield a paragraph for each cause."""
    if not report.misses:
        yield words(["no request misses what one before it has sent"])
    for miss in report.misses:
        cost = money(miss.cost_per_1000_requests, report.currency)
        requests = f"{miss.requests:,} request{'s' if miss.requests > 1 else ''}"
        said = f"{requests} to {short(miss.model)} missed {miss.tokens:,} tokens sent before:"
        more = f"  costs {cost} more per 1,000 requests; {miss.advice}"
        yield words([said, f"  {miss.example}", more])


def _requests(report: CacheReport) -> Table:
    table = grid("request", "model", "input", "hits", "at best", "miss")
    for entry in report.listed[:_SHOWN]:
        table.add_row(
            f"{entry.number} {entry.source}:{entry.line}",
            short(entry.model),
            f"{entry.input:,}",
            f"{entry.cache_hit:,}",
            f"{entry.cache_hit_best:,}",
            entry.cause.value.replace("_", " ") if entry.cause else "",
        )
    if report.requests > _SHOWN:
        table.more = f"and {report.requests - _SHOWN:,} more requests"
    return table
