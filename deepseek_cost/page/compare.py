"""The table and the chart of `dscost compare`."""

from collections.abc import Iterable
from decimal import Decimal

from deepseek_cost.page.blocks import Drawing, Page, Table, grid, page_of, words
from deepseek_cost.page.chart import MARKERS, Chart
from deepseek_cost.page.wording import (
    Footnotes,
    inputs,
    money,
    short,
)
from deepseek_cost.prices import stamp
from deepseek_cost.report.compare import BreakEvenEntry, CompareReport, LineEntry, Side
from deepseek_cost.schedule import Tier


def describe(report: CompareReport) -> Page:
    """Describe cost over cache hits as a table and a chart, and where the lines cross."""
    output = report.lines[0].output_tokens
    scope = "input alone" if output is None else f"{output:,} output tokens"
    return page_of(
        (
            f"{inputs(report.inputs)}, {scope}, prices of {stamp(report.priced_at)}",
            "cost of 1,000 requests over the share of cache hits",
        ),
        _costs(report),
        Drawing(_chart(report)),
        words(_findings(report)),
        words(Footnotes(report.assumptions).lines(), is_quiet=True),
        warnings=report.warnings,
    )


def _findings(report: CompareReport) -> Iterable[str]:
    """Yield where the lines cross, and what a model costs without a discount that is in force."""
    ratio = _percent(report.cache_hit_ratio)
    for pair in report.break_even:
        yield from _crossing(pair, ratio)
    in_force = {line.period.id for line in report.lines}
    for listed in report.list_prices:
        if listed.period not in in_force:
            continue
        amount = money(listed.per_1000_requests, report.currency)
        name = f"{short(listed.model)} at its list price before the discount"
        yield f"{name}: {amount} at {ratio} hits"
        yield f"  ({listed.period})"


def _costs(report: CompareReport) -> Table:
    table = grid("cache hits", *map(_heading, report.lines, MARKERS))
    for row, at in enumerate(report.lines[0].costs):
        cells = [_per_1000(line, row, report) for line in report.lines]
        table.add_row(f"{at.ratio:.0%}", *(money(cell, report.currency) for cell in cells))
    if report.requests_per_day is not None:
        days = [money(line.per_day or Decimal(0), report.currency) for line in report.lines]
        table.add_section()
        ratio = _percent(report.cache_hit_ratio)
        table.add_row(f"{report.requests_per_day:,} a day, {ratio}", *days)
    return table


def _per_1000(line: LineEntry, row: int, report: CompareReport) -> Decimal:
    return line.costs[row].cost * 1_000 / report.requests


def _heading(line: LineEntry, marker: str) -> str:
    return f"{marker} {short(line.model)}\n{line.tier.label}"


def _chart(report: CompareReport) -> Chart:
    """Return the cost of 1,000 requests over the share of cache hits, a line a model and tier."""
    return Chart(
        title=f"{inputs(report.inputs)}: cost of 1,000 requests, {stamp(report.priced_at)}",
        x_title="share of cache hits",
        lines=[
            (
                f"{short(line.model)} {line.tier.label}",
                [(float(at.ratio), float(at.cost * 1_000 / report.requests)) for at in line.costs],
            )
            for line in report.lines
        ],
        x_ticks=[share / 10 for share in range(11)],
        x_label=lambda share: f"{share:.0%}",
        currency=report.currency,
    )


def _crossing(pair: BreakEvenEntry, ratio: str) -> Iterable[str]:
    cheaper, dearer = _name(pair.cheaper), _name(pair.dearer)
    if pair.crossing is None:
        yield f"{cheaper} is cheaper than {dearer} at every equal share"
    else:
        yield f"{cheaper} and {dearer} cost the same at {_percent(pair.crossing.ratio)} hits"
    if pair.reached_at is None:
        yield f"  {dearer} never gets down to what {cheaper} costs at {ratio} hits"
    else:
        share = _percent(pair.reached_at.ratio)
        yield f"  {dearer} at {share} hits costs what {cheaper} costs at {ratio}"


def _percent(ratio: Decimal) -> str:
    share = f"{ratio * 100:.2f}"
    return f"{share.rstrip('0').rstrip('.')}%"


def _name(side: Side) -> str:
    return short(side.model) + ("" if side.tier is Tier.FLAT else f" {side.tier.label}")
