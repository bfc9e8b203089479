"""dscost check."""

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.groups import SENT
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_note
from deepseek_cost.cli.output import write
from deepseek_cost.cli.session import price_table, time_of
from deepseek_cost.cli.sources import find_sources
from deepseek_cost.errors import DscostError, InputError, LiveError, UsageError
from deepseek_cost.estimates.live import TIMEOUT
from deepseek_cost.pricing.currency import Currency

if TYPE_CHECKING:
    from deepseek_cost.estimates.live import LiveRequest
    from deepseek_cost.inputs.request import Request

OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="File with a JSON request body.")
]
Live = Annotated[bool, SENT.option("--live", help="Send the request. This costs money.")]
Yes = Annotated[bool, SENT.option("--yes", "-y", help="Send without asking first.")]
BaseUrl = Annotated[
    str | None,
    SENT.option(
        "--base-url", metavar="URL", help="Base URL of the API.", show_default="DeepSeek's"
    ),
]

MANUAL: Final = Manual(
    (
        Example(
            "send without asking first",
            "dscost check request.json --live --yes",
        ),
    ),
    page="counting.md",
    failure="the bill differs, the API does not respond, or an input is wrong",
)


_KEY: Final = "DEEPSEEK_API_KEY"


def check(
    request: OneRequest,
    live: Live = False,
    yes: Yes = False,
    base_url: BaseUrl = None,
    timeout: price_options.Timeout = TIMEOUT,
    currency: price_options.CurrencyName = Currency.USD,
    encoding: options.Encoding = "utf-8",
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Send a one-token request and compare the bill with the estimate.

    Nothing is sent without --live. The key comes from DEEPSEEK_API_KEY.
    """
    from deepseek_cost.estimates.live import Api, billed, live_request
    from deepseek_cost.inputs.routing import route
    from deepseek_cost.prompt.segments import SegmentCounter
    from deepseek_cost.reports.proof import live_report
    from deepseek_cost.tokenizer import default_counter

    if not live:
        raise UsageError("check sends the request to the API", tip="confirm it with --live")
    book = price_table(prices).book
    api = Api(base_url or book.endpoints.get("openai", ""), _key(), timeout)
    found = _only_request(request, encoding)
    model = route(str(found.body.get("model")), found.kind, book).model
    price = book.price(model.name, time_of(None, book), currency)
    planned = live_request(found, price, SegmentCounter(default_counter()))
    _confirm(planned, yes=yes)
    usage = billed(api.send(planned.request.kind, planned.request.body))
    report = live_report(found.source, price, planned.input, usage, planned.reason)
    write(report, as_json=as_json, plain=plain)
    if report.difference:
        raise typer.Exit(DscostError.exit_code)


def _key() -> str:
    key = os.environ.get(_KEY, "").strip()
    if not key:
        raise LiveError("no key", tip=f"set {_KEY} in the environment; no option takes one")
    return key


def _only_request(name: str, encoding: str) -> "Request":
    """Read the file's first request; raises InputError if it has none."""
    from deepseek_cost.inputs.reader import open_input
    from deepseek_cost.inputs.request import Fault
    from deepseek_cost.inputs.streams import reading

    sources = find_sources([name], None, encoding).sources
    if len(sources) != 1 or sources[0].path is None:
        raise UsageError("check takes one file with a request body")
    with reading(name):
        opened = open_input(sources[0], None, lambda _: None)
        with closing(opened.file):
            found = None if opened.is_text else next(opened.requests(), None)
    if found is None or isinstance(found, Fault):
        raise InputError(str(found or f"{name}: not a request body that the API accepts"))
    return found


def _confirm(planned: "LiveRequest", *, yes: bool) -> None:
    """Show the cost, and exit unless the user confirms it."""
    price = planned.price
    cost = f"at most {planned.most:f} {price.currency} ({price.tier.label})"
    sent = f"{planned.input:,} prompt tokens to {price.model.name}, for 1 token of output"
    show_note(f"this sends {sent}: {cost}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to confirm on", tip="add --yes to send it")
    if not typer.confirm("Send it?", err=True):
        raise typer.Exit(DscostError.exit_code)
