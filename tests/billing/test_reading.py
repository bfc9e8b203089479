"""Logs that a second process reads are the same as those that this one reads."""

import gzip
import json
from collections.abc import Sequence
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.billing import reading
from deepseek_cost.billing.reading import _items, _received, logs_in
from deepseek_cost.billing.records import Reading
from deepseek_cost.cli.wording import with_tips
from deepseek_cost.errors import InputError, WorkerError
from deepseek_cost.inputs.folders import find
from deepseek_cost.inputs.source import TextSource
from tests.billing.singly import singly

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
        records = [] if log.is_copy else list(singly(log.records))
        found.append((*about, records, None if log.is_copy else log.refusal))
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
    (tmp_path / "f.jsonl.gz").write_bytes(gzip.compress(plain.encode()))  # a copy of a.jsonl
    (tmp_path / "g.jsonl").write_text("")
    sources = find([str(tmp_path)], any_file=True).sources

    alone = read(sources, cores=2)
    monkeypatch.setattr(reading, "_WORTH_BYTES", 0)
    assert read(sources, cores=1) == alone
    for theirs in ([True] * len(sources), [True, False] * len(sources), [False, True, True] * 9):
        parts = theirs[: len(sources)]
        monkeypatch.setattr(reading, "_shared", lambda _, parts=parts: parts)
        found, size = read(sources, cores=2)
        assert found == alone[0]
        assert size >= sum(source.size for source in sources)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_the_second_process_reads_most_but_not_all(sizes: list[int]) -> None:
    sources = [TextSource(f"{number}", None, length=size) for number, size in enumerate(sizes)]
    theirs = sum(size for size, it in zip(sizes, reading._shared(sources), strict=True) if it)
    largest = max(sizes)
    if 2 * largest > sum(sizes):
        assert theirs >= largest
    else:  # two thirds, but for a file more or less
        assert abs(theirs - 2 / 3 * sum(sizes)) <= largest


def test_what_the_second_process_cannot_read_is_an_error_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_WORTH_BYTES", 0)
    monkeypatch.setattr(reading, "_opened", None)  # not by this process
    gone = TextSource("gone.jsonl", tmp_path / "gone.jsonl", length=5)
    with pytest.raises(InputError, match=r"gone\.jsonl: No such file"):
        list(logs_in([gone], Reading(), lambda _: None, cores=2))


def test_more_than_a_pipe_holds_is_read_while_nobody_receives_it(tmp_path: Path) -> None:
    many = [RESPONSE | {"id": f"{number}"} for number in range(9_000)]
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in many))
    ours, theirs = Pipe()
    thread = Thread(target=reading._send, args=(theirs, [TextSource("m", path)], Reading()))
    thread.start()
    log = _received(_items(ours, lambda _: None))
    assert len(list(singly(log.records))) == 9_000
    thread.join()


def test_nobody_waits_for_a_receiver_that_has_gone(tmp_path: Path) -> None:
    many = [RESPONSE | {"id": f"{number}"} for number in range(30_000)]
    path = tmp_path / "many.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in many))
    ours, theirs = Pipe()
    ours.close()
    sources = [TextSource("m", path)]
    sending = Thread(target=reading._send, args=(theirs, sources, Reading()), daemon=True)
    sending.start()
    sending.join(timeout=60)
    assert not sending.is_alive()


def test_a_process_that_ends_early_leaves_no_total() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with pytest.raises(WorkerError, match="died before it was done") as raised:
        _received(_items(ours, lambda _: None))
    (tip,) = with_tips(raised.value.message)[1]
    assert tip.endswith("dscost bill - < LOG")
