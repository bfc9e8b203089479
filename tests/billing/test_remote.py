"""Logs at URLs, from a local server and from fsspec's own memory, which is opened as s3:// is."""

import gzip
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import fsspec
import pytest

from tests.conftest import Dscost

# 100,000 misses of v4-flash off-peak, at $0.15 per million.
LINE = json.dumps(
    {
        "time": "2026-11-28T12:00:00Z",
        "model": "deepseek-v4-flash",
        "usage": {
            "prompt_tokens": 100_000,
            "completion_tokens": 0,
            "prompt_cache_hit_tokens": 0,
        },
    }
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the files in tmp_path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_log_is_read_from_a_server_packed_or_not(
    dscost: Dscost, tmp_path: Path, url: str
) -> None:
    (tmp_path / "a.jsonl").write_text(f"{LINE}\n" * 2)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(f"{LINE}\n".encode()))

    ran = dscost("bill", f"{url}/a.jsonl?signature=hidden", f"{url}/b.jsonl.gz", "--json")

    report = json.loads(ran.out)
    assert (ran.code, report["total"]["requests"]) == (0, 3)
    assert report["total"]["cost"]["total"] == "0.045"
    assert "hidden" not in ran.out + ran.err


def test_a_log_that_is_not_there_is_an_error(dscost: Dscost, url: str) -> None:
    ran = dscost("bill", f"{url}/none.jsonl")

    assert (ran.code, ran.out) == (1, "")
    assert "none.jsonl: no such file there, or no response" in ran.problem


def test_a_pattern_of_a_store_matches_its_logs(dscost: Dscost) -> None:
    for name in "ab":
        with fsspec.open(f"memory://bucket/{name}.jsonl", "w") as file:
            file.write(LINE.replace("12:00", "13:00") + "\n" + LINE * (name == "a") + "\n")

    ran = dscost("bill", "memory://bucket/*.jsonl", "--json")

    assert json.loads(ran.out)["total"]["requests"] == 3


def test_a_folder_of_a_store_is_read_as_one_on_disk(dscost: Dscost) -> None:
    files = {
        "a.jsonl": LINE.encode(),
        "deep/b.jsonl.gz": gzip.compress(LINE.replace("12:00", "13:00").encode()),
        "deep/notes.txt": b"Hello",
        ".hidden.jsonl": LINE.replace("12:00", "14:00").encode(),
    }
    for name, content in files.items():
        with fsspec.open(f"memory://folder/logs/{name}", "wb") as file:
            file.write(content)

    ran = dscost("bill", "memory://folder/logs", "--json")
    report = json.loads(ran.out)
    assert (ran.code, report["total"]["requests"]) == (0, 2)
    (left_out,) = report["warnings"]
    assert "/folder/logs/deep/notes.txt (a text" in left_out

    ran = dscost("bill", "memory://folder/logs/", "--json", "--glob", "*.gz")
    assert (ran.code, json.loads(ran.out)["total"]["requests"]) == (0, 1)
    ran = dscost("count", "memory://folder/logs", "--glob", "*.txt", "--json")
    (counted,) = json.loads(ran.out)["inputs"]
    assert counted["source"].endswith("/folder/logs/deep/notes.txt")
    ran = dscost("bill", "memory://folder/logs", "--glob", "*.csv")
    assert (ran.code, "nothing there matches" in ran.err) == (1, True)
