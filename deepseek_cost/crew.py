"""Worker processes that tally lines of requests, handed out in parts and added up in order."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.batch import Done
from deepseek_cost.errors import WorkerError
from deepseek_cost.requests.lines import Document, Lines
from deepseek_cost.requests.places import Fault

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from deepseek_cost.workload import Workload

# So many bytes are tallied sooner than workers are started.
_ALONE: Final = 8_000_000
# Parts that wait for a worker, beside those in work: none has to wait for the reader.
_AHEAD: Final = 2

_Other = Document | Fault


class Crew(Struct):
    """So many workers, started when there is enough to do; each makes a workload of its own.

    They end with the process that started them, however that ends.
    """

    make: "Callable[[], Workload]"
    jobs: int
    alone: int = _ALONE

    def share(
        self, parts: Iterable[Lines | _Other], source: int
    ) -> Iterator[Lines | _Other | Done]:
        """Yield the parts to be taken here, and what was done of the others, all in order.

        Raises what a worker raised; WorkerError where one ended before its work.
        """
        rest = iter(parts)
        left = self.alone
        for part in rest:
            if left <= 0 and isinstance(part, Lines):
                yield from self._shared(part, rest, source)
                return
            yield part
            left -= len(part.data) if isinstance(part, Lines) else 0

    def _shared(
        self, first: Lines, rest: Iterable[Lines | _Other], source: int
    ) -> Iterator[_Other | Done]:
        waiting: deque[Future[Done]] = deque()
        with self._pool() as pool:
            waiting.append(pool.submit(_tally, first, source))
            for part in rest:
                if not isinstance(part, Lines):
                    yield part
                    continue
                if len(waiting) >= self.jobs + _AHEAD:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(_tally, part, source))
            while waiting:
                yield waiting.popleft().result()

    @contextmanager
    def _pool(self) -> Iterator[ProcessPoolExecutor]:
        before = set(active_children())
        pool = ProcessPoolExecutor(self.jobs, get_context("spawn"), _begin, (self.make,))
        try:
            yield pool
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process ended before its work was done, so there is no total; it was "
                "killed, or the memory was not enough; try again with --jobs 1"
            ) from error
        except BaseException:
            for worker in set(active_children()) - before:
                worker.kill()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def cores() -> int:
    """Return the cores that this process may use, as far as the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_workload: "Workload | None" = None
_told: Final[list[str]] = []


def _begin(make: "Callable[[], Workload]") -> None:
    """Make a worker ready: it leaves interrupts to its parent, and ends with it."""
    global _workload  # noqa: PLW0603 - what a worker is, for all its parts
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _workload = make()
    if _workload.skips.tell:
        _workload.skips.tell = _told.append


def _end_with(parent: "BaseProcess") -> None:
    parent.join()
    os._exit(1)


def _tally(lines: Lines, source: int) -> Done:
    assert _workload is not None  # noqa: S101 - _begin
    _workload.take_lines(lines, source)
    done = Done(_workload.hand_over(), _told[:])
    done.subtotal.skips.tell = None  # a function of this process
    _told.clear()
    return done
