"""A bill as CSV: a row a day, model, tier and key."""

from collections.abc import Iterator

from deepseek_cost.csvtable import write_csv
from deepseek_cost.report.bill import BillReport
from deepseek_cost.report.parts import exact

_COLUMNS = (
    *("day", "timezone", "model", "tier", "key", "requests"),
    *("input", "cache_hit", "cache_miss", "output", "reasoning", "currency"),
    *("cost_cache_hit", "cost_cache_miss", "cost_output", "cost_total"),
    *("saved_by_cache", "peak_extra", "other_model"),
)


def to_csv(report: BillReport) -> str:
    """Write the groups of a bill as CSV with a head line."""
    return write_csv(_COLUMNS, _rows(report))


def _rows(report: BillReport) -> Iterator[list[str]]:
    for group in report.groups:
        figures, tokens, cost = group.figures, group.figures.tokens, group.figures.cost
        counts = (tokens.input, tokens.cache_hit, tokens.cache_miss, tokens.output)
        amounts = (cost.cache_hit, cost.cache_miss, cost.output, cost.total)
        beside = figures.other_model
        yield [
            *(group.day.isoformat(), report.timezone, group.model, group.tier, group.key or ""),
            *map(str, (figures.requests, *counts, tokens.reasoning)),
            report.currency,
            *map(exact, (*amounts, figures.saved_by_cache, figures.peak_extra)),
            "" if beside is None else exact(beside),
        ]
