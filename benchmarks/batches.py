"""Time an estimate of a large batch as a whole process, and measure its peak memory.

    python benchmarks/batches.py --requests 1000000 --engine auto

Each request is about 400 bytes: a system prompt shared by all, and a user message of 40 words.
With `--turns` they are conversations of one to five messages instead, in about thirty shapes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import Corpus
from benchmarks.racing import Memory, dscost


def main() -> None:
    """Write the batch, estimate it, and print the rate and peak memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--jobs", default=None)
    parser.add_argument("--turns", action="store_true")
    options = parser.parse_args()
    jobs = ["--jobs", options.jobs] if options.jobs else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "batch.jsonl")
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines(options.requests, turns=options.turns))
        command = [dscost(), "estimate", str(path), "--json", "--engine", options.engine, *jobs]
        began = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
            watched = Memory(psutil.Process(running.pid))
            watched.start()
            out, _ = running.communicate()
            seconds = time.perf_counter() - began
        assert json.loads(out)["inputs"][0]["requests"] == options.requests, running.returncode
        print(
            f"{options.requests:,} requests, {path.stat().st_size:,} bytes: {seconds:.1f} s, "
            f"{options.requests / seconds:,.0f} requests/s, {watched.most / 1e6:.0f} MB at most"
        )


def lines(requests: int, *, turns: bool) -> Iterator[str]:
    """Yield the lines of a batch."""
    corpus, chance = Corpus(), Random(2)  # noqa: S311 - no secret
    for number in range(requests):
        line = corpus.jsonl()
        yield _conversation(line, number, chance) if turns else line


def _conversation(line: str, number: int, chance: Random) -> str:
    body = json.loads(line)
    system, user = body["messages"]
    words = user["content"].split()
    count = chance.choice((1, 3, 5))
    reported = [
        {"role": ("user", "assistant")[at % 2], "content": " ".join(words[at::count])}
        for at in range(count)
    ]
    body["messages"] = [*([system] if chance.random() < 0.5 else []), *reported]
    body["max_tokens"] = chance.choice((256, 1_024, 4_096))
    if chance.random() < 0.3:
        body["thinking"] = {"type": "disabled"}
    return json.dumps({"custom_id": f"request-{number}", "body": body}) + "\n"


if __name__ == "__main__":
    main()
