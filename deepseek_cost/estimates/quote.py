"""The prices that requests are held against at an instant."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.billing.balance import Balance
from deepseek_cost.billing.profile import Spread
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.tally import Scenario, Tally
from deepseek_cost.pricing.book import Price, PriceBook


class Learned(Struct, frozen=True):
    """The output of answers like those to come, a model each; None where there are none."""

    source: str
    spreads: Sequence[Spread | None]


class Quote(Struct, frozen=True):
    """The prices that an estimate is made with, a model each, and what is assumed.

    `moving` names an instant that follows the clock, such as now; None for one written out.
    """

    book: PriceBook
    prices: Sequence[Price]
    scenario: Scenario
    time_label: str | None
    zone: str
    balance: Balance | None = None
    learned: Learned | None = None

    def price(self, tallies: Sequence[Tally], percent: int | None = None) -> list[Estimate]:
        """Price tallies, a model each.

        Where output was learned, each request gives the mean of it, or this percentile.
        """
        spreads = self.learned.spreads if self.learned else [None] * len(self.prices)
        return [
            Estimate(_with_output(tally, spread, percent), price)
            for tally, spread, price in zip(tallies, spreads, self.prices, strict=True)
        ]


def _with_output(tally: Tally, spread: Spread | None, percent: int | None) -> Tally:
    if spread is None or tally.output is not None:
        return tally
    each = spread.mean if percent is None else spread.quantile(percent)
    return replace(tally, output=min(round(each * tally.requests), tally.output_ceiling))
