"""What a response cost: the billed tokens it reports, at the price in effect at the time.

Responses and usages can be as the API sends them or as the `openai` and `anthropic` packages
return them. Neither package is required.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final, Protocol, cast, runtime_checkable
from warnings import warn

from msgspec import Struct

from deepseek_cost.billing.charge import Charged, Charging, OtherHostError
from deepseek_cost.billing.formats.base import (
    Costless,
    Fault,
    Line,
    Reason,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.usage import usage_of
from deepseek_cost.billing.identity import Counted, CountedResponses
from deepseek_cost.billing.records import Reading
from deepseek_cost.billing.response import Chunks
from deepseek_cost.billing.tariff import Stretch, Tariffs
from deepseek_cost.errors import InputError, UnknownModelError
from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.pricing.book import Price, PriceBook, require_zone
from deepseek_cost.pricing.cost import EXACT, Cost, TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.text import choice


def _of_charge(charge: "Charge") -> str:
    """Return an HTML table of what a response cost."""
    # Only needed in notebooks.
    from deepseek_cost.render.notebook import number, usage_rows, usage_table  # noqa: PLC0415

    rows = usage_rows(charge.usage, charge.price.rates, charge.cost)
    rows.append(
        ("total", f"{charge.usage.input + charge.usage.output:,}", "", number(charge.total))
    )
    return usage_table(charge.price, rows)


@runtime_checkable
class ClientObject(Protocol):
    """An object returned by a client package: a pydantic model."""

    def model_dump(self, *, exclude_unset: bool) -> dict[str, object]:
        """Return its fields, including those unknown to the client."""


ApiObject = Mapping[str, object] | ClientObject
# The source's name in reading errors, in place of a log's name; it is not shown.
_ANSWER: Final = "answer"
_HELPER_EVENTS: Final = ("text", "thinking", "signature", "citation", "input_json", "compaction")


_NOTHING: Final = Decimal(0)


class Charge(Struct, frozen=True):
    """Billed tokens and the price they were billed at."""

    usage: TokenUsage
    price: Price
    fees: Decimal = _NOTHING

    @property
    def cost(self) -> Cost:
        """The cost of cache hits, misses and output, without fees."""
        return cost_of(self.usage, self.price.rates)

    @property
    def total(self) -> Decimal:
        """The total cost, including fees for server tools, in the currency of the price."""
        return EXACT.add(self.cost.total, self.fees)

    def _repr_html_(self) -> str:
        return _of_charge(self)


def price_usage(
    usage: TokenUsage | ApiObject,
    *,
    model: str,
    at: datetime,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Charge:
    """Return the charge for a response's `usage`, in any of the API's formats.

    `at` must have a time zone. Raises InputError if the usage does not report hits, misses and
    output, UnknownModelError, or UnpricedError.
    """
    if not isinstance(usage, TokenUsage):
        try:
            usage = usage_of(_fields(usage)).tokens
        except Unreadable as error:
            raise InputError(_of_python(error)) from error
    unit = choice(Currency, currency, "currency")
    return Charge(usage, (prices or load_prices()).price(model, at, unit))


def price_answer(
    answer: ApiObject | Iterable[ApiObject],
    *,
    at: datetime | None = None,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Charge:
    """Return the charge for a response, or for the chunks of a streamed one.

    It is priced for the model and time it reports. `at` replaces that time; Anthropic-format
    messages report none. Raises InputError if the tokens, model or time are missing,
    UnknownModelError, or UnpricedError.
    """
    meter = Meter(at=at, currency=currency, prices=prices)
    # A client's object is iterable, too.
    parts = [answer] if isinstance(answer, Mapping | ClientObject) else answer
    charge: Charge | None = None
    for part in parts:
        charge = meter.add(part) or charge
    meter.close()
    if charge is None:
        raise InputError("no usage in it")
    return charge


class Meter:
    """Prices responses as they arrive and adds up what they cost.

    Accepts whole responses and the chunks of streams, including concurrent streams. Concurrent
    Anthropic-format streams need one meter each, since their events do not name the stream. `at`
    replaces the time that a response reports.
    """

    def __init__(
        self,
        *,
        at: datetime | None = None,
        currency: Currency | str = Currency.USD,
        prices: PriceBook | None = None,
    ) -> None:
        self.requests = 0
        self.cost = Cost(Decimal(0), Decimal(0), Decimal(0))
        self._at = at
        self._currency = choice(Currency, currency, "currency")
        self.fees = _NOTHING
        self._charging = Charging(Tariffs(prices or load_prices(), self._currency))
        self._counted = CountedResponses()
        self._groups: dict[Stretch, int] = {}
        self._stretches: list[Stretch] = []
        self._parts = 0
        self._chunks = Chunks()

    @property
    def total(self) -> Decimal:
        """The total cost of all responses so far, including fees."""
        return EXACT.add(self.cost.total, self.fees)

    def add(self, part: ApiObject, *, at: datetime | None = None) -> Charge | None:
        """Return the charge for a response or for the end of a stream; None for earlier chunks.

        A response with the id and input of an earlier one is the same response and counts once.
        Raises the same errors as price_answer, and InputError for a stream that turns out to have
        broken off.
        """
        fields = _fields(part)
        if fields.get("type") == "chunk":  # a streaming helper's event, which contains the chunk
            fields = _fields(cast("ApiObject", fields.get("chunk")))
        self._parts += 1
        charge = None
        if not _is_of_helper(fields):
            for found in self._chunks.add(Document(Line(_ANSWER, "", self._parts), fields)):
                charge = self._price(found, at or self._at) or charge
        return charge

    def take(self, part: ApiObject, *, at: datetime | None = None) -> Charge | None:
        """Call `add`, the new name of this method; issues a DeprecationWarning."""
        warn("Meter.take is now Meter.add", DeprecationWarning, stacklevel=2)
        return self.add(part, at=at)

    def close(self) -> None:
        """Raise InputError if a stream never reported its usage, since its cost is unknown."""
        for found in self._chunks.end():
            self._price(found, self._at)

    def _price(self, found: Document | Fault, at: datetime | None) -> Charge | None:
        if at is not None:
            require_zone(at)
        record = Reading().record(*found) if isinstance(found, Document) else found
        if isinstance(record, Fault):
            raise InputError(_of_python(record.reason))
        if isinstance(record, Costless):
            if record.reason in (Reason.NO_RESPONSE, Reason.REQUEST):
                raise InputError("no usage in it")
            return None
        if at is not None:
            record.start = at.timestamp()
        return self._enter(record, self._charged(record))

    def _charged(self, response: Response) -> Charged:
        try:
            return self._charging.charge(response)
        except OtherHostError as error:
            if isinstance(error.__cause__, UnknownModelError):
                raise error.__cause__ from None
            raise InputError(str(error)) from None
        except Unreadable as error:
            raise InputError(_of_python(error)) from None

    def _enter(self, response: Response, charged: Charged) -> Charge:
        group = self._groups.setdefault(charged.stretch, len(self._groups))
        if group == len(self._stretches):
            self._stretches.append(charged.stretch)
        new = Counted(response.hit or 0, response.miss, response.output, response.reasoning, group)
        known = None if response.identity is None else self._counted.add(response.identity, new)
        charge = Charge(response.tokens, charged.stretch.price, charged.fees)
        if known is None:
            self.requests += 1
            self.cost += charge.cost
            self.fees = EXACT.add(self.fees, charge.fees)
            return charge
        former, new = known
        price = self._stretches[former.group].price
        before = cost_of(TokenUsage(former.hit, former.miss, former.output), price.rates)
        charge = Charge(TokenUsage(new.hit, new.miss, new.output), price, charged.fees)
        self.cost += charge.cost - before
        return charge


def _is_of_helper(fields: Mapping[str, object]) -> bool:
    """Return whether this is an event that clients' streaming helpers add to the API's own."""
    kind = fields.get("type")
    if not isinstance(kind, str) or "usage" in fields:
        return False
    return kind in _HELPER_EVENTS or ("." in kind and not kind.startswith("response."))


def _fields(found: ApiObject) -> Mapping[str, object]:
    """Return an object's fields, whatever the client wraps it in; raises InputError."""
    if isinstance(found, Mapping):
        return found
    if isinstance(found, ClientObject):
        return found.model_dump(exclude_unset=True)
    raise InputError(f"a {type(found).__name__} is not an object of the API or of its clients")


def _of_python(reason: object) -> str:
    """Return a log-reading error for Python code, without the command-line option to add."""
    what = str(reason).partition(";")[0]
    return f"{what}; pass at=" if what == "no time in it" else what
