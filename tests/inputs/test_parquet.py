"""Columns in Parquet files are counted like the same requests in JSONL."""

import contextlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from deepseek_cost.inputs.parquet import in_columns
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.tokenizer.stream import StreamCounter
from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z", "--json")
PROMPTS = ["Hello", "你好，世界", 'two\nlines, "quoted" and {"a": 1}', ""]


def written(path: Path, **columns: list[Any]) -> Path:
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    return path


def body(text: str, **more: object) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "deepseek-v4-flash", "messages": messages, **more}


def of_jsonl(dscost: Dscost, folder: Path, bodies: list[dict[str, Any]]) -> list[Any]:
    path = folder / "same.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in bodies), encoding="utf-8")
    entries: list[Any] = json.loads(dscost("estimate", path, *AT).out)["estimates"]
    for entry in entries:
        del entry["dearest"]  # it contains the file's name
    return entries


def of_column(dscost: Dscost, path: Path, *options: object) -> list[Any]:
    entries: list[Any] = json.loads(dscost("estimate", path, *options, *AT).out)["estimates"]
    for entry in entries:
        del entry["dearest"]
    return entries


def test_a_column_of_texts_is_one_prompt_a_row(
    dscost: Dscost, counter: StreamCounter, tmp_path: Path
) -> None:
    path = written(tmp_path / "p.parquet", id=[1, 2, 3, 4], prompt=PROMPTS)

    found = of_column(dscost, path, "--column", "prompt")

    assert [entry["model"] for entry in found] == ["deepseek-v4-flash", "deepseek-v4-pro"]
    assert {entry["tokens"]["text"] for entry in found} == {sum(counter.count_each(PROMPTS))}
    assert found == of_jsonl(dscost, tmp_path, [body(text) for text in PROMPTS])


def test_a_column_of_structures_is_bodies_without_their_nulls(
    dscost: Dscost, tmp_path: Path
) -> None:
    bodies = [body("Hello", max_tokens=10), body("Hi there")]
    path = written(tmp_path / "p.parquet", body=bodies)  # the second row has a null max_tokens

    assert of_column(dscost, path, "--column", "body") == of_jsonl(dscost, tmp_path, bodies)


@pytest.mark.parametrize("options", [(), ("--as", "chat")])
def test_texts_are_bodies_where_the_first_one_is_or_a_kind_is_named(
    dscost: Dscost, tmp_path: Path, options: tuple[str, ...]
) -> None:
    bodies = [body("Hello", max_tokens=10), body("two\nlines")]
    texts = [json.dumps(one, indent=1) for one in bodies]
    stored = pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts))
    path = written(tmp_path / "p.parquet", body=texts, marked_as_json=stored)

    same = of_jsonl(dscost, tmp_path, bodies)

    assert of_column(dscost, path, "--column", "body", *options) == same
    assert of_column(dscost, path, "--column", "marked_as_json", *options) == same


def test_texts_are_prompts_where_the_first_one_is_or_text_is_named(
    dscost: Dscost, counter: StreamCounter, tmp_path: Path
) -> None:
    looks_so = json.dumps(body("Hello"))
    path = written(
        tmp_path / "p.parquet", late=["Count this:", looks_so], early=[looks_so, "Count this:"]
    )

    late = of_column(dscost, path, "--column", "late")
    early = of_column(dscost, path, "--column", "early", "--as", "text")

    counts = sum(counter.count_each(["Count this:", looks_so]))
    assert [entry["tokens"]["text"] for entry in late + early] == [counts] * 4


@pytest.mark.parametrize("form", ["messages", "sharegpt"])
def test_a_column_of_messages_is_a_chat_a_row(dscost: Dscost, tmp_path: Path, form: str) -> None:
    chats = {
        "messages": [{"role": "user", "content": "Hello"}],
        "sharegpt": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}],
    }
    rows = [chats[form]] * 2
    table = tmp_path / "p.jsonl"
    table.write_text("".join(json.dumps({"chat": row}) + "\n" for row in rows))
    options = ("--column", "chat", "-m", "flash")

    found = [
        of_column(dscost, written(tmp_path / "p.parquet", chat=rows), *options),
        of_column(dscost, table, *options),
    ]

    # "Hello" is one token, and the template has 30.
    assert [entry["tokens"]["input"] for (entry,) in found] == [2 * 31] * 2


@pytest.mark.parametrize(
    "options", [("--no-thinking",), ("--effort", "max"), ("--system", "system.txt")]
)
def test_prompts_in_a_column_are_sent_as_the_options_say(
    dscost: Dscost, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "system.txt").write_text("Answer in German.")
    (tmp_path / "hello.txt").write_text("Hello")
    written(tmp_path / "p.parquet", prompt=["Hello", "Hello", "Hello"])
    asked = ("-m", "pro", *options, "--json")

    with contextlib.chdir(tmp_path):
        column = dscost("count", "p.parquet", "--column", "prompt", *asked)
        text = dscost("count", "hello.txt", "-n", "3", *asked)

    assert json.loads(column.out)["estimates"] == json.loads(text.out)["estimates"]


@pytest.mark.parametrize("column", [("body",), ("text", "--as", "chat")])
def test_bodies_in_a_column_refuse_the_options_of_prompts(
    dscost: Dscost, tmp_path: Path, column: tuple[str, ...]
) -> None:
    path = written(tmp_path / "p.parquet", body=[body("Hi")], text=[json.dumps(body("Hi"))])

    ran = dscost("count", path, "--column", *column, "--no-thinking")

    assert (ran.code, ran.out) == (2, "")
    assert "--no-thinking: only for plain prompts; a request body has its own" in ran.err


def test_a_row_that_is_no_request_is_named_by_its_number(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path / "p.parquet", prompt=["Hello", "Hi", None, "Hello"])

    stopped = dscost("count", path, "--column", "prompt")
    skipped = dscost("count", path, "--column", "prompt", "--on-error", "skip", "--json")

    assert (stopped.code, stopped.out) == (1, "")
    assert "p.parquet:3:1: the row has no value; leave such rows out with" in stopped.problem
    assert skipped.code == 1
    assert json.loads(skipped.out)["estimates"][0]["requests"] == 3


@pytest.mark.parametrize(
    ("columns", "clear"),
    [
        ({"id": [1], "question": ["Hello"]}, "question"),
        ({"title": ["a"], "Prompt": ["Hello"]}, "Prompt"),
        ({"body": [body("Hi")]}, "body"),
    ],
)
def test_a_column_that_is_clear_needs_no_name_and_is_reported(
    dscost: Dscost, tmp_path: Path, columns: dict[str, list[object]], clear: str
) -> None:
    path = written(tmp_path / "p.parquet", **columns)

    found = dscost("count", path, "--json")

    assert found.err == f"note: {path}: the prompts are in column {clear!r}\n"
    assert (found.code, found.out) == dscost("count", path, "--column", clear, "--json")[:2]


@pytest.mark.parametrize("names", [("question", "answer"), ("prompt", "text"), ("id",)])
def test_of_several_columns_or_none_one_has_to_be_named(
    dscost: Dscost, tmp_path: Path, names: tuple[str, ...]
) -> None:
    path = written(tmp_path / "p.parquet", **{name: [1 if name == "id" else "a"] for name in names})

    ran = dscost("count", path)

    assert (ran.code, ran.out) == (2, "")
    listed = ", ".join(map(repr, names))
    assert ran.problem.endswith(f"name the prompts with --column NAME; it has {listed}\n")


@pytest.mark.parametrize(
    ("options", "code", "reported"),
    [
        (("--column", "id"), 1, "column 'id' has int64; it must be text, structures or messages"),
        (("--column", "text"), 1, "no column 'text'; it has 'id', 'prompt'"),
    ],
)
def test_what_is_wrong_is_reported_with_the_columns_that_there_are(
    dscost: Dscost, tmp_path: Path, options: tuple[str, ...], code: int, reported: str
) -> None:
    path = written(tmp_path / "p.parquet", id=[1], prompt=["Hello"])

    ran = dscost("count", path, *options)

    assert (ran.code, ran.out) == (code, "")
    assert reported in ran.err


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "flipped"])
def test_a_damaged_file_is_one_clear_line(dscost: Dscost, tmp_path: Path, damage: str) -> None:
    path = written(tmp_path / "p.parquet", prompt=PROMPTS * 50)
    good = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "text": b"Hello",
            "cut": good[: len(good) // 2],
            "flipped": good[:30] + bytes(byte ^ 0xFF for byte in good[30:90]) + good[90:],
        }[damage]
    )

    ran = dscost("count", path, "--column", "prompt")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "p.parquet: not a valid Parquet file" in ran.err


def test_a_column_without_a_parquet_file_is_refused(dscost: Dscost, hello: Path) -> None:
    ran = dscost("count", hello, "--column", "prompt")

    assert (ran.code, ran.out) == (2, "")
    assert "is for Parquet, CSV and JSONL files, and there is none here" in ran.err


def test_a_row_without_a_body_is_not_lost(dscost: Dscost, tmp_path: Path) -> None:
    path = written(tmp_path / "p.parquet", body=[json.dumps(body("Hello")), "", " ", "\n"])

    ran = dscost("count", path, "--column", "body", "--as", "chat", "--on-error", "skip")

    assert ran.code == 1
    assert "p.parquet:2:1: the row has no value" in ran.err
    assert ", and 2 more of this file\n" in ran.err


def test_a_line_break_within_a_string_is_no_json_in_a_column_either(
    dscost: Dscost, tmp_path: Path
) -> None:
    broken = json.dumps(body("Hello there")).replace("Hello there", "Hello\nthere")
    path = written(tmp_path / "p.parquet", body=[json.dumps(body("Hello")), broken])

    ran = dscost("count", path, "--column", "body", "--as", "chat")

    assert (ran.code, ran.out) == (1, "")
    assert "p.parquet:2:" in ran.err
    assert "not valid JSON" in ran.err


def test_a_column_is_found_by_its_whole_name(dscost: Dscost, tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b " * 99])], names=["p", "p"])
    parquet.write_table(twice, tmp_path / "twice.parquet")
    dotted = written(tmp_path / "dotted.parquet", a=[{"b": "x " * 99}], **{"a.b": ["Hello"]})

    refused = dscost("count", tmp_path / "twice.parquet", "--column", "p")
    found = dscost("count", dotted, "--column", "a.b", "--json")

    assert (refused.code, refused.out) == (1, "")
    assert "several columns 'p'" in refused.err
    assert json.loads(found.out)["estimates"][0]["tokens"]["text"] == 1


def test_a_text_that_a_small_file_repeats_takes_no_more_memory_than_one(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 400, pa.int32()), ["word " * 500_000])
    for column in (rows, rows.cast(pa.string())):  # 1 GB of text
        parquet.write_table(pa.table({"p": column}), path, compression="zstd")
        source = in_columns([TextSource("p.parquet", path)], "p", None, body)[0]

        before = pa.total_allocated_bytes()
        tracemalloc.start()
        with source.open() as file:
            file.readline()
            held = pa.total_allocated_bytes() - before
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert held + most < 100_000_000  # bytes allocated by Arrow and by Python


@pytest.mark.parametrize("options", [(), ("--as", "chat")])
def test_a_file_without_rows_is_refused(
    dscost: Dscost, tmp_path: Path, options: tuple[str, ...]
) -> None:
    parquet.write_table(pa.table({"p": pa.array([], pa.string())}), tmp_path / "p.parquet")

    ran = dscost("count", tmp_path / "p.parquet", "--column", "p", *options)

    assert (ran.code, ran.out, "no rows in it" in ran.err) == (1, "", True)
