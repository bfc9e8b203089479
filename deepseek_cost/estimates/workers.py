"""WorkerProcesses that tally lines of requests, handed out in parts and added up in order."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.inputs.jsonl import Document, Lines
from deepseek_cost.inputs.request import Fault

if TYPE_CHECKING:
    from deepseek_cost.estimates.processes import Workload


# So many bytes are tallied sooner than workers are started.
_ALONE: Final = 8_000_000
# Parts that wait for a worker, beside those in work: none has to wait for the reader.
_AHEAD: Final = 2

_Other = Document | Fault


class WorkerPool(Struct):
    """So many workers, started when there is enough to do; each makes a workload of its own.

    They end with the process that started them, however that ends.
    """

    make: "Callable[[], Workload]"
    jobs: int
    alone: int = _ALONE

    def share(
        self, parts: Iterable[Lines | _Other], source: int
    ) -> Iterator[Lines | _Other | PartialResult]:
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
