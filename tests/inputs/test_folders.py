"""Folders as people have them: other encodings, JSON that is not a request, compressed files."""

import gzip
import json
from pathlib import Path

import pytest

from tests.conftest import Dscost

AT = ("--at", "2026-11-23T10:00Z")
LEFT_OUT = [
    "left out src/latin.txt: not utf-8 at byte 3; set its --encoding, such as cp1252",
    (
        "left out src/tsconfig.json:1:1: JSON, but no request: it has neither messages, input, "
        "prompt nor body with a model; to count it as text: --as text"
    ),
]


@pytest.fixture
def src(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text, files that cannot be read as they are, and the text compressed."""
    monkeypatch.chdir(tmp_path)
    folder = Path("src")
    folder.mkdir()
    (folder / "a.txt").write_text("Hello")
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "tsconfig.json").write_text('{"compilerOptions": {}}')
    (folder / "z.txt.gz").write_bytes(gzip.compress(b"Hello" * 10))
    return folder


@pytest.mark.parametrize("command", ["estimate", "count", "compare", "cache"])
def test_what_cannot_be_read_is_left_out_by_name_and_the_rest_is_counted(
    dscost: Dscost, src: Path, command: str
) -> None:
    options = AT if command != "count" else ()

    ran = dscost(command, src, *options, "--json")

    found = json.loads(ran.out)
    assert ran.code == 1
    assert [text for text in found["warnings"] if "left out" in text] == LEFT_OUT
    assert [one["source"] for one in found["inputs"]] == ["src/a.txt", "src/z.txt.gz"]


def test_files_left_out_for_the_same_reason_are_one_warning_with_all_their_names(
    dscost: Dscost, src: Path
) -> None:
    (src / "package.json").write_text('{"name": "a: b"}')
    (src / "other.txt").write_bytes(b"caf\xe9")

    ran = dscost("count", src)

    assert ran.code == 1
    assert ran.err.splitlines()[-2:] == [
        (
            "warning: left out 2 files (src/latin.txt, src/other.txt): not utf-8; set its "
            "--encoding, such as cp1252"
        ),
        (
            "warning: left out 2 files (src/package.json:1:1, src/tsconfig.json:1:1): JSON, but no "
            "request: it has neither messages, input, prompt nor body with a model; to count it as "
            "text: --as text"
        ),
    ]


def test_empty_files_are_one_warning_with_all_their_names(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        Path(name).touch()

    ran = dscost("count", ".")

    assert (ran.code, ran.err.splitlines()[-1]) == (
        0,
        "warning: 2 files are empty (a.txt, b.txt), but the template is still billed",
    )


def test_a_limit_cannot_be_kept_for_what_is_left_out(dscost: Dscost, src: Path) -> None:
    ran = dscost("estimate", src, *AT, "-o", "1", "--max-cost", "100")

    assert ran.code == 3
    assert (
        "--max-cost cannot be checked: not counted: src/latin.txt: not utf-8 at byte 3" in ran.err
    )


def test_a_file_that_is_named_is_an_error_as_before(dscost: Dscost, src: Path) -> None:
    ran = dscost("count", src / "a.txt", src / "latin.txt")

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem == (
        "error: src/latin.txt: not utf-8 at byte 3; set its --encoding, such as cp1252\n"
    )


def test_a_folder_of_which_nothing_can_be_read_is_an_error(dscost: Dscost, src: Path) -> None:
    for name in ("a.txt", "tsconfig.json", "z.txt.gz"):
        (src / name).unlink()

    ran = dscost("count", src)

    assert (ran.code, ran.out) == (1, "")
    assert "src/latin.txt: not utf-8 at byte 3" in ran.err


HELLO = '{"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}\n'


def test_a_batch_in_a_folder_is_left_out_whole_for_a_bad_line_unless_that_is_skipped(
    dscost: Dscost, src: Path
) -> None:
    without = dscost("count", src, "--json")
    (src / "batch.jsonl").write_text(HELLO + "{}\n" * 3 + HELLO)

    left_out = dscost("count", src, "--json")
    skipped = dscost("count", src, "--on-error", "skip", "--json")

    assert left_out.code == skipped.code == 1
    assert "left out 2 files (src/batch.jsonl:2:1, src/tsconfig.json:1:1): JSON" in left_out.err
    whole, rest = (json.loads(ran.out) for ran in (without, left_out))
    assert len(whole.pop("warnings")) == len(rest.pop("warnings")) == 2
    assert whole == rest
    assert "warning: skipped 4 requests" in skipped.err
    lines = [line for line in skipped.err.splitlines() if line.startswith("warning: skipped src")]
    assert len(lines) == 2
    assert lines[0].startswith("warning: skipped src/batch.jsonl:2:1: ")
    assert lines[0].endswith(", and 2 more of this file")
    assert lines[1].startswith("warning: skipped src/tsconfig.json:1:1: ")


def test_a_limit_is_not_kept_where_a_batch_was_left_out(dscost: Dscost, src: Path) -> None:
    (src / "batch.jsonl").write_text(HELLO + "no JSON\n")

    ran = dscost("estimate", src, *AT, "-o", 10, "--max-cost", 1)

    assert ran.code == 3
    assert "--max-cost cannot be checked: not counted: " in ran.err


@pytest.mark.parametrize(
    "bad",
    [
        "no JSON\n",
        HELLO.replace('"Hello"', "5"),
        HELLO.replace("{", '{"timestamp": "tomorrow", ', 1),
    ],
)
@pytest.mark.parametrize(
    "asked",
    [
        ("estimate", "-c", "auto", "--json"),
        ("estimate", "--per-request", "-c", "auto", "--json"),
        ("cache", "--json"),
    ],
)
def test_requests_in_order_leave_a_batch_out_whole_for_a_later_bad_line(
    dscost: Dscost, src: Path, bad: str, asked: tuple[str, ...]
) -> None:
    command, *options = asked
    without = dscost(command, src, *AT, *options)
    (src / "batch.jsonl").write_text(HELLO + bad)

    ran = dscost(command, src, *AT, *options)

    assert (without.code, ran.code) == (1, 1)
    assert "warning: left out src/batch.jsonl:2:1: " in ran.err
    # A report names what was left out; nothing else in it changes.
    assert [line for line in ran.out.splitlines() if "batch.jsonl" not in line] == (
        without.out.splitlines()
    )


def test_a_limit_is_not_kept_where_a_forecast_left_a_batch_out(dscost: Dscost, src: Path) -> None:
    (src / "batch.jsonl").write_text(HELLO + "no JSON\n")

    ran = dscost("estimate", src, *AT, "-o", 10, "-c", "auto", "--max-cost", 1)

    assert ran.code == 3
    assert "--max-cost cannot be checked: not counted: " in ran.err


def test_a_packed_file_counts_in_a_folder_as_when_it_is_named(dscost: Dscost, src: Path) -> None:
    named = json.loads(dscost("count", src / "z.txt.gz", "-m", "pro", "--per-file", "--json").out)
    below = json.loads(dscost("count", src, "-m", "pro", "--per-file", "--json").out)

    assert named["files"][0] in below["files"]


def test_a_packed_archive_is_binary_as_it_is_unpacked(dscost: Dscost, src: Path) -> None:
    (src / "all.tar.gz").write_bytes(gzip.compress(b"name\0\0data"))

    assert "left out 1 binary file: src/all.tar.gz" in dscost("count", src).err


def test_a_folder_as_one_prompt_has_each_name_before_its_text(dscost: Dscost, src: Path) -> None:
    (src / "latin.txt").unlink()
    config = (src / "tsconfig.json").read_text()
    Path("joined.txt").write_text(
        f"src/a.txt\nHello\n\nsrc/tsconfig.json\n{config}\n\nsrc/z.txt.gz\n{'Hello' * 10}\n\n"
    )

    joined = json.loads(dscost("estimate", src, "--as-one", *AT, "--json").out)
    pasted = json.loads(dscost("estimate", "joined.txt", *AT, "--json").out)

    assert [one["requests"] for one in joined["inputs"]] == [1]
    assert joined["estimates"] == pasted["estimates"]


def test_what_cannot_be_decoded_is_left_out_of_one_prompt_too(dscost: Dscost, src: Path) -> None:
    ran = dscost("count", src, "--as-one", "--json")

    assert ran.code == 1
    assert json.loads(ran.out)["warnings"][0] == LEFT_OUT[0]


def test_a_folder_says_that_each_file_is_a_request_of_its_own(dscost: Dscost, src: Path) -> None:
    hint = "each of the 2 files is a request of its own"  # a.txt and z.txt.gz; two are left out

    assert f"note: {hint}\ntip: to count them as one prompt: --as-one\n" in (
        dscost("estimate", src, *AT).err
    )
    assert hint not in dscost("estimate", src, *AT, "--as-one").err
    assert hint not in dscost("estimate", src / "a.txt", *AT).err


def test_only_for_texts_is_it_a_note_that_each_is_a_request(dscost: Dscost, src: Path) -> None:
    line = '{"model": "deepseek-flash", "messages": [{"role": "user", "content": "Hi"}]}\n'
    (src / "many.jsonl").write_text(line * 3)

    assert "each of the 2 text files is a request of its own" in dscost("estimate", src, *AT).err
    assert "of its own" not in dscost("estimate", src, *AT, "-g", "*.jsonl").err


@pytest.mark.parametrize("option", [("--as", "chat"), ("--column", "x")])
def test_one_prompt_is_text(dscost: Dscost, src: Path, option: tuple[str, str]) -> None:
    ran = dscost("estimate", src, "--as-one", *option)

    assert (ran.code, ran.out) == (2, "")
    assert "--as-one joins files as text" in ran.err
