"""Start a process of our own, at the other end of a pipe.

It never gets an interrupt, which the process that started it handles, and sees the pipe closed
when that process ends, however it does.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, resource_tracker
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import FrameType

P = ParamSpec("P")

_ENVIRONMENT: Final = {
    # They begin as `python -c`, which looks for modules in the current folder first: a prompts
    # folder with a `logging.py` in it would have that run.
    "PYTHONSAFEPATH": "1",
    # numpy, which gigatoken loads, would start as many threads as there are cores, for nothing.
    "OPENBLAS_NUM_THREADS": "1",
}
_TERMINATED: Final = 143


def start(
    work: "Callable[Concatenate[Connection, P], None]", *arguments: P.args, **named: P.kwargs
) -> "tuple[Connection, BaseProcess]":
    """Call a function of a module in a new process.

    The function gets its end of the pipe first. Return the other end, and the process. Raises
    OSError if the system refuses, or the process ends as it starts.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs,))
    try:
        with theirs, _environment():
            if hasattr(signal, "pthread_sigmask"):
                # It lets interrupts in again as it starts, so it starts before they are held.
                resource_tracker.ensure_running()
            with _interrupts_held():
                process.start()
        # Not with the process: to write much to one that ends as it starts would never end.
        ours.send((work, arguments, named))
    except OSError:
        ours.close()
        raise
    return ours, process


def _run(connection: "Connection") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    try:
        work, arguments, named = connection.recv()
    except (EOFError, OSError):  # who started it has ended meanwhile
        return
    work(connection, *arguments, **named)


def _end(_: int, __: "FrameType | None") -> None:
    """End when asked to, after removing temporary files."""
    sys.exit(_TERMINATED)


@contextmanager
def _environment() -> Iterator[None]:
    """Set the environment of processes that are started meanwhile."""
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
