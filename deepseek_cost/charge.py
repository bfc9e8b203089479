"""What an answer did cost: the tokens that it says were billed, at the price of their instant.

Answers and usages are taken as the API sends them, or as the `openai` and `anthropic` packages
return them; neither package is needed.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from msgspec import Struct

from deepseek_cost.cost import Cost, cost_of
from deepseek_cost.errors import InputError
from deepseek_cost.logs.chunks import Chunks
from deepseek_cost.logs.records import Reading, Record
from deepseek_cost.logs.usages import NoUsageError, usage_of
from deepseek_cost.pricebook import Price, PriceBook
from deepseek_cost.pricefile import load_prices
from deepseek_cost.prices import Currency
from deepseek_cost.requests.places import Fault, Line
from deepseek_cost.requests.reader import Document
from deepseek_cost.served import served
from deepseek_cost.usage import TokenUsage


@runtime_checkable
class ClientObject(Protocol):
    """What the clients return: a pydantic model."""

    def model_dump(self, *, exclude_unset: bool) -> dict[str, object]:
        """Return its fields, those that the client does not know included."""


Answer = Mapping[str, object] | ClientObject


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
        from deepseek_cost.notebook import of_charge  # noqa: PLC0415 - for notebooks alone

        return of_charge(self)


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
    return Charge(usage, (prices or load_prices()).price(model, at, Currency(currency)))


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
    if at is not None and at.tzinfo is None:
        raise ValueError("the instant has no time zone")
    record = _record(_parts(answer), at)
    book = prices or load_prices()
    model = served(record.model, record.kind, book).model.name
    seconds = record.start if record.start is not None else record.end
    when = at or datetime.fromtimestamp(seconds or 0, UTC)
    return Charge(record.usage.tokens, book.price(model, when, Currency(currency)))


def _parts(answer: Answer | Iterable[Answer]) -> Iterable[Answer]:
    # A client's object can be iterated over, too.
    if isinstance(answer, Mapping | ClientObject):
        return [answer]
    return answer


def _record(parts: Iterable[Answer], at: datetime | None) -> Record:
    """Return the one answer that chunks make up together."""
    chunks = Chunks()
    reading = Reading(at=at.timestamp() if at else None)
    line = Line("answer", "", 1)
    found: Document | Fault | None = None
    for part in parts:
        found = next(chunks.take(Document(line, _fields(part))), found)
    found = next(chunks.end(), found)
    read = reading.record(*found) if isinstance(found, Document) else found
    if isinstance(read, Record):
        return read
    raise InputError(_of_python(read.reason if read else "no usage in it"))


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
