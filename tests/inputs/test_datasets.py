"""Data sets as people have them: lines that are not request bodies, tables, batches."""

import json
from pathlib import Path

import pytest

from deepseek_cost.inputs import jsonl, rows
from tests.conftest import Dscost

# "Hello" is one token; on Flash, without thinking, the template adds 5 to each request.
ONE = [{"role": "user", "content": "Hello"}]
LINES: dict[str, tuple[str, str]] = {
    "prompt": ("a.jsonl", '{"id": 1, "prompt": "Hello"}'),
    "text": ("a.jsonl", '{"text": "Hello"}'),
    "alpaca": ("a.jsonl", '{"instruction": "Hello", "input": "", "output": "Hi"}'),
    "sharegpt": (
        "a.jsonl",
        '{"conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}]}',
    ),
    "string": ("a.jsonl", '"Hello"'),
    "messages on a line": ("a.jsonl", json.dumps(ONE)),
    "messages as a document": ("a.json", json.dumps(ONE, indent=1)),
}


def flash_input(dscost: Dscost, *arguments: object) -> tuple[int, int]:
    """Return the requests and their input tokens on Flash."""
    ran = dscost("count", *arguments, "-m", "flash", "--json")
    (entry,) = json.loads(ran.out)["estimates"]
    return entry["requests"], entry["tokens"]["input"]


def plain_input(dscost: Dscost, folder: Path) -> int:
    (folder / "plain.txt").write_text("Hello")
    return flash_input(dscost, folder / "plain.txt", "--no-thinking")[1]


@pytest.mark.parametrize("form", LINES)
def test_a_line_of_a_data_set_costs_what_its_text_costs(
    dscost: Dscost, tmp_path: Path, form: str
) -> None:
    name, line = LINES[form]
    path = tmp_path / name
    path.write_text(line)

    found = flash_input(dscost, path, "--no-thinking")

    assert found == (1, plain_input(dscost, tmp_path))


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("a.csv", 'id,prompt\n1,"Hello"\n2,Hello\n'),
        ("a.tsv", "prompt\tid\nHello\t1\nHello\t2\n"),
        ("a.jsonl", '{"q": 1, "prompt": "Hello"}\n\n{"prompt": "Hello"}\n'),
    ],
)
def test_a_column_has_the_prompts(dscost: Dscost, tmp_path: Path, name: str, table: str) -> None:
    path = tmp_path / name
    path.write_text(table)

    found = flash_input(dscost, path, "--no-thinking", "--column", "prompt")

    assert found == (2, 2 * plain_input(dscost, tmp_path))


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
def test_a_column_of_texts_that_are_bodies_has_requests(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    text = json.dumps({"messages": ONE, "thinking": {"type": "disabled"}})
    quoted = '"{}"'.format(text.replace('"', '""'))
    path = tmp_path / name
    path.write_text(json.dumps({"body": text}) if name == "a.jsonl" else f"body\n{quoted}\n")

    found = flash_input(dscost, path, "--column", "body")

    assert found == (1, plain_input(dscost, tmp_path))


def test_a_table_is_not_one_prompt(dscost: Dscost, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,prompt\n1,Hello\n")

    ran = dscost("estimate", path)

    assert ran.code == 2
    assert "--column NAME, or give --as text; it has 'id', 'prompt'" in ran.err
    assert dscost("count", path, "--as", "text").code == 0


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"id,prompt\n1,Hello\n", "no column 'question'; it has 'id', 'prompt'"),
        (b"question,question\n1,2\n", "several columns 'question'"),
        (b"question\n", "no rows in it"),
        (b'question\n"Hello\n', "not valid CSV"),
        (b"question\n\xff\n", "not utf-8"),
        (b"", "no column 'question'"),
    ],
)
def test_a_bad_table_is_refused_in_one_line(
    dscost: Dscost, tmp_path: Path, table: bytes, reason: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(table)

    ran = dscost("count", path, "--column", "question")

    assert ran.code == 1
    assert reason in ran.problem
    assert len(ran.problem.splitlines()) == 1


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (b'{"question":"caf\xe9"}\n', ":1:17: not utf-8 at this byte"),
        (b'{"question":"a"}\n{"question":"\\ud800"}\n', ":2:14: a lone surrogate"),
        (b'{"question":NaN}\n', ":1:1: not valid JSON: NaN is no number"),
        (b'{"question":"a","question":"b"}\n', ':1:17: the key "question" occurs twice'),
        (b'{"question":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested more than 127 deep"),
        (b'{"question":1' + b"0" * 5_000 + b"}\n", "a number is too long"),
        (b'{"question"\n', ":1:12: not valid JSON"),
    ],
)
def test_a_bad_line_of_a_column_is_refused_in_one_line_with_its_place(
    dscost: Dscost, tmp_path: Path, lines: bytes, reason: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines)

    ran = dscost("count", path, "--column", "question")

    assert ran.code == 1
    assert reason in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_a_line_of_a_table_longer_than_any_request_is_refused(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in (jsonl, rows):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 1_000)
    path = tmp_path / name
    path.write_text("question,more\n" * name.endswith("csv") + f"{'a,' * 600}\n")

    ran = dscost("count", path, "--column", "question")

    assert ran.code == 1
    assert "a line of more than 1,000" in ran.err


def test_a_body_without_a_model_takes_the_one_given(dscost: Dscost, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"messages": ONE, "thinking": {"type": "disabled"}}))

    found = flash_input(dscost, path)
    without = dscost("count", path)

    assert found == (1, plain_input(dscost, tmp_path))
    assert without.code == 1
    assert "a.jsonl:1:1: the body names no model; name it with --model" in without.problem


def test_anthropic_batches_are_read_whole_and_by_line(dscost: Dscost, tmp_path: Path) -> None:
    params = {"model": "deepseek-flash", "max_tokens": 9, "messages": ONE}
    lines = [{"custom_id": name, "params": params} for name in "ab"]
    whole, by_line = tmp_path / "create.json", tmp_path / "requests.jsonl"
    whole.write_text(json.dumps({"requests": lines}))
    by_line.write_text("\n".join(map(json.dumps, lines)))

    read = [json.loads(dscost("count", path, "--json").out) for path in (whole, by_line)]

    for report in read:
        assert report["inputs"][0]["kind"] == "batch"
        assert report["inputs"][0]["requests"] == 2
    assert read[0]["estimates"] == read[1]["estimates"]


@pytest.mark.parametrize("command", ["compare", "cache", "chat"])
def test_a_table_is_not_one_prompt_where_no_column_can_be_named(
    dscost: Dscost, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,prompt\n1,Hello\n")

    ran = dscost(command, path)

    assert (ran.code, ran.out) == (2, "")
    assert "a.csv: a table is not one prompt" in ran.err
    assert "dscost estimate FILE --column NAME" in ran.err
