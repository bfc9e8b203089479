"""Failures around the tool lose nothing, never hang, and are reported in one line.

System limits, signals, full disks, pipes, and devices in place of files.
"""

import gzip
import os
import re
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pytest
from gigatoken import Tokenizer
from pyarrow import parquet
from rich.progress import Progress

from deepseek_cost.errors import InputError, WorkerError
from deepseek_cost.estimates.processes import WorkerProcesses
from deepseek_cost.inputs.jsonl import Lines
from deepseek_cost.inputs.remote import public
from deepseek_cost.inputs.streams import reading
from deepseek_cost.tokenizer import default_counter, fast_counter
from deepseek_cost.tokenizer.prefetch import done_ahead, threads_start
from deepseek_cost.tokenizer.vocabulary import SHA256, load_index
from tests.conftest import ROOT, Dscost
from tests.repository import Repository

DSCOST = [sys.executable, "-m", "deepseek_cost"]
BODY = '{"model": "deepseek-v4-flash", "messages": [{"role": "user", "content": "Hello"}]}'
LINES = Lines("a.jsonl", 1, b"{}\n", "utf-8", None)


def ends() -> Any:  # noqa: ANN401 - never returns
    """Stand in for a workload whose worker dies while loading."""
    os._exit(9)


def runs_out() -> Any:  # noqa: ANN401 - never returns
    raise MemoryError


def refuses() -> Any:  # noqa: ANN401 - never returns
    raise InputError("no such thing")


@pytest.mark.parametrize(
    ("make", "error"), [(ends, WorkerError), (runs_out, MemoryError), (refuses, InputError)]
)
def test_a_worker_that_cannot_be_made_ready_is_an_error(
    make: Callable[[], Any], error: type[Exception]
) -> None:
    with WorkerProcesses(make, 2) as workers:
        workers.tally(LINES, 1)
        with pytest.raises(error):
            workers.next_result()


def test_where_no_process_can_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refused)

    with pytest.raises(WorkerError, match=r"no worker .* \(Resource temporarily unavailable\)"):
        WorkerProcesses(ends, 2).tally(LINES, 1)


def test_without_a_thread_the_work_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Thread, "start", refused_thread)
    monkeypatch.setattr("deepseek_cost.tokenizer.prefetch._pool", ThreadPoolExecutor)

    assert list(done_ahead(str, range(9), 2)) == [*"012345678"]


def refused_thread(*_: object) -> None:
    raise RuntimeError("can't start new thread")


def test_gigatoken_counts_alone_where_the_system_starts_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own threads would panic, which is not an exception that a program may catch."""
    monkeypatch.setattr(Thread, "start", refused_thread)
    threads_start.cache_clear()
    wanted: list[bool | None] = []
    encode = Tokenizer.encode_batch_padded

    def recorded(own: Tokenizer, *args: Any, parallel: bool | None, **more: Any) -> Any:  # noqa: ANN401
        wanted.append(parallel)
        return encode(own, *args, parallel=parallel, **more)

    monkeypatch.setattr(Tokenizer, "encode_batch_padded", recorded)

    assert fast_counter().count(["word " * 400_000]) == default_counter().count(["word " * 400_000])
    assert wanted == [False]
    threads_start.cache_clear()


def test_numpy_is_loaded_before_gigatoken_would_load_it_and_panic_at_a_signal() -> None:
    code = """import sys
from deepseek_cost.tokenizer.gigatoken_engine import gigatoken_engine
gigatoken_engine()
print("numpy" in sys.modules)"""

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout == "True\n"


def test_where_arrow_cannot_start_a_thread_is_one_line(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.write_table(pa.table({"p": ["Hello"]}), tmp_path / "p.parquet")

    def refused(*_: object, **__: object) -> None:
        raise pa.ArrowException("Unknown error: Failed to launch worker thread")

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", refused)

    ran = dscost("count", tmp_path / "p.parquet", "--column", "p")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(
        "p.parquet: cannot be read: Unknown error: Failed to launch worker thread\n"
    )


def test_where_git_cannot_be_started_is_one_line_that_names_it(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Repository(tmp_path).folder)

    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refused)

    ran = dscost("diff", "HEAD")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("git cannot be started: Resource temporarily unavailable\n")


def test_a_library_that_does_not_fit_in_the_memory_is_one_line(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise ImportError("failed to map segment from shared object", name="tiktoken._tiktoken")

    monkeypatch.setattr("deepseek_cost.cli.sources.Inputs.run", refused)

    ran = dscost("count", hello)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error: tiktoken._tiktoken cannot be loaded: failed to map segment from shared object\n"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_no_prompt_in_the_temporary_folder(
    tmp_path: Path, number: int, code: int
) -> None:
    (tmp_path / "new.txt").write_text("Hello")
    os.mkfifo(tmp_path / "old")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    # Under nohup, the tests ignore the signal, and so would the program.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        running = subprocess.Popen(
            [*DSCOST, "diff", "old", "new.txt"],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(number, before)
    with (tmp_path / "old").open("wb", buffering=0) as pipe:  # once the reader has opened it
        pipe.write(b"a secret prompt")
        while not any(path.is_file() for path in scratch.rglob("*")):
            time.sleep(0.02)

        running.send_signal(number)
        _, err = running.communicate(timeout=60)

    assert (running.returncode, err) == (code, b"")
    assert list(scratch.iterdir()) == []


def test_a_process_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    """`nohup` starts the process with SIGHUP ignored."""
    os.mkfifo(tmp_path / "pipe")
    running = subprocess.Popen(
        [*DSCOST, "count", str(tmp_path / "pipe"), "--json"],
        stdout=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),  # noqa: PLW1509
    )
    with (tmp_path / "pipe").open("wb", buffering=0) as pipe:
        pipe.write(b"Hello")
        running.send_signal(signal.SIGHUP)

    assert running.communicate(timeout=60)[0].startswith(b"{")
    assert running.returncode == 0


def test_nothing_is_loaded_before_an_interrupt_can_be_answered() -> None:
    code = f"""import sys; sys.path.insert(0, {str(ROOT)!r}); before = {{*sys.modules}}
import deepseek_cost.__main__
print(sorted({{*sys.modules}} - before))"""

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "['deepseek_cost', 'deepseek_cost.__main__', 'gc']\n"


@pytest.mark.parametrize("where", ["cb", "__set_name__", "exec_module"])
def test_an_interrupt_while_the_program_loads_ends_it_wherever_it_comes(
    hello: Path, where: str
) -> None:
    """Python drops an interrupt in a callback, as in each import, and renames one in a class."""
    code = f"""import signal, sys
from deepseek_cost.__main__ import main

def interrupt(frame, event, _):
    loads = sys.unraisablehook is not sys.__unraisablehook__
    if loads and event == "call" and frame.f_code.co_name == {where!r}:
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = ["dscost", "count", {str(hello.absolute())!r}]
sys.setprofile(interrupt)
main()"""

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr in {"", "error: interrupted\n"}


@pytest.mark.parametrize(
    "command",
    ["count", *(f"{name} --at 2026-11-23T02:00Z" for name in ("estimate", "compare", "cache"))],
)
@pytest.mark.parametrize("text", ["Hello", BODY])
def test_a_pipe_in_place_of_a_prompt_counts_as_the_file_does(
    hello: Path, command: str, text: str
) -> None:
    """The output of `<(command)` can only be read once."""
    hello.write_text(text)
    outputs = []
    for named in (hello.name, f"<(cat {hello.name})"):
        shell = f"{' '.join(DSCOST)} {command} {named} --json"
        done = subprocess.run(
            ["bash", "-c", shell],  # noqa: S607 - the bash on PATH
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert done.stderr == ""
        outputs.append(re.sub(r"/dev/fd/\d+", hello.name, done.stdout))

    assert outputs[0] == outputs[1]


def filled(*_: object) -> None:
    raise OSError(28, "No space left on device")


def report(dscost: Dscost, hello: Path) -> Path:
    path = Path("report.json")
    path.write_text(dscost("estimate", hello, "--at", "2026-11-23T02:00Z", "--json").out)
    return path


WRITERS = {
    "--to": ("render", "report.json", "--to", "old.html"),
    "--svg": ("compare", "hello.txt", "--svg", "old.html"),
    "--calibrate": ("bill", "log.jsonl", "--calibrate", "old.html"),
}


@pytest.mark.parametrize("option", WRITERS)
def test_a_full_disk_leaves_the_old_file(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    report(dscost, hello)
    response = (
        '{"model": "deepseek-flash", "created": 1795000000, "choices": [{"index": 0, '
        '"message": {"content": "Hi"}, "finish_reason": "stop"}], "object": "chat.completion", '
        '"usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10, '
        '"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 9}}\n'
    )
    Path("log.jsonl").write_text(response)
    Path("old.html").write_text("old")
    before = sorted(Path().iterdir())
    monkeypatch.setattr(os, "fsync", filled)

    ran = dscost(*WRITERS[option])

    assert ran.code == 1
    assert ran.err.endswith(f"error: {option} old.html: No space left on device\n")
    assert Path("old.html").read_text() == "old"
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_takes_only_a_part_of_the_output_is_an_error(
    tmp_path: Path, unbuffered: str
) -> None:
    with (tmp_path / "out").open("wb") as out:
        done = subprocess.run(
            [*DSCOST, "completion", "bash"],
            stdout=out,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(ROOT)},
            text=True,
            check=False,
        )

    assert (tmp_path / "out").stat().st_size == 100
    assert (done.returncode, done.stderr) == (1, "error: standard output: File too large\n")


def test_a_full_disk_is_named_by_the_file_or_the_folder_that_it_is_of(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(*_: object) -> None:
        raise OSError(28, "No space left on device", "/from", None, "/to")

    for run_out, place in ((filled, tempfile.gettempdir()), (copied, "/to")):
        monkeypatch.setattr("deepseek_cost.cli.sources.Inputs.run", run_out)
        ran = dscost("count", hello)

        assert (ran.code, ran.out) == (1, "")
        assert ran.err == f"error: {place}: No space left on device\n"


def test_a_file_written_anew_keeps_its_link_and_its_mode(dscost: Dscost, hello: Path) -> None:
    report(dscost, hello)
    Path("real.md").write_text("old")
    Path("real.md").chmod(0o640)
    Path("link.md").symlink_to("real.md")

    assert dscost("render", "report.json", "--to", "link.md").code == 0

    assert Path("link.md").is_symlink()
    assert "hello.txt" in Path("real.md").read_text()
    assert stat.S_IMODE(Path("real.md").stat().st_mode) == 0o640


def test_a_new_file_has_the_mode_that_the_user_gives_to_files(dscost: Dscost, hello: Path) -> None:
    report(dscost, hello)
    Path("other").touch()

    dscost("render", "report.json", "--to", "new.md")

    assert Path("new.md").stat().st_mode == Path("other").stat().st_mode


def test_a_report_goes_into_a_device_directly(dscost: Dscost, hello: Path) -> None:
    report(dscost, hello)

    assert dscost("render", "report.json", "-f", "html", "--to", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("command", ["prices", "estimate hello.txt", "count hello.txt"])
def test_a_pipe_or_device_in_place_of_the_price_table_is_refused(
    dscost: Dscost, hello: Path, command: str
) -> None:
    os.mkfifo("pipe")
    assert hello.exists()

    for name in ("pipe", os.devnull):
        ran = dscost(*command.split(), "--prices", name)

        assert (ran.code, ran.out) == (1, "")
        assert ran.problem == f"error: price table {name}: not a regular file; see --prices\n"


def test_a_pipe_in_place_of_the_cached_vocabulary_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "dscost" / f"vocabulary-{SHA256[:16]}.bin"
    copy.parent.mkdir()
    os.mkfifo(copy)
    expected = load_index().tokens
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert load_index().tokens == expected
    assert copy.is_fifo()
    assert [*copy.parent.iterdir()] == [copy]


@pytest.mark.parametrize("command", ["estimate", "count", "render", "bill", "cache", "compare"])
def test_what_only_looks_like_a_url_is_one_line_without_its_secrets(
    dscost: Dscost, command: str
) -> None:
    ran = dscost(command, "https://me:secret@[x/")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error: https://...: not a valid URL: Invalid IPv6 URL\n"


def test_a_url_is_shown_without_its_secrets() -> None:
    assert public("https://me:secret@host/a?signature=1") == "https://host/a"


@pytest.mark.parametrize(("broken", "named"), [("/etc/other", "/etc/other"), (None, "a.txt")])
def test_the_reason_names_the_file_that_is_broken(broken: str | None, named: str) -> None:
    with pytest.raises(InputError, match=f"^{named}: Permission denied$"), reading("a.txt"):
        raise PermissionError(13, "Permission denied", broken)


@pytest.mark.parametrize(
    "content",
    [
        b"Hello " * 1000,
        b"Hello " * 100_000,
        gzip.compress(b"Hello " * 1000),
    ],
    ids=["read at once", "in blocks", "packed"],
)
def test_the_progress_bar_comes_to_the_size_of_what_is_read_and_changes_no_figure(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    hello.write_bytes(content)
    size = len(content)
    quiet = dscost("count", hello, "--json")
    counted: list[float] = []
    totals: list[float | None] = []
    monkeypatch.setattr("deepseek_cost.cli.sources._PROGRESS_FROM_BYTES", size)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(Progress, "advance", lambda _, __, count: counted.append(count))

    def add_task(_progress: Progress, _name: str, total: float | None) -> int:
        totals.append(total)
        return len(totals)

    monkeypatch.setattr(Progress, "add_task", add_task)

    shown = dscost("count", hello, "--json")

    assert (sum(counted), totals) == (size, [size])
    assert shown.out == quiet.out
