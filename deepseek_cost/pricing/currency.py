"""The currencies of DeepSeek's price lists."""

from enum import StrEnum
from typing import Final


class Currency(StrEnum):
    """The currencies of DeepSeek's price lists; amounts are never converted."""

    USD = "USD"
    CNY = "CNY"

    @property
    def sign(self) -> str:
        """The sign that goes before an amount."""
        return _SIGNS[self]


_SIGNS: Final = {Currency.USD: "$", Currency.CNY: "¥"}
