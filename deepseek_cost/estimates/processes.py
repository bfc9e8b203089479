"""Worker processes: each makes a workload of its own, and ends with the process that started it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING, Final, Protocol, Self

from deepseek_cost.errors import WorkerError
from deepseek_cost.estimates.partial_result import PartialResult, Skipped, WorkerResult

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from deepseek_cost.inputs.jsonl import Lines


_SAFE_PATH: Final = "PYTHONSAFEPATH"


class Workload(Protocol):
    """What a worker adds lines to, part by part."""

    @property
    def skips(self) -> Skipped:
        """What was left out."""

    def add_lines(self, lines: "Lines", source: int) -> None:
        """Count lines of the source of that number."""

    def pop_result(self) -> PartialResult:
        """Return what was added up, and begin anew."""


class WorkerProcesses:
    """So many processes, started as there is work; raises WorkerError where one ends before it."""

    def __init__(self, make: "Callable[[], Workload]", jobs: int) -> None:
        self._before = set(active_children())
        with _safe_path():  # for the process that looks after semaphores
            self._pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (make,))

    def tally(self, lines: "Lines", source: int) -> Future[WorkerResult]:
        """Have lines tallied."""
        with _interrupts_held(), _safe_path():
            return self._pool.submit(_tally, lines, source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and not isinstance(error, BrokenProcessPool):
            for worker in set(active_children()) - self._before:
                worker.kill()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise WorkerError(
                "a worker process ended before its work was done, so there is no total; it was "
                "killed, or the memory was not enough; try again with --jobs 1"
            ) from error


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep the current folder off the import path of the processes started meanwhile.

    They begin as `python -c`, which looks there first: a prompts folder with a `logging.py` in it
    would have that run.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let an interrupt wait; a process started meanwhile never gets one, not even as it loads."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_workload: "Workload | None" = None
_messages: Final[list[str]] = []


def _begin(make: "Callable[[], Workload]") -> None:
    """Make a worker ready: it leaves interrupts to its parent, and ends with it."""
    global _workload  # noqa: PLW0603 - what a worker is, for all its parts
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _workload = make()
    if _workload.skips.report:
        _workload.skips.report = _messages.append


def _end_with(parent: "BaseProcess") -> None:
    parent.join()
    os._exit(1)


def _tally(lines: "Lines", source: int) -> WorkerResult:
    assert _workload is not None  # noqa: S101 - _begin
    _workload.add_lines(lines, source)
    done = WorkerResult(_workload.pop_result(), _messages[:])
    done.partial.skips.report = None  # a function of this process
    _messages.clear()
    return done
