"""The table of `dscost check`."""

from deepseek_cost.page.blocks import Page, Table, grid, page_of, words
from deepseek_cost.page.wording import money
from deepseek_cost.prices import stamp
from deepseek_cost.report.live import LiveReport


def describe(report: LiveReport) -> Page:
    """Describe the forecast beside the bill."""
    at = stamp(report.priced_at)
    said = "the same prompt tokens"
    if report.difference:
        said = f"{report.difference:+,} prompt tokens; likely: {report.likely_reason}"
    return page_of(
        f"{report.source} sent to {report.model}, {report.tier.label} at {at}",
        _tokens(report),
        words([f"{said}; it cost {money(report.cost, report.currency)}"]),
        warnings=report.warnings,
    )


def _tokens(report: LiveReport) -> Table:
    forecast, billed = report.forecast, report.billed
    table = grid("tokens", "forecast", "billed")
    table.add_row("input", f"{forecast.input:,}", f"{billed.input:,}")
    most = f"at most {forecast.cache_hit_at_most:,}"
    table.add_row("  cache hits", most, f"{billed.cache_hit:,}")
    table.add_row("output", "1", f"{billed.output:,}")
    return table
