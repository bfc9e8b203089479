"""Tokens and their cost as the HTML table that a notebook shows."""

from decimal import Decimal
from html import escape

from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import Cost, TokenUsage
from deepseek_cost.pricing.entries import Rates, stamp

Row = tuple[str, str, str, str]


def usage_rows(usage: TokenUsage, rates: Rates, cost: Cost) -> list[Row]:
    """Return one row each for cache hits, cache misses and output."""
    return [
        ("cache hits", f"{usage.cache_hit:,}", number(rates.cache_hit), number(cost.cache_hit)),
        (
            "cache misses",
            f"{usage.cache_miss:,}",
            number(rates.cache_miss),
            number(cost.cache_miss),
        ),
        ("output", f"{usage.output:,}", number(rates.output), number(cost.output)),
    ]


def usage_table(price: Price, rows: list[Row]) -> str:
    """Return the HTML table of rows at a price."""
    heads = ("", "tokens", f"{price.currency} per million", f"cost in {price.currency}")
    caption = f"{price.model.name}, {price.tier} price at {stamp(price.at)}"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(row: Row) -> str:
    name, *numbers = map(escape, row)
    return f'<th scope="row">{name}</th>' + "".join(f"<td>{number}</td>" for number in numbers)


def number(amount: Decimal) -> str:
    """Format an amount with all of its digits."""
    return f"{amount.normalize():f}"
