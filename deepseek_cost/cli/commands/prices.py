"""dscost prices."""

from pathlib import Path
from typing import Annotated, Final

import typer

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import write, write_text
from deepseek_cost.cli.session import names_of, price_table, time_of
from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.currency import Currency

History = Annotated[
    bool,
    SHOWN.option("--history", help="Show every price change since launch."),
]
Check = Annotated[
    Path | None,
    SHOWN.option(
        "--check",
        metavar="FILE",
        help="Validate a price table and list how it differs from the bundled one.",
    ),
]

MANUAL: Final = Manual(
    (
        Example("prices, limits and features of Pro", "dscost prices pro -v"),
        Example("the prices of another day", "dscost prices --at 2026-09-01T00:00Z"),
        Example("every price change, for a spreadsheet", "dscost prices --history --csv"),
    ),
    page="prices.md",
)


def prices(
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MODEL]...", help="Models to list, such as flash or pro."),
    ] = None,
    model: price_options.ListedModels = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    history: History = False,
    check: Check = None,
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    prices: options.PricesFile = None,
) -> None:
    """Show the price list in force, or its history.

    With -v also limits, features, and the source and date of each price.
    """
    from deepseek_cost.pricing.loader import book_to_compare_with, load_prices
    from deepseek_cost.reports.price_check import check_report
    from deepseek_cost.reports.price_history import history_report
    from deepseek_cost.reports.prices import prices_report

    if as_csv and (as_json or check is not None):
        raise UsageError("--csv goes with the price list and --history, without --json")
    if check is not None:
        checked = check_report(book_to_compare_with(check), load_prices(check), str(check))
        write(checked, as_json=as_json, plain=plain)
        return
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    named = [*(models or ()), *(model or ())]
    names = names_of(table.book, named) if named or history else ()
    make = history_report if history else prices_report
    report = make(table.book, names, priced_at, currency, table.entry)
    if as_csv:
        from deepseek_cost.reports.csv import to_csv

        write_text(to_csv(report))
    else:
        write(report, as_json=as_json, plain=plain, verbose=verbose)
