"""The table of a price list."""

from collections.abc import Iterable
from dataclasses import fields

from rich.console import Console
from rich.table import Table

from deepseek_cost.prices import stamp
from deepseek_cost.report.parts import RatesPerMillion
from deepseek_cost.report.prices import FeatureNotes, ListedPrice, PricesReport
from deepseek_cost.schedule import Tier
from deepseek_cost.table.layout import grid, money, print_line, print_table, short, sources
from deepseek_cost.terminal import printable


def show(report: PricesReport, console: Console) -> None:
    """Print a price list and where it comes from."""
    currency = report.currency
    print_line(console, f"{currency} per 1,000,000 tokens at {stamp(report.priced_at)}\n")
    table = grid("model", "tier", "cache hit", "cache miss", "output", left=2)
    for price in report.prices:
        table.add_section()
        for label, rates in _listed(price):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            table.add_row(*label, *(money(cell, currency) for cell in cells))
    print_table(console, table)
    console.print()
    print_table(console, _limits(report))
    if report.fees:
        console.print()
        print_table(console, _fees(report))
    for line in ("", *sources(report.prices), ""):
        print_line(console, line, style="dim")
    chosen = report.price_table
    print_line(
        console, f"price table: {printable(chosen.source)}, checked {chosen.checked}", style="dim"
    )


def _limits(report: PricesReport) -> Table:
    """Return the limits and features, a column a model."""
    models = [short(price.model) for price in report.prices]
    table = grid("", *models, left=1 + len(models))
    limits = [price.limits for price in report.prices]
    table.add_row("context, tokens", *(f"{limit.context_tokens:,}" for limit in limits))
    table.add_row("output, tokens at most", *(f"{limit.max_output_tokens:,}" for limit in limits))
    parallel = (limit.concurrent_requests for limit in limits)
    table.add_row("requests in flight", *(f"{n:,}" if n else "unknown" for n in parallel))
    for name in (field.name for field in fields(FeatureNotes)):
        noted = [getattr(price.features, name, None) for price in report.prices]
        if any(noted):
            cells = (printable(note or "not listed") for note in noted)
            table.add_row(name.replace("_", " "), *cells)
    table.add_row(
        "also called", *(", ".join(map(printable, price.names[1:])) for price in report.prices)
    )
    table.add_row("status", *(printable(price.status) for price in report.prices))
    return table


def _fees(report: PricesReport) -> Table:
    table = grid("fee", "each", "price", "list price", left=2)
    for fee in report.fees:
        price = "unknown" if fee.price is None else money(fee.price, report.currency)
        listed = "" if fee.list_price is None else money(fee.list_price, report.currency)
        table.add_row(printable(fee.id), printable(fee.unit), price, listed)
    return table


def _listed(price: ListedPrice) -> Iterable[tuple[tuple[str, str], RatesPerMillion]]:
    """Yield the tiers of a model, the one in force marked, and the list price beside a discount."""
    name = price.model
    for tier in sorted(price.rates_per_million):
        now = " (now)" if tier is price.tier and tier is not Tier.FLAT else ""
        yield (name, tier.label + now), price.rates_per_million[tier]
        name = ""
    for tier, rates in (price.list_rates_per_million or {}).items():
        yield ("", f"{tier.label}, list price"), rates
