"""Time a conversation that is sent again with each turn, against another build.

    python benchmarks/replays.py --rival OTHER/dscost --turns 125 250 500

Ratios are to the first build. The last line says how time grows with bytes between the smallest and
the largest replay, above the time of the start alone: an exponent of 1 is proportional.
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.folders import texts
from benchmarks.racing import busy, dscost, process, raced, ratios

_CHARACTERS: Final = 400  # of a message, so that 500 turns are 125 MB


def main() -> None:
    """Write the replays and race the builds on each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rival", action="append", default=[])
    parser.add_argument("--turns", type=int, nargs="+", default=[500])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--options", nargs="*", default=[], help="such as jobs=1")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    options = parser.parse_args()
    command = ["count", "replay.jsonl", *(f"--{option}" for option in options.options)]
    programs = [*options.rival, dscost()]
    sizes, medians = [], []
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        os.chdir(folder)
        write(Path("start.jsonl"), 1)
        alone = raced({"start": process([dscost(), "count", "start.jsonl"])}, options.runs)["start"]
        start = statistics.median(run.seconds for run in alone)
        for turns in options.turns:
            write(Path("replay.jsonl"), turns)
            size = Path("replay.jsonl").stat().st_size
            done = raced({one: process([one, *command]) for one in programs}, options.runs)
            times = {name: [run.seconds for run in runs] for name, runs in done.items()}
            print(f"{turns:,} turns, {size:,} bytes", *ratios(times, programs[0]), sep="\n")
            sizes.append(size)
            medians.append(statistics.median(times[dscost()]) - start)
        os.chdir("/")
    if len(sizes) > 1:
        exponent = math.log(medians[-1] / medians[0]) / math.log(sizes[-1] / sizes[0])
        print(f"seconds grow as bytes to the power of {exponent:.2f}")


def write(path: Path, turns: int) -> None:
    """Write a request per turn, each with all messages before it."""
    messages = [{"role": "system", "content": "You review code."}]
    source = texts(_CHARACTERS)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(turns):
            messages.append({"role": "user", "content": next(source)})
            body = {"model": "deepseek-v4-flash", "messages": messages}
            file.write(json.dumps(body, ensure_ascii=False) + "\n")
            messages.append({"role": "assistant", "content": next(source)})


if __name__ == "__main__":
    main()
