"""Amounts of money as people read them: their sign, and how they are rounded."""

from decimal import ROUND_HALF_EVEN, Decimal

from deepseek_cost.pricing.currency import Currency

_SIGNIFICANT = 4


def money(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign: two decimals at least, and four significant digits."""
    places = max(2, _SIGNIFICANT - 1 - amount.adjusted()) if amount else 0
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{currency.sign}{whole}{'.' + decimals if decimals else ''}"
