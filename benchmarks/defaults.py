"""Race the defaults against every manual choice of --jobs and --engine on six inputs.

    python benchmarks/defaults.py --runs 3

The last figures for each input are how much slower the defaults are than its fastest choice, by
medians and by the least times, which other work on the machine changes less.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.batches import lines
from benchmarks.corpora import paragraphs
from benchmarks.racing import busy, dscost, process, raced, spread

_CHOICES: Final = {
    "defaults": [],
    "--jobs 1": ["--jobs", "1"],
    "--jobs 2": ["--jobs", "2"],
    "--jobs 1, tiktoken": ["--jobs", "1", "--engine", "tiktoken"],
    "--jobs 1, gigatoken": ["--jobs", "1", "--engine", "gigatoken"],
}


def main() -> None:
    """Write the inputs and race the choices on each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    parser.add_argument("--inputs", nargs="+", help="these alone, by their names")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        os.chdir(folder)
        for name, kind, size in (
            ("1 MB of text", "text", 1_000_000),
            ("16 MB of text", "text", 16_000_000),
            ("5,000 requests", "requests", 5_000),
            ("200,000 requests", "requests", 200_000),
            ("50,000 conversations", "turns", 50_000),
            ("500,000 conversations", "turns", 500_000),
        ):
            if options.inputs is None or name in options.inputs:
                _race(name, _written(kind, size), options.runs)


def _written(kind: str, size: int) -> Path:
    path = Path("input.txt" if kind == "text" else "input.jsonl")
    with path.open("w", encoding="utf-8") as file:
        if kind == "text":
            file.writelines(paragraphs("mixed", size))
        else:
            file.writelines(lines(size, turns=kind == "turns"))
    return path


def _race(name: str, path: Path, runs: int) -> None:
    rivals = {
        choice: process([dscost(), "count", path, *options]) for choice, options in _CHOICES.items()
    }
    times = {choice: [run.seconds for run in done] for choice, done in raced(rivals, runs).items()}
    medians = {choice: statistics.median(seconds) for choice, seconds in times.items()}
    print(f"\n{name}, {path.stat().st_size:,} bytes")
    for choice, seconds in times.items():
        print(f"  {choice:20} {spread(seconds)}")
    print(f"  defaults / fastest   {medians['defaults'] / min(medians.values()):8.2f}")
    least = {choice: min(seconds) for choice, seconds in times.items()}
    print(f"  of the least times   {least['defaults'] / min(least.values()):8.2f}", flush=True)


if __name__ == "__main__":
    main()
