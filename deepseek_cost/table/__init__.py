"""Reports as text for a terminal. Amounts are rounded here and nowhere else."""

from rich.console import Console

from deepseek_cost.report.contract import Report
from deepseek_cost.report.count import CountReport
from deepseek_cost.report.estimate import EstimateReport
from deepseek_cost.report.prices import PricesReport
from deepseek_cost.table.count import show_count
from deepseek_cost.table.estimate import show_estimate
from deepseek_cost.table.prices import show_prices


def show(report: Report, console: Console) -> None:
    """Print a report as a table with its footnotes."""
    match report:
        case EstimateReport():
            show_estimate(report, console)
        case CountReport():
            show_count(report, console)
        case PricesReport():
            show_prices(report, console)
