"""Time the bill of a log of requests and responses with its forecast, against without.

    python benchmarks/forecast.py --lines 20000 --runs 3 --rival OTHER/dscost

Each request is a conversation of one to five messages (`batches.py --turns`) in its own words, with
the response and the usage that a gateway would log.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks import batches
from benchmarks.bill import SECONDS, SEPTEMBER
from benchmarks.racing import busy, dscost, process, raced, ratios

_WITHOUT = "without"


def main() -> None:
    """Write the log and race the two ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rival", type=Path, help="another build, with its forecast")
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        os.chdir(folder)
        with Path("log.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(lines(options.lines))
        command = [dscost(), "bill", "log.jsonl", "--json"]
        rivals = {_WITHOUT: process([*command, "--no-forecast"]), "with": process(command)}
        if options.rival:
            other = [options.rival, *command[1:]]
            rivals["other, without"] = process([*other, "--no-forecast"])
            rivals["other, with"] = process(other)
        done = raced(rivals, options.runs)
        compared = json.loads(done["with"][0].printed)["forecast"]
        os.chdir("/")
    times = {name: [run.seconds for run in runs] for name, runs in done.items()}
    print(*ratios(times, _WITHOUT), sep="\n")
    print(f"{compared['prompt_tokens']['requests']:,} requests compared")


def lines(count: int) -> Iterator[str]:
    """Yield exchanges in the order of time."""
    chance = Random(3)  # noqa: S311 - no secret
    for number, line in enumerate(batches.lines(count, turns=True)):
        body = json.loads(line)["body"]
        prompt, output = chance.randrange(100, 3_000), chance.randrange(1, 2_000)
        response = {
            "id": f"{number:016x}",
            "object": "chat.completion",
            "created": SEPTEMBER + number * SECONDS // count,
            "model": body["model"],
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Yes."}},
            ],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": output,
                "total_tokens": prompt + output,
                "prompt_cache_hit_tokens": 0,
                "prompt_cache_miss_tokens": prompt,
            },
        }
        yield json.dumps({"request": body, "response": response}) + "\n"


if __name__ == "__main__":
    main()
