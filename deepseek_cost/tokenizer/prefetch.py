"""Work done ahead on threads; the cores there are."""

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
    """Yield the results in order, while the next items are worked on; two a thread are held.

    Where the system starts no thread, the work is done in this one.
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
            future.cancel()  # after an interrupt, only what runs is ended


def _begun(task: Callable[[_Item], _Result], item: _Item, threads: int) -> Future[_Result]:
    try:
        return _pool(threads).submit(task, item)
    except RuntimeError:  # can't start new thread
        here: Future[_Result] = Future()
        here.set_result(task(item))
        return here


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads, which stay: tiktoken keeps memory for each that it met."""
    return ThreadPoolExecutor(threads)


@cache
def threads_start(number: int) -> bool:
    """Return whether the system starts so many threads; a library may panic where it does not."""
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
    """Return the cores that this process may use, as far as the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
