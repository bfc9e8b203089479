"""What an answer did cost: the tokens that it says were billed, at the price of their instant.

Answers and usages are taken as the API sends them, or as the `openai` and `anthropic` packages
return them; neither package is needed.
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
    """Return the table of what an answer did cost."""
    # For notebooks alone.
    from deepseek_cost.render.notebook import number, usage_rows, usage_table  # noqa: PLC0415

    rows = usage_rows(charge.usage, charge.price.rates, charge.cost)
    rows.append(
        ("total", f"{charge.usage.input + charge.usage.output:,}", "", number(charge.total))
    )
    return usage_table(charge.price, rows)


@runtime_checkable
class ClientObject(Protocol):
    """What the clients return: a pydantic model."""

    def model_dump(self, *, exclude_unset: bool) -> dict[str, object]:
        """Return its fields, those that the client does not know included."""


Answer = Mapping[str, object] | ClientObject
# What errors of reading call it, where a log would have its name; they are not shown.
_ANSWER: Final = "answer"
_HELPER_EVENTS: Final = ("text", "thinking", "signature", "citation", "input_json", "compaction")


_NOTHING: Final = Decimal(0)


class Charge(Struct, frozen=True):
    """Billed tokens with the price that they were billed at."""

    usage: TokenUsage
    price: Price
    fees: Decimal = _NOTHING

    @property
    def cost(self) -> Cost:
        """The cost of hits, misses and output."""
        return cost_of(self.usage, self.price.rates)

    @property
    def total(self) -> Decimal:
        """The whole cost, fees of server tools included, in the currency of the price."""
        return EXACT.add(self.cost.total, self.fees)

    def _repr_html_(self) -> str:
        return _of_charge(self)


def price_usage(
    usage: TokenUsage | Answer,
    *,
    model: str,
    at: datetime,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Charge:
    """Price the `usage` of an answer, of any of the API's formats.

    `at` carries its time zone. Raises InputError for a usage that does not tell hits, misses and
    output, UnknownModelError, UnpricedError.
    """
    if not isinstance(usage, TokenUsage):
        try:
            usage = usage_of(_fields(usage)).tokens
        except Unreadable as error:
            raise InputError(_of_python(error)) from error
    unit = choice(Currency, currency, "currency")
    return Charge(usage, (prices or load_prices()).price(model, at, unit))


def price_answer(
    answer: Answer | Iterable[Answer],
    *,
    at: datetime | None = None,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Charge:
    """Price an answer, or the chunks of a streamed one, by the model and the time that it names.

    `at` stands in place of that time; Messages of the Anthropic format tell none. Raises
    InputError where tokens, model or time are missing, UnknownModelError, UnpricedError.
    """
    meter = Meter(at=at, currency=currency, prices=prices)
    # A client's object can be iterated over, too.
    parts = [answer] if isinstance(answer, Mapping | ClientObject) else answer
    charge: Charge | None = None
    for part in parts:
        charge = meter.add(part) or charge
    meter.close()
    if charge is None:
        raise InputError("no usage in it")
    return charge


class Meter:
    """Prices answers as they come in, one after the other, and adds up what they cost.

    It takes whole answers and the chunks of streams, also of several that run beside each other;
    Messages of the Anthropic format, whose events name no stream, need a meter each for that. `at`
    stands in place of the time that an answer tells.
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
        """What all answers so far did cost."""
        return EXACT.add(self.cost.total, self.fees)

    def add(self, part: Answer, *, at: datetime | None = None) -> Charge | None:
        """Price an answer, or what ends a stream; None for a chunk before that.

        An answer with the id and the input of an earlier one is that one, and counts once. Raises
        as price_answer, and for a stream that another one shows to have broken off.
        """
        fields = _fields(part)
        if fields.get("type") == "chunk":  # an event of a helper, which holds the chunk
            fields = _fields(cast("Answer", fields.get("chunk")))
        self._parts += 1
        charge = None
        if not _is_of_helper(fields):
            for found in self._chunks.add(Document(Line(_ANSWER, "", self._parts), fields)):
                charge = self._price(found, at or self._at) or charge
        return charge

    def take(self, part: Answer, *, at: datetime | None = None) -> Charge | None:
        """Call `add`, its new name; warns with DeprecationWarning."""
        warn("Meter.take is now Meter.add", DeprecationWarning, stacklevel=2)
        return self.add(part, at=at)

    def close(self) -> None:
        """Raise InputError for streams of which no usage came: what they cost is unknown."""
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
    """Tell whether it is an event that the clients' helpers make of chunks, and add to them."""
    kind = fields.get("type")
    if not isinstance(kind, str) or "usage" in fields:
        return False
    return kind in _HELPER_EVENTS or ("." in kind and not kind.startswith("response."))


def _fields(found: Answer) -> Mapping[str, object]:
    """Return the fields of an object, whatever the client wraps it in."""
    if isinstance(found, Mapping):
        return found
    if isinstance(found, ClientObject):
        return found.model_dump(exclude_unset=True)
    raise InputError(f"a {type(found).__name__} is no object of the API, nor one of its clients")


def _of_python(reason: object) -> str:
    """Turn a reason from reading logs, which ends in an option to give, into one for Python."""
    what = str(reason).partition(";")[0]
    return f"{what}; pass at=" if what == "no time in it" else what
