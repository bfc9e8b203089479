"""The report of `dscost estimate`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from deepseek_cost.estimates.assumptions import (
    EACH_COLUMN,
    of_estimate,
    of_workload,
    warnings_of,
    warnings_of_workload,
)
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Bars, Page, Table, bars, grid, page_of, short, words
from deepseek_cost.reports.as_written import AsWritten, as_written, shown
from deepseek_cost.reports.clock import moment
from deepseek_cost.reports.estimate_fields import (
    EstimateEntry,
    Waiting,
    estimate_entry,
    learned_outputs,
    unlearned,
    with_learned,
)
from deepseek_cost.reports.estimate_rows import (
    cost_of,
    details_table,
    output_of_each,
    result_table,
)
from deepseek_cost.reports.parts import (
    InputEntry,
    Json,
    Part,
    PriceTable,
    Report,
    Timestamp,
    assumed,
    input_entries,
    inputs,
    price_sources,
    records_by_source,
    source_assumptions,
    source_warnings,
    subject_of,
)
from deepseek_cost.reports.requests import (
    Skipped,
    concurrency,
    details_of,
    request_tables,
    skipped_entry,
)
from deepseek_cost.reports.unknown_input import at_least, is_unbounded
from deepseek_cost.text import parse_number

if TYPE_CHECKING:
    from fractions import Fraction

    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.source import SkippedSource


class FileEstimates(Part):
    """The estimates of one source."""

    source: str
    requests: int
    estimates: tuple[EstimateEntry, ...]


class EstimateReport(Report):
    """The output of `dscost estimate --json`; with --per-file it includes `files`."""

    first_columns: ClassVar[tuple[str, ...]] = (
        *("source", "model", "requests", "tokens_input", "tokens_cache_hit", "tokens_output"),
        *("cost_total", "cost_floor", "cost_ceiling", "currency", "tier", "priced_at"),
    )

    command: Literal["estimate"] = "estimate"
    currency: Currency
    priced_at: Timestamp
    timezone: Annotated[str, Meta(description="the user's zone, in which the table shows times")]
    price_table: PriceTable
    inputs: tuple[InputEntry, ...]
    as_written: Annotated[
        AsWritten | UnsetType,
        Meta(description="each request at the model that it names; absent where none names one"),
    ] = UNSET
    estimates: tuple[EstimateEntry, ...]
    files: tuple[FileEstimates, ...] | UnsetType = UNSET
    skipped: Skipped | UnsetType = UNSET
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe what the requests cost, per file if wanted, and the basis of the figures."""
        entries, currency = self.estimates, self.currency
        return page_of(
            _head(self),
            words(shown(self.as_written, currency)),
            result_table(entries, currency),
            words(_notable(self)),
            *request_tables(entries, currency, self.inputs),
            *([_files_table(self)] if self.files else ()),
            details=(
                details_table(entries, currency),
                words(_when(self)),
                words(concurrency(entries)),
                assumed(self.assumptions),
                price_sources(entries, self.price_table),
            ),
            basis=_basis(self),
            warnings=self.warnings,
            bars=_bars(self),
            headline=_headline(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return an entry per model, or per source and model with --per-file."""
        return records_by_source(document)


def estimate_report(
    quote: Quote,
    workload: "Workload",
    table: PriceTable,
    skipped: "Sequence[SkippedSource]",
    *,
    per_file: bool,
) -> EstimateReport:
    """Report what the sources cost, in total and, if wanted, per file."""
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
    listed = of_estimate(quote.scenario, estimates, quote.time_label)
    return EstimateReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        timezone=quote.zone,
        price_table=table,
        inputs=input_entries(tallied),
        as_written=as_written(quote, workload.partial),
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
        files=tuple(files) if per_file else UNSET,
        skipped=skipped_entry(workload),
        assumptions=(
            *with_learned(quote, of_workload(workload, listed)),
            *source_assumptions(tallied, skipped),
        ),
        warnings=(
            *source_warnings(tallied, skipped),
            *warnings_of(quote.book, estimates),
            *warnings_of_workload(workload),
            *unlearned(quote),
        ),
    )


def _hit_share(quote: Quote, tally: Tally) -> "Decimal | Fraction":
    """Return the cache hit rate of a single request: the one given, or the predicted average."""
    ratio = quote.scenario.cache_hit_ratio
    if ratio is not None:
        return ratio
    from fractions import Fraction  # noqa: PLC0415 - for forecasts alone

    return Fraction(tally.cache_hit, max(1, tally.input))


def _headline(report: EstimateReport) -> str:
    """Return what the requests cost on each model, in a sentence."""
    entries = report.estimates
    requests = entries[0].requests
    subject = subject_of(report.inputs, requests)
    costs = " and ".join(f"{cost_of(entry, report.currency)} on {entry.model}" for entry in entries)
    each = output_of_each(entries)
    output = "" if each is None else f" with {each:,} output tokens{' each' * (requests > 1)}"
    return f"{subject} cost{'' if requests > 1 else 's'} {costs}{output}"


def _head(report: EstimateReport) -> str:
    """Return the input, the number of requests and the rate, in a line."""
    return " · ".join([inputs(report.inputs), *_rate(report)])


def _rate(report: EstimateReport) -> Iterable[str]:
    """Yield the time if it is not now, the rate, and how the other rate compares."""
    at = f"at {stamp(report.priced_at)}"
    is_now = any(a.about == "priced_at" and a.value == "now" for a in report.assumptions)
    tiers = {(entry.tier, entry.tier_until) for entry in report.estimates}
    (tier, until), *more = tiers
    if more or tier is Tier.FLAT:
        yield from [] if is_now else [at]
        return
    times = _factor(report.estimates)
    costs = f" ({'peak ' if tier is Tier.OFF_PEAK else ''}costs {times}x)" if times else ""
    if is_now and until:
        at = f"until {moment(until, report.priced_at, report.timezone)}"
    yield f"{tier.label} {at}{costs}"


def _factor(entries: Sequence[EstimateEntry]) -> str:
    """Return the ratio of peak to off-peak cost; empty if it is unknown or the models differ."""
    others = [(e.cost, e.other_tier) for e in entries if e.other_tier]
    pairs = [(cost.floor, other.floor) for cost, other in others]
    nothing = Decimal(0)
    pairs += [(cost.ceiling or nothing, other.ceiling or nothing) for cost, other in others]
    ordered = [(max(pair), min(pair)) for pair in pairs if min(pair)]
    if not ordered:
        return ""
    high, low = ordered[0]
    is_one = all(EXACT.multiply(a, low) == EXACT.multiply(b, high) for a, b in ordered)
    return f"{float(high) / float(low):.3g}" if is_one else ""


def _basis(report: EstimateReport) -> str:
    """Return the assumptions that change the figures most, in a sentence."""
    values = {one.about: one.value for one in report.assumptions}
    thinking, ratio = values.get("thinking", ""), values.get("cache_hit_ratio", "0")
    found = [f"thinking {thinking}"] if thinking in ("on", "off") else []
    if any(entry.cache for entry in report.estimates):
        found.append("cache hits as predicted from the order of the requests")
    elif all(entry.tokens.cache_hit == 0 for entry in report.estimates):
        found.append("no cache hits")
    elif (share := parse_number(ratio)) is not None:
        found.append(f"{float(share * 100):.4g}% cache hits")
    else:
        found.append(ratio.replace(" tokens", " cache hits"))
    return f"Assumes {', '.join(found)}."


def _notable(report: EstimateReport) -> Iterable[str]:
    """Yield a note if requests name several models, and how far the balance goes."""
    for one in report.assumptions:
        if one.value.startswith(EACH_COLUMN):
            yield one.value[0].upper() + one.value[1:] + "."
    yield from _affordable(report)


def _affordable(report: EstimateReport) -> Iterable[str]:
    """Yield how many times the balance pays for all requests."""
    for entry in report.estimates:
        if (paid := entry.affordable) is None:
            continue
        balance = money(paid.balance.granted + paid.balance.topped_up, report.currency)
        times = _times(paid.at_total)
        if is_unbounded(entry.unknown_input):
            times = f"at most {_times(paid.at_floor)}"
        elif entry.cost.total is None or entry.unknown_input:
            least, most = _times(paid.at_ceiling), _times(paid.at_floor)
            times = f"{least} with the most output, {most} with none"
        yield f"{balance} pays for it on {short(entry.model)}: {times}"


def _times(count: int | None) -> str:
    if count is None:
        return "any number of times"
    return f"{count:,} time{'' if count == 1 else 's'}"


def _files_table(report: EstimateReport) -> Table:
    models = [entry.model for entry in report.estimates]
    cost = "minimum" if report.estimates[0].cost.total is None else "total"
    headings = [f"{short(model)}\n{what}" for model in models for what in ("input", cost)]
    table = grid("file", "your text", *headings)
    for file in report.files or ():
        cells = [f"{file.estimates[0].tokens.text:,}"]
        for entry in file.estimates:
            amount = entry.cost.floor if entry.cost.total is None else entry.cost.total
            figures = (f"{entry.tokens.input:,}", money(amount, report.currency))
            cells += [at_least(figure, entry.unknown_input) for figure in figures]
        table.add_row(file.source, *cells)
    return table


def _when(report: EstimateReport) -> Iterable[str]:
    """Yield the time the prices are for, how long they apply, and what waiting saves."""
    tiers = {(entry.tier, entry.tier_until) for entry in report.estimates if entry.tier_until}
    until = "".join(f", {tier.label} until {stamp(end)}" for tier, end in tiers if end)
    yield f"Priced at {stamp(report.priced_at)}{until}."
    waits = [(entry, entry.waiting) for entry in report.estimates if entry.waiting]
    if waits:
        saved = ", ".join(
            f"{_saving(wait, report.currency)} on {short(entry.model)}" for entry, wait in waits
        )
        end = moment(waits[0][1].until, report.priced_at, report.timezone)
        yield f"Waiting until {end} saves {saved}."


def _saving(wait: Waiting, currency: Currency) -> str:
    if wait.total is not None:
        return money(wait.total, currency)
    if wait.ceiling is None:
        return f"at least {money(wait.floor, currency)}"
    return f"up to {money(wait.ceiling, currency)}"


def _bars(report: EstimateReport) -> Bars | None:
    """Return a bar chart that compares the models."""
    is_known = all(entry.cost.output is not None for entry in report.estimates)
    return bars(
        "cost" if is_known else "cost of the input; the output is not known",
        [(f"{short(entry.model)}, {entry.tier.label}", [entry.cost]) for entry in report.estimates],
        report.currency,
    )
