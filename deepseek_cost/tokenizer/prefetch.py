"""Work done ahead on threads; the number of available cores."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Event, Thread
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def done_ahead(
    task: Callable[[_Item], _Result], items: Iterable[_Item], threads: int
) -> Iterator[_Result]:
    """Yield the results in order while later items are processed, at most two per thread.

    If the system cannot start a thread, the work is done in this one.
    """
    waiting: deque[Future[_Result]] = deque()
    try:
        for item in items:
            waiting.append(_begun(task, item, threads))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()  # after an interrupt, only running tasks finish


def _begun(task: Callable[[_Item], _Result], item: _Item, threads: int) -> Future[_Result]:
    try:
        return _pool(threads).submit(task, item)
    except RuntimeError:  # can't start new thread
        here: Future[_Result] = Future()
        here.set_result(task(item))
        return here


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of threads to keep: tiktoken keeps memory for each thread it has seen."""
    return ThreadPoolExecutor(threads)


@cache
def threads_start(number: int) -> bool:
    """Return whether the system can start `number` threads; a library may panic otherwise."""
    end = Event()
    started = []
    try:
        for _ in range(number):
            thread = Thread(target=end.wait)
            thread.start()
            started.append(thread)
    except RuntimeError:  # can't start new thread
        return False
    finally:
        end.set()
        for thread in started:
            thread.join()
    return True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has no threads


def cores() -> int:
    """Return the number of cores that this process may use, as reported by the system."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
