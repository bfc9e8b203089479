"""Worker processes: the same report with any number, and no total if one of them is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from deepseek_cost.estimates.workers import WorkerPool
from deepseek_cost.inputs.jsonl import Lines
from tests.bodies import Bodies
from tests.conftest import ROOT, Dscost
from tests.inputs.test_requests import AT

_MANY = 60_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A batch large enough for workers: many forms, faults, refusals, equal costs."""
    bodies = Bodies(3)
    lines = []
    for number in range(400):
        body: dict[str, Any] = {
            "model": "deepseek-flash",
            "messages": [{"role": "user", "content": bodies.text()}],
        }
        body |= {"n": 2} if number % 50 == 0 else {"max_tokens": 64 + number % 3}
        lines.append(json.dumps({"custom_id": f"r{number}", "body": body}))
    lines.insert(100, '{"name": "no request"}')
    path = tmp_path_factory.mktemp("large") / "large.jsonl"
    path.write_text("\n".join(lines * (_MANY // 400)) + "\n")
    return path


def started(*args: object) -> "subprocess.Popen[str]":
    """Start dscost in its own process group, as a terminal does."""
    command = [sys.executable, "-m", "deepseek_cost", *map(str, args)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        # A shell starts what runs in the background with interrupts ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def workers_of(running: "subprocess.Popen[str]", count: int = 2) -> list[psutil.Process]:
    """Wait until the workers have started, and return them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and running.poll() is None:
        children = psutil.Process(running.pid).children(recursive=True)
        found = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    pytest.fail(f"no workers: {running.communicate()}")


def test_the_report_is_the_same_for_any_number_of_workers(dscost: Dscost, large: Path) -> None:
    options = (*AT, "--on-error", "skip", "--breakdown", "--json")

    alone, shared = (dscost("estimate", large, *options, "--jobs", jobs) for jobs in (1, 3))

    assert json.loads(alone.out)["inputs"][0]["requests"] == _MANY
    assert json.loads(alone.out)["skipped"]["requests"] == _MANY // 400
    assert alone == shared


@pytest.mark.parametrize("size", [0, 30, 3_000])
def test_what_is_soon_done_is_left_to_one_process(size: int) -> None:
    def make() -> Any:  # noqa: ANN401 - a worker would fail here
        raise NotImplementedError

    parts = [Lines("a.jsonl", number, b"{}" * 5, "utf-8", None) for number in range(3)]

    assert list(WorkerPool(make, jobs=2, alone=0).share(parts, 1, size)) == parts


def test_long_work_is_shared_where_nothing_is_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 20 of 100,000 bytes, 10 of them timed: 3 s per 10 bytes means hours for the rest.

    The start, with the first part, took 2 s.
    """
    parts = [Lines("a.jsonl", number, b"{}" * 5, "utf-8", None) for number in range(3)]
    clock = iter(range(100))
    monkeypatch.setattr("deepseek_cost.estimates.workers.process_time", lambda: next(clock))
    monkeypatch.setattr(
        WorkerPool, "_shared", lambda _, first, rest, __: iter(["shared", first, *rest])
    )

    done = WorkerPool(lambda: pytest.fail("not here"), jobs=2, alone=0).share(parts, 1, 100_000)

    assert list(done) == [*parts[:2], "shared", parts[2]]


@pytest.mark.parametrize(
    ("jobs", "size", "is_shared"), [(2, 60, False), (2, 80, True), (3, 60, True)]
)
def test_work_is_shared_if_that_saves_more_than_the_start_of_workers_takes(
    monkeypatch: pytest.MonkeyPatch, jobs: int, size: int, *, is_shared: bool
) -> None:
    """The start took 1 s, so 2.5 s have to be saved; then 10 bytes took 1 s.

    Of 60 bytes, 40 are left: two workers save half of 4 s, three save two thirds. Of 80 bytes, two
    save half of 6 s.
    """
    parts = [Lines("a.jsonl", number, b"{}" * 5, "utf-8", None) for number in range(3)]
    clock = iter([0, 1, 1, 2, 2])
    monkeypatch.setattr("deepseek_cost.estimates.workers.process_time", lambda: next(clock))
    monkeypatch.setattr(WorkerPool, "_shared", lambda *_: iter(["shared"]))

    pool = WorkerPool(lambda: pytest.fail("not here"), jobs=jobs, alone=0)
    done: list[object] = list(pool.share(parts, 1, size))

    assert ("shared" in done) is is_shared


def test_a_replay_is_left_to_one_process_while_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As above, but the third and the fourth part continue what is before them."""
    parts = [Lines("a.jsonl", number, b"{}" * 5, "utf-8", None) for number in range(5)]
    clock = iter(range(100))
    monkeypatch.setattr("deepseek_cost.estimates.workers.process_time", lambda: next(clock))
    monkeypatch.setattr(
        WorkerPool, "_shared", lambda _, first, rest, __: iter(["shared", first, *rest])
    )
    pool = WorkerPool(lambda: pytest.fail("not here"), jobs=2, alone=0)
    going_on = iter([True, True, False])  # asked from the third part on

    done = pool.share(parts, 1, 100_000, lambda: next(going_on))

    assert list(done) == [*parts[:4], "shared", parts[4]]


def test_the_first_fault_is_reported_whoever_meets_it(
    dscost: Dscost, large: Path, tmp_path: Path
) -> None:
    text = large.read_text().replace('{"name": "no request"}\n', "")
    faults = text + '{"name": "x"}\n' + text + "{\n"
    (tmp_path / "late.jsonl").write_text(faults)

    ran = dscost("estimate", tmp_path / "late.jsonl", *AT, "--jobs", 2)

    assert (ran.code, ran.out) == (1, "")
    assert f"late.jsonl:{_MANY + 1}:1: JSON, but no request" in ran.err


def test_a_worker_that_is_killed_is_reported_and_there_is_no_total(endless: Path) -> None:
    running = started("estimate", endless, "--jobs", 2)
    workers_of(running)[0].kill()

    out, err = running.communicate(timeout=60)

    assert (running.returncode, out) == (1, "")
    assert err.startswith("error: a worker process died before it was done")
    assert "--jobs 1" in err


def test_an_interrupt_ends_all_and_reports_what_was_counted(endless: Path) -> None:
    running = started("estimate", endless, "--jobs", 2)
    workers = workers_of(running)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does, to the whole group

    out, err = running.communicate(timeout=60)

    assert (running.returncode, out) == (130, "")
    assert "requests counted so far;" in err
    assert "Traceback" not in err
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_workers_end_with_their_parent_however_that_ends(endless: Path) -> None:
    running = started("estimate", endless, "--jobs", 2)
    workers = workers_of(running)

    running.kill()
    running.communicate(timeout=60)

    assert psutil.wait_procs(workers, timeout=10)[1] == []


@pytest.fixture
def endless(large: Path, tmp_path: Path) -> Path:
    """A batch that takes a while."""
    path = tmp_path / "endless.jsonl"
    text = large.read_text().replace('{"name": "no request"}\n', "")
    path.write_text(text * 12)
    return path
