"""dscost when."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.gate import OVER_LIMIT
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_warning
from deepseek_cost.cli.output import write, write_text
from deepseek_cost.cli.session import price_table, time_of, zone_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import Tier

if TYPE_CHECKING:
    from deepseek_cost.pricing.book import PriceBook


Template = Annotated[
    str | None,
    SHOWN.option(
        "--template",
        metavar="TEMPLATE",
        help="Print one line for a shell prompt, e.g. '{tier} until {until}'. Also {left}, {next}, "
        "{at}. Times take a format: {until:%H:%M}.",
    ),
]

WithExitCode = Annotated[
    bool, SHOWN.option("--exit-code", help="Exit with code 0 off-peak, and with 3 at peak.")
]

MANUAL: Final = Manual(
    (
        Example("whether it is peak, in Berlin time", "dscost when --tz Europe/Berlin"),
        Example("wait at peak, in a script", "dscost when --exit-code || echo 'peak: later'"),
        Example("a line for a shell prompt", "dscost when --template '{tier} until {until}'"),
    ),
    page="when.md",
    failure="the price table is wrong",
    limit="it is peak, with --exit-code",
)


def when(
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    template: Template = None,
    exit_code: WithExitCode = False,
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Show current and upcoming peak hours."""
    from deepseek_cost.cli.prompt_line import kept
    from deepseek_cost.pricing.loader import choose
    from deepseek_cost.reports.when import when_report

    values.require_one_of({"--template": template is not None, "--json": as_json})
    book = price_table(prices).book
    priced_at = time_of(at, book, tz)
    if template is None:
        write(when_report(book, priced_at, zone_of(tz), currency), as_json=as_json, plain=plain)
    else:
        zone = values.zone(tz) if tz else None
        kept(book, priced_at, choose(prices).path, currency, zone.key if zone else "", warned=False)
        _write_line(template, book, priced_at.astimezone(zone))
    if exit_code and book.calendar.tier_at(priced_at) is Tier.PEAK:
        raise typer.Exit(OVER_LIMIT)


def _write_line(template: str, book: "PriceBook", at: datetime) -> None:
    from deepseek_cost.cli.prompt_line import filled, moment_of

    line = filled(template, moment_of(book, at))
    for warning in book.warnings_at(at):
        show_warning(warning)
    write_text(f"{line}\n")
