"""Add up DeepSeek's own export as a bill, each row at the rate that its price shows.

A price that the book does not have for its day is a change that we missed. Amounts times prices
must equal the cost file to the last digit; days on which they do not are reported.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import Fault
from deepseek_cost.billing.formats.deepseek_export import Kind, Row, Span, Usage
from deepseek_cost.errors import InputError, UnknownModelError, UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Rates
from deepseek_cost.pricing.schedule import Tier

_MILLION: Final = Decimal(1_000_000)
_NOTHING: Final = Decimal(0)
# More price changes than the span of any row has.
_MOST_CHANGES: Final = 5_000
_NAMED: Final = 100
_TOKENS: Final = (Kind.HITS, Kind.MISSES, Kind.OUTPUT)


class UsageKey(NamedTuple):
    """The key of a row of usage in an export."""

    span: Span
    model: str
    key: str | None
    kind: str
    price: Decimal | None


class ChargeKey(NamedTuple):
    """The key of a row of cost in an export."""

    span: Span
    model: str
    key: str | None
    wallet: str | None
    currency: str


class Line(Struct, frozen=True):
    """A row of usage with its rate, which is None if no rate of its time has its price.

    `day` is the first day of its span, in the export's time zone. `price` is for 1,000,000 tokens,
    or 1,000,000 of whatever else is counted; None if it costs nothing or is unknown.
    `from_book`: the export has no price, and the book has exactly one for that time.
    """

    day: date
    span: Span
    model: str
    key: str | None
    kind: str
    amount: int
    price: Decimal | None
    rate: Tier | None
    from_book: bool = False

    @property
    def cost(self) -> Decimal:
        """The exact cost of the row."""
        if self.price is None:
            return _NOTHING
        return EXACT.divide(EXACT.multiply(Decimal(self.amount), self.price), _MILLION)


class Difference(Struct, frozen=True):
    """A model's day on which usage times price differs from the cost. None: one has no rows."""

    day: date
    model: str
    by_usage: Decimal | None
    by_cost: Decimal | None


class Invoice(Struct):
    """The rows of exports, each once. `repeated` counts rows that were in several files.

    If two rows differ only in their amounts, the larger one counts: the other was exported before
    the day ended. `default` is the currency if neither a cost file nor a price shows it.
    """

    book: PriceBook
    default: Currency = Currency.USD
    sources: list[str] = field(default_factory=list)
    repeated: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    _usages: dict[UsageKey, int] = field(default_factory=dict)
    _charges: dict[ChargeKey, Decimal] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Add a row of an export."""
        if isinstance(row, Fault):
            self.refused += 1
            if len(self.faults) < _NAMED:
                self.faults.append(row)
        elif isinstance(row, Usage):
            key = UsageKey(row.span, row.model, row.key, row.kind, row.price)
            self.repeated += key in self._usages
            self._usages[key] = max(row.amount, self._usages.get(key, 0))
        else:
            place = ChargeKey(row.span, row.model, row.key, row.wallet, row.currency)
            self.repeated += place in self._charges
            self._charges[place] = max(row.cost, self._charges.get(place, _NOTHING))

    @property
    def is_empty(self) -> bool:
        """Whether it has no rows."""
        return not self._usages and not self._charges

    def require_one_calendar(self) -> None:
        """Raise InputError if usage of the same time would be counted twice.

        Hourly and daily exports of the same time overlap, as do exports of a day in two time zones.
        """
        for rows in (self._usages, self._charges):
            spans = sorted({key.span for key in rows})
            for first, second in pairwise(spans):
                if second.start < first.end:
                    raise InputError(
                        f"two exports overlap: one has {_shown(first)}, one {_shown(second)}",
                        tip="give one of them",
                    )

    def currency(self) -> Currency:
        """Return the account's currency, from the cost file or else from the prices.

        Raises InputError if there are two currencies, or one that the book does not have.
        """
        named = {key.currency for key in self._charges}
        if len(named) > 1:
            raise InputError(
                f"an invoice in {' and '.join(sorted(named))}", tip="give one at a time"
            )
        if named:
            code = named.pop()
            if code not in list(Currency):
                raise InputError(f"an invoice in {code!r}; prices are known in USD and CNY")
            return Currency(code)
        known = {currency: self._known_prices(currency) for currency in Currency}
        best = max(known, key=lambda currency: (known[currency], currency is self.default))
        return best if known[best] else self.default

    def lines(self, currency: Currency) -> list[Line]:
        """Return the rows with their rates, earliest first."""
        rates = _Rates(self.book, currency)
        lines = (_line(rates, key, amount) for key, amount in self._usages.items())
        return sorted(lines, key=lambda line: (line.span, line.model, line.key or "", line.kind))

    def charges(self) -> Iterator[tuple[date, ChargeKey, Decimal]]:
        """Yield the day, key and amount of each row of cost."""
        for key, cost in sorted(self._charges.items(), key=lambda item: item[0].span):
            yield key.span.start.date(), key, cost

    def differences(self, lines: Iterable[Line]) -> list[Difference]:
        """Return where usage times price differs from the cost; empty without both files.

        Rows that have no price of their own and not exactly one in the book cannot be compared.
        """
        if not self._usages or not self._charges:
            return []
        by_usage: dict[tuple[Span, str], Decimal] = {}
        unknown = set()
        for line in lines:
            place = line.span, line.model
            by_usage[place] = EXACT.add(by_usage.get(place, _NOTHING), line.cost)
            if line.price is None and is_unknown(line):
                unknown.add(place)
        by_cost: dict[tuple[Span, str], Decimal] = {}
        for key, cost in self._charges.items():
            place = key.span, key.model
            by_cost[place] = EXACT.add(by_cost.get(place, _NOTHING), cost)
        return [
            Difference(
                span.start.date(), model, by_usage.get((span, model)), by_cost.get((span, model))
            )
            for span, model in sorted((by_usage.keys() | by_cost.keys()) - unknown)
            if by_usage.get((span, model), _NOTHING) != by_cost.get((span, model), _NOTHING)
        ]

    @property
    def zone(self) -> tzinfo:
        """The time zone of the export's days: the browser's, where the offset may change."""
        starts = {key.span.start for rows in (self._usages, self._charges) for key in rows}
        return Offsets(sorted(starts))

    @property
    def span(self) -> Span | None:
        """The time from the first row to the last, or None if there are no rows."""
        spans = [key.span for rows in (self._usages, self._charges) for key in rows]
        if not spans:
            return None
        return Span(min(s.start for s in spans), max(s.end for s in spans))

    def _known_prices(self, currency: Currency) -> int:
        rates = _Rates(self.book, currency)
        priced = [key for key in self._usages if key.price is not None]
        return sum(rates.find(key) is not None for key in priced)


class Offsets(tzinfo):
    """A time zone made of the offsets in an export's times; the latest earlier one applies."""

    def __init__(self, starts: list[datetime]) -> None:
        self._starts = [start.timestamp() for start in starts] or [0.0]
        self._offsets = [start.utcoffset() or timedelta() for start in starts] or [timedelta()]

    def __reduce__(self) -> tuple[object, ...]:
        starts = zip(self._starts, self._offsets, strict=True)
        return Offsets, ([datetime.fromtimestamp(s, UTC) for s, _ in starts],)

    def fromutc(self, at: datetime, /) -> datetime:
        """Return a UTC time in this zone."""
        return at + self._at(at.replace(tzinfo=UTC).timestamp())

    def utcoffset(self, at: datetime | None, /) -> timedelta:
        """Return the UTC offset at a local time in this zone."""
        if at is None:
            return self._offsets[0]
        local = at.replace(tzinfo=UTC).timestamp()
        return self._at(local - self._at(local).total_seconds())

    def dst(self, _: datetime | None, /) -> timedelta | None:
        """Return None: an offset does not show how much of it is daylight saving."""
        return None

    def tzname(self, at: datetime | None, /) -> str:
        """Return the offset as text."""
        return name_of(self.utcoffset(at))

    def _at(self, seconds: float) -> timedelta:
        return self._offsets[max(0, bisect_right(self._starts, seconds) - 1)]


def name_of(offset: timedelta) -> str:
    """Return an offset as people write it, such as UTC or UTC+08:00."""
    if not offset:
        return "UTC"
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


class _Rates:
    """The rates that apply at any time in a span, found once for each model and span."""

    def __init__(self, book: PriceBook, currency: Currency) -> None:
        self._book = book
        self._currency = currency
        self._found: dict[tuple[str, Span], list[tuple[Tier, Rates]]] = {}

    def of(self, model: str, span: Span) -> list[tuple[Tier, Rates]]:
        """Return rates with their `Tier`; empty for an unknown model or a time without prices."""
        key = model, span
        if key not in self._found:
            self._found[key] = list(rates_in(self._book, model, span, self._currency))
        return self._found[key]

    def find(self, key: UsageKey) -> Tier | None:
        """Return the `Tier` that a row's price shows, or None if no rate of its time matches."""
        if key.price is None:
            return None
        wanted = EXACT.multiply(key.price, _MILLION)
        if key.kind not in _TOKENS:
            return Tier.FLAT if wanted in self._fees() else None
        found = self.of(key.model, key.span)
        return next((tier for tier, rates in found if price_of(rates, key.kind) == wanted), None)

    def _fees(self) -> set[Decimal]:
        fees = (fee.price.get(self._currency) for fee in self._book.fee)
        return {EXACT.multiply(price, Decimal(1_000)) for price in fees if price is not None}


def rates_in(
    book: PriceBook, model: str, span: Span, currency: Currency
) -> Iterator[tuple[Tier, Rates]]:
    """Yield each rate that applies to a model at any time in a span, with its `Tier`, once."""
    at, end = span.start.astimezone(UTC), span.end.astimezone(UTC)
    seen: list[tuple[Tier, Rates]] = []
    for _ in range(_MOST_CHANGES):
        try:
            price = book.price(model, at, currency)
        except UnknownModelError:
            return
        except UnpricedError:
            starts = [one.since for one in (book.find(model), *book.period)]
            at = min((since for since in starts if since > at), default=end)
        else:
            if (price.tier, price.rates) not in seen:
                seen.append((price.tier, price.rates))
                yield price.tier, price.rates
            changes = [until for until in (price.tier_until, price.period_until) if until]
            at = min(changes, default=end)
        if at >= end:
            return


def price_of(rates: Rates, kind: str) -> Decimal:
    """Return the price of 1,000,000 tokens of this kind."""
    if kind == Kind.HITS:
        return rates.cache_hit
    return rates.cache_miss if kind == Kind.MISSES else rates.output


def _line(rates: _Rates, key: UsageKey, amount: int) -> Line:
    price, rate, from_book = key.price, rates.find(key), False
    if price is not None:
        price = EXACT.multiply(price, _MILLION)
    elif key.kind in _TOKENS and amount:
        found = rates.of(key.model, key.span)
        if len({price_of(one, key.kind) for _, one in found}) == 1:
            rate, from_book = found[0][0], True
            price = price_of(found[0][1], key.kind)
    return Line(
        day=key.span.start.date(),
        span=key.span,
        model=key.model,
        key=key.key,
        kind=key.kind,
        amount=amount,
        price=price,
        rate=rate,
        from_book=from_book,
    )


def _shown(span: Span) -> str:
    return f"{span.start.isoformat()} to {span.end.isoformat()}"


def is_unknown(line: Line) -> bool:
    """Return whether the book lacks a row's price, or any price for a row without one."""
    if line.rate is not None or not line.amount:
        return False
    return line.price is not None or line.kind in _TOKENS


class Missing(Struct, frozen=True):
    """Prices on an invoice that are not in the book, where they were, and the TOML to append.

    `prices` are per 1,000,000, by what they are for. The TOML is empty for prices of anything but
    a model's tokens, and for rows without a price.
    """

    day: date
    model: str
    prices: tuple[tuple[str, Decimal | None], ...]
    toml: str


def missing_prices(book: PriceBook, lines: Iterable[Line], currency: Currency) -> list[Missing]:
    """Return the prices missing from the book, each price list of a model at its first day."""
    days: dict[tuple[Span, str], list[Line]] = {}
    for line in lines:
        days.setdefault((line.span, line.model), []).append(line)
    found: list[Missing] = []
    seen: set[tuple[str, tuple[tuple[str, Decimal | None], ...]]] = set()
    for (span, model), day in days.items():
        unknown = {(line.kind, line.price) for line in day if is_unknown(line)}
        prices = tuple(sorted(unknown, key=lambda pair: (pair[0], pair[1] or _NOTHING)))
        if prices and (model, prices) not in seen:
            seen.add((model, prices))
            toml = period_toml(book, span, model, day, currency)
            found.append(Missing(span.start.date(), model, prices, toml))
    return found


def period_toml(
    book: PriceBook, span: Span, model: str, lines: Iterable[Line], currency: Currency
) -> str:
    """Return a price-table period (TOML) with the prices of a day, or "" if it has none.

    The higher of two prices is the peak price. A single price is certain only if one rate covers
    the whole day; otherwise it is written as off-peak (half of peak), with a comment.
    """
    prices: dict[Kind, list[Decimal]] = {}
    for line in lines:
        if line.kind in _TOKENS and line.price is not None:
            kind = Kind(line.kind)
            prices[kind] = sorted({*prices.get(kind, ()), line.price})
    if not prices:
        return ""
    before = dict(reversed(list(rates_in(book, model, span, currency))))
    comments: list[str] = []
    tiers = _tiers(prices, before, comments)
    since = span.start.astimezone(UTC)
    bills = _billed_as(book, model, since)
    head = [
        "[[period]]",
        f'id = "{bills.removeprefix("deepseek-")}-{since:%Y-%m-%d}"',
        f'bills = "{bills}"',
        f"since = {since:%Y-%m-%dT%H:%M:%SZ}  # the first day billed so; the time is not known",
        'precision = "day"',
        'confidence = "medium"',
        f"checked = {span.end.astimezone(UTC):%Y-%m-%d}",
        'source = ["the platform\'s usage export"]',
    ]
    rates = [
        f"rates.{currency}.{tier} = {{ "
        + ", ".join(
            f"{_NAMES[kind]} = {price.normalize():f}" for kind, price in sorted(one.items())
        )
        + " }"
        for tier, one in tiers.items()
    ]
    return "\n".join([*head, *(f"# {comment}" for comment in comments), *rates]) + "\n"


_NAMES: Final = {Kind.HITS: "cache_hit", Kind.MISSES: "cache_miss", Kind.OUTPUT: "output"}


def _tiers(
    prices: dict[Kind, list[Decimal]], before: dict[Tier, Rates], comments: list[str]
) -> dict[Tier, dict[Kind, Decimal]]:
    """Return the peak and off-peak prices; any that the export lacks are as they were before."""
    is_tiered = any(len(found) > 1 for found in prices.values()) or Tier.PEAK in before
    tiers = (Tier.OFF_PEAK, Tier.PEAK) if is_tiered else (Tier.FLAT,)
    has_one_rate = all(len(found) == 1 for found in prices.values())
    if is_tiered and has_one_rate and Tier.PEAK in before:
        comments.append("one rate alone is on the invoice: if it is at peak, halve both lines")
    result: dict[Tier, dict[Kind, Decimal]] = {}
    for tier in tiers:
        result[tier] = {}
        for kind in _TOKENS:
            found = prices.get(kind)
            old = before.get(tier) or next(iter(before.values()), None)
            is_old = (
                found is not None
                and len(found) == 1
                and any(price_of(rates, kind) == found[0] for rates in before.values())
            )
            if found is None or is_old:
                if found is None:
                    comments.append(f"no {_NAMES[kind]} on the invoice: {tier.label} as before")
                result[tier][kind] = price_of(old, kind) if old else _NOTHING
            elif tier is Tier.PEAK:
                result[tier][kind] = found[-1] if len(found) > 1 else found[0] * 2
            else:
                result[tier][kind] = found[0]
    return result


def _billed_as(book: PriceBook, model: str, at: datetime) -> str:
    """Return the name that a model is billed under, or its own if it is unknown."""
    try:
        return book.find(model).service_at(at).billed_as
    except (UnknownModelError, UnpricedError):
        return model.lower()
