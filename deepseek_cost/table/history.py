"""The table of `dscost prices --history`."""

from rich.console import Console

from deepseek_cost.prices import stamp
from deepseek_cost.report.history import HistoryEntry, HistoryReport
from deepseek_cost.table.layout import grid, money, print_line, print_table
from deepseek_cost.terminal import printable

_LARGE = 100


def show(report: HistoryReport, console: Console) -> None:
    """Print every list with its change in percent, its sources, and the cancelled announcements."""
    print_line(console, f"{report.currency} per 1,000,000 tokens until {stamp(report.priced_at)}\n")
    table = grid("since (UTC)", "tier", "cache hit", "cache miss", "output", left=2)
    table.columns[0].no_wrap = True
    model = ""
    for entry in report.history:
        if entry.model != model:
            table.add_section()
            table.add_row(entry.model)
        model = entry.model
        table.add_row(*_row(entry, report))
    print_table(console, table)
    print_line(console, "")
    for entry in {entry.period.id: entry for entry in report.history}.values():
        line = f"{entry.period.id}: {entry.period.source[0]}"
        note = f"\n  {entry.period.note}" if entry.period.note else ""
        print_line(console, "\n".join(map(printable, (line + note).split("\n"))), style="dim")
    for change in report.cancelled:
        line = f"cancelled: {change.what}, planned for {change.planned}, {change.cancelled}"
        print_line(console, printable(line))
        print_line(console, f"  {printable(change.source[0])}", style="dim")


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
