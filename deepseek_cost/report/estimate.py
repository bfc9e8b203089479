"""The report of `dscost estimate`."""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from deepseek_cost.assumptions import of_estimate, warnings_of
from deepseek_cost.assumptions.workload import of_workload, warnings_of_workload
from deepseek_cost.bill.balance import Balance
from deepseek_cost.estimates import Estimate, Tally
from deepseek_cost.prices import Currency
from deepseek_cost.quote import Quote
from deepseek_cost.report.balance import Affordable, affordable
from deepseek_cost.report.count import PromptTokenCounts
from deepseek_cost.report.hits import CacheForecast, cache_forecast
from deepseek_cost.report.outputs import (
    LearnedOutput,
    learned_outputs,
    unlearned,
    with_learned,
)
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Input,
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    assumption_entries,
    described,
    input_entries,
    period_note,
    rates_entry,
    source_warnings,
)
from deepseek_cost.report.requests import (
    BreakdownEntry,
    DearRequest,
    DistributionEntry,
    LedgerDetails,
    Refused,
    Skipped,
    UnknownImages,
    details_of,
    skipped_entry,
    unknown_images,
)
from deepseek_cost.report.tiers import OtherTier, Waiting, other_tier, waiting
from deepseek_cost.schedule import Tier

if TYPE_CHECKING:
    from deepseek_cost.workload import Workload


class TokenCounts(PromptTokenCounts):
    """Billed tokens summed over requests; output is null while it is unknown."""

    cache_hit: int
    cache_miss: int
    output: int | None
    output_ceiling: int = described("the most output that the requests allow")


class Costs(Part):
    """Money in the report's currency; output and total are null while the output is unknown."""

    cache_hit: Amount
    cache_miss: Amount
    output: Amount | None
    total: Amount | None
    floor: Amount = described("the cost with no output")
    ceiling: Amount = described("the cost with the most output that the requests allow")


class EstimateEntry(Part):
    """The tokens and the cost of all requests for one model."""

    model: str
    billed_as: str
    version: str
    tier: Tier
    tier_until: Instant | None
    requests: int
    tokens: TokenCounts
    rates_per_million: RatesPerMillion
    cost: Costs
    other_tier: OtherTier | None
    waiting: Waiting | None
    period: PeriodNote
    learned_output: LearnedOutput | None = described("with --output-from", default=None)
    affordable: Affordable | None = described("with --granted or --topped-up", default=None)
    over_context: int = described(
        "by how many tokens the largest request is longer than the API accepts"
    )
    unknown_images: UnknownImages | None = None
    cache: CacheForecast | None = described(
        "with --cache-hit-ratio auto: the range of the hits", default=None
    )
    refused: Refused | None = None
    breakdown: BreakdownEntry | None = described("with --breakdown", default=None)
    distribution: DistributionEntry | None = described("of several bodies", default=None)
    dearest: tuple[DearRequest, ...] | None = described("of several bodies", default=None)
    concurrent_requests: int | None = described(
        "that the API serves at a time; given for several bodies", default=None
    )


class FileEstimates(Part):
    """The estimates of one source."""

    source: str
    requests: int
    estimates: tuple[EstimateEntry, ...]


class EstimateReport(Part):
    """`dscost estimate --json`; `files` is there with --per-file."""

    schema_version: Literal["1"] = "1"
    command: Literal["estimate"] = "estimate"
    currency: Currency
    priced_at: Instant
    timezone: str = described("the user's zone, in which the table shows times")
    price_table: PriceTable
    inputs: tuple[Input, ...]
    estimates: tuple[EstimateEntry, ...]
    files: tuple[FileEstimates, ...] | None = None
    skipped: Skipped | None = None
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def estimate_report(
    quote: Quote,
    workload: "Workload",
    table: PriceTable,
    skipped: Sequence[str],
    *,
    per_file: bool,
) -> EstimateReport:
    """Report what the sources cost, all together and, if wanted, each."""
    tallied = workload.subtotal.tallied
    estimates = quote.price(workload.totals())
    files = (
        FileEstimates(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(estimate_entry, quote.price(source.tallies))),
        )
        for source in tallied
    )
    assumed = of_estimate(quote.scenario, estimates, quote.moving)
    return EstimateReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        timezone=quote.zone,
        price_table=table,
        inputs=input_entries(tallied),
        estimates=tuple(
            estimate_entry(
                e, details_of(ledger, e.price, _hit_share(quote, e.tally)), quote.balance, learned
            )
            for e, ledger, learned in zip(
                estimates,
                workload.ledgers,
                learned_outputs(quote, workload.totals()),
                strict=True,
            )
        ),
        files=tuple(files) if per_file else None,
        skipped=skipped_entry(workload),
        assumptions=assumption_entries(with_learned(quote, of_workload(workload, assumed))),
        warnings=(
            *source_warnings(tallied, skipped),
            *warnings_of(quote.book, estimates),
            *warnings_of_workload(workload),
            *unlearned(quote),
        ),
    )


def estimate_entry(
    estimate: Estimate,
    details: LedgerDetails | None = None,
    balance: Balance | None = None,
    learned: LearnedOutput | None = None,
) -> EstimateEntry:
    """Report an estimate, with what is known of its requests, the account and the output."""
    price, tally = estimate.price, estimate.tally
    return EstimateEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        tier=price.tier,
        tier_until=price.tier_until,
        requests=tally.requests,
        tokens=_tokens(tally),
        rates_per_million=rates_entry(price.rates),
        cost=_costs(estimate),
        other_tier=other_tier(estimate),
        waiting=waiting(estimate),
        period=period_note(price.period, price.period_until),
        learned_output=learned,
        affordable=affordable(balance, estimate) if balance else None,
        over_context=estimate.over_context,
        unknown_images=unknown_images(tally.unknown_images),
        cache=cache_forecast(estimate),
        **(vars(details) if details else {}),
    )


def _hit_share(quote: Quote, tally: Tally) -> Fraction:
    """Return the share of hits of any one request: that given, or that of all where forecast."""
    ratio = quote.scenario.cache_hit_ratio
    return Fraction(tally.cache_hit, max(1, tally.input)) if ratio is None else Fraction(ratio)


def _tokens(tally: Tally) -> TokenCounts:
    return TokenCounts(
        input=tally.input,
        text=tally.text,
        template=tally.template,
        cache_hit=tally.cache_hit,
        cache_miss=tally.input - tally.cache_hit,
        output=tally.output,
        output_ceiling=tally.output_ceiling,
    )


def _costs(estimate: Estimate) -> Costs:
    cost = estimate.cost
    return Costs(
        cache_hit=cost.cache_hit,
        cache_miss=cost.cache_miss,
        output=None if estimate.total is None else cost.output,
        total=estimate.total,
        floor=estimate.floor,
        ceiling=estimate.ceiling,
    )
