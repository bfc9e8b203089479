"""Sources tallied by the workers of a Dask cluster: the same subtotals, merged as they come in."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import version
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.errors import (
    DscostError,
    InputError,
    NothingReadError,
    UsageError,
    installing,
)
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

    from deepseek_cost.estimates.workload import Workload

# A task costs the scheduler some milliseconds, so small sources share one of about this many bytes.
_TASK_BYTES: Final = 8_000_000
_LEAST_TASKS_PER_THREAD: Final = 4
# Tasks submitted ahead, so that no worker waits; the scheduler need not hold a whole bucket.
_AHEAD_PER_THREAD: Final = 4
_LEAST_AHEAD: Final = 32
_SECONDS_TO_CONNECT: Final = 10
_VERSION: Final = version("deepseek-cost")
# Counters are made once a process; threads of a worker take turns with them.
_ONE_AT_A_TIME: Final = Lock()


Task = Sequence[tuple[int, TextSource]]  # sources with their numbers


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
    version: str = _VERSION

    def workload(self, size: int) -> "Workload":
        """Return a workload for sources of this total size in bytes."""
        from deepseek_cost.estimates.ledger import Ledger  # noqa: PLC0415 - on the worker
        from deepseek_cost.estimates.partial_result import Skipped  # noqa: PLC0415
        from deepseek_cost.estimates.workload import Workload  # noqa: PLC0415
        from deepseek_cost.inputs.routing import Routes  # noqa: PLC0415

        ledgers = [Ledger(model, rates, self.breakdown) for model, rates in self.columns]
        return Workload(
            PartialResult(ledgers, Skipped(self.skips)),
            scenario=self.scenario,
            system=self.system,
            counter=counter_on(self.engine, size),
            routes=Routes(self.find_route),
        )

    def tally(self, source: TextSource, number: int, workload: "Workload") -> PartialResult:
        """Tally the source of this number; raises DscostError."""
        from deepseek_cost.inputs.reader import all_or_nothing, open_input  # noqa: PLC0415
        from deepseek_cost.inputs.streams import reading  # noqa: PLC0415

        workload.pop_result()  # of a source that could not be read
        with reading(source.name):
            opened = open_input(source, self.wanted, lambda _: None)
            with closing(opened.file), all_or_nothing(opened, skips=self.skips):
                workload.read(opened, number)
        return workload.pop_result()


def tally_on_worker(order: Order, task: Task) -> "list[PartialResult | DscostError]":
    """Tally sources up to the first error, which is returned: Dask would log it and try again."""
    if order.version != _VERSION:
        return [
            InputError(
                f"a worker has deepseek-cost {_VERSION} and this machine has {order.version}",
                tip="install the same on both",
            )
        ]
    done: list[PartialResult | DscostError] = []
    with _ONE_AT_A_TIME:
        workload = order.workload(sum(source.size for _, source in task))
        for number, source in task:
            try:
                done.append(order.tally(source, number, workload))
            except NothingReadError as error:
                done.append(error)
            except DscostError as error:
                return [*done, error]
    return done


@contextmanager
def cluster(address: str) -> "Iterator[Client]":
    """Connect to a scheduler; raises UsageError if none responds."""
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UsageError(f"counting on a cluster needs: {installing('dask')}") from error
    try:
        client = Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            "no scheduler responds",
            tip="start one with: dask scheduler",
            field="dask",
            value=address,
        ) from error
    with client:
        yield client


def run_on(
    client: "Client", order: Order, sources: Sequence[TextSource]
) -> "Iterator[tuple[TextSource, PartialResult | NothingReadError]]":
    """Yield the subtotal of each source, or why it cannot be read, in the order of completion.

    A lost worker's sources are counted by others. Raises InputError where a source fells one
    worker after the other, and the DscostError of a source that cannot be counted.
    """
    from distributed import KilledWorker, as_completed  # noqa: PLC0415 - an extra

    threads = sum(client.nthreads().values())
    waiting = _tasks(sources, threads)
    of: dict[Future[list[PartialResult | DscostError]], Task] = {}

    def hand_out(tasks: Iterable[Task]) -> "list[Future[list[PartialResult | DscostError]]]":
        futures = {client.submit(tally_on_worker, order, task, pure=False): task for task in tasks}
        of.update(futures)
        return list(futures)

    ahead = islice(waiting, max(_LEAST_AHEAD, _AHEAD_PER_THREAD * threads))
    done = as_completed(hand_out(ahead), loop=client.loop)
    try:
        for future in done:
            task = of.pop(future)
            try:
                yield from _results(task, future.result())
            except KilledWorker as error:
                if len(task) == 1:
                    raise InputError(
                        f"{task[0][1].name}: several workers died on it",
                        tip="check their logs, or give them more memory",
                    ) from error
                done.update(hand_out([one] for one in task))  # one of them is at fault
            done.update(hand_out(islice(waiting, 1)))
    finally:
        client.cancel(list(of))


def _tasks(sources: Sequence[TextSource], threads: int) -> Iterator[Task]:
    """Group sources into tasks of some megabytes, several for each thread."""
    most = max(1, len(sources) // (_LEAST_TASKS_PER_THREAD * threads or 1))
    task: list[tuple[int, TextSource]] = []
    size = 0
    for number, source in enumerate(sources, 1):
        task.append((number, source))
        size += source.size
        if len(task) == most or size >= _TASK_BYTES:
            yield task
            task, size = [], 0
    if task:
        yield task


def _results(
    task: Task, found: "Sequence[PartialResult | DscostError]"
) -> "Iterator[tuple[TextSource, PartialResult | NothingReadError]]":
    """Yield each source with its result; raises the error that ended the task."""
    for (_, source), result in zip(task, found, strict=False):
        if isinstance(result, DscostError) and not isinstance(result, NothingReadError):
            raise result
        yield source, result
