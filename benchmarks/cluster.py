"""Race a local Dask cluster against plain dscost on many small files.

    python benchmarks/cluster.py --files 2000 --runs 3

A LocalCluster with two workers is started once. In a final run, one of its workers is killed
halfway through; the total must not change.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from distributed import Client, LocalCluster

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.pop(1)  # this folder has its own requests.py, which would shadow the library

from benchmarks.corpora import Corpus
from benchmarks.racing import Run, busy, dscost, process, raced, ratios


def main() -> None:
    """Write the files, race the two, and kill a worker in a final run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy")
    options = parser.parse_args()
    corpus = Corpus()
    with tempfile.TemporaryDirectory() as folder, busy(options.busy):
        for number in range(options.files):
            Path(folder, f"{number:05}.jsonl").write_text(corpus.jsonl(), encoding="utf-8")
        with LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster:
            command = [dscost(), "estimate", folder, "--json"]
            on_cluster = process([*command, "--dask", cluster.scheduler_address])
            done = raced({"alone": process(command), "cluster": on_cluster}, options.runs)
            times = {name: [run.seconds for run in runs] for name, runs in done.items()}
            print(*ratios(times, "alone"), sep="\n")
            expected = _tokens(done["alone"][0])
            seconds = min(times["cluster"]) / 2
            killer = threading.Thread(target=_kill_one, args=(cluster.scheduler_address, seconds))
            killer.start()
            run = on_cluster()
            killer.join()
    print(f"a worker killed after {seconds:.2f} s: {run.seconds:.2f} s in all")
    assert _tokens(run) == expected, (_tokens(run), expected)
    print(f"{expected:,} input tokens in each")


def _kill_one(address: str, seconds: float) -> None:
    with Client(address, set_as_default=False) as client:
        processes = list(client.run(os.getpid).values())
        time.sleep(seconds)
        os.kill(processes[0], signal.SIGKILL)


def _tokens(run: Run) -> int:
    return int(json.loads(run.printed)["estimates"][0]["tokens"]["input"])


if __name__ == "__main__":
    main()
