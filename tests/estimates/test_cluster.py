"""Counting on a Dask cluster and from URLs: real workers and a local server."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import dask
import pyarrow as pa
import pytest
from distributed import Client, LocalCluster
from pyarrow import parquet

from deepseek_cost.estimates import cluster
from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z", "--json")


class Files(ThreadingHTTPServer):
    """Serves a folder; the file named in `slow` waits until `let_go` is set."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.slow: str | None = None
        self.asked = Event()
        self.let_go = Event()


class _Handler(SimpleHTTPRequestHandler):
    server: Files

    def do_GET(self) -> None:
        """Serve a file, or the listing of a folder."""
        if self.server.slow and self.path.endswith(self.server.slow):
            self.server.asked.set()
            self.server.let_go.wait(60)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def handle(self) -> None:
        """Serve a request; the client may already be gone."""
        try:
            super().handle()
        except OSError:
            return


@pytest.fixture(scope="module")
def workers() -> Iterator[LocalCluster]:
    """Two workers in their own processes, with nannies that replace lost workers."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Eight different compressed files with 50 requests each, and a text."""
    folder = tmp_path / "batch"
    folder.mkdir()
    for part in range(8):
        lines = (
            {
                "custom_id": f"{part}-{n}",
                "url": "/chat/completions",
                "body": {
                    "model": "deepseek-v4-pro",
                    "messages": [{"role": "user", "content": f"word {part} " * (n + 1)}],
                },
            }
            for n in range(50)
        )
        packed = gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
        (folder / f"part-{part}.jsonl.gz").write_bytes(packed)
    (folder / "prompt.txt").write_text("Sum up 世界 in a line. " * 100, encoding="utf-8")
    return folder


@pytest.fixture
def files(batch: Path) -> Iterator[Files]:
    server = Files(batch)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.let_go.set()
    server.shutdown()
    server.server_close()


def names(batch: Path) -> list[str]:
    return [str(path) for path in sorted(batch.glob("*.gz"))]


def without_places(report: str, batch: Path, url: str) -> object:
    return json.loads(report.replace(str(batch), "HERE").replace(url, "HERE"))


def test_a_url_is_counted_as_the_file_behind_it(dscost: Dscost, batch: Path, files: Files) -> None:
    local = dscost("estimate", *names(batch), *AT)
    remote = dscost("estimate", f"{files.url}/*.jsonl.gz", *AT)

    assert (local.code, remote.code) == (0, 0), remote.err
    expected = without_places(local.out, batch, files.url)
    assert without_places(remote.out, batch, files.url) == expected


@pytest.mark.parametrize("options", [[], ["--breakdown", "--per-file"], ["--output-tokens", "9"]])
def test_a_cluster_reports_what_one_machine_reports(
    dscost: Dscost, batch: Path, workers: LocalCluster, options: list[str]
) -> None:
    sources = [*names(batch), str(batch / "prompt.txt")]

    local = dscost("estimate", *sources, *AT, *options)
    clustered = dscost("estimate", *sources, *AT, *options, "--dask", workers.scheduler_address)

    assert clustered.code == local.code == 0, clustered.err
    assert clustered.out == local.out


@pytest.mark.parametrize("engine", ["tiktoken", "gigatoken"])
def test_workers_count_columns_on_the_engine_asked_for(
    dscost: Dscost, tmp_path: Path, workers: LocalCluster, engine: str
) -> None:
    paths = [tmp_path / f"{part}.parquet" for part in range(3)]
    for part, path in enumerate(paths):
        rows = [f"word {part} 世界 " * (number + 1) for number in range(50)]
        parquet.write_table(pa.table({"prompt": rows}), path)
    asked = ("estimate", *paths, "--column", "prompt", "--engine", engine, *AT)

    local, clustered = dscost(*asked), dscost(*asked, "--dask", workers.scheduler_address)

    assert clustered.code == local.code == 0, clustered.err
    assert clustered.out == local.out
    assert [entry["requests"] for entry in json.loads(local.out)["estimates"]] == [150, 150]


def test_a_worker_killed_in_the_middle_changes_nothing(
    dscost: Dscost, batch: Path, files: Files, workers: LocalCluster
) -> None:
    files.slow = "part-3.jsonl.gz"
    killed: list[int] = []
    killer = Thread(target=_kill_who_reads_the_slow_file, args=(workers, files, killed.append))
    killer.start()

    clustered = dscost(
        *("estimate", f"{files.url}/*.jsonl.gz", *AT, "--dask", workers.scheduler_address)
    )
    killer.join()
    local = dscost("estimate", *names(batch), *AT)

    assert len(killed) == 1
    assert clustered.code == 0, clustered.err
    expected = without_places(local.out, batch, files.url)
    assert without_places(clustered.out, batch, files.url) == expected


def test_a_source_that_fells_its_workers_is_named(
    dscost: Dscost, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_LEAST_TASKS_PER_THREAD", 100)  # one task per file
    files.slow = "part-3.jsonl.gz"
    once = {"distributed.scheduler.allowed-failures": 0}
    with (
        dask.config.set(once),
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as fragile,
    ):
        killed: list[int] = []
        killer = Thread(target=_kill_who_reads_the_slow_file, args=(fragile, files, killed.append))
        killer.start()

        failed = dscost(
            *("estimate", f"{files.url}/*.jsonl.gz", *AT, "--dask", fragile.scheduler_address)
        )
        killer.join()

    assert (failed.code, failed.out) == (1, "")
    # The worker had another file in its queue, and Dask does not distinguish between them.
    assert f"{files.url}/part-" in failed.err
    assert ".jsonl.gz: several workers died on it" in failed.err


def _kill_who_reads_the_slow_file(
    workers: LocalCluster, files: Files, note: Callable[[int], None]
) -> None:
    files.asked.wait(60)
    with Client(workers.scheduler_address, set_as_default=False) as client:
        processes = client.run(os.getpid)
        busy = [address for address, tasks in client.processing().items() if tasks]
        # While one file is held back, the other worker finishes all the others.
        process = processes[busy[0]]
    os.kill(process, signal.SIGKILL)
    note(process)
    files.let_go.set()


def test_what_cannot_be_counted_is_reported_as_by_one_machine(
    dscost: Dscost, batch: Path, workers: LocalCluster
) -> None:
    broken = batch / "broken.jsonl"
    broken.write_text('{"messages": [}\n' * 3, encoding="utf-8")
    good = names(batch)[0]
    on = ("--dask", workers.scheduler_address)

    for options in ([], ["--on-error", "skip"]):
        local = dscost("estimate", good, str(broken), *AT, *options)
        clustered = dscost("estimate", good, str(broken), *AT, *options, *on)

        assert clustered.code == local.code == 1
        assert clustered.out == local.out
        assert clustered.err == local.err


def test_what_has_an_order_or_no_file_is_refused(dscost: Dscost) -> None:
    on = ("--dask", "tcp://127.0.0.1:1")
    for options in (["--per-request", "--json"], ["--cache-hit-ratio", "auto"]):
        refused = dscost("estimate", "examples/batch.jsonl", *options, *on)

        assert refused.code == 2
        assert "--dask counts in no set order" in refused.err

    refused = dscost("estimate", "-", *on)
    assert (refused.code, refused.out) == (2, "")
    assert "workers cannot read standard input" in refused.err


@pytest.mark.parametrize("address", ["nonsense", "tcp://127.0.0.1:x", "ftp://127.0.0.1"])
def test_an_address_where_no_scheduler_can_be_is_reported_in_one_line(
    dscost: Dscost, address: str, batch: Path
) -> None:
    refused = dscost("estimate", names(batch)[0], "--dask", address)

    assert (refused.code, refused.out) == (2, "")
    assert "no scheduler responds" in refused.problem


def test_urls_that_lead_nowhere_are_reported_in_one_line(dscost: Dscost, files: Files) -> None:
    nowhere = {
        f"{files.url}/no-such.txt": "no such file there",
        f"{files.url}/*.csv": "nothing there matches",
        "http://127.0.0.1:1/a.txt": "no response",
        "nosuchscheme://a/b.txt": "cannot be read",
        "s3://user:secret@bucket/a.txt": "Install s3fs",
    }
    for url, reason in nowhere.items():
        refused = dscost("estimate", url)

        assert (refused.code, refused.out) == (1, ""), url
        assert reason in refused.problem
        assert "secret" not in refused.problem


def test_a_secret_in_a_url_stays_out_of_the_report(dscost: Dscost, files: Files) -> None:
    url = files.url.replace("http://", "http://user:secret@")

    done = dscost("estimate", f"{url}/prompt.txt?signature=secret", *AT)

    assert done.code == 0, done.err
    assert "secret" not in done.out + done.err


def test_without_the_extra_the_options_name_it(batch: Path) -> None:
    code = (
        "import sys; sys.modules['distributed'] = None; sys.modules['fsspec'] = None;"
        "from deepseek_cost.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )
    for name in ([names(batch)[0], "--dask", "tcp://127.0.0.1:1"], ["s3://bucket/a.txt"]):
        done = subprocess.run(
            [sys.executable, "-c", code, "estimate", *name],
            capture_output=True,
            text=True,
            check=False,
        )

        assert "pip install '.[dask]' in a clone of dscost" in done.stderr
        assert len(done.stderr.splitlines()) <= 2
