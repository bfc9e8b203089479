"""The table of `dscost prices --history`."""

from collections.abc import Iterable

from deepseek_cost.page.blocks import Column, Page, Table, page_of, words
from deepseek_cost.page.wording import money
from deepseek_cost.prices import stamp
from deepseek_cost.report.history import HistoryEntry, HistoryReport

_LARGE = 100


def describe(report: HistoryReport) -> Page:
    """Describe every list with its change in percent, its sources, the cancelled announcements."""
    return page_of(
        f"{report.currency} per 1,000,000 tokens until {stamp(report.priced_at)}",
        _lists(report),
        words(_periods(report), is_quiet=True),
        words(_cancelled(report)),
        warnings=report.warnings,
    )


def _lists(report: HistoryReport) -> Table:
    figures = (Column(name, "figure") for name in ("cache hit", "cache miss", "output"))
    table = Table(Column("since (UTC)", "time"), Column("tier", "words"), *figures)
    model = ""
    for entry in report.history:
        if entry.model != model:
            table.add_section()
            table.add_row(entry.model)
        model = entry.model
        table.add_row(*_row(entry, report))
    return table


def _periods(report: HistoryReport) -> Iterable[str]:
    for entry in {entry.period.id: entry for entry in report.history}.values():
        yield f"{entry.period.id}: {entry.period.source[0]}"
        yield from (f"  {line}" for line in entry.period.note.splitlines())


def _cancelled(report: HistoryReport) -> Iterable[str]:
    for change in report.cancelled:
        yield f"cancelled: {change.what}, planned for {change.planned}, {change.cancelled}"
        yield f"  {change.source[0]}"


def _row(entry: HistoryEntry, report: HistoryReport) -> list[str]:
    change = entry.change_percent
    cells = []
    for kind in ("cache_hit", "cache_miss", "output"):
        percent = getattr(change, kind) if change else ""
        changed = f" ({_short(percent)}%)" if percent and float(percent) else ""
        cells.append(money(getattr(entry.rates_per_million, kind), report.currency) + changed)
    return [f"{entry.since:%Y-%m-%d %H:%M}", entry.tier.label, *cells]


def _short(percent: str) -> str:
    """Round to whole percents where a tenth says nothing."""
    return f"{float(percent):+.0f}" if abs(float(percent)) >= _LARGE else percent.removesuffix(".0")
