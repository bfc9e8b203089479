"""The table of an estimate."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from deepseek_cost.page.bars import Bars, bars
from deepseek_cost.page.blocks import Page, Table, grid, page_of, words
from deepseek_cost.page.requests import in_flight, refused_cells, request_tables
from deepseek_cost.page.wording import (
    Footnotes,
    inputs,
    money,
    short,
    sources,
)
from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.estimate import EstimateEntry, EstimateReport
from deepseek_cost.schedule import Tier


def describe(report: EstimateReport) -> Page:
    """Describe an estimate, with its files if it has them, its footnotes and its sources."""
    notes = Footnotes(report.assumptions)
    return page_of(
        f"{inputs(report.inputs)}, {_when(report)}",
        _totals(report, notes),
        words([*_waiting(report), *_affordable(report)]),
        *request_tables(report),
        words(in_flight(report)),
        *([_files_table(report)] if report.files else ()),
        words(notes.lines(), is_quiet=True),
        words(sources(report.estimates), is_quiet=True),
        warnings=report.warnings,
        bars=_bars(report),
    )


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
