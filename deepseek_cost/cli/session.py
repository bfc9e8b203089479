"""What commands have in common: prices, time, models, workload, and their exit codes."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer
from msgspec import Struct

from deepseek_cost.cli import values
from deepseek_cost.cli.gate import exit_unkept
from deepseek_cost.cli.messages import show_warning
from deepseek_cost.cli.options import OnFault
from deepseek_cost.cli.settings import set_by_name
from deepseek_cost.cli.wording import flag_of, with_flags
from deepseek_cost.errors import (
    Advice,
    Advised,
    DscostError,
    UsageError,
)
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance
    from deepseek_cost.cli.sources import Inputs
    from deepseek_cost.estimates.cache_forecast import CacheForecast
    from deepseek_cost.estimates.partial_result import Skipped
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.routing import FindRoute, Route
    from deepseek_cost.inputs.source import SkippedSource
    from deepseek_cost.pricing.book import PriceBook
    from deepseek_cost.pricing.entries import Model, Rates
    from deepseek_cost.prompt.timeline import Timeline
    from deepseek_cost.reports.parts import PriceTable
    from deepseek_cost.tokenizer.base import TextCounter

_LOCAL_TIME: Final = Path("/etc/localtime")
DEFAULT_MODELS: Final = ("deepseek-v4-flash", "deepseek-v4-pro")


class Table(Struct, frozen=True):
    """A price table, and how it was chosen."""

    book: "PriceBook"
    entry: "PriceTable"


def price_table(flag: Path | None) -> Table:
    """Load the price table chosen by the option or the config folder, or the bundled one."""
    from deepseek_cost.pricing.loader import choose, load_prices
    from deepseek_cost.reports.parts import PriceTable

    choice = choose(flag)
    book = load_prices(choice.path)
    if choice.path is None:
        book = _with_own_holidays(book)
    source = unicode_name(str(choice.path)) if choice.path else "bundled"
    chosen_by = set_by_name("prices") or flag_of(choice.chosen_by)
    return Table(book, PriceTable(source=source, chosen_by=chosen_by, checked=book.checked))


def _with_own_holidays(book: "PriceBook") -> "PriceBook":
    """Return the bundled price book with the holidays of the config folder, if it has any."""
    from deepseek_cost.pricing.own_files import config_folder

    path = Path(config_folder()) / "holidays.toml"
    try:
        exists = path.is_file()
    except OSError:  # no permission for the folder
        return book
    if not exists:
        return book
    from deepseek_cost.pricing.holidays import with_holidays

    return with_holidays(book, path)


def time_of(at: str | None, book: "PriceBook", tz: str | None = None) -> datetime:
    """Return the time given, or now, in UTC: this is the only place that reads the clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    if at is None:
        return now
    clock = values.Clock(now, book.calendar, values.zone(tz) if tz else None)
    return values.point_in_time(at, clock)


def zone_of(tz: str | None) -> str:
    """Return the name of the user's time zone: the one given, the machine's, or UTC."""
    if tz:
        return values.zone(tz).key
    from deepseek_cost.pricing.timezones import is_utc

    try:
        name = _local_zone()
        return name if is_utc(name) else values.zone(name).key
    except (UsageError, KeyError, ValueError, OSError):  # the machine's zone has no name
        return "UTC"


def _local_zone() -> str:
    """Return the name of the machine's time zone; most machines have a link to its file.

    Raises KeyError, ValueError or OSError if it has no name.
    """
    if "TZ" not in os.environ:
        with suppress(OSError):
            _, is_known, name = str(_LOCAL_TIME.readlink()).partition("/zoneinfo/")
            if is_known:
                return name
    from tzlocal import get_localzone_name

    return get_localzone_name() or "UTC"


def balance_of(granted: str | None, topped_up: str | None) -> "Balance | None":
    """Return the balance given by the options; None if neither is given."""
    if granted is None and topped_up is None:
        return None
    from deepseek_cost.billing.balance import Balance

    return Balance(
        values.amount(granted or "0", "--granted"),
        values.amount(topped_up or "0", "--topped-up"),
    )


def mode_of(thinking: bool, effort: Effort | None) -> Mode:
    """Return the thinking mode; raises UsageError for an effort without thinking."""
    if effort is not None and not thinking:
        raise UsageError("--effort needs thinking", tip="leave out --no-thinking or --effort")
    return Mode(thinking, effort or Effort.HIGH)


def timeline_of(gap: str | None, *, forecasts: bool) -> "Timeline | None":
    """Return when the requests are sent; None if their cache hits are not predicted."""
    if forecasts:
        return timeline_by(gap)
    if gap is not None:
        raise UsageError("--gap needs a cache forecast", tip="add --cache-hit-ratio auto")
    return None


def timeline_by(gap: str | None) -> "Timeline":
    """Return when requests are sent: at the gap given, or by their timestamps."""
    from deepseek_cost.prompt.timeline import Timeline

    return Timeline(values.gap(gap) if gap is not None else None)


def prompt_options(thinking: bool, effort: Effort | None, system: str | None) -> list[str]:
    """Return the given flags that apply only to plain prompts; settings do not count."""
    origins = {
        "--no-thinking": not thinking and set_by_name("thinking"),
        "--effort": effort and set_by_name("effort"),
        "--system": system and set_by_name("system"),
    }
    return [flag for flag, origin in origins.items() if origin and origin.startswith("-")]


def names_of(book: "PriceBook", names: Sequence[str] | None) -> list[str]:
    """Return the full names of models, each once; `flash,pro` and `flash pro` are two models.

    Names in the form of other tools work, too: `deepseek/deepseek-v4-pro`, `deepseek-v4-pro[1m]`.
    """
    texts = names or DEFAULT_MODELS
    each = [name for text in texts for name in text.replace(",", " ").split() or [text]]
    if any(mark in name for name in each for mark in "/["):
        from deepseek_cost.inputs.routing import own_name

        each = [own_name(name) for name in each]
    return list(dict.fromkeys(book.find(name).name for name in each))


def names_to_price(
    book: "PriceBook", names: Sequence[str] | None, inputs: "Inputs", at: datetime | None
) -> list[str]:
    """Return the names given, or the first body's model and the other default model."""
    from deepseek_cost.inputs.routing import alternatives

    own = None if names else inputs.own_model(book, at)
    return names_of(book, alternatives(own.model, DEFAULT_MODELS) if own else names)


def serving(
    book: "PriceBook", names: Sequence[str] | None, at: datetime | None, name: str, kind: Kind
) -> "Route | None":
    """Return the route of a body's model; with --model, it may be unknown (None) or retired.

    Without --model, raises an error for an unknown or retired model.
    """
    from deepseek_cost.errors import UnknownModelError
    from deepseek_cost.inputs.routing import Route, route

    if not name:
        if not names:
            raise UnknownModelError(Advised("the body names no model", Advice.MODEL))
        return Route(book.find(names_of(book, names)[0]))
    try:
        found = route(name, kind, book)
    except UnknownModelError:
        if names:
            return None
        raise
    if not names and at is not None:
        found.model.service_at(at)
    return found


def report_skips(skips: "Skipped") -> None:
    """Print a warning about the requests left out, one per source."""
    for one in skips:
        more = f", and {one.requests - 1:,} more of this file" if one.requests > 1 else ""
        show_warning(f"skipped {with_flags(one.message)}{more}")


def exit_if_incomplete(
    skipped: "Sequence[SkippedSource]", skips: "Skipped", limit: object = None
) -> None:
    """Exit with code 1, or 3 with a limit, if something that should be counted was left out."""
    from deepseek_cost.inputs.source import BINARY

    failures = [one.reason for one in skipped if one.is_failure]
    failures += [one.message for one in skips]
    if limit is not None:
        missing = [one for one in skipped if not one.is_failure and one.reason != BINARY]
        failures += [f"{one.name}: {one.reason}" for one in missing]
        if failures:
            more = f", and {len(failures) - 1:,} more" if len(failures) > 1 else ""
            exit_unkept(f"not counted: {with_flags(failures[0])}{more}")
    if failures:
        raise typer.Exit(DscostError.exit_code)


def exit_if_refused(workload: "Workload") -> None:
    """Exit with code 1 if the API would refuse a request."""
    if any(ledger.refusals.requests for ledger in workload.ledgers):
        raise typer.Exit(DscostError.exit_code)


def with_worker_pool(
    workload: "Workload", make: "Callable[[], Workload]", jobs: int | None
) -> "Workload":
    """Add worker processes to a workload that needs no order; each creates its own workload."""
    from deepseek_cost.estimates.workers import WorkerPool, worker_count

    processes = worker_count(jobs)
    if processes > 1 and workload.forecast is None and workload.on_request is None:
        workload.pool = WorkerPool(make, processes, requested=jobs is not None)
    return workload


def workload_of(
    columns: "Sequence[tuple[Model, Rates | None]]",
    scenario: "Scenario",
    system: str,
    find_route: "FindRoute",
    on_error: OnFault = OnFault.STOP,
    timeline: "Timeline | None" = None,
    *,
    counter: "Callable[[], TextCounter] | None" = None,
    breakdown: bool = False,
) -> "Workload":
    """Return a workload with an empty ledger per model; with a timeline, it predicts cache hits."""
    from deepseek_cost.estimates.ledger import Ledger
    from deepseek_cost.estimates.partial_result import PartialResult, Skipped
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.routing import Routes
    from deepseek_cost.tokenizer import sparing_counter

    return Workload(
        PartialResult(
            [Ledger(model, rates, breakdown) for model, rates in columns],
            Skipped(on_error is OnFault.SKIP),
        ),
        scenario=scenario,
        system=system,
        # A forecast needs the tokens themselves, which its own encoder has.
        counter=counter() if counter and not timeline else sparing_counter(),
        forecast=_forecast(timeline) if timeline else None,
        routes=Routes(find_route),
    )


def _forecast(timeline: "Timeline") -> "CacheForecast":
    from deepseek_cost.estimates.cache_forecast import CacheForecast
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.tokenizer import default_counter

    return CacheForecast(SegmentEncoder(default_counter()), timeline)
