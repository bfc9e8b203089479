"""What commands are made of before they run: prices, mode, sources, progress."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from deepseek_cost import arguments
from deepseek_cost.cli.settings import given_by
from deepseek_cost.errors import UsageError
from deepseek_cost.prompt import Effort, Mode
from deepseek_cost.terminal import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.bill.balance import Balance
    from deepseek_cost.cache.timeline import Timeline
    from deepseek_cost.columns import Body
    from deepseek_cost.pricebook import PriceBook
    from deepseek_cost.report.parts import PriceTable
    from deepseek_cost.requests.kinds import Kind
    from deepseek_cost.sources import Found
    from deepseek_cost.streams import Advance

DEFAULT_MODELS: Final = ("deepseek-v4-flash", "deepseek-v4-pro")
# Files this small are read before a progress bar could be seen.
_PROGRESS_FROM_BYTES: Final = 8_000_000
# A system text in memory; more than a context of the longest tokens would take.
_MAX_SYSTEM: Final = 128_000_000


class Table(NamedTuple):
    """A price table with what chose it."""

    book: "PriceBook"
    note: "PriceTable"


def price_table(flag: Path | None) -> Table:
    """Load the price table that the option or the config folder names."""
    from deepseek_cost.pricefile import choose, load_prices
    from deepseek_cost.report.parts import PriceTable

    choice = choose(flag)
    book = load_prices(choice.path)
    source = unicode_name(str(choice.path)) if choice.path else "bundled"
    chosen_by = given_by("prices") or choice.chosen_by
    return Table(book, PriceTable(source=source, chosen_by=chosen_by, checked=book.checked))


def instant_of(at: str | None, book: "PriceBook", tz: str | None = None) -> datetime:
    """Return the instant given, or now: the one place where the clock is read."""
    now = datetime.now(UTC).replace(microsecond=0)
    if at is None:
        return now
    clock = arguments.Clock(now, book.calendar, arguments.zone(tz) if tz else None)
    return arguments.instant(at, clock)


def zone_of(tz: str | None) -> str:
    """Return the name of the user's time zone: the one given, or the machine's."""
    if tz:
        return arguments.zone(tz).key
    from tzlocal import get_localzone_name

    try:
        return arguments.zone(get_localzone_name() or "UTC").key
    except (UsageError, KeyError, ValueError, OSError):  # a machine whose zone has no name
        return "UTC"


def balance_of(granted: str | None, topped_up: str | None) -> "Balance | None":
    """Return the balance that the options give; None without them."""
    from deepseek_cost.bill.balance import Balance

    if granted is None and topped_up is None:
        return None
    return Balance(
        arguments.amount(granted or "0", "--granted"),
        arguments.amount(topped_up or "0", "--topped-up"),
    )


def mode_of(thinking: bool, effort: Effort | None) -> Mode:
    """Return the mode of thinking; refuses an effort for no thinking."""
    if effort is not None and not thinking:
        raise UsageError("--effort is of thinking; leave out --no-thinking or --effort")
    return Mode(thinking, effort or Effort.HIGH)


def timeline_of(gap: str | None, *, forecasts: bool) -> "Timeline | None":
    """Return when the requests are sent, where their cache hits are forecast."""
    if forecasts:
        return timeline_by(gap)
    if gap is not None:
        raise UsageError("--gap is of the cache forecast; add --cache-hit-ratio auto")
    return None


def timeline_by(gap: str | None) -> "Timeline":
    """Return when requests are sent: a gap apart if given, else by their timestamps."""
    from deepseek_cost.cache.timeline import Timeline

    return Timeline(arguments.gap(gap) if gap is not None else None)


def prompt_options(thinking: bool, effort: Effort | None, system: str | None) -> list[str]:
    """Return the flags given that are of plain prompts alone; a setting may be of others, too."""
    given = {
        "--no-thinking": not thinking and given_by("thinking"),
        "--effort": effort and given_by("effort"),
        "--system": system and given_by("system"),
    }
    return [flag for flag, origin in given.items() if origin and origin.startswith("-")]


def names_of(book: "PriceBook", wanted: Sequence[str] | None) -> list[str]:
    """Return the models' full names, each once."""
    return list(dict.fromkeys(book.find(name).name for name in wanted or DEFAULT_MODELS))


def find_sources(files: Sequence[str], glob: Sequence[str] | None, encoding: str) -> "Found":
    """Find the prompts."""
    from deepseek_cost.sources import find

    return find(files, glob or (), encoding)


def find_rows(
    files: Sequence[str],
    glob: Sequence[str] | None,
    encoding: str,
    column: str | None,
    kind: "Kind | None",
    body: "Body",
) -> "Found":
    """Find the prompts; those in a column of Parquet files are sent by a body."""
    from deepseek_cost.sources import is_parquet

    found = find_sources(files, glob, encoding)
    if column or any(map(is_parquet, found.sources)):
        from deepseek_cost.columns import in_columns

        found.sources = in_columns(found.sources, column, kind, body)
    return found


def system_text(system: str | None, encoding: str) -> str:
    """Read the file of the system message; empty without one."""
    from deepseek_cost.sources import read_whole

    return read_whole(system, encoding, _MAX_SYSTEM) if system is not None else ""


@contextmanager
def progress(size: int) -> "Iterator[Advance]":
    """Show a bar on stderr while much is read; nothing where stderr is no terminal."""
    if size < _PROGRESS_FROM_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("counting", total=size)
        yield lambda count: progress.advance(task, count)
