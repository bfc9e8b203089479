"""The table of a price list."""

from collections.abc import Iterable

from rich.console import Console

from deepseek_cost.prices import stamp
from deepseek_cost.report.parts import RatesPerMillion
from deepseek_cost.report.prices import ListedPrice, PricesReport
from deepseek_cost.schedule import Tier
from deepseek_cost.table.layout import grid, money, print_line, sources


def show_prices(report: PricesReport, console: Console) -> None:
    """Print a price list and where it comes from."""
    currency = report.currency
    print_line(console, f"{currency} per 1,000,000 tokens at {stamp(report.priced_at)}\n")
    table = grid("model", "tier", "cache hit", "cache miss", "output", left=2)
    for price in report.prices:
        table.add_section()
        for label, rates in _listed(price):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            table.add_row(*label, *(money(cell, currency) for cell in cells))
    console.print(table)
    for line in ("", *sources(report.prices), ""):
        print_line(console, line, style="dim")
    chosen = report.price_table
    print_line(console, f"price table: {chosen.source}, checked {chosen.checked}", style="dim")


def _listed(price: ListedPrice) -> Iterable[tuple[tuple[str, str], RatesPerMillion]]:
    """Yield the tiers of a model, the one in force marked, and the list price beside a discount."""
    name = price.model
    for tier in sorted(price.rates_per_million):
        now = " (now)" if tier is price.tier and tier is not Tier.FLAT else ""
        yield (name, tier.label + now), price.rates_per_million[tier]
        name = ""
    for tier, rates in (price.list_rates_per_million or {}).items():
        yield ("", f"{tier.label}, list price"), rates
