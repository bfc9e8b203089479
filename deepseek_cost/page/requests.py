"""What an estimate shows of requests: what their input is made of, the spread, the dearest."""

from collections.abc import Iterable, Sequence

from deepseek_cost.page.blocks import Table, grid
from deepseek_cost.page.wording import money, short
from deepseek_cost.prices import Currency
from deepseek_cost.report.estimate import EstimateEntry, EstimateReport
from deepseek_cost.report.requests import BreakdownEntry, DistributionEntry
from deepseek_cost.requests.kinds import Kind


def refused_cells(entries: Sequence[EstimateEntry]) -> list[str]:
    """Return how many requests the API refuses of each model; empty where none."""
    return [f"{entry.refused.requests:,}" if entry.refused else "" for entry in entries]


def request_tables(report: EstimateReport) -> Iterable[Table]:
    """Yield the tables that the report has figures for."""
    entries, currency = report.estimates, report.currency
    breakdowns = [entry.breakdown for entry in entries if entry.breakdown]
    if breakdowns:
        yield _breakdown(entries, breakdowns)
        if any(breakdown.tools for breakdown in breakdowns):
            yield _tools(entries, breakdowns, currency)
    spreads = [entry.distribution for entry in entries if entry.distribution]
    if spreads:
        yield _distribution(entries, spreads, currency)
        yield _dearest(entries, currency, _times_sent(report, spreads[0]))


def in_flight(report: EstimateReport) -> Iterable[str]:
    """Yield how many of several requests a model takes at a time."""
    entries = [entry for entry in report.estimates if entry.distribution]
    if entries:
        limits = [(short(e.model), e.concurrent_requests) for e in entries]
        told = (f"{name} {f'{limit:,}' if limit else 'unknown'}" for name, limit in limits)
        yield f"requests in flight at most: {', '.join(told)}"


def _breakdown(entries: Sequence[EstimateEntry], parts: Sequence[BreakdownEntry]) -> Table:
    table = grid("input tokens", *(entry.model for entry in entries))
    rows = [{"system": part.system, "tools": sum(t.tokens for t in part.tools)} for part in parts]
    for row, part in zip(rows, parts, strict=True):
        row |= {f"history: {role}": tokens for role, tokens in part.history.items()}
        row |= {"user": part.user, "images": part.images, "template": part.template}
    # A role may be in the history of one model alone.
    for label in sorted(dict.fromkeys(label for row in rows for label in row), key=_order):
        if any(row.get(label) for row in rows):
            table.add_row(label, *(f"{row.get(label, 0):,}" for row in rows))
    return table


def _order(label: str) -> int:
    order = ("system", "tools", "history", "user", "images", "template")
    return order.index(label.partition(":")[0])


def _tools(
    entries: Sequence[EstimateEntry], parts: Sequence[BreakdownEntry], currency: Currency
) -> Table:
    headings = [
        heading
        for entry in entries
        for heading in (f"{short(entry.model)}\ntokens", f"{short(entry.model)}\n1,000 requests")
    ]
    table = grid("tool", *headings)
    by_name = [{tool.name: tool for tool in part.tools} for part in parts]
    for name in dict.fromkeys(name for tools in by_name for name in tools):
        cells: list[str] = []
        for tools in by_name:
            tool = tools.get(name)
            cost = money(tool.cost_per_1000_requests, currency) if tool else ""
            cells += [f"{tool.tokens:,}" if tool else "", cost]
        table.add_row(name, *cells)
    return table


def _distribution(
    entries: Sequence[EstimateEntry], spreads: Sequence[DistributionEntry], currency: Currency
) -> Table:
    headings = [f"{short(e.model)}\n{what}" for e in entries for what in ("input", "floor")]
    table = grid("a request", *headings)
    for name in ("min", "median", "p95", "max"):
        cells: list[str] = []
        for spread in spreads:
            cells += [f"{getattr(spread.input, name):,}"]
            cells += [money(getattr(spread.floor, name), currency)]
        table.add_row(name, *cells)
    return table


def _times_sent(report: EstimateReport, spread: DistributionEntry) -> int:
    """Return how often each body is sent: the inputs tell all requests, the spread the bodies."""
    bodies = (found.requests for found in report.inputs if found.kind is not Kind.TEXT)
    return sum(bodies) // spread.requests


def _dearest(entries: Sequence[EstimateEntry], currency: Currency, sent: int) -> Table:
    known = all(one.total is not None for entry in entries for one in entry.dearest or ())
    what = "total" if known else "ceiling"
    heading = "dearest requests" if sent == 1 else f"dearest requests, each sent {sent:,} times"
    table = grid(heading, "identifier", "model", "input", what, left=3)
    for entry in entries:
        for request in entry.dearest or ():
            amount = request.ceiling if request.total is None else request.total
            table.add_row(
                f"{request.source}:{request.line}",
                request.custom_id or "",
                short(entry.model),
                f"{request.input:,}",
                money(amount, currency),
            )
    return table
