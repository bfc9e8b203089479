"""An estimate: a tally at a price."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import EXACT, Cost, cost_of
from deepseek_cost.pricing.entries import Rates


class Estimate(Struct, frozen=True):
    """A tally with its price; `warnings` list what is doubtful about it, if anything."""

    tally: Tally
    price: Price
    warnings: tuple[str, ...] = ()

    @property
    def cost(self) -> Cost:
        """The cost as far as known: without output where that is unknown."""
        return cost_of(self.tally.usage(self.tally.output or 0), self.price.rates)

    @property
    def fees(self) -> Decimal:
        """The maximum cost of server tool calls, as far as the bodies limit them."""
        return EXACT.multiply(Decimal(self.tally.calls), self.price.call_fee)

    @property
    def total(self) -> Decimal | None:
        """The total cost; None if the output is unknown."""
        return self.total_at(self.price.rates)

    @property
    def floor(self) -> Decimal:
        """The cost with no output."""
        return self.floor_at(self.price.rates)

    @property
    def ceiling(self) -> Decimal | None:
        """The cost with the most output that the requests allow.

        None where nothing bounds the input: some may come on top that nobody can know.
        """
        return self.ceiling_at(self.price.rates)

    def total_at(self, rates: Rates) -> Decimal | None:
        """Return the total cost at other rates."""
        return None if self.tally.output is None else self._known_total_at(rates)

    def floor_at(self, rates: Rates) -> Decimal:
        """Return the cost with no output at other rates."""
        return cost_of(self.tally.usage(0), rates).total

    def ceiling_at(self, rates: Rates) -> Decimal | None:
        """Return the cost with the most output, unknown input and calls, at other rates."""
        if not self.tally.is_bounded:
            return None
        return self._at_most(self.tally.output_ceiling, rates)

    def _repr_html_(self) -> str:
        return _of_estimate(self)

    @property
    def over_context(self) -> int:
        """By how many tokens the largest request exceeds what the API accepts; 0 if it fits."""
        return max(0, self.tally.largest_request - self.price.model.context_tokens)

    def limit_cost(self, *, any_tier: bool) -> Decimal:
        """Return what a cost limit is compared with: the maximum if the output is unknown.

        With `any_tier`, at the higher of the two rates. Forecast hits may not occur.
        """
        rates = [self.price.rates]
        if any_tier and self.price.other_rates:
            rates.append(self.price.other_rates)
        known = self.tally.output
        output = self.tally.output_ceiling if known is None else known
        hits = self.tally.hits
        worst = self if hits.best is None else replace(self, tally=self.tally.with_hits(0))
        return max(worst._at_most(output, rate) for rate in rates)  # noqa: SLF001 - its own class

    def _at_most(self, output: int, rates: Rates) -> Decimal:
        usage = self.tally.usage(output)
        misses = usage.cache_miss + self.tally.unknown_most
        tokens = cost_of(replace(usage, cache_miss=misses), rates).total
        return EXACT.add(tokens, self.fees)

    def _known_total_at(self, rates: Rates) -> Decimal:
        return cost_of(self.tally.usage(self.tally.output or 0), rates).total


def _of_estimate(estimate: "Estimate") -> str:
    """Return the table of what requests will cost; a range where their output is unknown."""
    # Only needed in notebooks.
    from deepseek_cost.render.notebook import number, usage_rows, usage_table  # noqa: PLC0415

    tally, price = estimate.tally, estimate.price
    rows = usage_rows(tally.usage(tally.output or 0), price.rates, estimate.cost)
    if estimate.total is not None:
        tokens = f"{tally.input + (tally.output or 0):,}"
        return usage_table(price, [*rows, ("total", tokens, "", number(estimate.total))])
    most, most_cost = f"0 to {tally.output_ceiling:,}", estimate.ceiling
    rows[-1] = ("output", most, number(price.rates.output), "not known")
    rows += [
        ("least", "", "", number(estimate.floor)),
        ("most", "", "", "not known" if most_cost is None else number(most_cost)),
    ]
    return usage_table(price, rows)
