"""What DeepSeek charges per call, in addition to tokens."""

from decimal import Decimal
from enum import StrEnum

from deepseek_cost.errors import UnpricedError
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Fee


class FeeId(StrEnum):
    """What a response can be charged for per call, by its id in the price table."""

    WEB_SEARCH = "search"
    WEB_FETCH = "fetch"


def fee_of(fee: Fee, amount: int, currency: Currency) -> Decimal:
    """Return the exact cost of `amount` requests, pages or characters, in `currency`.

    Raises UnpricedError if no price in that currency is known.
    """
    if currency not in fee.price:
        raise UnpricedError(f"no {currency} price is known for {fee.id}")
    return EXACT.divide(EXACT.multiply(Decimal(amount), fee.price[currency]), fee.unit_size)
