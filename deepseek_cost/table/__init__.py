"""Reports as text for a terminal. Amounts are rounded here and nowhere else."""

from rich.console import Console

from deepseek_cost.report.check import CheckReport
from deepseek_cost.report.compare import CompareReport
from deepseek_cost.report.contract import Report
from deepseek_cost.report.count import CountReport
from deepseek_cost.report.estimate import EstimateReport
from deepseek_cost.report.history import HistoryReport
from deepseek_cost.report.prices import PricesReport
from deepseek_cost.report.when import WhenReport
from deepseek_cost.table.check import show_check
from deepseek_cost.table.count import show_count
from deepseek_cost.table.estimate import show_estimate
from deepseek_cost.table.history import show_history
from deepseek_cost.table.prices import show_prices
from deepseek_cost.table.when import show_when


def show(report: Report, console: Console) -> None:
    """Print a report as a table with its footnotes."""
    match report:
        case EstimateReport():
            show_estimate(report, console)
        case CountReport():
            show_count(report, console)
        case CheckReport():
            show_check(report, console)
        case CompareReport():
            from deepseek_cost.table.compare import show_compare  # noqa: PLC0415 - a chart takes long to load

            show_compare(report, console)
        case HistoryReport():
            show_history(report, console)
        case WhenReport():
            show_when(report, console)
        case PricesReport():
            show_prices(report, console)
