"""The report of `dscost estimate`: its fields, how they are filled, how they are shown."""

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from deepseek_cost.billing.balance import Balance
from deepseek_cost.billing.profile import Spread
from deepseek_cost.errors import Advice, Advised
from deepseek_cost.estimates.assumptions import (
    of_estimate,
    of_workload,
    warnings_of,
    warnings_of_workload,
)
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.ledger import Place
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.entries import Currency, stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.prompt.breakdown import RequestTokens
from deepseek_cost.render.page import Bars, Page, Table, bars, grid, money, page_of, short, words
from deepseek_cost.reports.balance import Affordable, affordable
from deepseek_cost.reports.count import PromptTokenCounts
from deepseek_cost.reports.parts import (
    Amount,
    AssumptionEntry,
    Footnotes,
    InputEntry,
    Instant,
    Json,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    Report,
    assumption_entries,
    described,
    input_entries,
    inputs,
    period_note,
    plain,
    rates_entry,
    records_by_source,
    source_warnings,
    sources,
)
from deepseek_cost.reports.requests import (
    BreakdownEntry,
    CacheForecastEntry,
    DearRequest,
    DistributionEntry,
    LedgerDetails,
    RefusalEntry,
    Skipped,
    UnknownImages,
    breakdown_entry,
    cache_forecast,
    details_of,
    in_flight,
    refused_cells,
    refused_entry,
    request_tables,
    skipped_entry,
    unknown_images,
)
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.source import SkippedSource


class OtherTier(Part):
    """What the same requests cost in the other tier of the same price list."""

    tier: Tier
    total: Amount | None
    floor: Amount
    ceiling: Amount


class Waiting(Part):
    """What is saved by sending the same requests when peak hours are over."""

    until: Instant
    total: Amount | None
    floor: Amount
    ceiling: Amount


def other_tier(estimate: Estimate) -> OtherTier | None:
    """Report the other tier; None where the price is flat."""
    tier, rates = estimate.price.tier.other, estimate.price.other_rates
    if tier is None or rates is None:
        return None
    return OtherTier(
        tier=tier,
        total=estimate.total_at(rates),
        floor=estimate.floor_at(rates),
        ceiling=estimate.ceiling_at(rates),
    )


def waiting(estimate: Estimate) -> Waiting | None:
    """Report what waiting saves; None outside of peak hours."""
    price = estimate.price
    if price.tier is not Tier.PEAK or price.other_rates is None or price.tier_until is None:
        return None
    total = estimate.total_at(price.other_rates)
    return Waiting(
        until=price.tier_until,
        total=None if total is None else EXACT.subtract(estimate.total or total, total),
        floor=EXACT.subtract(estimate.floor, estimate.floor_at(price.other_rates)),
        ceiling=EXACT.subtract(estimate.ceiling, estimate.ceiling_at(price.other_rates)),
    )


class LearnedOutput(Part):
    """Output tokens of one request by the answers learned from, and the cost of all requests.

    `tokens.output` and `cost` of the estimate are at the mean. A total at p50 or p95 is that of
    requests which all give so much: of one request its own, of many an upper bound.
    """

    answers: int
    mean: Amount = described("rounded to hundredths")
    p50: int
    p95: int
    total_p50: Amount | None
    total_p95: Amount | None


def learned_outputs(quote: Quote, tallies: Sequence[Tally]) -> list[LearnedOutput | None]:
    """Report the output learned, a model each."""
    if quote.learned is None:
        return [None] * len(tallies)
    halves, tops = (quote.price(tallies, percent) for percent in (50, 95))
    return [
        _entry(spread, half.total, top.total) if spread else None
        for spread, half, top in zip(quote.learned.spreads, halves, tops, strict=True)
    ]


def with_learned(quote: Quote, assumed: Sequence[Assumption]) -> list[Assumption]:
    """Say where the output comes from, in place of that it is not given."""
    if quote.learned is None:
        return list(assumed)
    answers = " and ".join(
        f"{spread.count:,} of {price.model.name}"
        for price, spread in zip(quote.prices, quote.learned.spreads, strict=True)
        if spread
    )
    value = f"the mean of answers in {unicode_name(quote.learned.source)}: {answers or 'none'}"
    learned = Assumption("output_tokens", value, "output_from")
    return [learned if one.about == "output_tokens" else one for one in assumed]


def unlearned(quote: Quote) -> list[str]:
    """Warn of models without an answer to learn from."""
    spreads = quote.learned.spreads if quote.learned else ()
    return [
        Advised("", Advice.NOT_LEARNED, price.model.name)
        for price, spread in zip(quote.prices, spreads, strict=False)
        if spread is None
    ]


def _entry(spread: Spread, half: Decimal | None, top: Decimal | None) -> LearnedOutput:
    return LearnedOutput(
        answers=spread.count,
        mean=Decimal(round(spread.mean * 100)) / 100,
        p50=spread.quantile(50),
        p95=spread.quantile(95),
        total_p50=half,
        total_p95=top,
    )


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
    cache: CacheForecastEntry | None = described(
        "with --cache-hit-ratio auto: the range of the hits", default=None
    )
    refused: RefusalEntry | None = None
    breakdown: BreakdownEntry | None = described("with --breakdown", default=None)
    distribution: DistributionEntry | None = described("of several bodies", default=None)
    dearest: tuple[DearRequest, ...] | None = described("of several bodies", default=None)
    tier_is_certain: bool = described(
        "false: the day may become a holiday, and the other tier's cost hold", default=True
    )
    concurrent_requests: int | None = described(
        "that the API serves at a time; given for several bodies", default=None
    )


class FileEstimates(Part):
    """The estimates of one source."""

    source: str
    requests: int
    estimates: tuple[EstimateEntry, ...]


class EstimateReport(Report):
    """`dscost estimate --json`; `files` is there with --per-file."""

    command: Literal["estimate"] = "estimate"
    currency: Currency
    priced_at: Instant
    timezone: str = described("the user's zone, in which the table shows times")
    price_table: PriceTable
    inputs: tuple[InputEntry, ...]
    estimates: tuple[EstimateEntry, ...]
    files: tuple[FileEstimates, ...] | None = None
    skipped: Skipped | None = None
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe an estimate, with its files if it has them, its footnotes and its sources."""
        notes = Footnotes(self.assumptions)
        return page_of(
            f"{inputs(self.inputs)}, {_when(self)}",
            _totals(self, notes),
            words([*_waiting(self), *_affordable(self)]),
            *request_tables(self.estimates, self.currency, self.inputs),
            words(in_flight(self.estimates)),
            *([_files_table(self)] if self.files else ()),
            words(notes.lines(), is_quiet=True),
            words(sources(self.estimates), is_quiet=True),
            warnings=self.warnings,
            bars=_bars(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return an entry a source and model with --per-file, else a model."""
        return records_by_source(document)


def estimate_report(
    quote: Quote,
    workload: "Workload",
    table: PriceTable,
    skipped: "Sequence[SkippedSource]",
    *,
    per_file: bool,
) -> EstimateReport:
    """Report what the sources cost, all together and, if wanted, each."""
    tallied = workload.partial.tallied
    estimates = quote.price(workload.totals())
    files = (
        FileEstimates(
            source=source.source,
            requests=source.requests,
            estimates=tuple(map(estimate_entry, quote.price(source.tallies))),
        )
        for source in tallied
    )
    assumed = of_estimate(quote.scenario, estimates, quote.time_label)
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
        tier_is_certain=price.is_tier_certain,
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


class RequestLine(Part):
    """A line of `dscost estimate --per-request --json`."""

    source: str
    line: int
    custom_id: str | None
    estimates: tuple[EstimateEntry, ...]


def request_lines(
    quote: Quote, write: Callable[[str], None], *, breakdown: bool
) -> Callable[[Place, Sequence[Tally], Sequence[RequestTokens]], None]:
    """Return what writes a line for every request that it is told of."""

    def on_request(
        place: Place, tallies: Sequence[Tally], counted: Sequence[RequestTokens]
    ) -> None:
        estimates = zip(quote.price(tallies), counted, strict=True)
        line = RequestLine(
            source=place.source,
            line=place.line,
            custom_id=place.custom_id,
            estimates=tuple(_line_entry(e, tokens, breakdown=breakdown) for e, tokens in estimates),
        )
        write(json.dumps(plain(line)) + "\n")

    return on_request


def _line_entry(estimate: Estimate, tokens: RequestTokens, *, breakdown: bool) -> EstimateEntry:
    parts = tokens.parts.times(estimate.tally.requests)
    details = LedgerDetails(
        refused=refused_entry(estimate.tally.requests, tokens.refused),
        breakdown=breakdown_entry(parts, estimate.price) if breakdown else None,
        distribution=None,
        dearest=None,
        concurrent_requests=None,
    )
    return estimate_entry(estimate, details)


def _bars(report: EstimateReport) -> Bars | None:
    """Return the models side by side."""
    is_known = all(entry.cost.output is not None for entry in report.estimates)
    return bars(
        "cost" if is_known else "cost of the input; the output is not known",
        [(f"{short(entry.model)}, {entry.tier.label}", [entry.cost]) for entry in report.estimates],
        report.currency,
    )


def _totals(report: EstimateReport, notes: Footnotes) -> Table:
    table = grid("", *(entry.model for entry in report.estimates))
    for label, cells in _estimate_rows(report, notes):
        if label:
            table.add_row(label, *cells)
        else:
            table.add_section()
    return table


def _estimate_rows(report: EstimateReport, notes: Footnotes) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield a label with a cell a model; an empty label begins a section."""
    entries, currency = report.estimates, report.currency
    tokens = [entry.tokens for entry in entries]
    template = ("template", "thinking", "effort")
    yield "text tokens", [f"{t.text:,}" for t in tokens]
    yield notes.mark("template tokens", *template), [f"{t.template:,}" for t in tokens]
    yield "input tokens", [f"{t.input:,}" for t in tokens]
    yield notes.mark("  cache hits", "cache_hit_ratio"), [f"{t.cache_hit:,}" for t in tokens]
    yield from _range_rows(entries)
    yield "  cache misses", [f"{t.cache_miss:,}" for t in tokens]
    output = ["not given" if t.output is None else f"{t.output:,}" for t in tokens]
    yield notes.mark("output tokens", "output_tokens"), output
    if any(refused := refused_cells(entries)):
        yield "refused by the API", refused
    yield "", ()
    yield notes.mark("tier", "tier", "priced_at"), [entry.tier.label for entry in entries]
    for kind in ("cache_hit", "cache_miss", "output"):
        rates = [getattr(entry.rates_per_million, kind) for entry in entries]
        label = notes.mark(f"1M {kind.replace('_', ' ')} tokens", "prices")
        yield label, [money(rate, currency) for rate in rates]
    yield "", ()
    yield from _cost_rows(report, notes)


def _range_rows(entries: Sequence[EstimateEntry]) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield the range of forecast hits."""
    ranges = [entry.cache for entry in entries if entry.cache]
    if ranges:
        yield "    their share", [f"{r.expected.cache_hit_ratio:.1%}" for r in ranges]
        yield "    at worst", [f"{r.worst.cache_hit:,}" for r in ranges]
        yield "    at best", [f"{r.best.cache_hit:,}" for r in ranges]


def _range_cost_rows(
    entries: Sequence[EstimateEntry], currency: Currency
) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield what it costs with the hits at worst and at best, output included where known."""
    ranges = [entry.cache for entry in entries if entry.cache]
    for name in ("worst", "best") if ranges else ():
        cases = [getattr(found, name) for found in ranges]
        amounts = [case.floor if case.total is None else case.total for case in cases]
        what = "floor" if cases[0].total is None else "total"
        yield f"  {what} with hits at {name}", [money(amount, currency) for amount in amounts]


def _cost_rows(report: EstimateReport, notes: Footnotes) -> Iterable[tuple[str, Sequence[str]]]:
    entries, currency = report.estimates, report.currency
    costs = [entry.cost for entry in entries]
    yield (
        notes.mark("input cost", "cache_hit_ratio"),
        [money(c.cache_hit + c.cache_miss, currency) for c in costs],
    )
    if all(c.total is None for c in costs):
        per_1000 = [entry.rates_per_million.output / 1000 for entry in entries]
        yield "+ each 1,000 output tokens", [money(amount, currency) for amount in per_1000]
    else:
        yield (
            notes.mark("output cost", "output_tokens"),
            [_amount(c.output, currency) for c in costs],
        )
        total = notes.mark("total", "cache_hit_ratio", "output_tokens")
        yield total, [_amount(c.total, currency) for c in costs]
    yield from _learned_rows(entries, currency)
    yield from _range_cost_rows(entries, currency)
    yield (
        notes.mark("floor: no output", "cache_hit_ratio"),
        [money(c.floor, currency) for c in costs],
    )
    yield _ceiling_label(entries, notes), [money(c.ceiling, currency) for c in costs]
    yield "", ()
    yield from _other_tier_rows(entries, currency)


def _learned_rows(
    entries: Sequence[EstimateEntry], currency: Currency
) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield the costs at the median and near the top of the output learned."""
    learned = [entry.learned_output for entry in entries]
    for percent in ("p50", "p95"):
        totals: list[Decimal | None] = [getattr(one, f"total_{percent}", None) for one in learned]
        if any(total is not None for total in totals):
            tokens = ", ".join(f"{getattr(one, percent):,}" for one in learned if one)
            yield f"  at {percent} of output: {tokens}", [_amount(t, currency) for t in totals]


def _ceiling_label(entries: Sequence[EstimateEntry], notes: Footnotes) -> str:
    most = {entry.tokens.output_ceiling for entry in entries}
    output = f"{most.pop():,} output tokens" if len(most) == 1 else "the most output"
    return notes.mark(f"ceiling: {output}", "ceiling")


def _other_tier_rows(
    entries: Sequence[EstimateEntry], currency: Currency
) -> Iterable[tuple[str, Sequence[str]]]:
    for tier in (Tier.PEAK, Tier.OFF_PEAK):
        others = [o if (o := entry.other_tier) and o.tier is tier else None for entry in entries]
        known = any(other and other.total is not None for other in others)
        for kind in ("total",) if known else ("floor", "ceiling"):
            cells = [_amount(getattr(o, kind), currency) if o else "" for o in others]
            if any(cells):
                yield f"{tier.label} {kind}", cells


def _affordable(report: EstimateReport) -> Iterable[str]:
    """Yield how often the balance pays for all of it."""
    for entry in report.estimates:
        if (paid := entry.affordable) is None:
            continue
        balance = money(paid.balance.granted + paid.balance.topped_up, report.currency)
        times = f"{_times(paid.at_total)} times"
        if entry.cost.total is None:
            least, most = _times(paid.at_ceiling), _times(paid.at_floor)
            times = f"{least} times at the ceiling, {most} at the floor"
        yield f"{balance} pays for it on {short(entry.model)} {times}"


def _times(count: int | None) -> str:
    return "any number of" if count is None else f"{count:,}"


def _amount(amount: Decimal | None, currency: Currency) -> str:
    return "unknown" if amount is None else money(amount, currency)


def _files_table(report: EstimateReport) -> Table:
    models = [entry.model for entry in report.estimates]
    cost = "floor" if report.estimates[0].cost.total is None else "total"
    headings = [f"{short(model)}\n{what}" for model in models for what in ("input", cost)]
    table = grid("file", "text", *headings)
    for file in report.files or ():
        cells = [f"{file.estimates[0].tokens.text:,}"]
        for entry in file.estimates:
            amount = entry.cost.floor if entry.cost.total is None else entry.cost.total
            cells += [f"{entry.tokens.input:,}", money(amount, report.currency)]
        table.add_row(file.source, *cells)
    return table


def _when(report: EstimateReport) -> str:
    tiers = {(entry.tier, entry.tier_until) for entry in report.estimates if entry.tier_until}
    until = "".join(f", {tier.label} until {stamp(end)}" for tier, end in tiers if end)
    return f"priced at {stamp(report.priced_at)}{until}"


def _waiting(report: EstimateReport) -> Iterable[str]:
    """Yield what is saved when peak hours are over, by the user's clock."""
    waits = [(entry, entry.waiting) for entry in report.estimates if entry.waiting]
    if not waits:
        return
    saved = ", ".join(
        f"up to {money(wait.ceiling, report.currency)} on {short(entry.model)}"
        if wait.total is None
        else f"{money(wait.total, report.currency)} on {short(entry.model)}"
        for entry, wait in waits
    )
    until = waits[0][1].until.astimezone(ZoneInfo(report.timezone))
    yield f"waiting until {until:%H:%M} ({report.timezone}) saves {saved}"
