"""Request bodies: read from JSON and JSONL, recognized, or refused with their place."""

import gzip
import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import zstandard

from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES
from deepseek_cost.inputs.kinds import Kind, kind_of
from deepseek_cost.inputs.reader import Input, open_input
from deepseek_cost.inputs.request import Fault, Request
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance, open_bytes
from deepseek_cost.inputs.strict_json import JsonFaultError, parse
from tests.conftest import Dscost

HELLO = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "Hello"}]}
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
}
AT = ("--at", "2026-11-23T02:00Z")


def read(path: Path, wanted: Kind | None = None) -> list[Request | Fault]:
    opened = open_input(TextSource(path.name, path), wanted, lambda _: None)
    return [] if opened.is_text else list(opened.requests())


def write(path: Path, *documents: object) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def line(custom_id: str, body: dict[str, Any], url: str = "/v1/chat/completions") -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (HELLO, Kind.CHAT),
        (HELLO | {"system": "S"}, Kind.MESSAGES),
        (HELLO | {"tools": [{"name": "f", "input_schema": {}}]}, Kind.MESSAGES),
        (HELLO | {"model": "claude-sonnet-4"}, Kind.MESSAGES),
        ({"model": "deepseek-flash", "input": "Hello"}, Kind.RESPONSES),
        ({"model": "deepseek-flash", "prompt": "def f(", "suffix": ")"}, Kind.FIM),
    ],
)
def test_a_body_shows_by_its_keys_which_endpoint_it_is_for(
    tmp_path: Path, body: dict[str, Any], kind: Kind
) -> None:
    (found,) = read(write(tmp_path / "body.json", body))

    assert isinstance(found, Request)
    assert (found.kind, found.line, found.column) == (kind, 1, 1)
    assert json.loads(found.text) == body


def test_a_batch_line_shows_by_its_url_and_keeps_its_identifier(tmp_path: Path) -> None:
    messages = line("b", HELLO, "/anthropic/v1/messages")
    path = write(tmp_path / "batch.jsonl", line("a", HELLO), messages)

    first, second = read(path)

    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert (first.custom_id, first.kind, first.line) == ("a", Kind.CHAT, 1)
    assert (second.custom_id, second.kind, second.line) == ("b", Kind.MESSAGES, 2)
    assert json.loads(second.text) == HELLO


@pytest.mark.parametrize("end", ["embeddings", "images/generations", "moderations"])
def test_a_batch_line_for_another_endpoint_is_not_counted_as_a_request(
    dscost: Dscost, tmp_path: Path, end: str
) -> None:
    body = {"model": "deepseek-flash", "input": "Hello", "prompt": "Hello"}
    path = write(tmp_path / "batch.jsonl", line("a", HELLO), line("b", body, f"/v1/{end}"))

    ran = dscost("estimate", path)

    assert (ran.code, ran.out) == (1, "")
    assert "batch.jsonl:2:1: its url is not that of an endpoint with a price" in ran.problem
    assert "--as chat" in ran.problem
    assert "skipped 1 request" in dscost("estimate", path, "--on-error", "skip").err
    alone = write(tmp_path / "other.jsonl", line("b", body, f"/v1/{end}"))
    assert dscost("estimate", alone, "--as", "responses").code == 0


def test_the_body_of_a_batch_line_is_handed_on_as_written(tmp_path: Path) -> None:
    written = '{"model": "deepseek-flash" , "messages":[], "x": 1.50e1, "y": -0}'
    path = tmp_path / "batch.jsonl"
    path.write_text('{"custom_id": "a", "body": ' + written + "}\n")

    (found,) = read(path)

    assert isinstance(found, Request)
    assert found.text == written
    assert found.column == 28


def test_an_array_has_each_body_at_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "bodies.json"
    path.write_text(json.dumps([HELLO, HELLO, 7], indent=1))

    first, second, third = read(path)

    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert isinstance(third, Fault)
    assert (first.line, first.column, second.line) == (2, 2, 11)
    assert str(third).startswith("bodies.json:20:2: JSON, but no request: a number")


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_packed_batches_are_read_as_the_plain_ones(tmp_path: Path, suffix: str) -> None:
    plain = write(tmp_path / "b.jsonl", *(line(str(i), HELLO) for i in range(20_000)))
    pack = PACKERS[suffix]
    packed = tmp_path / f"b.jsonl{suffix}"
    packed.write_bytes(pack(plain.read_bytes()) + pack(plain.read_bytes()))

    found = read(packed)

    assert len(found) == 40_000
    assert all(isinstance(request, Request) for request in found)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_packed_file_without_its_end_is_an_error(
    dscost: Dscost, tmp_path: Path, suffix: str
) -> None:
    plain = "".join(json.dumps(line(str(i), HELLO)) + "\n" for i in range(2_000)).encode()
    data = PACKERS[suffix](plain)
    path = tmp_path / f"b.jsonl{suffix}"

    for damaged in (data[:-20], data[:9] + b"#" * 40):
        path.write_bytes(damaged)
        ran = dscost("estimate", path)

        assert (ran.code, ran.out) == (1, "")
        assert "truncated or damaged" in ran.problem


def test_a_window_that_is_too_long_to_unpack_is_named_with_the_way_out(
    dscost: Dscost, tmp_path: Path
) -> None:
    long = zstandard.ZstdCompressionParameters(window_log=28)  # 256 MB
    packer = zstandard.ZstdCompressor(compression_params=long).compressobj()
    path = tmp_path / "b.jsonl.zst"
    path.write_bytes(packer.compress(b"{}\n" * 9) + packer.flush())

    ran = dscost("estimate", path)

    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "a window of more than 128 MB; unpack it first: zstd -d --long=31 FILE" in ran.err


def test_a_file_is_unpacked_by_its_first_bytes_whatever_its_name(tmp_path: Path) -> None:
    plain = (json.dumps(line("1", HELLO)) + "\n").encode()
    contents = {"plain.jsonl.gz": plain, "packed.jsonl": PACKERS[".gz"](plain)}
    for name, data in {**contents, "other.jsonl": PACKERS[".zst"](plain)}.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert len(read(path)) == 1


def body_text(extra: str) -> str:
    return json.dumps(HELLO)[:-1] + extra + "}"


BAD = {
    "not JSON": ("nonsense", "1:1: not valid JSON: Expecting value"),
    "cut off": (json.dumps(HELLO)[:-9], "1:70: not valid JSON: Unterminated string"),
    "a wrong type": (
        json.dumps(HELLO | {"messages": [5]}),
        "1:1: the API refuses it: messages[0]: invalid type: integer",
    ),
    "an unknown role": (
        json.dumps(HELLO).replace("user", "alien"),
        "messages[0].role: unknown variant `alien`",
    ),
    "an answer of a tool that nobody called": (
        json.dumps(HELLO).replace('"user"', '"tool", "tool_call_id": "1"'),
        "1:1: the API refuses it: messages[0]: Messages with role 'tool' must be a response",
    ),
    "a thousand brackets": (
        body_text(', "a": ' + "[" * 1000 + "]" * 1000),
        "nested more than 127 deep",
    ),
    "200 brackets": (body_text(', "a": ' + "[" * 200 + "]" * 200), "nested more than 127 deep"),
    "a key twice": (body_text(', "model": "x"'), '1:81: the key "model" occurs twice'),
    "a lone surrogate": (
        json.dumps(HELLO).replace("Hello", "ab\\ud800c"),
        "1:73: a lone surrogate, which no request can carry",
    ),
    "half a pair": (
        json.dumps(HELLO).replace("Hello", "\\ude00"),
        "1:71: a lone surrogate, which no request can carry",
    ),
    "no number": (body_text(', "a": NaN'), "not valid JSON: NaN is no number"),
    "thousands of digits": (body_text(', "a": ' + "9" * 5000), "a number is too long"),
    "no model": ('{"messages": []}', "the body names no model; name it with --model"),
    "an unknown model": (json.dumps(HELLO | {"model": "gpt-5"}), "1:1: unknown model 'gpt-5'"),
    "a nickname": (json.dumps(HELLO | {"model": "flash"}), "its name there is deepseek-flash"),
    "a retired model": (
        json.dumps(HELLO | {"model": "deepseek-v4.1-flash-expires-on-0910"}),
        "1:1: deepseek-v4.1-flash-expires-on-0910 has no price",
    ),
    "no request": ('{"name": "x"}', "JSON, but no request: it has neither messages, input"),
    "a number": ("7", "JSON, but no request: a number; to count it as text: --as text"),
    "an unknown batch line": ('{"custom_id": "a", "body": {}}', "match no known request"),
    "an image without a header": (
        json.dumps(HELLO).replace(
            '"Hello"',
            '[{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]',
        ),
        "pixel size cannot be read",
    ),
    "an image that is not there": (
        json.dumps(HELLO).replace(
            '"Hello"', '[{"type": "image_url", "image_url": {"url": "nowhere.png"}}]'
        ),
        "nowhere.png: no such file",
    ),
}


@pytest.mark.parametrize(("text", "reason"), BAD.values(), ids=BAD)
def test_a_bad_body_is_reported_in_one_line_with_its_place(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text(text)

    ran = dscost("estimate", "bad.json", *AT)

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem.startswith("error: bad.json:1:")
    assert reason in ran.problem


def test_a_line_of_100_megabytes_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"a": "' + b"x" * 100_000_000 + b'"}\n' + json.dumps(HELLO).encode())

    fault, request = read(path)

    expected = f"long.jsonl.gz:1:1: a line of more than {MAX_LINE_BYTES:,} bytes"
    assert str(fault).startswith(expected)
    assert isinstance(request, Request)
    assert request.line == 2


def test_a_text_that_only_begins_like_json_is_text(tmp_path: Path) -> None:
    for text in ("[1] See above", "{{name}}, hello", "", "[link](x)", "{a: 1}"):
        path = tmp_path / "prompt.md"
        path.write_text(text)
        assert open_input(TextSource("p", path), None, lambda _: None).is_text


def test_json_is_text_only_if_the_user_says_so(dscost: Dscost, tmp_path: Path) -> None:
    path = write(tmp_path / "package.json", {"name": "x"})

    asked = dscost("count", path)
    reported = dscost("count", path, "--as", "text", "--json")

    assert asked.code == 1
    assert "--as text" in asked.err
    assert json.loads(reported.out)["inputs"][0]["kind"] == "text"


@pytest.mark.parametrize("command", ["estimate", "count", "compare"])
def test_json_in_a_directory_that_is_no_request_is_left_out_by_name_or_by_a_glob(
    dscost: Dscost, tmp_path: Path, command: str
) -> None:
    write(tmp_path / "hello.json", HELLO)
    write(tmp_path / "package lock.json", {"name": "x"})

    named = dscost(command, tmp_path)
    left_out = dscost(command, tmp_path, "--glob", "!package lock.json")

    assert named.code == 1
    assert "warning: left out " in named.err
    assert "package lock.json:1:1: JSON, but no request" in named.err
    assert left_out.code == 0, left_out.err
    assert dscost(command, tmp_path / "package lock.json").out == ""


@pytest.mark.parametrize("name", ["usage", "response"])
def test_a_response_is_reported_as_one_with_the_command_that_takes_it(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / "log.jsonl", {"id": "1", name: {}})

    ran = dscost("estimate", path)

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem.endswith(":1:1: a response, not a request; dscost bill adds up responses\n")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a" : ":", "b": 2, "a": "::"}',
        '{"b": "\\u003a", "a": 1, "a": ""}',  # a colon that the text does not have
        '{"b": "\\":", "c": {"a": 1, "a": "\\":"}}',
    ],
)
def test_a_key_that_occurs_twice_is_found_whatever_colons_the_strings_have(text: str) -> None:
    with pytest.raises(JsonFaultError, match='the key "a" occurs twice'):
        parse(text)


def test_keys_that_occur_once_are_read_with_colons_in_strings() -> None:
    assert parse('{"a" : "\\u003a", "b":{"a": "\\":"}}') == {"a": ":", "b": {"a": '":'}}


def test_a_byte_order_mark_before_json_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "body.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(HELLO).encode())

    (found,) = read(path)

    assert isinstance(found, Request)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"output_config": {"effort": "max"}}, Kind.MESSAGES),
        ({"tool_choice": {"type": "auto"}}, Kind.MESSAGES),
        ({"tool_choice": {"type": "any"}}, Kind.MESSAGES),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, Kind.CHAT),
        ({"tool_choice": "auto"}, Kind.CHAT),
        ({"reasoning_effort": "max"}, Kind.CHAT),
    ],
)
def test_a_body_is_of_messages_by_what_only_messages_has(
    more: dict[str, object], kind: Kind
) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}], **more}

    assert kind_of(body) is kind


class _Counting(BytesIO):
    """A file that counts the bytes read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        data = super().readline(size)
        self.taken += len(data)
        return data


@pytest.mark.parametrize(
    ("name", "text", "requests"),
    [
        ("b.jsonl", "\n" * 2_000_000 + f"{json.dumps(HELLO)}\n" * 3, 3),
        ("b.json", json.dumps([HELLO, HELLO], indent=1), 2),
        ("b.json", json.dumps(HELLO), 1),
        ("b.jsonl", "", 0),
        ("b.json", "", 1),  # a fault
    ],
)
def test_the_first_request_is_there_to_be_read_after_it_was_looked_at(
    name: str, text: str, requests: int
) -> None:
    file = _Counting(text.encode())
    opened = Input(TextSource(name, None), file, None, is_text=False)

    first = opened.first()
    found = list(opened.requests())

    assert (opened.first(), list(opened.requests())) == (None, [])
    assert found[:1] == ([] if first is None else [first])
    assert len(found) == requests
    assert file.taken == len(text)


def test_a_file_is_opened_once_though_its_first_request_says_which_models_are_priced(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "b.jsonl", *[HELLO | {"model": "deepseek-v4-pro"}] * 3)
    opened = []

    def counting(path: Path | None, advance: Advance) -> BinaryIO:
        opened.append(path)
        return open_bytes(path, advance)

    monkeypatch.setattr("deepseek_cost.inputs.source.open_bytes", counting)

    assert dscost("count", path, "--json").code == 0
    assert opened == [path]
