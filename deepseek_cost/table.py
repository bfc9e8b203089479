"""Reports as text for a terminal. Amounts are rounded here and nowhere else."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from deepseek_cost.prices import Currency, stamp
from deepseek_cost.report.contract import (
    AssumptionEntry,
    CountReport,
    EstimateEntry,
    EstimateReport,
    Input,
    ListedPrice,
    PeriodNote,
    PricesReport,
    RatesPerMillion,
    Report,
)
from deepseek_cost.schedule import Tier
from deepseek_cost.terminal import printable

_SIGNS = {Currency.USD: "$", Currency.CNY: "¥"}
_SIGNIFICANT = 4


def show(report: Report, console: Console) -> None:
    """Print a report as a table with its footnotes."""
    match report:
        case EstimateReport():
            _show_estimate(report, console)
        case CountReport():
            _show_count(report, console)
        case PricesReport():
            _show_prices(report, console)


def money(amount: Decimal, currency: Currency) -> str:
    """Write an amount with its sign: two decimals at least, and four significant digits."""
    places = max(2, _SIGNIFICANT - 1 - amount.adjusted()) if amount else 0
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, decimals = f"{rounded:,f}".partition(".")
    decimals = decimals[:2] + decimals[2:].rstrip("0")
    return f"{_SIGNS[currency]}{whole}{'.' + decimals if decimals else ''}"


class Footnotes:
    """Numbers for assumptions, so that each figure can name those it rests on."""

    def __init__(self, assumptions: Sequence[AssumptionEntry]) -> None:
        self._assumptions = assumptions
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for number, assumption in enumerate(assumptions, 1):
            self._numbers[assumption.about].append(number)

    def mark(self, label: str, *about: str) -> str:
        """Return the label with the numbers of what it rests on."""
        numbers = sorted(number for name in about for number in self._numbers.get(name, ()))
        return f"{label} ({','.join(map(str, numbers))})" if numbers else label

    def lines(self) -> Iterable[str]:
        """Yield the notes, each with the flag that changes it."""
        for number, assumption in enumerate(self._assumptions, 1):
            change = f" [{assumption.set_by}]" if assumption.set_by else ""
            about = assumption.about.replace("_", " ")
            yield printable(f"({number}) {about}: {assumption.value}{change}")


def _show_estimate(report: EstimateReport, console: Console) -> None:
    notes = Footnotes(report.assumptions)
    _print(console, f"{_inputs(report.inputs)}, {_when(report)}\n")
    table = _grid("", *(entry.model for entry in report.estimates))
    for label, cells in _estimate_rows(report, notes):
        if label:
            table.add_row(label, *cells)
        else:
            table.add_section()
    console.print(table)
    if report.files:
        console.print()
        console.print(_files_table(report))
    for line in ("", *notes.lines(), "", *_sources(report.estimates)):
        _print(console, line, style="dim")


def _estimate_rows(report: EstimateReport, notes: Footnotes) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield a label with a cell a model; an empty label begins a section."""
    entries, currency = report.estimates, report.currency
    tokens = [entry.tokens for entry in entries]
    template = ("template", "thinking", "effort")
    yield "text tokens", [f"{t.text:,}" for t in tokens]
    yield notes.mark("template tokens", *template), [f"{t.template:,}" for t in tokens]
    yield "input tokens", [f"{t.input:,}" for t in tokens]
    yield notes.mark("  cache hits", "cache_hit_ratio"), [f"{t.cache_hit:,}" for t in tokens]
    yield "  cache misses", [f"{t.cache_miss:,}" for t in tokens]
    output = ["not given" if t.output is None else f"{t.output:,}" for t in tokens]
    yield notes.mark("output tokens", "output_tokens"), output
    yield "", ()
    yield notes.mark("tier", "tier", "priced_at"), [entry.tier.label for entry in entries]
    for kind in ("cache_hit", "cache_miss", "output"):
        rates = [getattr(entry.rates_per_million, kind) for entry in entries]
        label = notes.mark(f"1M {kind.replace('_', ' ')} tokens", "prices")
        yield label, [money(rate, currency) for rate in rates]
    yield "", ()
    yield from _cost_rows(report, notes)


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
            [money(c.output or Decimal(0), currency) for c in costs],
        )
        total = notes.mark("total", "cache_hit_ratio", "output_tokens")
        yield total, [money(c.total or Decimal(0), currency) for c in costs]
    yield (
        notes.mark("floor: no output", "cache_hit_ratio"),
        [money(c.floor, currency) for c in costs],
    )
    yield _ceiling_label(entries, notes), [money(c.ceiling, currency) for c in costs]
    yield "", ()
    yield from _other_tier_rows(entries, currency)


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
            cells = [money(getattr(other, kind), currency) if other else "" for other in others]
            if any(cells):
                yield f"{tier.label} {kind}", cells


def _files_table(report: EstimateReport) -> Table:
    models = [entry.model for entry in report.estimates]
    cost = "floor" if report.estimates[0].cost.total is None else "total"
    headings = [f"{_short(model)}\n{what}" for model in models for what in ("input", cost)]
    table = _grid("file", "text", *headings)
    for file in report.files or ():
        cells = [f"{file.estimates[0].tokens.text:,}"]
        for entry in file.estimates:
            amount = entry.cost.floor if entry.cost.total is None else entry.cost.total
            cells += [f"{entry.tokens.input:,}", money(amount, report.currency)]
        table.add_row(printable(file.source), *cells)
    return table


def _show_count(report: CountReport, console: Console) -> None:
    notes = Footnotes(report.assumptions)
    _print(console, f"{_inputs(report.inputs)}\n")
    table = _grid("", *(entry.model for entry in report.estimates))
    tokens = [entry.tokens for entry in report.estimates]
    table.add_row("text tokens", *(f"{t.text:,}" for t in tokens))
    label = notes.mark("template tokens", "template", "thinking", "effort")
    table.add_row(label, *(f"{t.template:,}" for t in tokens))
    table.add_row("input tokens", *(f"{t.input:,}" for t in tokens))
    console.print(table)
    if report.files:
        console.print()
        files = _grid(
            "file", "text", *(f"{_short(entry.model)}\ninput" for entry in report.estimates)
        )
        for file in report.files:
            text = f"{file.estimates[0].tokens.text:,}"
            files.add_row(
                printable(file.source), text, *(f"{e.tokens.input:,}" for e in file.estimates)
            )
        console.print(files)
    for line in ("", *notes.lines()):
        _print(console, line, style="dim")


def _show_prices(report: PricesReport, console: Console) -> None:
    currency = report.currency
    _print(console, f"{currency} per 1,000,000 tokens at {stamp(report.priced_at)}\n")
    table = _grid("model", "tier", "cache hit", "cache miss", "output", left=2)
    for price in report.prices:
        table.add_section()
        for label, rates in _listed(price):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            table.add_row(*label, *(money(cell, currency) for cell in cells))
    console.print(table)
    for line in ("", *_sources(report.prices), ""):
        _print(console, line, style="dim")
    chosen = report.price_table
    _print(console, f"price table: {chosen.source}, checked {chosen.checked}", style="dim")


def _listed(price: ListedPrice) -> Iterable[tuple[tuple[str, str], RatesPerMillion]]:
    """Yield the tiers of a model, the one in force marked, and the list price beside a discount."""
    name = price.model
    for tier in sorted(price.rates_per_million):
        now = " (now)" if tier is price.tier and tier is not Tier.FLAT else ""
        yield (name, tier.label + now), price.rates_per_million[tier]
        name = ""
    for tier, rates in (price.list_rates_per_million or {}).items():
        yield ("", f"{tier.label}, list price"), rates


def _short(model: str) -> str:
    return model.removeprefix("deepseek-")


def _inputs(inputs: Sequence[Input]) -> str:
    requests = sum(entry.requests for entry in inputs)
    first = printable(inputs[0].source)
    names = {"-": "standard input"}.get(first, first)
    if len(inputs) > 1:
        names = f"{names} and {len(inputs) - 1:,} more"
    return f"{names}: {requests:,} request{'s' if requests > 1 else ''}"


def _when(report: EstimateReport) -> str:
    tiers = {(entry.tier, entry.tier_until) for entry in report.estimates if entry.tier_until}
    until = "".join(f", {tier.label} until {stamp(end)}" for tier, end in tiers if end)
    return f"priced at {stamp(report.priced_at)}{until}"


def _sources(entries: Sequence[EstimateEntry] | Sequence[ListedPrice]) -> Iterable[str]:
    """Yield what bills each model, and where its price comes from; a period once."""
    shown: set[str] = set()
    for entry in entries:
        billed = f", billed as {entry.billed_as}" if entry.billed_as != entry.model else ""
        yield f"{entry.model}: served by {printable(entry.version)}{billed}"
        if entry.period.id not in shown:
            yield from _period(entry.period)
        shown.add(entry.period.id)


def _period(period: PeriodNote) -> Iterable[str]:
    known = "" if period.precision == "instant" else f" (known to the {period.precision})"
    until = f" until {stamp(period.until)}" if period.until else ""
    yield f"  price {printable(period.id)}: since {stamp(period.since)}{known}{until}"
    shown = f", on the official page of {period.last_shown}" if period.last_shown else ""
    yield f"  checked {period.checked}{shown}"
    yield f"  {printable(period.source[0])}"


def _grid(*headings: str, left: int = 1) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    for index, heading in enumerate(headings):
        if index < left:
            table.add_column(Text(heading), overflow="fold")
        else:
            table.add_column(Text(heading), justify="right", no_wrap=True)
    return table


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(Text(line, style=style), soft_wrap=True)
