"""Logs that a second process reads are the same as those that this one reads."""

import gzip
import json
from collections.abc import Sequence
from multiprocessing import Pipe
from pathlib import Path

import pytest

from deepseek_cost.billing import reading
from deepseek_cost.billing.reading import _received, logs_in
from deepseek_cost.billing.records import Reading
from deepseek_cost.errors import InputError, WorkerError
from deepseek_cost.inputs.folders import find
from deepseek_cost.inputs.source import TextSource

USAGE = {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "completion_tokens": 5}
RESPONSE = {"id": "a", "created": 1_794_900_000, "model": "deepseek-v4-pro", "usage": USAGE}
TRANSCRIBED = {
    "type": "assistant",
    "timestamp": "2026-11-18T15:26:14Z",
    "cwd": "/home",
    "message": {
        "id": "b",
        "model": "deepseek-v4-pro",
        "usage": {"input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": 2},
    },
}


def read(sources: Sequence[TextSource], cores: int) -> tuple[list[tuple[object, ...]], int]:
    """Return what each log is, with its records, and how many bytes were read."""
    sizes: list[int] = []
    found: list[tuple[object, ...]] = []
    for log in logs_in(sources, Reading(), sizes.append, cores):
        about = log.name, log.title, log.caveat, log.is_copy
        found.append((*about, list(log.records), log.refusal))
    return found, sum(sizes)


def test_a_second_process_reads_the_same_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = {"model": "deepseek-v4-pro", "messages": [], "seed": 10**30}
    lines = [RESPONSE, {"request": large, "response": RESPONSE}, {"usage": {}, "model": 3}]
    plain = "".join(f"{json.dumps(line)}\n" for line in lines) + "{broken\n"
    (tmp_path / "a.jsonl").write_text(plain)
    (tmp_path / "b.jsonl").write_text(f"{json.dumps(TRANSCRIBED)}\n" * 3)
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(plain.encode()))
    (tmp_path / "d.jsonl").write_text("".join(f'{{"x": {number}}}\n' for number in range(500)))
    many = [RESPONSE | {"id": f"{number}"} for number in range(1_000)]
    (tmp_path / "e.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in many))
    sources = find([str(tmp_path)], any_file=True).sources

    alone = read(sources, cores=2)
    monkeypatch.setattr(reading, "_WORTH_BYTES", 0)
    monkeypatch.setattr(reading, "_WORTH_BYTES_EACH", 0)
    assert read(sources, cores=1) == alone
    monkeypatch.setattr(reading, "_read", None)  # not by this process
    assert read(sources, cores=2) == alone


def test_what_the_second_process_cannot_read_is_an_error_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WORTH_BYTES", 0)
    monkeypatch.setattr(reading, "_WORTH_BYTES_EACH", 0)
    monkeypatch.setattr(reading, "_read", None)  # not by this process
    gone = TextSource("gone.jsonl", tmp_path / "gone.jsonl", length=5)
    with pytest.raises(InputError, match=r"gone\.jsonl: No such file"):
        list(logs_in([gone], Reading(), lambda _: None, cores=2))


def test_small_files_are_read_by_this_process_however_many_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(f"{json.dumps(RESPONSE)}\n")
    sources = find([str(tmp_path)], any_file=True).sources
    monkeypatch.setattr(reading, "_WORTH_BYTES", 0)
    monkeypatch.setattr("deepseek_cost.inputs.processes.start", None)

    assert len(list(logs_in(sources, Reading(), lambda _: None, cores=2))) == 2


def test_a_process_that_ends_early_leaves_no_total() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with pytest.raises(WorkerError, match="ended before its work was done"):
        list(_received(ours, lambda _: None))
