"""Names are shown as text and nothing else: no command, link, formula or flood of output."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepseek_cost.render.markdown import to_comment, to_markdown
from deepseek_cost.render.page import Words, grid, page_of
from deepseek_cost.reports.csv import write_csv
from deepseek_cost.text import printable, quiet_json
from tests.conftest import Dscost

COMMANDS = [
    "##[error]all is well",
    "x ##[group]y",
    "##vso[task.complete]",
    "::error::no",
    " ::warning::",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_a_command_to_a_runner(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("Hello")
    named = f"./{name}" if name.startswith(" ") else name

    for args in ("--plain", "--per-file", "--json"):
        ran = dscost("count", named, args)
        missing = dscost("count", f"{named}.gone", args)
        for line in (ran.out + ran.err + missing.err).splitlines():
            assert "##[" not in line
            assert "##vso[" not in line
            assert not line.lstrip().startswith("::")
    assert json.loads(dscost("count", named, "--json").out)["inputs"][0]["source"] == named


@given(st.text('#[]:vso "\\\\a', max_size=20))
def test_json_says_the_same_with_its_commands_escaped(text: str) -> None:
    document = json.dumps({"source": text})

    assert json.loads(quiet_json(document)) == {"source": text}
    assert "##[" not in quiet_json(document)


@given(st.text("#[]: vso", max_size=20))
def test_what_is_printed_begins_no_command(text: str) -> None:
    shown = printable(text)

    assert "##[" not in shown
    assert not shown.lstrip().startswith("::")


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("www.example.com", "www<!-- -->.example.com"),
        ("http://example.com", "http://<!-- -->example.com"),
        ("https://example.com", "https://<!-- -->example.com"),
        ("GH-12", "GH<!-- -->-12"),
        ("gh-12.txt", "gh<!-- -->-12.txt"),
        ("0123abc.txt", "012<!-- -->3abc.txt"),
        ("mailto:me", "mailto:<!-- -->me"),
        ("me@example.com", "me@<!-- -->example.com"),
        ("o/r#12", "o/r#<!-- -->12"),
    ],
)
def test_no_name_becomes_a_link(name: str, broken: str) -> None:
    table = grid("file", "tokens")
    table.add_row(name, "1")

    text = to_markdown(page_of(f"of {name}", table, Words((name,)), warnings=[name]))

    assert text.count(broken) == 4
    assert text.count(name) == 0


def test_deepseeks_own_page_stays_a_link() -> None:
    url = "https://api-docs.deepseek.com/quick_start/pricing?check=20261115"

    assert f"- <{url}>" in to_markdown(page_of("head", Words((url,))))


@pytest.mark.parametrize(("rows", "length"), [(10, 10), (400, 4_000), (4_000, 40), (1, 10**6)])
def test_a_comment_fits_whatever_the_names_are(rows: int, length: int) -> None:
    table = grid("file", "tokens")
    for number in range(rows):
        table.add_row(f"{number}-{'[' * length}", "1")
    warnings = [f"{number}: {'@a' * length}" for number in range(min(rows, 500))]

    text = to_comment(page_of(("head", "x" * length), table, warnings=warnings))

    assert len(text) < 65_536
    assert text.startswith("### head\n")


@pytest.mark.parametrize(
    "cell", ["=1+1", " =1+1", "\uff1d1+1", "+cmd", "@SUM(A1)", "-2+3", "\uff20x", "|x"]
)
def test_no_cell_is_a_formula(cell: str) -> None:
    (line,) = write_csv(["a"], [[cell]]).splitlines()[1:]

    assert line.startswith("'")


@pytest.mark.parametrize("cell", ["-0.5", "+12.5%", "0.1", "a=b"])
def test_a_number_stays_a_number(cell: str) -> None:
    assert write_csv(["a"], [[cell]]) == f"a\n{cell}\n"
