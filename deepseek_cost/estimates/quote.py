"""The prices that apply to requests at a given time."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.output_forecast import Learned, with_output
from deepseek_cost.estimates.tally import Scenario, Tally
from deepseek_cost.pricing.book import Price, PriceBook

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance
    from deepseek_cost.estimates.workload import Workload


class Quote(Struct, frozen=True):
    """The prices that an estimate uses, one per model, and what is assumed.

    `time_label` names a time that follows the clock, such as now; None for one written out.
    """

    book: PriceBook
    prices: Sequence[Price]
    scenario: Scenario
    time_label: str | None
    zone: str
    balance: "Balance | None" = None
    learned: Learned | None = None

    def price(self, tallies: Sequence[Tally], percent: int | None = None) -> list[Estimate]:
        """Price tallies, one per model.

        Where output was learned, each request gives the mean of it, or this percentile.
        """
        spreads = self.learned.spreads if self.learned else [None] * len(self.prices)
        return [
            Estimate(with_output(tally, spread, percent), price)
            for tally, spread, price in zip(tallies, spreads, self.prices, strict=True)
        ]

    def price_as_written(
        self, written: Mapping[str, Tally], percent: int | None = None
    ) -> list[Estimate]:
        """Price requests for the models that they name; raises UnpricedError."""
        spreads = self.learned.spreads if self.learned else [None] * len(self.prices)
        by_model = {p.model.name: s for p, s in zip(self.prices, spreads, strict=True)}
        at, currency = self.prices[0].at, self.prices[0].currency
        return [
            Estimate(
                with_output(written[name], by_model.get(name), percent),
                self.book.price(name, at, currency),
            )
            for name in sorted(written)
        ]

    def gated(
        self, workload: "Workload", percent: int | None = None, *, is_chosen: bool
    ) -> dict[str, list[Estimate]]:
        """Return what a limit is for: costs by name, each the sum of estimates.

        That is each model that was chosen; else all as written, prompts on each model, since
        nobody says which one of these it will be.
        """
        partial = workload.partial
        if is_chosen or not partial.as_written:
            found = self.price(workload.totals(), percent)
            return {one.price.model.name: [one] for one in found}
        own = self.price_as_written(partial.as_written, percent)
        name = own[0].price.model.name if len(own) == 1 else "all as written"
        if not partial.unnamed:
            return {name: own}
        return {
            f"all as written, prompts on {one.price.model.name},": [*own, one]
            for one in self.price(partial.unnamed, percent)
        }
