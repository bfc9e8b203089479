"""What commands have in common: prices, sources, workload."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import typer

from deepseek_cost.cli import values
from deepseek_cost.cli.gate import exit_unkept
from deepseek_cost.cli.messages import show_note, show_warning
from deepseek_cost.cli.options import KindByHand, OnFault
from deepseek_cost.cli.settings import set_by_name
from deepseek_cost.cli.wording import flag_of, with_flags
from deepseek_cost.errors import (
    Advice,
    Advised,
    DscostError,
    InputError,
    MissingFileError,
    NothingReadError,
    UsageError,
    advised,
)
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance
    from deepseek_cost.estimates.cache_forecast import CacheForecast
    from deepseek_cost.estimates.partial_result import Skipped
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.columns import Body
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.inputs.reader import Input
    from deepseek_cost.inputs.request import Request
    from deepseek_cost.inputs.routing import FindRoute, Route
    from deepseek_cost.inputs.source import SkippedSource, TextSource
    from deepseek_cost.inputs.streams import Advance
    from deepseek_cost.pricing.book import PriceBook
    from deepseek_cost.pricing.entries import Model, Rates
    from deepseek_cost.prompt.timeline import Timeline
    from deepseek_cost.reports.parts import PriceTable
    from deepseek_cost.tokenizer.base import EngineName, TextCounter

DEFAULT_MODELS: Final = ("deepseek-v4-flash", "deepseek-v4-pro")
# Smaller files are read before anyone could see a progress bar.
_PROGRESS_FROM_BYTES: Final = 8_000_000
# The most bytes of a system message; a context full of the longest tokens is smaller.
_MAX_SYSTEM: Final = 128_000_000


class Table(NamedTuple):
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


def instant_of(at: str | None, book: "PriceBook", tz: str | None = None) -> datetime:
    """Return the time given, or now, in UTC: this is the only place that reads the clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    if at is None:
        return now
    clock = values.Clock(now, book.calendar, values.zone(tz) if tz else None)
    return values.instant(at, clock)


def zone_of(tz: str | None) -> str:
    """Return the name of the user's time zone: the one given, the machine's, or UTC."""
    if tz:
        return values.zone(tz).key
    from tzlocal import get_localzone_name

    try:
        return values.zone(get_localzone_name() or "UTC").key
    except (UsageError, KeyError, ValueError, OSError):  # the machine's zone has no name
        return "UTC"


def balance_of(granted: str | None, topped_up: str | None) -> "Balance | None":
    """Return the balance given by the options; None if neither is given."""
    from deepseek_cost.billing.balance import Balance

    if granted is None and topped_up is None:
        return None
    return Balance(
        values.amount(granted or "0", "--granted"),
        values.amount(topped_up or "0", "--topped-up"),
    )


def mode_of(thinking: bool, effort: Effort | None) -> Mode:
    """Return the thinking mode; raises UsageError for an effort without thinking."""
    if effort is not None and not thinking:
        raise UsageError("--effort is of thinking", tip="leave out --no-thinking or --effort")
    return Mode(thinking, effort or Effort.HIGH)


def timeline_of(gap: str | None, *, forecasts: bool) -> "Timeline | None":
    """Return when the requests are sent; None if their cache hits are not predicted."""
    if forecasts:
        return timeline_by(gap)
    if gap is not None:
        raise UsageError("--gap is of the cache forecast", tip="add --cache-hit-ratio auto")
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
    each = [name for text in names or DEFAULT_MODELS for name in text.replace(",", " ").split()]
    if any(mark in name for name in each for mark in "/["):
        from deepseek_cost.inputs.routing import own_name

        each = [own_name(name) for name in each]
    return list(dict.fromkeys(book.find(name).name for name in each))


def is_piped() -> bool:
    """Return whether standard input is a pipe or a file, which can be read without waiting."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # closed
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def named_or_piped(files: Sequence[str] | None, command: str) -> Sequence[str]:
    """Return the files named, or standard input if something is piped in.

    A terminal or another device is read only if it is asked for with a dash, so that nobody waits
    for input that never comes.
    """
    if files:
        return files
    if is_piped():
        return ["-"]
    raise UsageError("no file is given", tip=f"name one, or pipe text into dscost {command}")


def find_sources(
    files: Sequence[str], glob: Sequence[str] | None, encoding: str, *, any_file: bool = False
) -> "Found":
    """Find the prompts; with `any_file`, also packed files and databases in folders."""
    from deepseek_cost.inputs.folders import find

    return find(files, glob or (), encoding, any_file=any_file)


def find_rows(
    files: Sequence[str],
    glob: Sequence[str] | None,
    encoding: str,
    column: str | None,
    kind: "Kind | None",
    body: "Body",
    *,
    as_one: bool = False,
) -> "Found":
    """Find the prompts; those in a column of Parquet files are sent in `body`.

    With `as_one`, all files together are one prompt.
    """
    from deepseek_cost.inputs.source import is_parquet

    found = find_sources(files, glob, encoding)
    if as_one:
        return _joined(found, column, kind)
    if column or any(map(is_parquet, found.sources)):
        from deepseek_cost.inputs.parquet import in_columns

        found.sources = in_columns(found.sources, column, kind, body)
    elif kind is None:
        _require_columns(found)
    return found


def _require_columns(found: "Found") -> None:
    """Raise an error for a table named as if it were one prompt; in folders, tables are text."""
    for source in found.sources:
        if source.name.lower().endswith((".csv", ".tsv")) and source.name not in found.below:
            from deepseek_cost.inputs.rows import require_column

            require_column(source)


def wanted_kind(as_: KindByHand | None, *, as_one: bool) -> Kind | None:
    """Return what to read the files as; None if their contents decide."""
    if as_ is not None:
        return as_.kind
    return Kind.TEXT if as_one else None


def _joined(found: "Found", column: str | None, kind: Kind | None) -> "Found":
    from deepseek_cost.inputs.joined import as_one

    if column or kind not in (None, Kind.TEXT):
        raise UsageError(
            "--as-one joins files as text", tip="leave out --column, or any --as but text"
        )
    return as_one(found)


def hint_at_one(found: "Found", folders: Sequence[str]) -> None:
    """Print a note that each file in a folder is its own request, which users may not expect."""
    if len(found.below) > 1:
        named = ", ".join(unicode_name(name) for name in folders if Path(name).is_dir())
        each = f"each of the {len(found.below):,} files in {named} is a request of its own"
        show_note(advised(each, "to count them as one prompt: --as-one"))


def system_text(system: str | None, encoding: str) -> str:
    """Return the contents of the system message's file; empty without a file."""
    from deepseek_cost.inputs.folders import read_whole

    try:
        return read_whole(system, encoding, _MAX_SYSTEM) if system is not None else ""
    except MissingFileError as error:
        tip = "--system takes a file; for a text itself: --system <(echo '...')"
        raise InputError("no such file", value=error.value, tip=tip) from None


@contextmanager
def progress(size: int) -> "Iterator[Advance]":
    """Show a progress bar on stderr for large inputs, if stderr is a terminal."""
    if size < _PROGRESS_FROM_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("counting", total=size)
        yield lambda count: progress.advance(task, count)


class Reads(Protocol):
    """What reads the sources, such as a workload."""

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of the sources read so far."""

    def read(self, opened: "Input") -> None:
        """Read a source."""


@dataclass(slots=True)
class Inputs:
    """The sources found, which are opened one by one.

    Pipes stay open, as does the source of the first request.
    """

    found: "Found"
    kind: Kind | None
    on_error: OnFault = OnFault.STOP
    _opened: "dict[TextSource, Input]" = field(default_factory=dict, init=False)
    _advance: "Advance" = field(default=lambda _: None, init=False)

    def require_files(self) -> None:
        """Raise UsageError for standard input, which the workers of a cluster cannot read."""
        if any(source.is_stdin for source in self.found.sources):
            raise UsageError("--dask: workers cannot read standard input", tip="give files or URLs")

    def hold_requests(self) -> bool:
        """Return whether any source has request bodies."""
        return any(True for _ in self._of_requests())

    def own_model(self, book: "PriceBook", at: datetime | None) -> "Route | None":
        """Return the route of the first request's model; None if there is no valid one."""
        from deepseek_cost.inputs.routing import route

        request = self._first_request()
        name = request.body.get("model") if request else None
        if request is None or not isinstance(name, str):
            return None
        try:
            own = route(name, request.kind, book)
            if at is not None:
                own.model.service_at(at)
        except DscostError:
            return None  # reported with its place once the request is read
        return own

    def _first_request(self) -> "Request | None":
        from deepseek_cost.inputs.request import Fault
        from deepseek_cost.inputs.streams import reading

        for opened in self._of_requests():
            with reading(opened.source.name):
                found = opened.first()
            if found is not None and not isinstance(found, Fault):
                return found
        return None

    def _of_requests(self) -> "Iterator[Input]":
        """Yield the sources with requests; the last one yielded stays open and is read from there.

        Sources known to be text are not opened.
        """
        for source in self.found.sources:
            if self.kind is Kind.TEXT or (source.is_plain and not self.kind):
                continue
            with suppress(NothingReadError):
                opened = self._open(source)
                if not opened.is_text:
                    yield opened
                self._let_go(source)

    def run(self, workload: "Reads", prompt_options: Sequence[str]) -> None:
        """Read every source into the workload, with a progress bar for large inputs.

        Raises UsageError for options of plain prompts if there are only request bodies.
        """
        with progress(sum(source.size for source in self.found.sources)) as self._advance:
            for number, source in enumerate(self.found.sources, 1):
                try:
                    self._read(source, number, workload)
                except NothingReadError as error:
                    self._leave_out(source, error)
        self._require_any(workload.kinds)
        self._require_prompts(workload.kinds, prompt_options)

    def _read(self, source: "TextSource", number: int, workload: "Reads") -> None:
        """Read a source; raises NothingReadError if a file in a folder cannot be read at all."""
        from deepseek_cost.inputs.reader import all_or_nothing
        from deepseek_cost.inputs.streams import reading

        is_named = source.name not in self.found.below
        skips = self.on_error is OnFault.SKIP
        opened = self._open(source)
        try:
            with (
                reading(source.name),
                nullcontext() if is_named else all_or_nothing(opened, skips=skips),
            ):
                workload.read(opened)
        except KeyboardInterrupt as interrupt:
            for progress in getattr(interrupt, "__notes__", [])[-1:]:
                show_note(f"{source.name}, {number} of {len(self.found.sources)}: {progress}")
            raise
        finally:
            self._let_go(source)

    def _leave_out(self, source: "TextSource", error: NothingReadError) -> None:
        """Leave out an unreadable file in a folder; raise the error if the file was named."""
        from deepseek_cost.inputs.source import SkippedSource

        if source.name not in self.found.below:
            raise error
        self.found.skipped.append(SkippedSource(source.name, error.message, is_failure=True))

    def _require_any(self, kinds: set[Kind]) -> None:
        """Raise InputError if all files in the folders were left out."""
        failures = [one for one in self.found.skipped if one.is_failure]
        if failures and not kinds:
            raise InputError(failures[0].reason)

    def counter(self, engine: "EngineName") -> "Callable[[], TextCounter]":
        """Return a function that creates a counter on an engine, or the best for the sources."""
        from deepseek_cost.tokenizer import counter_on

        return partial(counter_on, engine, sum(source.size for source in self.found.sources))

    def run_on(
        self,
        address: str,
        engine: "EngineName",
        workload: "Workload",
        find_route: "FindRoute",
        prompt_options: Sequence[str],
    ) -> None:
        """Like `run`, but have the workers of a Dask cluster read the sources."""
        from deepseek_cost.estimates.cluster import Order, cluster, run_on

        order = Order(
            [(ledger.model, ledger.rates) for ledger in workload.ledgers],
            *(workload.scenario, workload.system, find_route, self.kind),
            skips=workload.skips.allowed,
            breakdown=workload.ledgers[0].keeps_parts,
            engine=engine,
        )
        for source in self.found.sources:
            self._let_go(source)
        size = sum(source.size for source in self.found.sources)
        with cluster(address) as client, progress(size) as advance:
            for source, found in run_on(client, order, self.found.sources):
                if isinstance(found, NothingReadError):
                    self._leave_out(source, found)
                else:
                    workload.partial.merge(found)
                advance(source.size)
        self._require_any(workload.kinds)
        self._require_prompts(workload.kinds, prompt_options)

    def _require_prompts(self, kinds: set[Kind], prompt_options: Sequence[str]) -> None:
        """Raise UsageError for options of plain prompts without any; table rows may be prompts."""
        if prompt_options and any(one.has_rows for one in self.found.sources):
            from deepseek_cost.inputs.columns import ColumnSource

            rows = (one for one in self.found.sources if isinstance(one, ColumnSource))
            if any(source.has_prompts() for source in rows):
                return
        require_prompts(kinds, prompt_options)

    def _open(self, source: "TextSource") -> "Input":
        """Return a source opened, or the one already open; raises NothingReadError."""
        from deepseek_cost.inputs.reader import open_input
        from deepseek_cost.inputs.streams import reading

        if source not in self._opened:
            try:
                with reading(source.name):
                    self._opened[source] = open_input(source, self.kind, self._count)
            except InputError as error:
                raise NothingReadError(error.message) from error
        return self._opened[source]

    def _count(self, count: int) -> None:
        self._advance(count)

    def _let_go(self, source: "TextSource") -> None:
        """Close a source if it can be opened again."""
        if not source.reads_once and (opened := self._opened.pop(source, None)):
            opened.file.close()


def require_prompts(kinds: set[Kind], prompt_options: Sequence[str]) -> None:
    """Raise UsageError for options of plain prompts if there are only request bodies."""
    if prompt_options and kinds and Kind.TEXT not in kinds:
        raise UsageError(
            f"{', '.join(prompt_options)}: of plain prompts; a request body says it by itself"
        )


def names_to_price(
    book: "PriceBook", names: Sequence[str] | None, inputs: Inputs, at: datetime | None
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
        counter=counter() if counter else sparing_counter(),
        forecast=_forecast(timeline) if timeline else None,
        routes=Routes(find_route),
    )


def _forecast(timeline: "Timeline") -> "CacheForecast":
    from deepseek_cost.estimates.cache_forecast import CacheForecast
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.tokenizer import default_counter

    return CacheForecast(SegmentEncoder(default_counter()), timeline)
