"""A note or warning appears unasked only where it could change the figure by 1% or more.

Each row is a situation: how it is made, the command, and the line that it adds, or none.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z")
# A day of Chinese New Year, for which no notice has been published: in peak hours, and after them.
MAYBE_HOLIDAY = "2027-02-09T02:00Z"
SAME_DAY_OFF_PEAK = "2027-02-09T12:00Z"
HELLO: dict[str, Any] = {
    "model": "deepseek-v4-flash",
    "messages": [{"role": "user", "content": "Hi"}],
}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


def text(folder: Path) -> None:
    (folder / "a.txt").write_text("Hello")


def files(many: int, empty: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for number in range(many):
            (folder / f"a{number:03}.txt").write_text("" if number < empty else "Hello")

    return make


def with_binary(folder: Path) -> None:
    text(folder)
    (folder / "b.bin").write_bytes(bytes(range(256)))


def body(**more: object) -> Callable[[Path], None]:
    return batch([HELLO | more])


def batch(bodies: list[dict[str, Any]]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "a.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in bodies))

    return make


def responses(near: int, others: int, output: int = 50) -> Callable[[Path], None]:
    """Make a log with responses half a minute before peak ends, and others long before."""

    def response(at: str, output: int) -> dict[str, Any]:
        hits = {"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 100}
        usage = {"prompt_tokens": 100, "completion_tokens": output, **hits}
        return {"timestamp": at, "model": "deepseek-v4-pro", "usage": usage}

    edge = [response("2026-11-02T03:59:30Z", output)] * near
    return batch([*edge, *[response("2026-11-02T02:00:00Z", 50)] * others])


def sent(*times: tuple[str, str]) -> Callable[[Path], None]:
    """Make requests at these times on a day, each with a text after a system prompt."""
    system = {"role": "system", "content": "word " * 600}

    def one(at: str, asked: str) -> dict[str, Any]:
        messages = [system, {"role": "user", "content": asked}]
        return HELLO | {"messages": messages, "timestamp": f"2026-11-02T{at}Z"}

    return batch([one(*each) for each in times])


OLD = "the price table was last checked"
AGED = "no request has used for over an hour"
IGNORED = "the API ignores"
EDGE = "within a minute of a change of price"
HOLIDAY = "may become a holiday in China"
LEFT_OUT = "left out"
ESTIMATE = ("estimate", "a.jsonl", *AT)
CACHE = ("cache", "a.jsonl", *AT)
BILL = ("bill", "a.jsonl")

# A situation: how it is made, the command, the note it causes, and a part of any such note.
TABLE: dict[str, tuple[Callable[[Path], None], tuple[str, ...], str | None]] = {
    "a prompt": (text, ("estimate", "a.txt", *AT), None),
    "an old price table": (
        text,
        ("estimate", "a.txt", "--at", "2027-06-01T12:00Z"),
        "last checked",
    ),
    "peak on what may be a holiday": (text, ("estimate", "a.txt", "--at", MAYBE_HOLIDAY), HOLIDAY),
    "off-peak on that day": (text, ("estimate", "a.txt", "--at", SAME_DAY_OFF_PEAK), None),
    "both rates side by side": (text, ("compare", "a.txt", "--at", MAYBE_HOLIDAY), None),
    "one of 3 files is empty": (files(3, 1), ("count", "."), "a000.txt: empty"),
    "one of 101 files is empty": (files(101, 1), ("count", "."), None),
    "a binary file left out": (with_binary, ("count", "."), LEFT_OUT),
    "95% of the context": (text, ("estimate", "--input-tokens", "990000", *AT), "of the context"),
    "half of the context": (text, ("estimate", "--input-tokens", "500000", *AT), None),
    "an image that cannot be read here": (
        body(messages=[{"role": "user", "content": [IMAGE]}]),
        ("count", "a.jsonl", "-m", "flash"),
        "the input is a minimum",
    ),
    "a limit that limits nothing": (body(max_completion_tokens=9), ESTIMATE, IGNORED),
    "an ignored switch of thinking": (body(enable_thinking=False), ESTIMATE, IGNORED),
    "an ignored service tier": (body(service_tier="flex"), ESTIMATE, IGNORED),
    "a typo of a limit": (body(max_tokns=9), ESTIMATE, 'did you mean "max_tokens"?'),
    "ignored settings without tokens": (body(store=True, user="u", top_k=3), ESTIMATE, None),
    "the same in a sequence": (body(store=True), CACHE, None),
    "hits after two hours": (
        sent(("01:00:00", "a"), ("01:01:00", "b"), ("03:30:00", "c")),
        CACHE,
        AGED,
    ),
    "hits after ten minutes": (
        sent(("01:00:00", "a"), ("01:01:00", "b"), ("01:11:00", "c")),
        CACHE,
        None,
    ),
    "such hits next to 100 times the misses": (
        sent(
            *(("01:00:00", "a"), ("01:01:00", "b"), ("03:30:00", "c")),
            ("03:31:00", " ".join(map(str, range(30_000)))),
        ),
        CACHE,
        None,
    ),
    "1 of 3 responses near a change of price": (responses(1, 2), BILL, EDGE),
    "1 of 201 responses near one": (responses(1, 200), BILL, None),
    "1 of 201, but the most expensive": (responses(1, 200, output=9_000), BILL, EDGE),
    "a limit that is near": (
        text,
        ("estimate", "a.txt", "-m", "flash", "-o", "1000", "--max-cost", "0.0013", *AT),
        "but near",
    ),
    "a limit that is far": (
        text,
        ("estimate", "a.txt", "-m", "flash", "-o", "1000", "--max-cost", "1", *AT),
        None,
    ),
}


@pytest.mark.parametrize("situation", TABLE)
def test_a_note_appears_only_where_it_changes_the_figure(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, situation: str
) -> None:
    make, command, note = TABLE[situation]
    monkeypatch.chdir(tmp_path)
    make(tmp_path)

    lines = dscost(*command).err.splitlines()

    if note is not None:
        assert [line for line in lines if note in line], lines
    # The days that may be holidays are beyond the age of the price table, which is another row.
    others = ("tip: ", "a request of its own", OLD, note or OLD)
    assert [line for line in lines if not any(other in line for other in others)] == []


@pytest.mark.parametrize(
    ("situation", "shown"),
    [
        ("one of 101 files is empty", "empty files: a000.txt: empty"),
        ("ignored settings without tokens", 'ignored by the API: "store", "user", "top_k"'),
        ("such hits next to 100 times the misses", AGED),
        ("1 of 201 responses near one", EDGE),
    ],
)
def test_what_changes_too_little_for_a_note_is_an_assumption(
    dscost: Dscost,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    situation: str,
    shown: str,
) -> None:
    make, command, _ = TABLE[situation]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    make(tmp_path)

    assert shown in dscost(*command, "-v").out
    assert shown not in dscost(*command).out


def test_a_long_list_of_files_is_cut_in_a_warning_and_whole_with_v(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    text(tmp_path)
    for number in range(7):
        (tmp_path / f"b{number}.bin").write_bytes(bytes(range(256)))
        (tmp_path / f"latin{number}.txt").write_bytes(b"x" * number + b"caf\xe9")
    binary = [f"b{number}.bin" for number in range(7)]
    latin = [f"latin{number}.txt" for number in range(7)]

    why = "not utf-8; set its --encoding, such as cp1252"

    ran = dscost("count", ".", "-v")

    assert ran.err.splitlines()[-2:] == [
        f"warning: left out 7 binary files: {', '.join(binary[:5])}, and 2 more",
        f"warning: left out 7 files ({', '.join(latin[:5])}, and 2 more): {why}",
    ]
    assert f"left out: 7 binary files: {', '.join(binary)}\n" in ran.out
    assert f"left out: 7 files: {', '.join(latin)}\n" in ran.out
