"""Measure how fast text is counted, as ratios within one run: medians with their spread.

    python benchmarks/throughput.py --megabytes 32 --runs 5

In the process: the counter on each engine, fed as from a file, beside plain tiktoken with the same
vocabulary on one core and gigatoken's own way of encoding the same bytes. All rivals take turns, so
that a change of the machine's speed hits all of them. Then `dscost count` as a whole process.
"""

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has a requests.py of its own, which is not the library's

from benchmarks.corpora import paragraphs
from deepseek_cost.sources import TextSource
from deepseek_cost.tokens import default_counter, fast_counter
from deepseek_cost.tokens.on_gigatoken import Gigatoken, is_usable
from deepseek_cost.tokens.on_tiktoken import tiktoken_engine

_KINDS = ("prose", "code", "chinese", "mixed")
_DSCOST = str(Path(sys.executable).parent / "dscost")
Rivals = dict[str, Callable[[], int]]


def main() -> None:
    """Print a line for each rival and corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=32)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for kind in _KINDS:
        data = "".join(paragraphs(kind, options.megabytes * 1_000_000)).encode()
        print(f"{kind}, {len(data):,} bytes, in the process")
        report(raced(in_process(data), options.runs), len(data))
    with tempfile.TemporaryDirectory() as folder:
        for size in (1_000, 5_000_000, 64_000_000):
            path = Path(folder, f"{size}.txt")
            path.write_text("".join(paragraphs("mixed", size)), encoding="utf-8")
            print(f"mixed, {path.stat().st_size:,} bytes, whole process")
            report(raced(whole_process(path), options.runs), path.stat().st_size)


def in_process(data: bytes) -> Rivals:
    """Return what encodes the bytes, ours and theirs."""
    text = data.decode()
    plain = tiktoken_engine().encoding.encode_ordinary
    source = TextSource("corpus", None)

    def blocks() -> "io.BytesIO":
        return io.BytesIO(data)

    rivals: Rivals = {
        "tiktoken, one core": lambda: len(plain(text)),
        "dscost on tiktoken": lambda: default_counter().count(source.decode(blocks())),
    }
    if is_usable():
        from gigatoken import BytesSource  # noqa: PLC0415 - it may be missing

        engine = fast_counter().engine
        assert isinstance(engine, Gigatoken)
        own = engine.tokenizer.encode_batch
        rivals |= {
            "gigatoken's own way": lambda: len(own(BytesSource(data)).layout.content),
            "dscost on gigatoken": lambda: fast_counter().count(source.decode(blocks())),
        }
    return rivals


def whole_process(path: Path) -> Rivals:
    """Return processes that count a file; the first one does nothing."""
    rivals: Rivals = {"python -c pass": partial(ran, [sys.executable, "-c", "pass"])}
    for engine in ("tiktoken", "gigatoken", "auto"):
        if engine != "gigatoken" or is_usable():
            command = [_DSCOST, "count", "--engine", engine, str(path)]
            rivals[f"dscost count --engine {engine}"] = partial(ran, command)
    return rivals


def ran(command: list[str]) -> int:
    """Run a command to its end."""
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


def raced(rivals: Rivals, runs: int) -> dict[str, list[float]]:
    """Return the seconds of each rival's runs, which take turns; the first round is not counted."""
    results = {name: rival() for name, rival in rivals.items()}
    assert len(set(results.values())) == 1, results
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(runs):
        for name, rival in rivals.items():
            began = time.perf_counter()
            rival()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def report(seconds: dict[str, list[float]], size: int) -> None:
    """Print medians, their spread and how they compare to the first rival."""
    first = statistics.median(next(iter(seconds.values())))
    for name, times in seconds.items():
        median = statistics.median(times)
        print(
            f"  {name:30} {median:8.3f} s ({min(times):.3f} to {max(times):.3f})"
            f"  {size / median / 1e6:7.1f} MB/s  {first / median:6.2f} x as fast as the first"
        )


if __name__ == "__main__":
    main()
