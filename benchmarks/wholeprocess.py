"""Time whole processes: a 1 KB and a 5 MB estimate beside the tokenizers package and bare Python.

    python benchmarks/wholeprocess.py --runs 7

The rivals run in turn, so that a change of the machine's speed hits all of them; what counts is the
ratio of the medians. The text is this project's own source and README, repeated to size.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from deepseek_cost import vocabulary

ROOT = Path(__file__).parents[1]
_TOKENIZERS = """
import sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
print(len(tokenizer.encode(open(sys.argv[2], encoding="utf-8").read()).ids))
"""


def text(size: int) -> str:
    """Return `size` characters of the project's own prose and code."""
    files = sorted(ROOT.glob("deepseek_cost/**/*.py"))
    whole = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *files])
    return (whole * (size // len(whole) + 1))[:size]


def seconds(command: list[str]) -> float:
    """Run a command to its end and return how long that took."""
    began = time.perf_counter()
    # 5 MB is longer than the context: the estimate is printed, and the exit code is 1.
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Time the rivals in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    python = [sys.executable]
    dscost = [str(Path(sys.executable).parent / "dscost")]
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder, "1k.txt"), Path(folder, "5m.txt")
        small.write_text(text(1_000), encoding="utf-8")
        large.write_text(text(5_000_000), encoding="utf-8")
        reference = [*python, "-c", _TOKENIZERS, str(vocabulary.original_path())]
        rivals = {
            "python -c pass": [*python, "-c", "pass"],
            "dscost --help": [*dscost, "--help"],
            "dscost prices": [*dscost, "prices"],
            "dscost estimate, 1 KB": [*dscost, "estimate", str(small)],
            "tokenizers, 1 KB": [*reference, str(small)],
            "dscost estimate, 5 MB": [*dscost, "estimate", str(large)],
            "tokenizers, 5 MB": [*reference, str(large)],
        }
        for command in rivals.values():
            seconds(command)
        rounds = [{name: seconds(command) for name, command in rivals.items()} for _ in range(runs)]
        timed = {name: [times[name] for times in rounds] for name in rivals}
    floor = statistics.median(timed["python -c pass"])
    for name, times in timed.items():
        median = statistics.median(times)
        print(f"{name:24} {median:7.3f} s  {median / floor:6.1f} x bare Python")


if __name__ == "__main__":
    main()
