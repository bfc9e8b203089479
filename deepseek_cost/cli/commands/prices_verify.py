"""dscost prices verify."""

from typing import Annotated, Final

import typer

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_error
from deepseek_cost.cli.output import write, write_text
from deepseek_cost.cli.session import price_table, time_of
from deepseek_cost.errors import DscostError

MANUAL: Final = Manual(
    (
        Example(
            "today's page, as the documents have it in Markdown",
            "dscost prices verify https://api-docs.deepseek.com/quick_start/pricing.md",
        ),
        Example(
            "saved pages in both languages, at their date",
            "dscost prices verify en.html zh.html --at 2026-11-15T00:00Z",
        ),
    ),
    page="prices.md",
    failure="something on a page is not the same, is missing or is not understood",
)


def prices_verify(
    pages: Annotated[
        list[str],
        typer.Argument(
            metavar="PAGE...",
            help="Price page as HTML, Markdown or text, English or Chinese: a file, a URL, or -.",
        ),
    ],
    at: price_options.At = None,
    tz: price_options.Tz = None,
    as_toml: Annotated[
        bool,
        SHOWN.option("--toml", help="Print only the TOML to append to the price table."),
    ] = False,
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Compare DeepSeek's price page with the price table.

    Exits with 0 only if all of every page was read and is the same.
    """
    from deepseek_cost.inputs.folders import find
    from deepseek_cost.inputs.source import in_one_piece
    from deepseek_cost.pricing.page.comparison import compare
    from deepseek_cost.pricing.page.reader import MAX_CHARACTERS, read_page
    from deepseek_cost.reports.price_page import verify_report

    values.require_one_of({"--toml": as_toml, "--json": as_json})
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    compared = {}
    for name in dict.fromkeys(pages):
        source = find([name], (), "utf-8").sources[0]
        text = in_one_piece(source.blocks(), source.name, MAX_CHARACTERS)
        compared[source.name] = compare(read_page(text, source.name), table.book, priced_at)
    report = verify_report(compared, table.book, table.entry)
    if as_toml:
        write_text(report.toml)
    else:
        write(report, as_json=as_json, plain=plain)
    if not report.is_same:
        verdicts = ", ".join(f"{name}: {found.verdict}" for name, found in compared.items())
        show_error(f"the pages and the price table differ: {verdicts}")
        raise typer.Exit(DscostError.exit_code)
