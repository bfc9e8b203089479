"""The report of `dscost prices`."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Literal

from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency, Features, Fee, RateList
from deepseek_cost.provenance import Confidence
from deepseek_cost.report.parts import (
    Amount,
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    period_note,
    rates_entry,
)
from deepseek_cost.schedule import Tier


class Limits(Part):
    """What a model takes and gives, and how many requests an account may have in flight."""

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
    """A flat price for something else than tokens; null: unknown."""

    id: str
    unit: str
    price: Amount | None
    list_price: Amount | None
    since: Instant
    confidence: Confidence
    checked: date
    source: tuple[str, ...]
    note: str


class ListedPrice(Part):
    """The prices of a model's name at an instant, all tiers; `list` is the undiscounted price."""

    model: str
    billed_as: str
    version: str
    status: str
    names: tuple[str, ...]
    note: str
    tier: Tier
    rates_per_million: dict[Tier, RatesPerMillion]
    list_rates_per_million: dict[Tier, RatesPerMillion] | None
    limits: Limits
    features: FeatureNotes | None
    period: PeriodNote


class PricesReport(Part):
    """`dscost prices --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["prices"] = "prices"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    prices: tuple[ListedPrice, ...]
    fees: tuple[FeeEntry, ...]
    endpoints: dict[str, str]
    warnings: tuple[str, ...]


def prices_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> PricesReport:
    """Report the price list in force: of the names given, or of every name accepted then.

    Raises UnpricedError for a name without a price, or if no name has one.
    """
    chosen = names or [model.name for model in book.model if model.is_accepted(at)]
    if not chosen:
        chosen = [book.model[0].name]  # its error says when prices begin
    return PricesReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        prices=tuple(listed_price(book, name, at, currency) for name in chosen),
        fees=tuple(_fee(fee, currency) for fee in book.fee if fee.since <= at),
        endpoints=dict(book.endpoints),
        warnings=tuple(book.warnings_at(at)),
    )


def listed_price(book: PriceBook, name: str, at: datetime, currency: Currency) -> ListedPrice:
    """Report the prices of a model's name at an instant; raises UnpricedError."""
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


def _all_tiers(rates: RateList, currency: Currency) -> dict[Tier, RatesPerMillion] | None:
    tiers = rates.get(currency)
    return {tier: rates_entry(tiers[tier]) for tier in tiers} if tiers else None


def _features(features: Features | None) -> FeatureNotes | None:
    if features is None:
        return None
    return FeatureNotes(
        **{field.name: getattr(features, field.name) for field in fields(FeatureNotes)}
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
