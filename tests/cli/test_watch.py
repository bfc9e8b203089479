"""A bill that is shown again whenever a log grows."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from deepseek_cost.billing import follow
from tests.conftest import Dscost

# Off-peak, a million misses of v4-flash cost $0.15: each of these costs $0.015.
USAGE = {"prompt_tokens": 100_000, "completion_tokens": 0, "prompt_cache_hit_tokens": 0}
LINE: dict[str, Any] = {
    "time": "2026-11-28T12:00:00Z",
    "model": "deepseek-v4-flash",
    "usage": USAGE,
}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have things happen in place of each wait; after the last one comes Ctrl-C."""

    def plan(*happen: Callable[[], object]) -> None:
        rest = iter(happen)

        def wait(_: float) -> None:
            step = next(rest, None)
            if step is None:
                raise KeyboardInterrupt
            step()

        monkeypatch.setattr(time, "sleep", wait)

    return plan


def write(path: Path, text: str) -> Callable[[], object]:
    def append() -> None:
        with path.open("a") as file:
            file.write(text)

    return append


def bills(out: str) -> list[str]:
    """Return the lines without their times."""
    return [line.partition("UTC  ")[2] for line in out.splitlines()]


def test_a_line_comes_for_each_change_and_ctrl_c_ends_it(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None]
) -> None:
    log, line = tmp_path / "log.jsonl", json.dumps(LINE)
    log.write_text(f"{line}\n{line}\n")
    steps(
        lambda: None,  # nothing changed: no line
        write(log, f"{line}\n{line[:30]}"),  # the last line is still being written
        write(log, line[30:]),
    )

    ran = dscost("bill", "--watch", log)

    assert (ran.code, ran.err) == (0, "")
    assert bills(ran.out) == [
        "$0.03 spent · 2 requests",
        "$0.045 spent · 3 requests",
        "$0.06 spent · 4 requests",
    ]


def test_a_response_without_a_price_is_not_nothing(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None]
) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(LINE | {"model": "deepseek-v9"}) + "\n")
    steps(write(log, json.dumps(LINE) + "\n"))

    ran = dscost("bill", "--watch", log)

    assert bills(ran.out) == [
        "1 not priced · 0 requests",
        "$0.015 spent · 1 not priced · 1 request",
    ]


def test_only_what_was_added_is_read(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, line = tmp_path / "log.jsonl", json.dumps(LINE) + "\n"
    log.write_text(line * 3)
    parts: list[tuple[int, int]] = []
    open_part = follow._open_part

    def opened(path: Path, begin: int, end: int) -> BinaryIO:
        parts.append((begin, end))
        return open_part(path, begin, end)

    monkeypatch.setattr(follow, "_open_part", opened)
    steps(write(log, line))

    dscost("bill", "--watch", log)

    size = len(line)
    assert set(parts) == {(0, 3 * size), (3 * size, 4 * size)}


def test_a_renamed_log_goes_on_and_a_new_one_is_added(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None]
) -> None:
    log, line = tmp_path / "app.jsonl", json.dumps(LINE) + "\n"
    log.write_text(line)

    def rotate() -> None:
        log.rename(tmp_path / "app-1.jsonl")
        log.write_text(line * 2)

    steps(rotate, log.unlink)

    ran = dscost("bill", "--watch", tmp_path)

    assert bills(ran.out) == ["$0.015 spent · 1 request", "$0.045 spent · 3 requests"]


def test_a_log_that_is_not_read_by_lines_is_read_anew(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None]
) -> None:
    log = tmp_path / "log.json"
    log.write_text(json.dumps([LINE]))
    steps(lambda: log.write_text(json.dumps([LINE, LINE])))

    ran = dscost("bill", "--watch", log)

    assert bills(ran.out) == ["$0.015 spent · 1 request", "$0.03 spent · 2 requests"]


def test_what_cannot_be_followed_is_reported(
    dscost: Dscost, tmp_path: Path, steps: Callable[..., None]
) -> None:
    steps()
    log, other = tmp_path / "log.jsonl", tmp_path / "other.jsonl"
    log.write_text(json.dumps(LINE) + "\n")
    other.write_text('{"a": 1}\n{"a": 2}\n')

    for other_option in ("--json", "--by=model", "--budget=5"):
        name = other_option.partition("=")[0]
        refused = dscost("bill", log, "--watch", other_option)
        assert f"--watch and {name} cannot be combined" in refused.problem
    assert "follows files on this machine" in dscost("bill", "--watch", "-").problem
    refused = dscost("bill", "--watch", other)
    assert (refused.code, refused.out) == (1, "")
    assert "other.jsonl: no usage in a known form" in refused.problem
