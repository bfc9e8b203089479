"""Sources opened and run through a workload: which models, what to do at a fault."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Protocol

import typer

from deepseek_cost.cli.options.read import OnFault
from deepseek_cost.cli.output import say
from deepseek_cost.cli.setup import DEFAULT_MODELS, names_of, progress
from deepseek_cost.errors import DscostError, InputError, UsageError
from deepseek_cost.requests.kinds import Kind

if TYPE_CHECKING:
    from deepseek_cost.cache.timeline import Timeline
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.forecast import Forecast
    from deepseek_cost.pricebook import PriceBook
    from deepseek_cost.prices import Model, Rates
    from deepseek_cost.requests.reader import Feed
    from deepseek_cost.served import FindServed, Served
    from deepseek_cost.skips import Skips
    from deepseek_cost.sources import Found, TextSource
    from deepseek_cost.streams import Advance
    from deepseek_cost.tokens import EngineName, TextCounter
    from deepseek_cost.workload import Workload


class Takes(Protocol):
    """What sources are run through."""

    @property
    def kinds(self) -> set[Kind]:
        """What the sources taken were."""

    def take(self, feed: "Feed") -> None:
        """Take a source in."""


@dataclass(slots=True)
class Feeds:
    """The sources found, to be opened one after the other; standard input stays open."""

    found: "Found"
    wanted: Kind | None
    _held: "Feed | None" = field(default=None, init=False)

    def require_files(self) -> None:
        """Refuse standard input, which the workers of a cluster cannot read."""
        if any(source.is_stdin for source in self.found.sources):
            raise UsageError("--dask: workers cannot read standard input; give files or URLs")

    def hold_requests(self) -> bool:
        """Tell whether there are request bodies among the sources."""
        for source in self.found.sources:
            with self._open(source, lambda _: None) as feed:
                if not feed.is_text:
                    return True
        return False

    def own_model(self, book: "PriceBook", at: datetime | None) -> "Served | None":
        """Return what serves the first request's model; None where there is no such."""
        from deepseek_cost.served import served

        for source in self.found.sources:
            with self._open(source, lambda _: None) as feed:
                request = feed.first()
            if feed.is_text:
                continue
            name = request.body.get("model") if request else None
            if request is None or not isinstance(name, str):
                return None
            try:
                own = served(name, request.kind, book)
                if at is not None:
                    own.model.service_at(at)
            except DscostError:
                return None  # told with its place when the request's turn comes
            return own
        return None

    def run(self, workload: "Takes", prompt_options: Sequence[str]) -> None:
        """Take every source into the workload, with a progress bar on long work.

        Refuses options of plain prompts where there are request bodies only.
        """
        with progress(sum(source.size for source in self.found.sources)) as advance:
            for number, source in enumerate(self.found.sources, 1):
                with (
                    self._open(source, advance) as feed,
                    self._interrupts_told(feed, number),
                    self._way_out_told(feed),
                ):
                    workload.take(feed)
        self._require_prompts(workload.kinds, prompt_options)

    def counter(self, engine: "EngineName") -> "Callable[[], TextCounter]":
        """Return who makes the counter of the sources: on an engine, or what suits their size."""
        from deepseek_cost.tokens import counter_on

        return partial(counter_on, engine, sum(source.size for source in self.found.sources))

    @contextmanager
    def _interrupts_told(self, feed: "Feed", number: int) -> "Iterator[None]":
        """Tell what was counted before an interrupt."""
        try:
            yield
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", [])[-1:]:
                say(f"{feed.source.name}, {number} of {len(self.found.sources)}: {note}")
            raise

    @contextmanager
    def _way_out_told(self, feed: "Feed") -> "Iterator[None]":
        """Tell at a JSON file that ends a run over a directory how to leave it out."""
        try:
            yield
        except InputError as error:
            if feed.source.name in self.found.below and not feed.is_text:
                name = Path(feed.source.name).name
                error.add_note(f"to leave it out: --glob {quote(f'!{name}')}")
            raise

    def run_on(
        self,
        address: str,
        engine: "EngineName",
        workload: "Workload",
        find_served: "FindServed",
        prompt_options: Sequence[str],
    ) -> None:
        """Have the workers of a Dask cluster take the sources into the workload; as `run`."""
        from deepseek_cost.cluster import Order, cluster, run_on

        order = Order(
            [(ledger.model, ledger.rates) for ledger in workload.ledgers],
            *(workload.scenario, workload.system, find_served, self.wanted),
            skips=workload.skips.tell is not None,
            breakdown=workload.ledgers[0].keeps_parts,
            engine=engine,
        )
        size = sum(source.size for source in self.found.sources)
        with cluster(address) as client, progress(size) as advance:
            for source, subtotal in run_on(client, order, self.found.sources):
                _tell_skipped(source.name, subtotal.skips)
                workload.subtotal.merge(subtotal)
                advance(source.size)
        self._require_prompts(workload.kinds, prompt_options)

    def _require_prompts(self, kinds: set[Kind], prompt_options: Sequence[str]) -> None:
        """Refuse options of plain prompts where none is; rows of a table may be prompts."""
        from deepseek_cost.sources import is_parquet

        if prompt_options and any(map(is_parquet, self.found.sources)):
            from deepseek_cost.columns import ColumnSource

            rows = (source for source in self.found.sources if isinstance(source, ColumnSource))
            if any(source.has_prompts() for source in rows):
                return
        require_prompts(kinds, prompt_options)

    @contextmanager
    def _open(self, source: "TextSource", advance: "Advance") -> "Iterator[Feed]":
        from deepseek_cost.requests.reader import open_feed
        from deepseek_cost.streams import reading

        with reading(source.name):
            if not source.is_stdin:
                feed = open_feed(source, self.wanted, advance)
                with closing(feed.file):
                    yield feed
                return
            if self._held is None:
                self._held = open_feed(source, self.wanted, advance)
            yield self._held


def require_prompts(kinds: set[Kind], prompt_options: Sequence[str]) -> None:
    """Refuse options of plain prompts where there are request bodies only."""
    if prompt_options and kinds and Kind.TEXT not in kinds:
        raise UsageError(
            f"{', '.join(prompt_options)}: of plain prompts; a request body says it by itself"
        )


def names_to_price(
    book: "PriceBook", wanted: Sequence[str] | None, feeds: Feeds, at: datetime | None
) -> list[str]:
    """Return the names given, or the first body's own beside the other default one."""
    from deepseek_cost.served import beside

    own = None if wanted else feeds.own_model(book, at)
    return names_of(book, beside(own.model, DEFAULT_MODELS) if own else wanted)


def serving(
    book: "PriceBook", wanted: Sequence[str] | None, at: datetime | None, name: str, kind: Kind
) -> "Served | None":
    """Look up a body's model; a name unknown or retired is an error unless --model is given."""
    from deepseek_cost.errors import UnknownModelError
    from deepseek_cost.served import served

    try:
        found = served(name, kind, book)
    except UnknownModelError:
        if wanted:
            return None
        raise
    if not wanted and at is not None:
        found.model.service_at(at)
    return found


def _tell_skipped(name: str, skips: "Skips") -> None:
    """Tell what a worker skipped: the first of it, and how much more there is."""
    told = list(skips.named)
    for message in told:
        say(f"skipped {message}")
    if more := skips.requests - len(told):
        say(f"skipped {more:,} more in {name}")


def skips_of(on_error: OnFault) -> "Skips":
    """Return what is done with a request that cannot be counted: named on stderr, or an error."""
    from deepseek_cost.skips import Skips

    return Skips((lambda message: say(f"skipped {message}")) if on_error is OnFault.SKIP else None)


def exit_if_refused(workload: "Workload") -> None:
    """End with exit code 1 where the API would refuse a request, or one was skipped."""
    if workload.skips.requests or any(ledger.refusals.requests for ledger in workload.ledgers):
        raise typer.Exit(DscostError.exit_code)


def with_crew(workload: "Workload", make: "Callable[[], Workload]", jobs: int | None) -> "Workload":
    """Let worker processes take part in a workload that needs no order; each makes its own."""
    from deepseek_cost.crew import Crew
    from deepseek_cost.machine import cores

    wanted = jobs or cores()
    if wanted > 1 and workload.forecast is None and workload.on_request is None:
        workload.crew = Crew(make, wanted)
    return workload


def workload_of(
    columns: "Sequence[tuple[Model, Rates | None]]",
    scenario: "Scenario",
    system: str,
    find_served: "FindServed",
    on_error: OnFault = OnFault.STOP,
    timeline: "Timeline | None" = None,
    *,
    counter: "Callable[[], TextCounter] | None" = None,
    breakdown: bool = False,
) -> "Workload":
    """Return a workload with an empty ledger for each model; a timeline asks for a forecast."""
    from deepseek_cost.batch import Subtotal
    from deepseek_cost.ledger import Ledger
    from deepseek_cost.served import ServedNames
    from deepseek_cost.tokens import sparing_counter
    from deepseek_cost.workload import Workload

    return Workload(
        Subtotal([Ledger(model, rates, breakdown) for model, rates in columns], skips_of(on_error)),
        scenario=scenario,
        system=system,
        counter=counter() if counter else sparing_counter(),
        forecast=_forecast(timeline) if timeline else None,
        served_by=ServedNames(find_served),
    )


def _forecast(timeline: "Timeline") -> "Forecast":
    from deepseek_cost.forecast import Forecast
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.tokens import default_counter

    return Forecast(SegmentEncoder(default_counter()), timeline)
