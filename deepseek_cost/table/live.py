"""The table of `dscost check`."""

from rich.console import Console

from deepseek_cost.prices import stamp
from deepseek_cost.report.live import LiveReport
from deepseek_cost.table.layout import grid, money, print_line, print_table
from deepseek_cost.terminal import printable


def show(report: LiveReport, console: Console) -> None:
    """Print the forecast beside the bill."""
    at = stamp(report.priced_at)
    head = f"{printable(report.source)} sent to {report.model}, {report.tier.label} at {at}"
    print_line(console, f"{head}\n")
    forecast, billed = report.forecast, report.billed
    table = grid("tokens", "forecast", "billed")
    table.add_row("input", f"{forecast.input:,}", f"{billed.input:,}")
    most = f"at most {forecast.cache_hit_at_most:,}"
    table.add_row("  cache hits", most, f"{billed.cache_hit:,}")
    table.add_row("output", "1", f"{billed.output:,}")
    print_table(console, table)
    said = "the same prompt tokens"
    if report.difference:
        said = f"{report.difference:+,} prompt tokens; likely: {report.likely_reason}"
    print_line(console, f"\n{said}; it cost {money(report.cost, report.currency)}")
