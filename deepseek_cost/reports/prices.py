"""The report of `dscost prices`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Features, Fee, RateList, Rates, stamp
from deepseek_cost.pricing.provenance import Confidence
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import (
    Column,
    Page,
    Table,
    grid,
    page_of,
    short,
    words,
)
from deepseek_cost.reports.parts import (
    Part,
    PeriodNote,
    PriceTable,
    Report,
    Timestamp,
    exact,
    period_note,
    price_sources,
)
from deepseek_cost.text import token_limit


class Limits(Part):
    """A model's context length and maximum output, and the concurrency limit of an account."""

    context_tokens: int
    max_output_tokens: int
    concurrent_requests: int | None


class FeatureNotes(Part):
    """What the official page lists for a model; null: not listed."""

    thinking: str | None
    json_output: str | None
    tool_calls: str | None
    responses_api: str | None
    anthropic_api: str | None
    chat_prefix: str | None
    fim: str | None
    vision: str | None


class FeeEntry(Part):
    """A flat price for something other than tokens; null: unknown."""

    id: str
    unit: str
    price: Decimal | None
    list_price: Decimal | None
    since: Timestamp
    confidence: Confidence
    checked: date
    source: tuple[str, ...]
    note: str


class ListedPrice(Part):
    """The prices of a model name at a time, at all rates; `list` is the undiscounted price."""

    model: str
    billed_as: str
    version: str
    status: str
    names: tuple[str, ...]
    note: str
    tier: Tier
    rates_per_million: dict[Tier, Rates]
    list_rates_per_million: dict[Tier, Rates] | None
    limits: Limits
    features: FeatureNotes | None
    period: PeriodNote


class PricesReport(Report):
    """The output of `dscost prices --json`."""

    command: Literal["prices"] = "prices"
    currency: Currency
    priced_at: Timestamp
    price_table: PriceTable
    prices: tuple[ListedPrice, ...]
    fees: tuple[FeeEntry, ...]
    endpoints: dict[str, str]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe the prices; models with the same price are listed once."""
        features = _features_table(self)
        return page_of(
            f"{self.currency} per 1,000,000 tokens at {stamp(self.priced_at)}",
            _prices(self),
            words(_billed_alike(self)),
            *([_fees(self)] if self.fees else ()),
            details=(
                _limits(self),
                *([features] if features.sections[0] else ()),
                price_sources(self.prices, self.price_table),
            ),
            basis=f"Price table: {self.price_table.source}, checked {self.price_table.checked}.",
            warnings=self.warnings,
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row per model and rate, with its source; amounts are exact."""
        return PRICE_COLUMNS, _price_rows(self)


def prices_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> PricesReport:
    """Report the price list in force, for the names given or every name accepted at the time.

    Raises UnpricedError if a name given has no price, or if no name has one.
    """
    chosen = names or [model.name for model in book.model if model.is_accepted(at)]
    if not chosen:
        chosen = [book.model[0].name]  # its error says when prices begin
    return PricesReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        prices=tuple(listed_price(book, name, at, currency) for name in chosen),
        fees=tuple(_fee(fee, currency) for fee in book.fees_at(at)),
        endpoints=dict(book.endpoints),
        warnings=tuple(book.warnings_at(at)),
    )


def listed_price(book: PriceBook, name: str, at: datetime, currency: Currency) -> ListedPrice:
    """Report the prices of a model name at a time; raises UnpricedError if there is none."""
    price = book.price(name, at, currency)
    return ListedPrice(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        status=price.model.status,
        names=price.model.names,
        note=price.model.note,
        tier=price.tier,
        rates_per_million=_all_tiers(price.period.rates, currency) or {},
        list_rates_per_million=_all_tiers(price.period.list, currency),
        limits=Limits(
            context_tokens=price.model.context_tokens,
            max_output_tokens=price.model.max_output_tokens,
            concurrent_requests=price.model.concurrent_requests,
        ),
        features=_features(book.features_of(price.model, at)),
        period=period_note(price.period, price.period_until),
    )


def _all_tiers(rates: RateList, currency: Currency) -> dict[Tier, Rates] | None:
    tiers = rates.get(currency)
    return dict(tiers) if tiers else None


def _features(features: Features | None) -> FeatureNotes | None:
    if features is None:
        return None
    return FeatureNotes(
        **{name: getattr(features, name) for name in FeatureNotes.__struct_fields__}
    )


def _fee(fee: Fee, currency: Currency) -> FeeEntry:
    return FeeEntry(
        id=fee.id,
        unit=fee.unit,
        price=fee.price.get(currency),
        list_price=fee.list.get(currency),
        since=fee.since,
        confidence=fee.confidence,
        checked=fee.checked,
        source=fee.source,
        note=fee.note,
    )


def _prices(report: PricesReport) -> Table:
    """Return a table with a row per rate; models with the same prices share rows."""
    table = grid("model", "rate", "cache hit", "cache miss", "output", left=2)
    lists: dict[str, list[ListedPrice]] = {}
    for price in report.prices:
        lists.setdefault(price.period.id, []).append(price)
    for prices in lists.values():
        first = min(prices, key=lambda price: price.status != "current")
        table.add_section()
        for (name, label), rates in _listed(first):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            shown = short(name) if name else ""
            table.add_row(shown, label, *(money(cell, report.currency) for cell in cells))
    return table


def _billed_alike(report: PricesReport) -> Iterable[str]:
    """Yield the models that are billed like another one."""
    lists: dict[str, list[ListedPrice]] = {}
    for price in report.prices:
        lists.setdefault(price.period.id, []).append(price)
    for prices in lists.values():
        first, *others = sorted(prices, key=lambda price: price.status != "current")
        if others:
            names = ", ".join(short(other.model) for other in others)
            yield f"billed as {short(first.model)}: {names}"


def _limits(report: PricesReport) -> Table:
    table = Table(
        Column("model", "words"),
        Column("context", "figure"),
        Column("max output", "figure"),
        Column("concurrency", "figure"),
        Column("also called", "words"),
        Column("status", "words"),
    )
    for price in report.prices:
        limits = price.limits
        parallel = limits.concurrent_requests
        table.add_row(
            short(price.model),
            token_limit(limits.context_tokens),
            token_limit(limits.max_output_tokens),
            f"{parallel:,}" if parallel else "unknown",
            ", ".join(price.names[1:]),
            price.status,
        )
    return table


def _features_table(report: PricesReport) -> Table:
    """Return what the official page lists for the models, a row per feature."""
    table = grid("feature", "", left=2)
    for name in FeatureNotes.__struct_fields__:
        models: dict[str, list[str]] = {}
        for price in report.prices:
            note = getattr(price.features, name, None) or "not listed"
            models.setdefault(note, []).append(short(price.model))
        if set(models) != {"not listed"}:
            table.add_row(name.replace("_", " "), _opened(models))
    return table


def _opened(models: Mapping[str, Sequence[str]]) -> str:
    if len(models) == 1:
        return next(iter(models))
    return "; ".join(f"{', '.join(named)}: {note}" for note, named in models.items())


def _fees(report: PricesReport) -> Table:
    is_discounted = any(fee.list_price is not None for fee in report.fees)
    headings = ("fee", "each", "price", *(["list price"] if is_discounted else []))
    table = grid(*headings, left=2)
    for fee in report.fees:
        price = "unknown" if fee.price is None else money(fee.price, report.currency)
        listed = [] if fee.list_price is None else [money(fee.list_price, report.currency)]
        table.add_row(fee.id, fee.unit, price, *listed)
    return table


def _listed(price: ListedPrice) -> Iterable[tuple[tuple[str, str], Rates]]:
    """Yield a model's rates, with the current one marked, and the list price of a discount."""
    name = price.model
    for tier in sorted(price.rates_per_million):
        now = " (now)" if tier is price.tier and tier is not Tier.FLAT else ""
        yield (name, tier.label + now), price.rates_per_million[tier]
        name = ""
    for tier, rates in (price.list_rates_per_million or {}).items():
        yield ("", f"{tier.label}, list price"), rates


PRICE_COLUMNS = (
    *("model", "tier", "currency", "cache_hit", "cache_miss", "output"),
    *("since", "until", "period", "confidence", "checked", "source"),
)


def _price_rows(report: PricesReport) -> Iterator[list[str]]:
    for price in report.prices:
        for tier, per_million in sorted(price.rates_per_million.items()):
            yield [
                *(price.model, tier, report.currency, *exact_rates(per_million)),
                *interval_of(price.period),
                *origin(price.period),
            ]


def exact_rates(rates: Rates) -> tuple[str, str, str]:
    """Return the three prices in full."""
    return exact(rates.cache_hit), exact(rates.cache_miss), exact(rates.output)


def interval_of(period: PeriodNote) -> tuple[str, str]:
    """Return when a list begins and ends, in UTC; the end is empty if it is unknown."""
    until = f"{period.until:%Y-%m-%dT%H:%M:%SZ}" if period.until else ""
    return f"{period.since:%Y-%m-%dT%H:%M:%SZ}", until


def origin(period: PeriodNote) -> tuple[str, str, str, str]:
    """Return the source of a price, for a row."""
    return period.id, period.confidence, period.checked.isoformat(), period.source[0]
