"""Rivals take turns, so changes in the machine's speed affect all of them alike."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import psutil

BARE: Final = "python -c pass"
# Installed programs come with bytecode that pip compiled, so let Python write it.
_ENVIRONMENT: Final = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}


class Run(NamedTuple):
    """A rival's output, and its seconds: the whole process, or the work alone if reported."""

    printed: str
    seconds: float


Rivals = Mapping[str, Callable[[], Run]]


def raced(rivals: Rivals, runs: int) -> dict[str, list[Run]]:
    """Return each rival's runs, without a warm-up round; a rival that fails is left out.

    Every other round goes backwards, so that a machine that slows down favors nobody.
    """
    done: dict[str, list[Run]] = {name: [] for name in rivals}
    for number in range(runs + 1):
        for name in list(done)[:: -1 if number % 2 else 1]:
            try:
                run = rivals[name]()
            except (OSError, subprocess.SubprocessError) as error:
                print(f"  {name}: left out: {str(error)[-80:]!r}", file=sys.stderr)
                del done[name]
                continue
            if number:
                done[name].append(run)
    return done


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep so many cores busy meanwhile, each with a process that does nothing but count."""
    program = "n = 0\nwhile True: n += 1"
    others = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(loops)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def process(
    command: Sequence[str | Path], stdin: Path | None = None, most: float = 600
) -> Callable[[], Run]:
    """Return a function that runs a command; it raises if the command fails or times out."""

    def run() -> Run:
        with (stdin or Path(os.devnull)).open("rb") as given:
            began = time.perf_counter()
            done = subprocess.run(
                list(map(str, command)),
                stdin=given,
                capture_output=True,
                check=True,
                timeout=most,
                env=_ENVIRONMENT,
            )
            return Run(done.stdout.decode(), time.perf_counter() - began)

    return run


def bare() -> Callable[[], Run]:
    """Return a run of bare Python, the minimum for any Python process."""
    return process([sys.executable, "-c", "pass"])


def dscost() -> str:
    """Return the path of the dscost installed with this Python."""
    return str(Path(sys.executable).parent / "dscost")


def spread(seconds: Sequence[float]) -> str:
    """Format the median, minimum and maximum."""
    return f"{statistics.median(seconds):8.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"


def ratios(times: Mapping[str, Sequence[float]], to: str) -> Iterator[str]:
    """Yield a line per rival: its seconds, and their ratio to those of the rival `to`."""
    base = statistics.median(times[to])
    for name, seconds in times.items():
        yield f"{name:34} {spread(seconds)}  {statistics.median(seconds) / base:7.2f} x {to}"


class Memory(threading.Thread):
    """Track the memory of a process and its children, counting shared pages only once."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._process = process
        self.most = 0

    def run(self) -> None:
        """Look until the process ends."""
        while True:
            try:
                family = [self._process, *self._process.children(recursive=True)]
                held = sum(one.memory_full_info().pss for one in family)
            except (psutil.Error, FileNotFoundError):
                if not self._process.is_running():
                    return
                continue
            self.most = max(self.most, held)
            time.sleep(0.05)


def peak(command: Sequence[str | Path]) -> int:
    """Run a command once, and return the most bytes that all its processes had at a time."""
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, env=_ENVIRONMENT
    ) as running:
        watched = Memory(psutil.Process(running.pid))
        watched.start()
    return watched.most
