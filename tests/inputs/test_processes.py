"""Processes of our own: what they are given, and how one that does not get far ends."""

import signal
from collections.abc import Iterator
from multiprocessing import Pipe
from typing import TYPE_CHECKING

import pytest

from deepseek_cost.inputs.processes import _run, start

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MORE_THAN_A_PIPE_HOLDS = b"x" * 1_000_000


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Answer signals as before, whatever a test sets."""
    before = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, response in before.items():
        signal.signal(name, response)


def send_back(connection: "Connection", data: bytes, *, twice: bool) -> None:
    connection.send_bytes(data * (2 if twice else 1))


def test_a_process_gets_its_arguments_however_large() -> None:
    connection, process = start(send_back, MORE_THAN_A_PIPE_HOLDS, twice=True)

    assert connection.recv_bytes() == 2 * MORE_THAN_A_PIPE_HOLDS
    process.join()
    assert process.exitcode == 0


def test_a_process_that_ends_as_it_starts_is_an_error_and_no_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # with which Python ends at once

    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        start(send_back, MORE_THAN_A_PIPE_HOLDS, twice=False)


def test_a_process_that_gets_no_work_ends_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    ours, theirs = Pipe()
    ours.close()

    _run(theirs)

    assert capfd.readouterr() == ("", "")
