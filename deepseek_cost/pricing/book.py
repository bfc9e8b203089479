"""The rates that apply to a model name at a given time, and their history."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import Advice, Advised, UnknownModelError, UnpricedError, UsageError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import (
    Billing,
    Cancelled,
    Features,
    Fee,
    Model,
    Period,
    Rates,
    Service,
    stamp,
)
from deepseek_cost.pricing.fees import FeeId, fee_of
from deepseek_cost.pricing.provenance import in_force
from deepseek_cost.pricing.schedule import BEIJING, Calendar, Holidays, Schedule, Tier, TierBy

# A price table checked longer ago than this may have missed a change.
MAX_AGE_DAYS: Final = 45


class Price(Struct, frozen=True):
    """What a model name costs at a given time: the rates, and why they apply.

    If `is_tier_certain` is false, the day may become a holiday; the other rates apply if it does.
    """

    model: Model
    service: Service
    period: Period
    currency: Currency
    at: datetime
    tier: Tier
    rates: Rates
    other_rates: Rates | None
    tier_until: datetime | None
    period_until: datetime | None
    is_tier_certain: bool = True
    call_fee: Decimal = Decimal(0)  # per search or fetch that the model makes on the server

    @property
    def list_rates(self) -> Rates | None:
        """The undiscounted peak or off-peak rates, if the price page showed them."""
        return self.period.list.get(self.currency, {}).get(self.tier)


class PriceBook(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Every price list ever in force; prices depend only on the model, time and currency."""

    schema_version: int
    provider: str
    checked: date
    page: str
    checked_against: tuple[str, ...] = ()
    model: tuple[Model, ...]
    period: tuple[Period, ...]
    schedule: tuple[Schedule, ...] = ()
    holidays: tuple[Holidays, ...] = ()
    fee: tuple[Fee, ...] = ()
    features: tuple[Features, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    billing: Billing | None = None

    def __post_init__(self) -> None:
        if self.schema_version != 1:
            raise ValueError(f"schema_version is {self.schema_version}; this dscost reads 1")
        if not self.model:
            raise ValueError("model is empty; name at least one")
        _require_unique("model", [name for model in self.model for name in model.names])
        _require_unique("period", [f"{period.bills} {period.since}" for period in self.period])
        _require_unique("period", [period.id for period in self.period])
        for model in self.model:
            self._require_periods(model)

    @property
    def tier_by(self) -> TierBy:
        """Which time of a request picks its rate: the one in the table, or its start if unknown."""
        known = self.billing.tier_instant if self.billing else ""
        return TierBy.END if known == TierBy.END else TierBy.START

    @property
    def is_tier_time_known(self) -> bool:
        """Whether the table says which time of a request picks its rate."""
        return self.billing is not None and self.billing.tier_instant in tuple(TierBy)

    @property
    def calendar(self) -> Calendar:
        """The peak schedules with the holidays."""
        return Calendar(self.schedule, self.holidays)

    def find(self, name: str) -> Model:
        """Return the model with this name or nickname, ignoring case."""
        folded = name.strip().lower()
        by_name = {known: model for model in self.model for known in model.names}
        if folded in by_name:
            return by_name[folded]
        from difflib import get_close_matches  # noqa: PLC0415 - only for typos

        near = get_close_matches(folded, by_name, n=3, cutoff=0.7)
        current = sorted(min(one.names, key=len) for one in self.model if one.status == "current")
        tip = (
            f"did you mean {', '.join(near)}?"
            if near
            else f"dscost prices DeepSeek models only: {', '.join(current)}"
        )
        raise UnknownModelError(f"unknown model {name!r}", tip=tip)

    def price(self, name: str, at: datetime, currency: Currency = Currency.USD) -> Price:
        """Return the price of a model name at a given time.

        Raises UnpricedError if no price is known.
        """
        require_zone(at)
        model = self.find(name)
        service = model.service_at(at)
        period = in_force(self.periods_of(service.billed_as), at)
        if period is None or currency not in period.rates:
            raise UnpricedError(
                Advised(
                    f"no {currency} price is known for {model.name} at {stamp(at)}",
                    Advice.OWN_PRICES,
                )
            )
        tiers = period.rates[currency]
        tier = Tier.FLAT if Tier.FLAT in tiers else self._tier(period, at)
        return Price(
            model=model,
            service=service,
            period=period,
            currency=currency,
            at=at,
            tier=tier,
            rates=tiers[tier],
            other_rates=tiers[tier.other] if tier.other else None,
            tier_until=self.calendar.next_change(at) if tier.other else None,
            period_until=self.period_until(model, at),
            is_tier_certain=tier is Tier.FLAT or self.calendar.is_certain(at),
            call_fee=self._call_fee(at, currency),
        )

    def _call_fee(self, at: datetime, currency: Currency) -> Decimal:
        """Return the maximum cost of one search or fetch by a server tool at a given time."""
        fees = (
            fee_of(fee, 1, currency)
            for fee in self.fees_at(at)
            if fee.id in tuple(FeeId) and currency in fee.price and not fee.is_free_server_side(at)
        )
        return max(fees, default=Decimal(0))

    def at(self, time: datetime, currency: Currency = Currency.USD) -> tuple[Price, ...]:
        """Return the price of each model that has one at a given time, in the table's order."""
        return tuple(price for model in self.model if (price := self._known(model, time, currency)))

    def _known(self, model: Model, at: datetime, currency: Currency) -> Price | None:
        try:
            return self.price(model.name, at, currency)
        except UnpricedError:
            return None

    def periods_of(self, billed_as: str) -> tuple[Period, ...]:
        """Return the pricing periods billed under this name, oldest first."""
        mine = (period for period in self.period if period.bills == billed_as)
        return tuple(sorted(mine, key=lambda period: period.since))

    def fees_at(self, at: datetime) -> tuple[Fee, ...]:
        """Return the fees in force at a given time, one per id, in the table's order."""
        begun = [fee for fee in self.fee if fee.since <= at]
        newest = {fee.id: fee for fee in sorted(begun, key=lambda fee: fee.since)}
        return tuple(fee for fee in begun if newest[fee.id] is fee)

    def features_of(self, model: Model, at: datetime) -> Features | None:
        """Return the features that the price page listed for a model at a given time."""
        return in_force([row for row in self.features if model.name in row.models], at)

    def warnings_at(self, at: datetime, *, tiered: bool = True) -> list[str]:
        """List what the table doesn't know for certain at a given time."""
        found: list[str] = []
        age = (at.date() - self.checked).days
        if age > MAX_AGE_DAYS:
            found.append(
                Advised(
                    f"the price table was last checked on {self.checked}, {age} days before the "
                    f"time priced",
                    Advice.NEWER_PRICES,
                )
            )
        if tiered and not self.calendar.is_certain(at):
            day = at.astimezone(BEIJING).date()
            found.append(
                f"{day} may become a holiday in China, and so off-peak all day: the notice for "
                f"{day.year} is not in the price table; the peak rate is the higher one"
            )
        if tiered and not self.calendar.holidays_known_at(at):
            last = max((holidays.year for holidays in self.holidays), default=None)
            end = f"ends {last}-12-31" if last else "is empty"
            found.append(
                f"the list of Chinese holidays {end}: whether {stamp(at)} is a holiday, "
                f"and so off-peak, is unknown"
            )
        return found

    def _tier(self, period: Period, at: datetime) -> Tier:
        tier = self.calendar.tier_at(at)
        if tier is Tier.FLAT:
            raise UnpricedError(
                f"period {period.id} has peak prices, but no schedule says when peak hours are "
                f"at {stamp(at)}",
                tip="add a [[schedule]] to the price table",
            )
        return tier

    def period_until(self, model: Model, at: datetime) -> datetime | None:
        """Return when the model's price list in force at `at` ends; None if no end is known.

        Raises UnpricedError if the API doesn't accept the name at that time.
        """
        service = model.service_at(at)
        ends = [period.since for period in self.periods_of(service.billed_as)]
        ends += [s.since for s in model.service if s.billed_as != service.billed_as]
        ends += [end for end in (model.until, service.until) if end]
        return min((end for end in ends if end > at), default=None)

    def _require_periods(self, model: Model) -> None:
        for service in model.service:
            if in_force(self.periods_of(service.billed_as), service.since) is None:
                raise ValueError(
                    f"model {model.name} is billed as {service.billed_as} from "
                    f"{stamp(service.since)}, but no period bills that name then"
                )


def require_zone(at: datetime) -> None:
    """Raise UsageError if a time has no time zone."""
    if at.tzinfo is None:
        raise UsageError(
            f"the time {at.isoformat()} has no time zone",
            tip="for UTC write at.replace(tzinfo=UTC)",
        )


def _require_unique(what: str, names: "list[str]") -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} {name} occurs twice")
        seen.add(name)


class Change(Struct, frozen=True):
    """The percentages by which a peak, off-peak or flat rate changed; a rise is positive."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal


class Chapter(Struct, frozen=True):
    """A price list that applied to a name from `since` on, and the list that it replaced."""

    model: Model
    since: datetime
    period: Period
    before: Period | None

    def change(self, currency: Currency, tier: Tier) -> Change | None:
        """Return the change in `tier` from the same tier before, or from the flat price."""
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
    """Yield the price lists that have applied to a model's name, oldest first."""
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
    """Return the newest undiscounted price list shown for a name up to a given time."""
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
