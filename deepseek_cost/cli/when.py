"""dscost when."""

from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import instant_of, price_table, zone_of


def when(
    at: o.At = None,
    tz: o.Tz = None,
    as_json: o.AsJson = False,
    prices: o.PricesFile = None,
) -> None:
    """Tell whether it is peak, until when, and how the week looks."""
    from deepseek_cost.report.when import when_report

    book = price_table(prices).book
    write(when_report(book, instant_of(at, book, tz), zone_of(tz)), as_json=as_json)
