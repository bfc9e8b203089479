"""The price of a model name at any time, and sums at that price."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from math import inf
from operator import add
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.identity import Counted
from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.routing import route
from deepseek_cost.pricing.book import Price, PriceBook
from deepseek_cost.pricing.cost import EXACT, Cost, TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.fees import FeeId, fee_of
from deepseek_cost.pricing.schedule import Tier

# This close to a price change, the start and the end of a request may be priced differently.
EDGE_SECONDS: Final = 60
# How many names to remember. A log with more made-up names only takes longer.
_KNOWN_NAMES: Final = 1_000
_DAY: Final = 86_400


class Stretch(Struct, eq=False):
    """A time span in which the prices of a model and of the one compared with it do not change.

    In seconds since 1970. `since` is the earliest time found to have the price; `until` is
    exclusive.
    """

    price: Price
    alternative: Price | None
    since: float
    until: float


class Tariff(Struct):
    """The stretches found so far for a model name, in order of time."""

    find: Callable[[float], Stretch]
    _ends: list[float] = field(default_factory=list)
    _stretches: list[Stretch] = field(default_factory=list)

    def at(self, seconds: float) -> Stretch:
        """Return the stretch that contains a time (seconds since 1970); raises UnpricedError."""
        known = self._known(seconds)
        if known is not None:
            return known
        self._find_day(seconds)
        return self._known(seconds) or self._found(seconds)

    def _known(self, seconds: float) -> Stretch | None:
        index = bisect_right(self._ends, seconds)
        known = self._stretches[index] if index < len(self._ends) else None
        return known if known is not None and known.since <= seconds else None

    def _find_day(self, seconds: float) -> None:
        """Find all stretches of a UTC day, one after the other, as far as it has prices."""
        at = seconds // _DAY * _DAY
        end = at + _DAY
        try:
            while at < end:
                at = self._found(at).until
        except UnpricedError:
            return

    def _found(self, seconds: float) -> Stretch:
        """Find the stretch that contains a time. It may extend a known one to an earlier start."""
        found = self.find(seconds)
        index = bisect_right(self._ends, seconds)
        known = self._stretches[index] if index < len(self._ends) else None
        if known is not None and known.until == found.until:
            known.since = min(known.since, seconds)
            return known
        self._ends.insert(index, found.until)
        self._stretches.insert(index, found)
        return found

    def is_near_edge(self, seconds: float) -> bool:
        """Return whether the price changes within a minute before or after a time."""
        try:
            return self.at(seconds - EDGE_SECONDS).until <= seconds + EDGE_SECONDS
        except UnpricedError:
            return True


def tariff_of(book: PriceBook, name: str, alternative: str, currency: Currency) -> Tariff:
    """Return the tariff of a model, including the prices of another one to compare with."""

    def find(seconds: float) -> Stretch:
        at = datetime.fromtimestamp(seconds, UTC)
        price = book.price(name, at, currency)
        try:
            other = book.price(alternative, at, currency)
        except UnpricedError:
            other = None
        ends = [end for one in (price, other) if one for end in (one.tier_until, one.period_until)]
        until = min((end.timestamp() for end in ends if end), default=inf)
        return Stretch(price, other, seconds, until)

    return Tariff(find)


class Tariffs(Struct):
    """Tariffs of the names found, each including the prices of the other default model."""

    book: PriceBook
    currency: Currency
    defaults: tuple[str, str] = ("deepseek-v4-flash", "deepseek-v4-pro")
    _by_model: dict[str, Tariff] = field(default_factory=dict)
    _by_name: dict[tuple[str, Kind], Tariff] = field(default_factory=dict)

    def find(self, name: str, kind: Kind) -> Tariff:
        """Return the tariff of a name; raises UnknownModelError."""
        known = self._by_name.get((name, kind))
        if known is not None:
            return known
        try:
            model = route(name, kind, self.book).model.name
        except UnknownModelError:
            raise UnknownModelError(f"unknown model {name!r}") from None
        tariff = self._by_model.get(model)
        if tariff is None:
            tariff = tariff_of(self.book, model, self.alternative(model), self.currency)
            self._by_model[model] = tariff
        if len(self._by_name) < _KNOWN_NAMES:
            self._by_name[name, kind] = tariff
        return tariff

    def fee(self, fee: FeeId, calls: int, seconds: float) -> Decimal:
        """Return the cost of calls to a server tool at a time; raises UnpricedError."""
        at = datetime.fromtimestamp(seconds, UTC)
        entry = next((entry for entry in self.book.fees_at(at) if entry.id == fee), None)
        if entry is None or entry.is_free_server_side(at):  # nothing to call or pay for
            return Decimal(0)
        return fee_of(entry, calls, self.currency)

    def alternative(self, model: str) -> str:
        """Return the default model that a model is compared with."""
        flash, pro = self.defaults
        return flash if model == pro else pro


class Sums(Struct):
    """Requests, their tokens, and the amount of their fees.

    `reasoning` is as far as reported; `unreported` requests do not report theirs.
    """

    requests: int = 0
    cache_hit: int = 0
    cache_miss: int = 0
    output: int = 0
    reasoning: int = 0
    fees: Decimal = Decimal(0)
    unreported: int = 0

    def add(self, counted: Counted, fees: Decimal, sign: int = 1) -> None:
        """Add a request, or subtract it if `sign` is -1."""
        self.requests += sign
        self.cache_hit += sign * counted.hit
        self.cache_miss += sign * counted.miss
        self.output += sign * counted.output
        self.reasoning += sign * (counted.reasoning or 0)
        self.unreported += sign * (counted.reasoning is None)
        if fees:
            self.fees = EXACT.add(self.fees, sign * fees)

    def add_all(
        self,
        hits: Sequence[int],
        misses: Iterable[int],
        outputs: Iterable[int],
        reported: Sequence[int],
    ) -> None:
        """Add requests without fees; `reported` is the reasoning of those that report it."""
        self.requests += len(hits)
        self.unreported += len(hits) - len(reported)
        self.cache_hit += sum(hits)
        self.cache_miss += sum(misses)
        self.output += sum(outputs)
        self.reasoning += sum(reported)

    @property
    def usage(self) -> TokenUsage:
        """The billed tokens."""
        return TokenUsage(self.cache_hit, self.cache_miss, self.output)

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.requests + other.requests,
            self.cache_hit + other.cache_hit,
            self.cache_miss + other.cache_miss,
            self.output + other.output,
            self.reasoning + other.reasoning,
            EXACT.add(self.fees, other.fees),
            self.unreported + other.unreported,
        )


class BillTotals(Struct, frozen=True):
    """Sums with their exact cost, and what they would have cost otherwise.

    `saved`: by cache hits. `peak_extra`: over the off-peak rates of the same period.
    `alternative`: the cost of the same tokens on the other model, or None if it had no price.
    """

    sums: Sums
    cost: Cost
    saved: Decimal
    peak_extra: Decimal
    alternative: Decimal | None

    @property
    def total(self) -> Decimal:
        """The total cost: tokens and fees."""
        return EXACT.add(self.cost.total, self.sums.fees)

    def __add__(self, other: "BillTotals") -> "BillTotals":
        return BillTotals(
            sums=self.sums + other.sums,
            cost=self.cost + other.cost,
            saved=EXACT.add(self.saved, other.saved),
            peak_extra=EXACT.add(self.peak_extra, other.peak_extra),
            alternative=None
            if self.alternative is None or other.alternative is None
            else EXACT.add(self.alternative, other.alternative),
        )


def figures_of(sums: Sums, stretch: Stretch) -> BillTotals:
    """Return the totals of sums, priced at the rates of a stretch."""
    usage, price = sums.usage, stretch.price
    cost = cost_of(usage, price.rates)
    uncached = cost_of(TokenUsage(0, usage.input, usage.output), price.rates)
    at_peak = price.tier is Tier.PEAK and price.other_rates
    off_peak = cost_of(usage, price.other_rates).total if at_peak and price.other_rates else None
    return BillTotals(
        sums=sums,
        cost=cost,
        saved=EXACT.subtract(uncached.total, cost.total),
        peak_extra=Decimal(0) if off_peak is None else EXACT.subtract(cost.total, off_peak),
        alternative=cost_of(usage, stretch.alternative.rates).total
        if stretch.alternative
        else None,
    )


def total(figures: Iterable[BillTotals]) -> BillTotals:
    """Return the sum of figures."""
    nothing = Cost(Decimal(0), Decimal(0), Decimal(0))
    return reduce(add, figures, BillTotals(Sums(), nothing, Decimal(0), Decimal(0), Decimal(0)))
