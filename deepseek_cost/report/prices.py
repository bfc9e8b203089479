"""The report of `dscost prices`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency, RateList
from deepseek_cost.report.parts import (
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    period_note,
    rates_entry,
)
from deepseek_cost.schedule import Tier


class ListedPrice(Part):
    """The prices of a model's name at an instant, all tiers; `list` is the undiscounted price."""

    model: str
    billed_as: str
    version: str
    status: str
    tier: Tier
    rates_per_million: dict[Tier, RatesPerMillion]
    list_rates_per_million: dict[Tier, RatesPerMillion] | None
    period: PeriodNote


class PricesReport(Part):
    """`dscost prices --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["prices"] = "prices"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    prices: tuple[ListedPrice, ...]
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
        warnings=(),
    )


def listed_price(book: PriceBook, name: str, at: datetime, currency: Currency) -> ListedPrice:
    """Report the prices of a model's name at an instant; raises UnpricedError."""
    price = book.price(name, at, currency)
    return ListedPrice(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        status=price.model.status,
        tier=price.tier,
        rates_per_million=_all_tiers(price.period.rates, currency) or {},
        list_rates_per_million=_all_tiers(price.period.list, currency),
        period=period_note(price.period, price.period_until),
    )


def _all_tiers(rates: RateList, currency: Currency) -> dict[Tier, RatesPerMillion] | None:
    tiers = rates.get(currency)
    return {tier: rates_entry(tiers[tier]) for tier in tiers} if tiers else None
