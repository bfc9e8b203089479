"""Time how long commands take as whole processes, as ratios to bare Python.

    python benchmarks/startup.py --runs 15 --against OTHER/bin/dscost

With `--against`, another build runs the same command lines in the same rounds.
Commands run in an empty folder. The first round, which compiles and fills caches, is not counted.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import paragraphs
from benchmarks.racing import BARE, bare, busy, dscost, process, raced, ratios

# A body with tools, with many short texts.
_BODY = Path(__file__).parents[1] / "examples" / "weather.json"


def main() -> None:
    """Race the commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    parser.add_argument("--commands", nargs="+", help="these alone, by the names printed")
    parser.add_argument("--against", type=Path, help="the program of another build")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        os.chdir(folder)
        os.environ["XDG_CACHE_HOME"] = str(
            Path(folder, "cache")
        )  # not the user's index of sessions
        Path("1k.txt").write_text("".join(paragraphs("mixed", 1_000))[:1_000], encoding="utf-8")
        line = "{tier} until {until}"
        commands = {
            "--help": ["--help"],
            "prices": ["prices"],
            "when": ["when"],
            "when --template": ["when", "--template", line],
            "when --template --tz": ["when", "--template", line, "--tz", "Europe/Berlin"],
            "config": ["config"],
            "completion bash": ["completion", "bash"],
            "compare 1k.txt": ["compare", "1k.txt"],
            "diff 1k.txt 1k.txt": ["diff", "1k.txt", "1k.txt"],
            "count 1k.txt": ["count", "1k.txt"],
            "estimate 1k.txt": ["estimate", "1k.txt"],
            "estimate weather.json": ["estimate", str(_BODY)],
        }
        rivals = {BARE: bare()}
        rivals["import deepseek_cost"] = process([sys.executable, "-c", "import deepseek_cost"])
        for name, args in commands.items():
            if options.commands and name not in options.commands:
                continue
            rivals[f"dscost {name}"] = process([dscost(), *args])
            if options.against:
                rivals[f"other  {name}"] = process([options.against, *args])
            if name == "when":  # and the status line of a session
                status = _session(Path(folder))
                rivals["dscost statusline"] = process([dscost(), "statusline"], status)
        runs = raced(rivals, options.runs)
    for line in ratios({name: [run.seconds for run in done] for name, done in runs.items()}, BARE):
        print(line)


def _session(folder: Path) -> Path:
    """Write a transcript of 20,000 responses (6 MB); return a status that names it."""
    usage = {"input_tokens": 1_000, "cache_read_input_tokens": 100_000, "output_tokens": 500}
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with (folder / "session.jsonl").open("w", encoding="utf-8") as file:
        for number in range(20_000):
            message = {"id": f"m{number}", "model": "deepseek-v4-pro", "usage": usage}
            line = {"type": "assistant", "timestamp": at, "message": message, "cwd": "x" * 100}
            file.write(f"{json.dumps(line)}\n")
    status = folder / "status.json"
    status.write_text(json.dumps({"transcript_path": str(folder / "session.jsonl")}))
    return status


if __name__ == "__main__":
    main()
