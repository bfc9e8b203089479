"""Amounts of money for people: currency sign and rounding."""

from decimal import ROUND_HALF_EVEN, Decimal

from deepseek_cost.pricing.currency import Currency

_SIGNIFICANT = 4


def money(amount: Decimal, currency: Currency) -> str:
    """Format an amount with its sign, at least two decimals and four significant digits."""
    places = max(2, _SIGNIFICANT - 1 - amount.adjusted()) if amount else 0
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{currency.sign}{whole}{'.' + decimals if decimals else ''}"
