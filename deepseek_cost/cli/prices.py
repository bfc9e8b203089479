"""dscost prices."""

from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import instant_of, price_table
from deepseek_cost.prices import Currency


def prices(
    model: o.Models = None,
    at: o.At = None,
    currency: o.CurrencyName = Currency.USD,
    as_json: o.AsJson = False,
    prices: o.PricesFile = None,
) -> None:
    """Show the price list in force: both tiers, with source and date."""
    from deepseek_cost.report.prices import prices_report

    instant = instant_of(at)
    table = price_table(prices)
    names = [table.book.find(name).name for name in model or ()]
    write(prices_report(table.book, names, instant, currency, table.note), as_json=as_json)
