"""Finding and decoding prompts: what is read, what is skipped, and what is refused."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deepseek_cost import InputError, UsageError
from deepseek_cost.inputs.folders import find
from deepseek_cost.inputs.source import TextSource
from tests.conftest import Dscost

Tree = Callable[[dict[str, bytes]], Path]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Return a function that writes files to the folder `prompts`, and returns the folder."""
    monkeypatch.chdir(tmp_path)

    def make(files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = Path("prompts", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return Path("prompts")

    return make


def names(found: list[TextSource]) -> list[str]:
    return [Path(source.name).as_posix() for source in found]


def text(path: Path, encoding: str = "utf-8") -> str:
    return "".join(find([str(path)], (), encoding).sources[0].blocks())


def test_a_folder_is_read_recursively_without_hidden_ignored_and_binary_files(tree: Tree) -> None:
    folder = tree(
        {
            "b.txt": b"b",
            "a.md": b"a",
            "deep/er/c.txt": "ü".encode(),
            ".hidden": b"x",
            ".git/config": b"x",
            ".gitignore": b"*.log\nbuild/\n!keep.log\n",
            "x.log": b"x",
            "keep.log": b"k",
            "build/x.txt": b"x",
            "deep/.gitignore": b"er/no.txt\n",
            "deep/er/no.txt": b"x",
            "picture.png": b"\x89PNG\r\n\x1a\n\x00\x00",
        }
    )

    found = find([str(folder)])

    assert names(found.sources) == [
        "prompts/a.md",
        "prompts/b.txt",
        "prompts/deep/er/c.txt",
        "prompts/keep.log",
    ]
    assert [(Path(one.name).name, one.reason) for one in found.skipped] == [
        ("picture.png", "binary")
    ]


def test_a_text_in_another_encoding_is_not_left_out_quietly(dscost: Dscost, tree: Tree) -> None:
    folder = tree({"a.txt": b"a", "latin.txt": b"caf\xe9"})

    ran = dscost("count", folder)

    assert ran.code == 1
    assert "latin.txt: not utf-8 at byte 3; set its --encoding, such as cp1252" in ran.err


def test_globs_narrow_a_folder_down(tree: Tree) -> None:
    folder = tree({"a.md": b"a", "b.txt": b"b", "deep/c.md": b"c", "deep/d.md": b"d"})

    assert names(find([str(folder)], ["*.md"]).sources) == [
        "prompts/a.md",
        "prompts/deep/c.md",
        "prompts/deep/d.md",
    ]
    assert names(find([str(folder)], ["*.md", "!d.md"]).sources) == [
        "prompts/a.md",
        "prompts/deep/c.md",
    ]


def test_a_file_named_outright_is_read_even_if_hidden_or_ignored(tree: Tree) -> None:
    folder = tree({".hidden": b"x", ".gitignore": b".hidden"})

    assert names(find([str(folder / ".hidden")]).sources) == ["prompts/.hidden"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"sub/.hidden": b"x"},
            "prompts: no text files; hidden and git-ignored",
        ),
        ({"a.bin": b"\x00"}, "prompts: no text files among 1 files"),
    ],
)
def test_a_folder_without_text_files_is_an_error(
    tree: Tree, files: dict[str, bytes], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        find([str(tree(files))])


def test_skipped_files_are_a_warning(dscost: Dscost, tree: Tree) -> None:
    folder = tree({"a.txt": b"a", "b.bin": b"\x00"})

    ran = dscost("count", folder)

    assert ran.code == 0
    assert ran.err == f"warning: left out 1 binary file: {folder / 'b.bin'}\n"


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (b"\xef\xbb\xbfHello", "utf-8", "Hello"),
        ("Hello".encode("utf-16"), "utf-16", "Hello"),
        (b"\xff\xfe" + "Hello".encode("utf-16-le"), "utf-16-le", "Hello"),
        ("中文".encode("gb18030"), "gb18030", "中文"),
        (b"caf\xe9", "latin-1", "café"),
        (b"a\r\nb\rc\n", "utf-8", "a\r\nb\rc\n"),
        (b"", "utf-8", ""),
    ],
)
def test_text_is_decoded_as_it_is_but_for_a_byte_order_mark(
    tmp_path: Path, data: bytes, encoding: str, expected: str
) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(data)

    assert text(path, encoding) == expected


def test_a_character_across_two_blocks_is_decoded_whole(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"x" + "中".encode() * 200_000)

    assert text(path) == "x" + "中" * 200_000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"caf\xe9",
            "not utf-8 at byte 3; set its encoding, such as cp1252",
        ),
        (b"x" * 300_000 + b"\xff", "not utf-8 at byte 300000;"),
        (b"x" * 262_143 + b"\xe4\xb8", "not utf-8 at byte 262143;"),  # cut off, across blocks
        (b"\xff\xfeH\x00", "it looks like utf-16"),
        (b"ab\x00c", r"a binary file \(NUL at byte 2\)"),
        (b"x" * 300_000 + b"\x00", r"a binary file \(NUL at byte 300000\)"),
    ],
)
def test_what_is_no_text_is_refused_with_the_byte(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(data)

    with pytest.raises(InputError, match=message):
        text(path)


@pytest.mark.parametrize(
    "encoding", ["no-such", "base64", "punycode", "idna", "utf-7", "unicode_escape", "\0", ""]
)
def test_what_is_not_an_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(UsageError, match="encoding: "):
        find(["-"], (), encoding)


def test_a_missing_file_is_an_error_that_says_what_to_give() -> None:
    with pytest.raises(InputError, match="nowhere: no such file; give a text file"):
        find(["nowhere"])
    with pytest.raises(InputError, match="'': no such file; give a text file"):
        find([""])
    with pytest.raises(InputError, match="File name too long"):
        find(["x" * 300])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_an_error(tree: Tree) -> None:
    path = tree({"secret.txt": b"x"}) / "secret.txt"
    path.chmod(0)

    with pytest.raises(InputError, match=r"secret.txt: Permission denied"):
        text(path)


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory"):
        "".join(TextSource("gone", tmp_path / "gone").blocks())


def test_standard_input_is_read_once() -> None:
    with pytest.raises(UsageError, match="can be read only once"):
        find(["-", "-"])


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_a_name_that_is_no_unicode_is_shown_escaped(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.txt")
    path.write_bytes(b"x")

    assert find([str(path)]).sources[0].name == f"{tmp_path}/caf\\xe9.txt"
    assert find([str(tmp_path)]).sources[0].name == f"{tmp_path}/caf\\xe9.txt"


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
@pytest.mark.parametrize("odd", ["pipe", "device", "huge"])
def test_ignore_rules_are_not_read_from_what_is_no_file_of_rules(tree: Tree, odd: str) -> None:
    rules = tree({"a.txt": b"a", "sub/b.txt": b"b"}) / "sub" / ".gitignore"
    if odd == "pipe":
        os.mkfifo(rules)
    elif odd == "device":
        rules.symlink_to("/dev/zero")
    else:
        rules.write_bytes(b"*.log\n" * 200_000)

    with pytest.raises(
        InputError, match=r"\.gitignore: not a regular file, so its ignore rules cannot be read"
    ):
        find(["prompts"])


@pytest.mark.parametrize("glob", ["*" * 100_000, "{a," * 20_000, "[", "\udcff"])
def test_what_is_not_a_glob_is_refused(tree: Tree, glob: str) -> None:
    folder = tree({"a.txt": b"a"})

    with pytest.raises(UsageError, match="is not a valid pattern"):
        find([str(folder)], [glob])


def test_thousands_of_files_are_found(tree: Tree) -> None:
    folder = tree({f"{number:05}.txt": b"" for number in range(3_000)})

    assert len(find([str(folder)]).sources) == 3_000


@pytest.mark.skipif(sys.platform == "win32", reason="names there are Unicode")
def test_a_folder_whose_name_is_no_unicode_is_refused_with_a_way_out(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"dd\xff")
    folder.mkdir()
    (folder / "a.txt").write_text("a")

    with pytest.raises(InputError, match=r"give \. inside it"):
        find([str(folder)])


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
            "a PDF; only text is counted; pipe its text in: pdftotext",
        ),
        (b"PK\x03\x04\x14\x00word/document.xml", "a Word document; only text is counted; save it"),
    ],
)
def test_a_document_gets_a_tip_how_to_count_its_text(
    dscost: Dscost, tmp_path: Path, head: bytes, message: str
) -> None:
    (tmp_path / "report").write_bytes(head)
    (tmp_path / "a.txt").write_text("Hello")

    assert f"report: {message}" in dscost("count", tmp_path / "report").problem
    ran = dscost("count", tmp_path)
    assert (ran.code, ran.err) == (0, f"warning: left out 1 binary file: {tmp_path / 'report'}\n")
