"""Worker processes: each makes a workload of its own, and ends with the process that started it.

The standard library's pool starts threads on both sides, and waits without end for a result that
a missing thread, process or memory keeps from coming. Here are pipes alone: whatever becomes of a
worker, its end of the pipe is closed, which is seen at once.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Final, Protocol, Self, cast

from deepseek_cost.errors import Advice, Advised, DscostError, WorkerError
from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.inputs.processes import start

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from deepseek_cost.inputs.jsonl import Lines


class Workload(Protocol):
    """What a worker adds lines to, part by part."""

    def add_lines(self, lines: "Lines", source: int) -> None:
        """Count lines of the source of that number."""

    def pop_result(self) -> PartialResult:
        """Return what was added up, and start over."""


_SECONDS_TO_END: Final = 2


class WorkerProcesses:
    """So many processes, started as there is work; raises WorkerError where one ends before it."""

    def __init__(self, make: "Callable[[], Workload]", jobs: int) -> None:
        self._make = make
        self._jobs = jobs
        self._workers: dict[Connection, BaseProcess] = {}
        self._idle: list[Connection] = []
        self._waiting: deque[tuple[int, Lines, int]] = deque()
        self._results: dict[int, PartialResult | Exception] = {}
        self._tallied = 0
        self._returned = 0

    def tally(self, lines: "Lines", source: int) -> None:
        """Have lines tallied; raises WorkerError."""
        self._waiting.append((self._tallied, lines, source))
        self._tallied += 1
        self._receive(seconds=0)
        if len(self._workers) < self._jobs and len(self._idle) < len(self._waiting):
            self._start()
        self._hand_out()

    def next_result(self) -> PartialResult:
        """Return the result of the lines given first, then of those after; raises what theirs did.

        Raises WorkerError where a worker ended.
        """
        while self._returned not in self._results:
            self._receive(seconds=None)
            self._hand_out()
        result = self._results.pop(self._returned)
        self._returned += 1
        if isinstance(result, Exception):
            raise result
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        for connection, worker in self._workers.items():
            connection.close()  # with which an idle worker ends
            if error is not None:
                worker.terminate()
        if error is not None:
            for worker in self._workers.values():
                worker.join(_SECONDS_TO_END)
                worker.kill()

    def _start(self) -> None:
        try:
            ours, worker = start(_work, self._make)
        except OSError as error:
            if self._workers:  # as many as the system allows
                self._jobs = len(self._workers)
                return
            raise WorkerError(
                Advised(
                    f"no worker process can be started ({error.strerror or error})",
                    Advice.ONE_PROCESS,
                )
            ) from error
        self._workers[ours] = worker

    def _hand_out(self) -> None:
        """Give the parts that wait to the workers that do; these read, so that no pipe is full."""
        while self._waiting and self._idle:
            with _loss_reported():
                self._idle.pop().send(self._waiting.popleft())

    def _receive(self, seconds: float | None) -> None:
        for ready in wait(list(self._workers), seconds):
            connection = cast("Connection", ready)
            with _loss_reported():
                number, result = connection.recv()
            if number is None and result is not None:  # it could not be made ready
                raise result
            self._idle.append(connection)
            if number is not None:
                self._results[number] = result


@contextmanager
def _loss_reported() -> Iterator[None]:
    """Turn the end of a worker into a WorkerError."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise WorkerError(
            Advised(
                "a worker process died before it was done, so there is no total; it was killed or "
                "ran out of memory",
                Advice.ONE_PROCESS,
            )
        ) from error


def _work(connection: "Connection", make: "Callable[[], Workload]") -> None:
    """Tally what comes through the pipe, until the parent closes it or ends."""
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        workload: Workload | None = None
        number: int | None = None
        while True:
            result: PartialResult | Exception | None = None
            try:
                if workload is None:
                    workload = make()
                else:
                    number, lines, source = connection.recv()
                    workload.add_lines(lines, source)
                    result = workload.pop_result()
            except (DscostError, MemoryError) as error:
                result = error
            connection.send((number, result))
