"""The prices that requests are held against at an instant."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepseek_cost.bill.balance import Balance
from deepseek_cost.estimates import Estimate, Scenario, Tally
from deepseek_cost.pricebook import Price, PriceBook


@dataclass(frozen=True, slots=True)
class Quote:
    """The prices that an estimate is made with, a model each, and what is assumed.

    `moving` names an instant that follows the clock, such as now; None for one written out.
    """

    book: PriceBook
    prices: Sequence[Price]
    scenario: Scenario
    moving: str | None
    zone: str
    balance: Balance | None = None

    def price(self, tallies: Sequence[Tally]) -> list[Estimate]:
        """Price tallies, a model each."""
        return [Estimate(tally, price) for tally, price in zip(tallies, self.prices, strict=True)]
