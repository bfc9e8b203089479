"""dscost statusline."""

import time
from typing import TYPE_CHECKING, Annotated, Final

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_note
from deepseek_cost.cli.output import write_text
from deepseek_cost.cli.session import price_table, time_of
from deepseek_cost.errors import InputError
from deepseek_cost.pricing.currency import Currency

if TYPE_CHECKING:
    from deepseek_cost.billing.tariff import Tariffs
    from deepseek_cost.cli.statusline import Rates


# After all times, in seconds since 1970.
_END: Final = 10.0**12

ClearIndex = Annotated[
    bool, SHOWN.option("--clear", help="Remove the index of transcripts from the cache, and exit.")
]

MANUAL: Final = Manual(
    (
        Example(
            "in Claude Code's settings.json",
            '"statusLine": {"type": "command", "command": "dscost statusline"}',
        ),
        Example("remove what it keeps in the cache", "dscost statusline --clear"),
    ),
    page="bill.md",
    failure="standard input is not Claude Code's status, or the price table is wrong",
)


def statusline(
    clear: ClearIndex = False,
    currency: price_options.CurrencyName = Currency.USD,
    prices: options.PricesFile = None,
) -> None:
    """Show what a Claude Code session costs, in its status line.

    It reads what Claude Code sends to a status line command, and the session's transcript.
    """
    from deepseek_cost.billing.tariff import Tariffs
    from deepseek_cost.cli.line_setup import cache_folder
    from deepseek_cost.cli.prompt_line import in_words, kept, moment_of
    from deepseek_cost.cli.statusline import Index, index_path, read_input, session_line
    from deepseek_cost.pricing.loader import choose

    if clear:
        _clear(cache_folder())
        return
    book = price_table(prices).book
    at = time_of("now", book).astimezone()
    setup = kept(book, at, choose(prices).path, currency, warned=True)
    tariffs = Tariffs(book, currency)
    path = index_path(setup.index)
    index = Index(path, setup.currency, setup.mark, lambda *asked: _rates(tariffs, *asked))
    try:
        text = session_line(read_input(), time.time(), index)
    except ValueError as error:
        raise InputError(f"standard input is not Claude Code's status: {error}") from None
    write_text(f"{text} · {in_words(moment_of(book, at))}\n")


def _clear(folder: str) -> None:
    from pathlib import Path

    removed = [*Path(folder).glob("sessions-*.json*"), *Path(folder).glob("lines.json*")]
    for path in removed:
        path.unlink(missing_ok=True)
    show_note(f"removed {len(removed)} files from {folder}" if removed else f"no index in {folder}")


def _rates(tariffs: "Tariffs", model: str, seconds: float) -> "Rates":
    """Return a model's rates at a time; without prices if it has none, as those of others."""
    from deepseek_cost.billing.formats.base import Kind
    from deepseek_cost.cli.statusline import SCALE
    from deepseek_cost.errors import UnknownModelError, UnpricedError
    from deepseek_cost.pricing.fees import FeeId

    try:
        stretch = tariffs.find(model, Kind.MESSAGES).at(seconds)
        fees = [tariffs.fee(fee, 1_000, seconds) for fee in FeeId]
    except UnknownModelError:
        return [0.0, _END]
    except UnpricedError:
        return [seconds // 60 * 60, seconds // 60 * 60 + 60]
    rates = stretch.price.rates
    prices = (rates.cache_hit, rates.cache_miss, rates.output, *fees)
    until = min(stretch.until, stretch.since + 86_400)
    return [stretch.since, until, *(int(price * SCALE) for price in prices)]
