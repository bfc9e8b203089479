"""The files that a command reads: found, opened one by one, and read with a progress bar."""

import os
import stat
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from deepseek_cost.cli.log_hints import hint_at_log
from deepseek_cost.cli.messages import show_note
from deepseek_cost.cli.options import KindByHand, OnFault
from deepseek_cost.cli.settings import set_by_name
from deepseek_cost.errors import (
    DscostError,
    InputError,
    MissingFileError,
    NothingReadError,
    UsageError,
    advised,
)
from deepseek_cost.inputs.kinds import Kind

if TYPE_CHECKING:
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.columns import Body
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.inputs.reader import Input
    from deepseek_cost.inputs.request import Request
    from deepseek_cost.inputs.routing import FindRoute, Route
    from deepseek_cost.inputs.source import TextSource
    from deepseek_cost.inputs.streams import Advance
    from deepseek_cost.pricing.book import PriceBook
    from deepseek_cost.reports.parts import InputEntry
    from deepseek_cost.tokenizer.base import EngineName, TextCounter

# Smaller files are read before anyone could see a progress bar.
_PROGRESS_FROM_BYTES: Final = 8_000_000

# The most bytes of a system message; a context full of the longest tokens is smaller.
_MAX_SYSTEM: Final = 128_000_000


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
    raise UsageError("no file is given", tip=f"name one, or pipe it into dscost {command}")


_OF_TEXTS: Final = (
    *("system", "as_", "as_one", "column", "glob", "encoding", "on_error"),
    *("per_file", "per_request", "breakdown", "gap", "engine", "jobs", "dask"),
)


def refuse_texts(files: Sequence[str] | None) -> None:
    """Raise UsageError for files, or an option about texts, where only a count is given."""
    if files:
        raise UsageError("--input-tokens replaces files", tip="leave out one of the two")
    for flag in filter(None, map(set_by_name, _OF_TEXTS)):
        if flag.startswith("-"):
            raise UsageError(f"--input-tokens has no text, which {flag} needs")


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
        if column is None:
            _show_columns(found)
    elif kind is None:
        _require_columns(found)
    return found


def _show_columns(found: "Found") -> None:
    """Print which column of Parquet files is read where none was named, once per name."""
    from deepseek_cost.inputs.columns import ColumnSource

    tables = [one for one in found.sources if isinstance(one, ColumnSource)]
    for column in dict.fromkeys(one.column for one in tables):
        first, *others = (one.name for one in tables if one.column == column)
        more = f" and {len(others):,} more" if others else ""
        show_note(f"{first}{more}: the prompts are in column {column!r}")


def _require_columns(found: "Found") -> None:
    """Raise an error for a table named as if it were one prompt."""
    for source in _tables(found):
        from deepseek_cost.inputs.rows import require_column

        require_column(source)


def _tables(found: "Found") -> "Iterator[TextSource]":
    """Yield the tables that were named; in folders, tables are text."""
    for source in found.sources:
        if source.name.lower().endswith((".csv", ".tsv")) and source.name not in found.below:
            yield source


def find_prompts(
    files: Sequence[str], glob: Sequence[str] | None, encoding: str, kind: "Kind | None" = None
) -> "Found":
    """Find the prompts of a command that takes no columns; raises UsageError for a table."""
    found = find_sources(files, glob, encoding)
    for source in _tables(found) if kind is None else ():
        raise UsageError(
            f"{source.name}: a table is not one prompt",
            tip="dscost estimate FILE --column NAME takes the prompts in a column",
        )
    return found


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


def hint_at_one(inputs: "Sequence[InputEntry]", below: Collection[str]) -> None:
    """Print a note that each text in a folder is its own request, which users may not expect.

    `below` are the names of the files found in folders; JSONL has as many requests as lines.
    """
    found = [one for one in inputs if one.source in below]
    texts = sum(one.kind is Kind.TEXT for one in found)
    if texts > 1:
        what = "files" if texts == len(found) else "text files"
        each = f"each of the {texts:,} {what} is a request of its own"
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

    @property
    def keeps_order(self) -> bool:
        """Whether a request that was read cannot be taken back."""

    def check(self, opened: "Input") -> None:
        """Read a source without counting it; raises InputError for a fault."""

    def read(self, opened: "Input") -> None:
        """Read a source."""


def _unwatched(count: int) -> None:
    """Show no progress."""


class Inputs:
    """The sources found, which are opened one by one.

    Pipes stay open, as does the source of the first request.
    """

    def __init__(self, found: "Found", kind: Kind | None, on_error: OnFault = OnFault.STOP) -> None:
        self.found = found
        self.kind = kind
        self.on_error = on_error
        self._opened: dict[TextSource, Input] = {}
        self._advance: Advance = _unwatched

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
        if not is_named and not skips and workload.keeps_order:
            self._check(source, workload)
        opened = self._open(source)
        try:
            if is_named and (hint := hint_at_log(opened)):
                show_note(hint)
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

    def _check(self, source: "TextSource", workload: "Reads") -> None:
        """Read a file in a folder in advance; raises NothingReadError for a fault in it."""
        from deepseek_cost.inputs.reader import open_input

        try:
            opened = open_input(source, self.kind, lambda _: None)
            with closing(opened.file):
                if not opened.is_text:
                    workload.check(opened)
        except InputError as error:
            raise NothingReadError(error.message) from error

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

        if opened := self._opened.get(source):
            return opened
        try:
            with reading(source.name):
                opened = self._opened[source] = open_input(source, self.kind, self._count)
        except InputError as error:
            raise NothingReadError(error.message) from error
        return opened

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
            f"{', '.join(prompt_options)}: only for plain prompts; a request body has its own"
        )
