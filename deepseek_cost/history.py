"""The prices of a name over time: every change, and by how much."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency, Model, Period, Rates
from deepseek_cost.provenance import in_force
from deepseek_cost.schedule import Tier


class Change(Struct, frozen=True):
    """The percentages by which the rates of a tier changed; a rise is positive."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal


class Chapter(Struct, frozen=True):
    """A list that billed a name from `since` on, with the one it took the place of."""

    model: Model
    since: datetime
    period: Period
    before: Period | None

    def change(self, currency: Currency, tier: Tier) -> Change | None:
        """Return how `tier` changed: against the same tier before, or the flat price."""
        new = self.period.rates.get(currency, {}).get(tier)
        tiers = self.before.rates.get(currency, {}) if self.before else {}
        old = tiers.get(tier) or tiers.get(Tier.FLAT)
        if new is None or old is None:
            return None
        return Change(
            _percent(old.cache_hit, new.cache_hit),
            _percent(old.cache_miss, new.cache_miss),
            _percent(old.output, new.output),
        )


def chapters(book: PriceBook, model: Model) -> Iterator[Chapter]:
    """Yield the lists that have billed a model's name, oldest first."""
    starts = {service.since for service in model.service}
    starts |= {p.since for s in model.service for p in book.periods_of(s.billed_as)}
    before: Period | None = None
    for since in sorted(start for start in starts if model.is_accepted(start)):
        period = in_force(book.periods_of(model.service_at(since).billed_as), since)
        if period is not None and period is not before:
            yield Chapter(model, since, period, before)
            before = period


def list_before_discount(
    book: PriceBook, model: Model, at: datetime, currency: Currency
) -> tuple[Period, Rates] | None:
    """Return the newest undiscounted list that was shown for a name up to an instant."""
    shown = [c.period for c in chapters(book, model) if c.since <= at and c.period.list]
    for period in reversed(shown):
        rates = period.list.get(currency, {}).get(Tier.FLAT)
        if rates is not None:
            return period, rates
    return None


def _percent(old: Decimal, new: Decimal) -> Decimal:
    if not old:
        return Decimal(0) if not new else Decimal("Infinity")
    return ((new - old) * 100 / old).quantize(Decimal("0.1"))
