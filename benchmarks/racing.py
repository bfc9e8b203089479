"""Rivals that take turns, so that a change of the machine's speed hits all of them alike."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

BARE: Final = "python -c pass"
# What an installed program has: the byte code that pip compiled.
_ENVIRONMENT: Final = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}


class Run(NamedTuple):
    """What a rival printed, its seconds, and those that it says the work alone took."""

    printed: str
    seconds: float


Rivals = Mapping[str, Callable[[], Run]]


def raced(rivals: Rivals, runs: int) -> dict[str, list[Run]]:
    """Return each rival's runs; a first round is not counted, and who fails in one is left out."""
    done: dict[str, list[Run]] = {name: [] for name in rivals}
    for number in range(runs + 1):
        for name in list(done):
            try:
                run = rivals[name]()
            except (OSError, subprocess.SubprocessError) as error:
                print(f"  {name}: left out: {str(error)[-80:]!r}", file=sys.stderr)
                del done[name]
                continue
            if number:
                done[name].append(run)
    return done


def process(
    command: Sequence[str | Path], stdin: Path | None = None, most: float = 600
) -> Callable[[], Run]:
    """Return what runs a command to its end; it raises where that takes too long, or fails."""

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
    """Return the floor of all processes of Python."""
    return process([sys.executable, "-c", "pass"])


def dscost() -> str:
    """Return the program that is installed beside this Python."""
    return str(Path(sys.executable).parent / "dscost")


def spread(seconds: Sequence[float]) -> str:
    """Write a median with the least and the most."""
    return f"{statistics.median(seconds):8.3f} s ({min(seconds):.3f} to {max(seconds):.3f})"


def ratios(times: Mapping[str, Sequence[float]], to: str) -> Iterator[str]:
    """Yield a line for each rival: its seconds, and their ratio to those of one of them."""
    base = statistics.median(times[to])
    for name, seconds in times.items():
        yield f"{name:34} {spread(seconds)}  {statistics.median(seconds) / base:7.2f} x {to}"
