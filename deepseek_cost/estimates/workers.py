"""Worker processes that tally lines of requests, handed out in parts and added up in order."""

from collections.abc import Callable, Iterable, Iterator
from time import process_time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.request import Fault
from deepseek_cost.tokenizer.prefetch import cores

if TYPE_CHECKING:
    from deepseek_cost.estimates.processes import Workload


# Up to this many bytes, tallying here takes less time than starting workers.
_ALONE: Final = 8_000_000
# A worker starts as this process did, which counts nothing meanwhile: so many times what that took
# passes before workers are ahead of it.
_STARTS: Final = 2.5
# Parts that wait for a worker, besides those in work: none has to wait for the reader.
_AHEAD: Final = 2

_Other = Document | Fault


def worker_count(requested: int | None) -> int:
    """Return the number of processes: as many as were requested, else one per core."""
    return requested or cores()


class WorkerPool(Struct):
    """Up to `jobs` worker processes, each with a workload that it makes itself.

    They start after the first `alone` bytes of a source; unless they are `requested`, only if
    that saves more than it takes. They end with this process, however that ends.
    """

    make: "Callable[[], Workload]"
    jobs: int
    requested: bool = False
    alone: int = _ALONE
    _start: float | None = None  # seconds of a core that this process took for its start

    def share(
        self,
        parts: Iterable[Lines | _Other],
        source: int,
        size: int = 0,
        is_replay: Callable[[], bool] = lambda: False,
    ) -> Iterator[Lines | _Other | PartialResult]:
        """Yield the parts to tally in this process, and the results of the others, in order.

        `size` is the source's size in bytes, 0 if unknown. While `is_replay`, lines continue those
        before them, which one process counts faster than several: each would count it all. Raises
        what a worker raised, and WorkerError if one ended before its work was done.
        """
        rest = iter(parts)
        pace = _Pace(size)
        for part in rest:
            if not isinstance(part, Lines):
                yield part
                continue
            is_worth_it = self._saves_time(pace.seconds_left()) and not is_replay()
            if pace.done >= self.alone and (self.requested or is_worth_it):
                yield from self._shared(part, rest, source)
                return
            yield part
            pace.add(len(part.data))
            if self._start is None:
                self._start = process_time()

    def _saves_time(self, seconds: float) -> bool:
        """Return whether workers would be faster with work that takes one process these seconds."""
        saved = seconds * (self.jobs - 1) / self.jobs
        return self._start is not None and saved > _STARTS * self._start

    def _shared(
        self, first: Lines, rest: Iterable[Lines | _Other], source: int
    ) -> Iterator[_Other | PartialResult]:
        from deepseek_cost.estimates.processes import WorkerProcesses  # noqa: PLC0415 - little input needs none

        waiting = 1
        with WorkerProcesses(self.make, self.jobs) as workers:
            workers.tally(first, source)
            for part in rest:
                if not isinstance(part, Lines):
                    yield part
                    continue
                if waiting >= self.jobs + _AHEAD:
                    yield workers.next_result()
                    waiting -= 1
                workers.tally(part, source)
                waiting += 1
            for _ in range(waiting):
                yield workers.next_result()


class _Pace(Struct):
    """How fast a source is tallied; the first part, which loads what counts, is not timed.

    Seconds are those of a core, whatever else the machine has to do. `size` is of the source as
    stored, so a compressed one may have more bytes than that.
    """

    size: int
    done: int = 0
    _first: int = 0
    _began: float = 0.0

    def add(self, tallied: int) -> None:
        """Add bytes that were tallied."""
        if not self.done:
            self._first, self._began = tallied, process_time()
        self.done += tallied

    def seconds_left(self) -> float:
        """Estimate the seconds for the rest; if its size is unknown, it is as much as so far."""
        seconds, timed = process_time() - self._began, self.done - self._first
        left = self.size - self.done if self.size > self.done else self.done
        return seconds / timed * left if timed else 0.0
