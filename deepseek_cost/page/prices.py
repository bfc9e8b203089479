"""The table of a price list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from deepseek_cost.page.blocks import Column, Page, Table, grid, page_of, words
from deepseek_cost.page.wording import money, short, sources
from deepseek_cost.prices import stamp
from deepseek_cost.report.parts import RatesPerMillion
from deepseek_cost.report.prices import FeatureNotes, ListedPrice, PricesReport
from deepseek_cost.schedule import Tier


def describe(report: PricesReport) -> Page:
    """Describe a price list and where it comes from."""
    chosen = report.price_table
    return page_of(
        f"{report.currency} per 1,000,000 tokens at {stamp(report.priced_at)}",
        _prices(report),
        _limits(report),
        *([features] if (features := _features(report)).sections else ()),
        *([_fees(report)] if report.fees else ()),
        words(sources(report.prices), is_quiet=True),
        words([f"price table: {chosen.source}, checked {chosen.checked}"], is_quiet=True),
        warnings=report.warnings,
    )


def _prices(report: PricesReport) -> Table:
    table = grid("model", "tier", "cache hit", "cache miss", "output", left=2)
    for price in report.prices:
        table.add_section()
        for label, rates in _listed(price):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            table.add_row(*label, *(money(cell, report.currency) for cell in cells))
    return table


def _limits(report: PricesReport) -> Table:
    table = Table(
        Column("model", "words"),
        Column("context", "figure"),
        Column("output at most", "figure"),
        Column("in flight", "figure"),
        Column("also called", "words"),
        Column("status", "words"),
    )
    for price in report.prices:
        limits = price.limits
        parallel = limits.concurrent_requests
        table.add_row(
            short(price.model),
            f"{limits.context_tokens:,}",
            f"{limits.max_output_tokens:,}",
            f"{parallel:,}" if parallel else "unknown",
            ", ".join(price.names[1:]),
            price.status,
        )
    return table


def _features(report: PricesReport) -> Table:
    """Return what the official page lists of the models, a line a feature."""
    table = grid("feature", "", left=2)
    for name in (field.name for field in fields(FeatureNotes)):
        models: dict[str, list[str]] = {}
        for price in report.prices:
            note = getattr(price.features, name, None) or "not listed"
            models.setdefault(note, []).append(short(price.model))
        if set(models) != {"not listed"}:
            table.add_row(name.replace("_", " "), _noted(models))
    return table


def _noted(models: Mapping[str, Sequence[str]]) -> str:
    if len(models) == 1:
        return next(iter(models))
    return "; ".join(f"{', '.join(named)}: {note}" for note, named in models.items())


def _fees(report: PricesReport) -> Table:
    table = grid("fee", "each", "price", "list price", left=2)
    for fee in report.fees:
        price = "unknown" if fee.price is None else money(fee.price, report.currency)
        listed = "" if fee.list_price is None else money(fee.list_price, report.currency)
        table.add_row(fee.id, fee.unit, price, listed)
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
