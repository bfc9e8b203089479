"""What an answer did cost: the tokens that it says were billed, at the price of their instant.

Answers and usages are taken as the API sends them, or as the `openai` and `anthropic` packages
return them; neither package is needed.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Protocol, cast, runtime_checkable
from warnings import warn

from msgspec import Struct

from deepseek_cost.billing.records import Reading
from deepseek_cost.billing.response import Chunks
from deepseek_cost.billing.usage import NoUsageError, usage_of
from deepseek_cost.errors import InputError
from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.inputs.routing import route
from deepseek_cost.pricing.book import Price, PriceBook, require_zone
from deepseek_cost.pricing.cost import Cost, TokenUsage, cost_of
from deepseek_cost.pricing.entries import Currency
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
_ANSWER: Final = Line("answer", "", 1)
_HELPER_EVENTS: Final = ("text", "thinking", "signature", "citation", "input_json", "compaction")


class Charge(Struct, frozen=True):
    """Billed tokens with the price that they were billed at."""

    usage: TokenUsage
    price: Price

    @property
    def cost(self) -> Cost:
        """The cost of hits, misses and output."""
        return cost_of(self.usage, self.price.rates)

    @property
    def total(self) -> Decimal:
        """The whole cost, in the currency of the price."""
        return self.cost.total

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
        except NoUsageError as error:
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
        self._book = prices or load_prices()
        self._chunks = Chunks()

    @property
    def total(self) -> Decimal:
        """What all answers so far did cost."""
        return self.cost.total

    def add(self, part: Answer, *, at: datetime | None = None) -> Charge | None:
        """Price an answer, or what ends a stream; None for a chunk before that.

        Raises as price_answer, and for a stream that another one shows to have broken off.
        """
        fields = _fields(part)
        if fields.get("type") == "chunk":  # an event of a helper, which holds the chunk
            fields = _fields(cast("Answer", fields.get("chunk")))
        charge = None
        if not _is_of_helper(fields):
            for found in self._chunks.add(Document(_ANSWER, fields)):
                charge = self._price(found, at or self._at)
        return charge

    def take(self, part: Answer, *, at: datetime | None = None) -> Charge | None:
        """Call `add`, its new name; warns with DeprecationWarning."""
        warn("Meter.take is now Meter.add", DeprecationWarning, stacklevel=2)
        return self.add(part, at=at)

    def close(self) -> None:
        """Raise InputError for streams of which no usage came: what they cost is unknown."""
        for fault in self._chunks.end():
            raise InputError(fault.reason)

    def _price(self, found: Document | Fault, at: datetime | None) -> Charge:
        if at is not None:
            require_zone(at)
        reading = Reading(at=at.timestamp() if at else None)
        record = reading.record(*found) if isinstance(found, Document) else found
        if isinstance(record, Fault):
            raise InputError(_of_python(record.reason))
        seconds = record.start if record.start is not None else record.end
        when = at or datetime.fromtimestamp(seconds or 0, UTC)
        model = route(record.model, record.kind, self._book).model.name
        charge = Charge(record.usage.tokens, self._book.price(model, when, self._currency))
        self.requests += 1
        self.cost += charge.cost
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
