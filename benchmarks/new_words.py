"""Time the first pass over texts of ever new words: dscost on gigatoken against gigatoken itself.

    python benchmarks/new_words.py --megabytes 64 --runs 3

Both have loaded everything before. gigatoken gets the bytes at once and remembers every word.
dscost decodes them, looks for what gigatoken would misread, cuts, and forgets words to limit its
memory.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import KINDS, paragraphs
from benchmarks.counters import LOADED, PROGRAM, write_ranks
from benchmarks.racing import busy, process, raced, spread

_ITSELF = "gigatoken"
_OURS = "dscost, gigatoken"
# Bytes, as the system counts them on Linux.
_MEMORY = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"


def main() -> None:
    """Print the seconds, the ratio and the peak memory for each kind of text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["prose", "chinese", "mixed"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        ranks = write_ranks(Path(folder))
        for kind in options.kinds:
            path = Path(folder, f"{kind}.txt")
            with path.open("w", encoding="utf-8") as file:
                file.writelines(paragraphs(kind, options.megabytes * 1_000_000))
            _race(path, ranks, options.runs)


def _race(path: Path, ranks: Path, runs: int) -> None:
    rivals = {
        name: process([sys.executable, "-c", _program(name), path, "", ranks])
        for name in (_ITSELF, _OURS)
    }
    print(f"\n{path.stem}, {path.stat().st_size:,} bytes")
    medians, tokens = [], set()
    for name, done in raced(rivals, runs).items():
        firsts = [json.loads(run.printed.splitlines()[0]) for run in done]
        memory = max(int(run.printed.splitlines()[1]) for run in done)
        tokens |= {one["tokens"] for one in firsts}
        seconds = [one["seconds"] for one in firsts]
        medians.append(statistics.median(seconds))
        print(f"  {name:20} {spread(seconds)} {memory / 1e6:6.0f} MB at most")
    assert len(tokens) == 1, tokens
    print(f"  dscost / itself      {medians[1] / medians[0]:8.2f}", flush=True)


def _program(name: str) -> str:
    return PROGRAM.format(loaded=LOADED[name], again=False) + _MEMORY


if __name__ == "__main__":
    main()
