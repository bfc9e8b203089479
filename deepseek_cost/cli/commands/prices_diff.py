"""dscost prices diff."""

from pathlib import Path
from typing import Annotated, Final

import typer

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import write
from deepseek_cost.cli.session import price_table, time_of
from deepseek_cost.errors import DscostError
from deepseek_cost.pricing.other_tables import Tool

MANUAL: Final = Manual(
    (
        Example("the price table of the installed litellm", "dscost prices diff litellm"),
        Example("a file with its table", "dscost prices diff litellm model_prices.json"),
    ),
    page="prices.md",
    failure="a price differs, or the table cannot be read",
)


def prices_diff(
    tool: Annotated[Tool, typer.Argument(metavar="TOOL", help=f"{', '.join(Tool)}.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Its price table; without it, that of the Python package installed here.",
        ),
    ] = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Compare another tool's price table with the price book.

    Every price of DeepSeek's API is compared, at every rate and for every price list up to --at.
    Exits with 1 if one differs.
    """
    from deepseek_cost.pricing.other_tables import compare, find_table, missing_models, read_table
    from deepseek_cost.reports.price_tables import table_diff_report

    chosen = price_table(prices)
    priced_at = time_of(at, chosen.book, tz)
    path = file or find_table(tool)
    table = read_table(tool, path)
    cells = list(compare(chosen.book, table, priced_at))
    missing = missing_models(chosen.book, table, priced_at)
    report = table_diff_report(tool, str(path), cells, missing, table=chosen.entry, at=priced_at)
    write(report, as_json=as_json, plain=plain)
    if not report.is_same:
        raise typer.Exit(DscostError.exit_code)
