"""The entries of a price table: models, periods with their rates, fees, features."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import Advice, Advised, UnpricedError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.provenance import Dated, Precision, Sourced, require_utc
from deepseek_cost.pricing.schedule import Tier, TierBy

_MOST_TOKENS: Final = 10**12
_HIGHEST_PRICE: Final = 10**9
_MOST_PLACES: Final = 18


class Template(StrEnum):
    """The prompt templates that DeepSeek's models are served with."""

    V4_PREVIEW = "v4-preview"
    V4 = "v4"
    V4_1 = "v4.1"


class Rates(Struct, forbid_unknown_fields=True, frozen=True):
    """Prices per 1,000,000 tokens."""

    cache_hit: Decimal
    cache_miss: Decimal
    output: Decimal

    def __post_init__(self) -> None:
        for price in (self.cache_hit, self.cache_miss, self.output):
            require_price(price)


RateList = Mapping[Currency, Mapping[Tier, Rates]]


class Period(Dated, frozen=True, kw_only=True):
    """One price list for the name in `bills`; `list` has the undiscounted prices shown with it."""

    id: str
    bills: str
    rates: RateList
    list: RateList = field(default_factory=dict)

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        require_name(self.id)
        require_name(self.bills)
        if not self.rates:
            raise ValueError("rates are missing")
        for currency, tiers in (*self.rates.items(), *self.list.items()):
            if set(tiers) not in ({Tier.FLAT}, {Tier.PEAK, Tier.OFF_PEAK}):
                raise ValueError(f"rates.{currency} needs flat, or peak and off_peak")


class Service(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The model version that serves a name from a given time on, and how it is billed.

    It ends when the next one begins, or at `until`, after which nothing is known to serve the name.
    """

    since: datetime
    version: str
    billed_as: str
    template: Template
    precision: Precision
    until: datetime | None = None

    def __post_init__(self) -> None:
        require_utc(self.since, "since")
        require_name(self.billed_as)
        if self.until is not None:
            require_utc(self.until, "until")


class Model(Dated, frozen=True, kw_only=True):
    """A name that the API accepts, from `since` until `until` (excluded; None: still accepted).

    `existed_before`: the name is older than this table's history of it.
    """

    name: str
    status: str
    service: tuple[Service, ...]
    context_tokens: int
    max_output_tokens: int
    concurrent_requests: int | None = None
    image_max_tokens: int | None = None
    nickname: str | None = None
    also: tuple[str, ...] = ()
    use_instead: str | None = None
    thinking: bool | None = None
    existed_before: bool = False
    until: datetime | None = None
    until_precision: Precision | None = None

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        if not self.service or min(service.since for service in self.service) > self.since:
            raise ValueError("service does not cover the model from its beginning")
        for name in self.names:
            require_name(name)
        for limit in (self.context_tokens, self.max_output_tokens):
            if not 0 < limit <= _MOST_TOKENS:
                raise ValueError(f"a token limit is not between 1 and {_MOST_TOKENS:,}")
        if self.until is not None:
            require_utc(self.until, "until")
            if self.until <= self.since or not (self.note and self.use_instead):
                raise ValueError("until is later than since, and needs note and use_instead")

    @property
    def names(self) -> tuple[str, ...]:
        """Every spelling of the name that a user may give."""
        return (self.name, *([self.nickname] if self.nickname else []), *self.also)

    def is_accepted(self, at: datetime) -> bool:
        """Return whether the API accepts the name at `at`."""
        is_within = self.since <= at and (self.until is None or at < self.until)
        return is_within and not self._has_ended(self._service_begun(at), at)

    def service_at(self, at: datetime) -> Service:
        """Return what serves the name at `at`.

        Raises UnpricedError if the name isn't accepted then, or nothing is known to serve it.
        """
        if at < self.since:
            reason = (
                "no price of it is known before"
                if self.existed_before
                else "the name was first accepted at"
            )
            raise UnpricedError(
                Advised(
                    f"{self.name} has no price at {stamp(at)}: {reason} {stamp(self.since)}",
                    Advice.LATER,
                )
            )
        if self.until is not None and at >= self.until:
            raise UnpricedError(self._instead(at, self.until))
        service = self._service_begun(at)
        if self._has_ended(service, at):
            raise UnpricedError(self._instead(at, service.until or at))
        return service

    def _instead(self, at: datetime, until: datetime) -> Advised:
        return Advised(
            f"{self.name} has no price at {stamp(at)}: {self.note}",
            Advice.INSTEAD_NO_THINKING if self.thinking is False else Advice.INSTEAD,
            str(self.use_instead).partition(" ")[0],
            stamp(until),
        )

    def _service_begun(self, at: datetime) -> Service:
        return max((s for s in self.service if s.since <= at), key=lambda service: service.since)

    @staticmethod
    def _has_ended(service: Service, at: datetime) -> bool:
        return service.until is not None and at >= service.until

    @property
    def template(self) -> Template:
        """The template used to count requests to this name: always the latest one."""
        return max(self.service, key=lambda service: service.since).template


class Fee(Dated, frozen=True, kw_only=True):
    """A flat price for something other than tokens; in a missing currency, it is unknown."""

    id: str
    unit: str
    price: Mapping[Currency, Decimal]
    list: Mapping[Currency, Decimal] = field(default_factory=dict)
    server_side_free_until: datetime | None = None
    concurrent_requests: int | None = None

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        for price in (*self.price.values(), *self.list.values()):
            require_price(price)

    @property
    def unit_size(self) -> Decimal:
        """How many requests, pages or characters the price covers: 1,000 for `1,000 pages`."""
        number = self.unit.partition(" ")[0].replace(",", "")
        return Decimal(number) if number.isascii() and number.isdigit() else Decimal(1)

    def is_free_server_side(self, at: datetime) -> bool:
        """Return whether calls made by the model itself are free at a given time."""
        return self.server_side_free_until is not None and at < self.server_side_free_until


class Features(Dated, frozen=True, kw_only=True):
    """Model features on the price page; None means that the page didn't list the feature."""

    models: tuple[str, ...]
    thinking: str | None = None
    json_output: str | None = None
    tool_calls: str | None = None
    responses_api: str | None = None
    anthropic_api: str | None = None
    chat_prefix: str | None = None
    fim: str | None = None
    vision: str | None = None


class Cancelled(Sourced, frozen=True, kw_only=True):
    """A change that was announced but never took effect."""

    what: str
    planned: str
    announced: date
    cancelled: str


class Billing(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How fees are calculated and deducted, according to DeepSeek's price page."""

    formula: str
    deducted_first: str
    cache_write: str
    reasoning: str
    rounding: str
    tier_instant: str
    source: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.tier_instant not in ("unknown", *TierBy):
            raise ValueError("tier_instant is unknown, start or end")


def require_name(name: str) -> None:
    """Raise ValueError unless `name` can be typed and displayed exactly as it is."""
    if not name or not name.isprintable() or name != name.strip().lower():
        raise ValueError(f"the name {name!r} is not in plain lower case")


def require_price(price: Decimal) -> None:
    """Raise ValueError for a price that is negative, too high, or has too many decimals."""
    exponent = price.as_tuple().exponent
    if price.is_signed() or price > _HIGHEST_PRICE or not -_MOST_PLACES <= int(exponent) <= 0:
        raise ValueError(
            f"a price is between 0 and {_HIGHEST_PRICE:,}, with up to {_MOST_PLACES} decimals"
        )


def stamp(at: datetime) -> str:
    """Format a time for people: in UTC, to the minute, or to the second if it has seconds."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC".replace(":00 UTC", " UTC")
