"""dscost prices."""

from deepseek_cost.cli.options import priced, shown
from deepseek_cost.cli.output import write, write_text
from deepseek_cost.cli.setup import instant_of, names_of, price_table
from deepseek_cost.errors import UsageError
from deepseek_cost.prices import Currency


def prices(
    model: priced.Models = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    history: shown.History = False,
    check: shown.Check = None,
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    as_csv: shown.AsCsv = False,
    prices: priced.PricesFile = None,
) -> None:
    """Show the price list in force, or every change of it.

    With limits, features and fees, and the source and date of each price.
    """
    from deepseek_cost.pricefile import load_prices
    from deepseek_cost.report.check import check_report
    from deepseek_cost.report.history import history_report
    from deepseek_cost.report.prices import prices_report

    if as_csv and (as_json or check is not None):
        raise UsageError("--csv goes with the price list and --history, without --json")
    if check is not None:
        report = check_report(load_prices(), load_prices(check), str(check))
        write(report, as_json=as_json, plain=plain)
        return
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    names = names_of(table.book, model) if model or history else ()
    make = history_report if history else prices_report
    shown = make(table.book, names, instant, currency, table.note)
    if as_csv:
        from deepseek_cost.csvtable.prices import to_csv

        write_text(to_csv(shown))
    else:
        write(shown, as_json=as_json, plain=plain)
