"""A bill as spreadsheet rows."""

from collections.abc import Iterator, Sequence
from typing import Final

from deepseek_cost.pricing.currency import Currency
from deepseek_cost.reports.bill_fields import GroupEntry, NamedFigures
from deepseek_cost.reports.parts import exact

FIGURE_COLUMNS: Final = (
    *("requests", "input", "cache_hit", "cache_miss", "output", "reasoning", "currency"),
    *("cost_cache_hit", "cost_cache_miss", "cost_output", "cost_fees", "cost_total"),
)


GROUP_COLUMNS = (
    *("day", "timezone", "model", "tier", "key", "requests"),
    *("input", "cache_hit", "cache_miss", "output", "reasoning", "currency"),
    *("cost_cache_hit", "cost_cache_miss", "cost_output", "cost_total"),
    *("saved_by_cache", "peak_extra", "other_model"),
)


def rows_by_name(breakdown: Sequence[NamedFigures], currency: Currency) -> Iterator[list[str]]:
    """Yield a row for each name: the name, followed by its FIGURE_COLUMNS."""
    for one in breakdown:
        figures, tokens, cost = one.figures, one.figures.tokens, one.figures.cost
        counts = (figures.requests, tokens.input, tokens.cache_hit, tokens.cache_miss)
        amounts = (cost.cache_hit, cost.cache_miss, cost.output, cost.fees, cost.total)
        yield [
            *(name or "" for name in one.names),
            *map(str, (*counts, tokens.output)),
            _if_known(tokens.reasoning),
            currency,
            *map(exact, amounts),
        ]


def group_rows(
    groups: Sequence[GroupEntry], timezone: str, currency: Currency
) -> Iterator[list[str]]:
    """Yield a row of GROUP_COLUMNS for each group of a bill."""
    for group in groups:
        figures, tokens, cost = group.figures, group.figures.tokens, group.figures.cost
        counts = (tokens.input, tokens.cache_hit, tokens.cache_miss, tokens.output)
        amounts = (cost.cache_hit, cost.cache_miss, cost.output, cost.total)
        alternative = figures.other_model
        yield [
            *(group.day.isoformat(), timezone, group.model, group.tier, group.key or ""),
            *map(str, (figures.requests, *counts)),
            _if_known(tokens.reasoning),
            currency,
            *map(exact, (*amounts, figures.saved_by_cache, figures.peak_extra)),
            "" if alternative is None else exact(alternative),
        ]


def _if_known(count: int | None) -> str:
    return "" if count is None else str(count)
