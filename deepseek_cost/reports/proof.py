"""The forecast compared with the bill, and the live check."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from deepseek_cost.billing.proof import Proof, Tried
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import EXACT, TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.prompt.cache import BLOCK
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Page, Table, grid, page_of, words
from deepseek_cost.reports.parts import Json, Part, Report, Timestamp, exact, without
from deepseek_cost.text import unicode_name


class DeviationEntry(Part):
    """A figure of one request whose bill differs from the forecast."""

    place: str
    about: str
    forecast: int
    billed: int
    likely_reason: str


class InputCostEntry(Part):
    """What the inputs cost in the forecast, with the expected cache hits, and on the bill."""

    forecast: Decimal
    billed: Decimal
    error: Annotated[str, Meta(description="forecast less billed, exactly; negative: too low")]


class ProofEntry(Part):
    """The forecast compared with the bill, for lines that have a request and its response."""

    prompt_tokens: Tried
    cache_hits: Tried
    cache_hits_at_best: int
    output_tokens: Annotated[
        Tried, Meta(description="of responses whose text is there, counted again")
    ]
    input_cost: InputCostEntry
    uncounted: Annotated[int, Meta(description="requests that cannot be counted")]
    deviations: Annotated[tuple[DeviationEntry, ...], Meta(description="the first of them")]


def proof_entry(proof: Proof) -> ProofEntry:
    """Report how a forecast compares with the bill."""
    forecast, billed = proof.input_costs
    return ProofEntry(
        prompt_tokens=proof.prompts,
        cache_hits=proof.hits,
        cache_hits_at_best=proof.best_hits,
        output_tokens=proof.outputs,
        input_cost=InputCostEntry(
            forecast=forecast, billed=billed, error=exact(EXACT.subtract(forecast, billed))
        ),
        uncounted=proof.uncounted,
        deviations=tuple(
            DeviationEntry(
                place=unicode_name(one.place),
                about=one.about,
                forecast=one.forecast,
                billed=one.billed,
                likely_reason=one.reason,
            )
            for one in proof.deviations
        ),
    )


# The number of rows in the table of deviations; the JSON has more.
_SHOWN = 10


def proof_tables(proof: ProofEntry, currency: Currency) -> Iterable[Table]:
    """Yield a table of how accurate the forecast was, and one of its deviations if any."""
    table = grid("forecast and bill", "exact in", "forecast", "billed")
    rows = {
        "prompt tokens": proof.prompt_tokens,
        "cache hits": proof.cache_hits,
        "output, counted again": proof.output_tokens,
    }
    for label, tried in rows.items():
        if tried.requests:
            table.add_row(label, *_cells(tried))
    cost = proof.input_cost
    table.add_row("input cost", "", money(cost.forecast, currency), money(cost.billed, currency))
    yield table
    if proof.deviations:
        yield _deviations(proof)


def _cells(tried: Tried) -> tuple[str, str, str]:
    return (
        f"{tried.exact:,} of {tried.requests:,}",
        f"{tried.forecast:,}",
        f"{tried.billed:,}",
    )


def _deviations(proof: ProofEntry) -> Table:
    """Return deviations grouped by figure and likely reason, each with its first example."""
    table = grid("deviations", "likely reason", "first", "times", left=3)
    groups: dict[tuple[str, str], list[DeviationEntry]] = {}
    for one in proof.deviations:
        groups.setdefault((one.about, one.likely_reason), []).append(one)
    for (about, reason), ones in list(groups.items())[:_SHOWN]:
        line = ones[0].place.rpartition(":")[2]
        first = f"line {line}: {ones[0].billed - ones[0].forecast:+,}"
        table.add_row(about, reason, first, f"{len(ones):,}")
    return table


class ExpectedTokens(Part):
    """The forecast: prompt tokens, and the maximum number of them that can be cache hits."""

    input: int
    cache_hit_at_most: int


class BilledUsage(Part):
    """The usage reported by the response."""

    input: int
    cache_hit: int
    cache_miss: int
    output: int


class LiveReport(Report):
    """The output of `dscost check --live --json`: a request's forecast and its billed tokens."""

    command: Literal["check"] = "check"
    source: str
    model: str
    tier: Tier
    currency: Currency
    priced_at: Timestamp
    forecast: ExpectedTokens
    billed: BilledUsage
    difference: Annotated[int, Meta(description="billed less forecast input")]
    likely_reason: Annotated[str | None, Meta(description="null where there is no difference")]
    cost: Decimal
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """Describe the forecast compared with the bill."""
        at = stamp(self.priced_at)
        line = "the same prompt tokens"
        if self.difference:
            line = f"{self.difference:+,} prompt tokens; likely: {self.likely_reason}"
        return page_of(
            f"{self.source} sent to {self.model}, {self.tier.label} at {at}",
            _tokens(self),
            words([f"{line}; it cost {money(self.cost, self.currency)}"]),
            warnings=self.warnings,
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the one request that was sent."""
        shared = ("schema_version", "command", "warnings", "currency", "priced_at")
        return [without(document, *shared)]


def live_report(
    source: str, price: Price, forecast: int, billed: TokenUsage, reason: str
) -> LiveReport:
    """Report a forecast of prompt tokens compared with the bill."""
    difference = billed.input - forecast
    return LiveReport(
        source=source,
        model=price.model.name,
        tier=price.tier,
        currency=price.currency,
        priced_at=price.at,
        forecast=ExpectedTokens(
            input=forecast, cache_hit_at_most=max(0, forecast - 1) // BLOCK * BLOCK
        ),
        billed=BilledUsage(
            input=billed.input,
            cache_hit=billed.cache_hit,
            cache_miss=billed.cache_miss,
            output=billed.output,
        ),
        difference=difference,
        likely_reason=reason if difference else None,
        cost=cost_of(billed, price.rates).total,
    )


def _tokens(report: LiveReport) -> Table:
    forecast, billed = report.forecast, report.billed
    table = grid("tokens", "forecast", "billed")
    table.add_row("input", f"{forecast.input:,}", f"{billed.input:,}")
    most = f"at most {forecast.cache_hit_at_most:,}"
    table.add_row("  cache hits", most, f"{billed.cache_hit:,}")
    table.add_row("output", "1", f"{billed.output:,}")
    return table
