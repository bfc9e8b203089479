"""The status line of a coding session: as exact as the bill, without reading anything twice."""

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from deepseek_cost.cli import statusline
from deepseek_cost.cli.statusline import Index, Rates, RatesMissingError, response_of
from tests.conftest import Dscost

# A Saturday, off-peak: v4-pro costs 0.022 / 0.66 / 1.98 USD per million.
NOON = 1_795_838_400.0
MIDNIGHT = NOON - 6 * 3_600
PRO: Rates = [0.0, 10.0**12, 22_000_000, 660_000_000, 1_980_000_000, 750_000_000, 750_000_000]


def rates(model: str, seconds: float) -> Rates:  # noqa: ARG001 - the same at any time
    return PRO if model == "deepseek-v4-pro" else PRO[:2]


def none(model: str, seconds: float) -> Rates:
    raise RatesMissingError(model, seconds)


def line(identity: str, output: int = 100, **more: object) -> bytes:
    usage = {"input_tokens": 1_000, "cache_read_input_tokens": 10_000, "output_tokens": output}
    message = {"id": identity, "model": "deepseek-v4-pro", "usage": usage}
    found = {"type": "assistant", "timestamp": "2026-11-28T04:00:00.000Z", "message": message}
    return json.dumps(found | more).encode() + b"\n"


# 10,000 x 0.022 + 1,000 x 0.66 + 100 x 1.98 = 1,078 millionths, here in billionths.
COST = 1_078_000


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    path = tmp_path / "projects/p/session.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(line("a", 1) + line("a") + b'{"type":"user"}\n' + line("b"))
    os.utime(path, (NOON, NOON))
    return path


def costs(
    tmp_path: Path, transcript: Path, find: Callable[[str, float], Rates] = rates
) -> tuple[int, int]:
    return index(tmp_path, find).costs(str(transcript), MIDNIGHT)


def index(tmp_path: Path, find: Callable[[str, float], Rates] = rates) -> Index:
    return Index(str(tmp_path / "cache/sessions-usd.json"), "USD", "mark", find)


def test_a_response_counts_once_with_its_last_record(tmp_path: Path, transcript: Path) -> None:
    assert costs(tmp_path, transcript) == (2 * COST, 2 * COST)


def test_only_new_lines_are_read_and_known_rates_need_no_price_table(
    tmp_path: Path, transcript: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs(tmp_path, transcript)
    with transcript.open("ab") as file:
        file.write(line("c") + line("d")[:-9])
    read: list[bytes] = []

    def watched(data: bytes) -> list[object] | None:
        read.append(data)
        return response_of(data)

    monkeypatch.setattr(statusline, "response_of", watched)
    assert costs(tmp_path, transcript, none) == (3 * COST, 3 * COST)
    assert read == [line("c")]  # the last line is still being written


def test_what_a_fork_copied_is_of_its_session_but_once_of_today(
    tmp_path: Path, transcript: Path
) -> None:
    fork = transcript.with_name("fork.jsonl")
    fork.write_bytes(transcript.read_bytes() + line("c"))
    os.utime(fork, (NOON, NOON))
    assert costs(tmp_path, fork) == (3 * COST, 3 * COST)
    assert costs(tmp_path, transcript) == (2 * COST, 3 * COST)


def test_what_has_no_price_is_counted_on_every_line_until_the_session_ends(
    tmp_path: Path, transcript: Path
) -> None:
    usage = {"input_tokens": 5, "output_tokens": 5}
    others = [
        line(f"o{n}", message={"id": f"o{n}", "model": "m", "usage": usage}) for n in range(3)
    ]
    transcript.write_bytes(transcript.read_bytes() + others[0] + others[1] + line("c") + others[2])
    os.utime(transcript, (NOON, NOON))
    for find in (rates, none):  # the second time from the index alone
        one = index(tmp_path, find)
        assert one.costs(str(transcript), MIDNIGHT) == (3 * COST, 3 * COST)
        assert one.unpriced == 3


def test_sub_agents_are_of_their_session(tmp_path: Path, transcript: Path) -> None:
    agent = transcript.with_suffix("") / "subagents/agent-1.jsonl"
    agent.parent.mkdir(parents=True)
    agent.write_bytes(line("sub"))
    assert costs(tmp_path, transcript) == (3 * COST, 3 * COST)


def test_yesterday_is_of_the_session_alone(tmp_path: Path, transcript: Path) -> None:
    transcript.write_bytes(line("old", timestamp="2026-11-26T04:00:00Z") + transcript.read_bytes())
    os.utime(transcript, (NOON, NOON))
    assert costs(tmp_path, transcript) == (3 * COST, 2 * COST)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[" * 9_999, b'{"mark":"1 mark","files":5}'])
def test_a_damaged_index_is_made_anew(tmp_path: Path, transcript: Path, damage: bytes) -> None:
    costs(tmp_path, transcript)
    (tmp_path / "cache/sessions-usd.json").write_bytes(damage)
    assert costs(tmp_path, transcript) == (2 * COST, 2 * COST)


def test_a_pipe_or_device_in_place_of_the_index_is_left_alone(
    tmp_path: Path, transcript: Path
) -> None:
    path = tmp_path / "cache/sessions-usd.json"
    path.parent.mkdir()
    os.mkfifo(path)
    assert costs(tmp_path, transcript) == (2 * COST, 2 * COST)
    assert path.is_fifo()

    path.unlink()
    path.symlink_to(os.devnull)
    assert costs(tmp_path, transcript) == (2 * COST, 2 * COST)
    assert path.is_symlink()
    assert [*path.parent.iterdir()] == [path]


def test_a_transcript_that_was_replaced_is_read_again(tmp_path: Path, transcript: Path) -> None:
    costs(tmp_path, transcript)
    transcript.write_bytes(line("x"))
    os.utime(transcript, (NOON, NOON))
    assert costs(tmp_path, transcript) == (COST, COST)


@pytest.mark.parametrize(
    "other",
    [
        line("msg_01XFDUDYJgAACzvnptvVoYEL", requestId="req_011CSHoEeqs5C35K2UUqR7Fy"),
        b'{"type":"assistant","message":{"usage":7}}\n',
        b'{"usage"\n',
        line("a", timestamp=5),
        line("a", message={"id": "a", "model": "m", "usage": {"output_tokens": -5}}),
    ],
)
def test_what_is_no_response_of_deepseek_is_passed_over(other: bytes) -> None:
    assert response_of(other) is None


def sent(monkeypatch: pytest.MonkeyPatch, status: object) -> None:
    statusline._held.clear()
    text = status if isinstance(status, str) else json.dumps(status)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_the_line_agrees_with_the_bill(
    dscost: Dscost, tmp_path: Path, transcript: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(time, "time", lambda: NOON + 60)
    sent(monkeypatch, {"transcript_path": str(transcript)})
    ran = dscost("statusline")
    report = json.loads(dscost("bill", transcript, "--json").out)
    assert Decimal(report["total"]["cost"]["total"]) * statusline.SCALE == 2 * COST
    assert ran.out.startswith("$0.0022 session · $0.0022 today · ")
    cleared = dscost("statusline", "--clear")
    assert (cleared.code, "removed 1 files" in cleared.err) == (0, True)


def test_eight_at_once_print_the_same_and_leave_a_whole_index(
    tmp_path: Path, transcript: Path
) -> None:
    off_peak = "2026-11-28T10:00:00Z"  # a Saturday
    transcript.write_bytes(b"".join(line(f"m{n}", timestamp=off_peak) for n in range(500)))
    status = tmp_path / "status.json"
    status.write_text(json.dumps({"transcript_path": str(transcript)}))
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "deepseek_cost", "statusline"]

    def run(_: int) -> subprocess.CompletedProcess[str]:
        # In a folder without settings, where the line is printed without the command line.
        with status.open() as given:
            return subprocess.run(
                command,
                check=False,
                stdin=given,
                capture_output=True,
                text=True,
                env=environment,
                cwd=tmp_path,
            )

    with ThreadPoolExecutor(8) as pool:
        ran = list(pool.map(run, range(8)))

    assert {(one.returncode, one.stderr) for one in ran} == {(0, "")}
    # 500 x 0.001078
    assert {one.stdout.partition(" · ")[0] for one in ran} == {"$0.5390 session"}
    (path,) = (tmp_path / "cache").rglob("sessions-*")
    entry = json.loads(path.read_text())["files"][str(transcript)]
    assert entry["read"] == transcript.stat().st_size


@pytest.mark.parametrize("status", ["", "[]", "{", "[" * 99_999, {"transcript_path": 5}])
def test_what_is_no_status_is_an_error_of_one_line(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, status: object
) -> None:
    sent(monkeypatch, status)
    ran = dscost("statusline")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
