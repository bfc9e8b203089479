"""Sources tallied by the workers of a Dask cluster: the same subtotals, merged as they come in."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from threading import Lock
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.errors import DscostError, InputError, NothingReadError, UsageError
from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.estimates.tally import Scenario
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.routing import FindRoute
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.pricing.entries import Model, Rates
from deepseek_cost.tokenizer import counter_on
from deepseek_cost.tokenizer.base import EngineName

if TYPE_CHECKING:
    from distributed import Client, Future

# Sources handed out ahead, so that no worker waits; the scheduler need not hold all of a bucket.
_AHEAD_PER_THREAD: Final = 4
_LEAST_AHEAD: Final = 32
_SECONDS_TO_CONNECT: Final = 10
# Counters are made once a process; threads of a worker take turns with them.
_ONE_AT_A_TIME: Final = Lock()


class Order(Struct, frozen=True):
    """What a worker needs to tally a source as the local run does."""

    columns: Sequence[tuple[Model, Rates | None]]
    scenario: Scenario
    system: str
    find_route: FindRoute
    wanted: Kind | None
    skips: bool
    breakdown: bool
    engine: EngineName = EngineName.AUTO
    version: str = version("deepseek-cost")

    def tally(self, source: TextSource, number: int) -> PartialResult:
        """Tally the source of this number; raises DscostError."""
        from deepseek_cost.estimates.ledger import Ledger  # noqa: PLC0415 - on the worker
        from deepseek_cost.estimates.partial_result import Skipped  # noqa: PLC0415
        from deepseek_cost.estimates.workload import Workload  # noqa: PLC0415
        from deepseek_cost.inputs.reader import all_or_nothing, open_input  # noqa: PLC0415
        from deepseek_cost.inputs.routing import Routes  # noqa: PLC0415
        from deepseek_cost.inputs.streams import reading  # noqa: PLC0415

        ledgers = [Ledger(model, rates, self.breakdown) for model, rates in self.columns]
        skips = Skipped(self.skips)
        workload = Workload(
            PartialResult(ledgers, skips),
            scenario=self.scenario,
            system=self.system,
            counter=counter_on(self.engine, source.size),
            routes=Routes(self.find_route),
        )
        with reading(source.name):
            opened = open_input(source, self.wanted, lambda _: None)
            with closing(opened.file), all_or_nothing(opened, skips=self.skips):
                workload.read(opened, number)
        return workload.partial


def tally_on_worker(order: Order, source: TextSource, number: int) -> PartialResult | DscostError:
    """Tally a source; an error is returned, since Dask would log it and try again elsewhere."""
    if order.version != version("deepseek-cost"):
        return InputError(
            f"a worker has deepseek-cost {version('deepseek-cost')} and this machine has "
            f"{order.version}; install the same on both"
        )
    try:
        with _ONE_AT_A_TIME:
            return order.tally(source, number)
    except DscostError as error:
        return error


@contextmanager
def cluster(address: str) -> "Iterator[Client]":
    """Connect to a scheduler; raises UsageError where none answers."""
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            "counting on a cluster needs: pip install 'deepseek-cost[dask]'"
        ) from error
    try:
        client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            "no scheduler answers; start one with: dask scheduler", field="dask", value=address
        ) from error
    with client:
        yield client


def run_on(
    client: "Client", order: Order, sources: Sequence[TextSource]
) -> "Iterator[tuple[TextSource, PartialResult | NothingReadError]]":
    """Yield what each source adds up to, or why it cannot be read, whichever is ready first.

    A lost worker's sources are counted by others. Raises InputError where a source fells one
    worker after the other, and the DscostError of a source that cannot be counted.
    """
    from distributed import KilledWorker, as_completed  # noqa: PLC0415 - an extra

    waiting = iter(enumerate(sources, 1))
    of: dict[Future[PartialResult | DscostError], TextSource] = {}

    def hand_out(most: int) -> "list[Future[PartialResult | DscostError]]":
        out = []
        for number, source in waiting:
            future = client.submit(tally_on_worker, order, source, number, pure=False)
            of[future] = source
            out.append(future)
            if len(out) == most:
                break
        return out

    threads = sum(client.nthreads().values())
    done = as_completed(hand_out(max(_LEAST_AHEAD, _AHEAD_PER_THREAD * threads)), loop=client.loop)
    try:
        for future in done:
            source = of.pop(future)
            try:
                found = future.result()
            except KilledWorker as error:
                raise InputError(
                    f"{source.name}: several workers died over it; look into their logs, "
                    "or give them more memory"
                ) from error
            if isinstance(found, DscostError) and not isinstance(found, NothingReadError):
                raise found
            yield source, found
            done.update(hand_out(1))
    finally:
        client.cancel(list(of))
