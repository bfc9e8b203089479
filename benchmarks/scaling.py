"""Measure how the cost of commands grows with their input: sizes x1, x4 and x16.

    python benchmarks/scaling.py --runs 3 --against OTHER/bin/dscost

Each line has a command's CPU seconds for each size, as medians, its peak memory for each in all
processes, and the exponent: seconds grow as the size to this power, 1 being proportional. What does
not grow, such as the start, cancels out: of a + b * size ** p, the second difference of sizes is
4 ** p times the first. Commands run in one process.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Final, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks import batches, bill, folders
from benchmarks.corpora import paragraphs
from benchmarks.racing import Memory, dscost

_STEP: Final = 4
_TIMES: Final = (1, _STEP, _STEP**2)
_ALONE: Final = ("--jobs", "1", "--engine", "tiktoken")


class Case(NamedTuple):
    """A command, how its input of a size is written, and the smallest size."""

    command: Sequence[str]
    write: Callable[[int], object]
    size: int


class Used(NamedTuple):
    """What a command used: CPU seconds, and bytes of memory at most."""

    seconds: float
    memory: int


def main() -> None:
    """Measure each case, and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--against", type=Path, help="the program of another build")
    parser.add_argument("--cases", nargs="+", choices=_CASES, default=list(_CASES))
    options = parser.parse_args()
    programs = [dscost(), *([str(options.against.resolve())] if options.against else [])]
    for name in options.cases:
        for program, used in _measured(_CASES[name], programs, options.runs).items():
            print(f"{name:16} {_row(used)}  {program}", flush=True)


def _measured(case: Case, programs: Sequence[str], runs: int) -> dict[str, list[Used]]:
    """Return what each program used for each size; programs and sizes take turns."""
    found: dict[tuple[str, int], list[Used]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for times in _TIMES:
            Path(folder, str(times)).mkdir()
            os.chdir(Path(folder, str(times)))
            case.write(case.size * times)
        for _, program, times in product(range(runs), programs, _TIMES):
            os.chdir(Path(folder, str(times)))
            found.setdefault((program, times), []).append(_used([program, *case.command]))
        os.chdir("/")
    return {program: [_median(found[program, times]) for times in _TIMES] for program in programs}


def _median(used: Sequence[Used]) -> Used:
    seconds = statistics.median(one.seconds for one in used)
    return Used(seconds, max(one.memory for one in used))


def _used(command: Sequence[str]) -> Used:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        watched = Memory(psutil.Process(running.pid))
        watched.start()
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode and running.stderr:
            sys.exit(f"{' '.join(command)}: {running.stderr.read().decode()}")
    return Used(used.ru_utime + used.ru_stime, watched.most)


def _row(used: Sequence[Used]) -> str:
    seconds = " ".join(f"{one.seconds:7.2f}" for one in used)
    memory = " ".join(f"{one.memory / 1e6:4.0f}" for one in used)
    small, middle, large = (one.seconds for one in used)
    grown = (large - middle) / (middle - small) if middle > small else math.nan
    exponent = math.log(grown, _STEP) if grown > 0 else math.nan
    return f"{seconds} s  {memory} MB  exponent {exponent:.2f}"


def _text(size: int) -> None:
    with Path("input.txt").open("w", encoding="utf-8") as file:
        file.writelines(paragraphs("mixed", size))


def _requests(count: int) -> None:
    with Path("input.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(batches.lines(count, turns=True))


def _log(count: int) -> None:
    with Path("log.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in islice(bill.lines(count), count))


def _repository(files: int) -> None:
    folders.commit_twice(Path(), files)


_CASES: Final = {
    "count, text": Case(("count", "input.txt", *_ALONE), _text, 5_000_000),
    "estimate, batch": Case(("estimate", "input.jsonl", *_ALONE), _requests, 8_000),
    "estimate, folder": Case(
        ("estimate", "folder", *_ALONE), lambda files: folders.write(Path("folder"), files), 1_000
    ),
    "-c auto": Case(("estimate", "input.jsonl", "-c", "auto"), _requests, 2_000),
    "cache": Case(("cache", "input.jsonl"), _requests, 2_000),
    "diff": Case(("diff", "HEAD~1..HEAD"), _repository, 500),
    "bill": Case(("bill", "log.jsonl"), _log, 10_000),
}


if __name__ == "__main__":
    main()
