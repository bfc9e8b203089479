"""What commands print at three widths: no word or figure is split across lines."""

import base64
import json
import re
from pathlib import Path

import pytest

from deepseek_cost.cli.messages import show_warning
from tests.conftest import ROOT, Dscost
from tests.pictures import png

EXAMPLES = ROOT / "examples"
AT = ("--at", "2026-11-23T02:00Z")
COMMANDS = {
    "estimate": ("estimate", "review.txt", "-o", "400", *AT),
    "estimate-batch": ("estimate", "batch.jsonl", "-c", "auto", "--breakdown", *AT),
    "estimate-files": ("estimate", "review.txt", "system.txt", "--per-file", *AT),
    "count": ("count", "review.txt", "system.txt", "--per-file"),
    "compare": ("compare", "review.txt", "--per-month", "1M", *AT),
    "chat": (
        "chat",
        "review.txt",
        "--turns",
        "3",
        "--user-tokens",
        "9",
        "--answer-tokens",
        "9",
        *AT,
    ),
    "cache": ("cache", "agent.jsonl", *AT),
    "diff": ("diff", "review.txt", "system.txt", *AT),
    "bill": ("bill", "november-log.jsonl"),
    "bill-by": ("bill", "november-log.jsonl", "--by", "day", "--by", "model"),
    "prices": ("prices", *AT),
    "history": ("prices", "--history", "-m", "pro", *AT),
    "when": ("when", *AT),
    "config": ("config",),
}
WIDTHS = (60, 80, 120)
# URLs are longer than any screen here, so they are printed whole.
URL = re.compile(r"https?://\S+")


@pytest.fixture(autouse=True)
def _in_the_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)


def words_of(text: str) -> set[str]:
    """Return the words and figures in an output, without rules, bars and drawings."""
    return {word for word in text.split() if word.isascii() and any(map(str.isalnum, word))}


@pytest.mark.parametrize("verbose", [(), ("-v",)], ids=["brief", "verbose"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_width_breaks_a_word_or_a_figure(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, name: str, verbose: tuple[str, ...]
) -> None:
    if verbose and name in ("config", "when", "history"):
        pytest.skip("it has no more to show")
    monkeypatch.setenv("COLUMNS", "1000")
    whole = words_of(dscost(*COMMANDS[name], *verbose).out)

    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        out = dscost(*COMMANDS[name], *verbose).out
        assert whole - words_of(out) - drawn(whole) == set()
        assert [
            line for line in out.splitlines() if len(line) > width and not URL.search(line)
        ] == []


def drawn(words: set[str]) -> set[str]:
    """Return the labels on the axes of charts; a narrow chart has fewer."""
    return {word for word in words if re.fullmatch(r"\$?[\d.,-]+%?|[a-p]+|->", word)}


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_without_unicode_gets_ascii(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, name: str, encoding: str
) -> None:
    monkeypatch.setattr("deepseek_cost.cli.output.output_encoding", lambda: encoding)

    out = dscost(*COMMANDS[name]).out

    assert "-----" in out
    out.encode(encoding)


def test_the_total_is_in_the_first_eight_of_at_most_fourteen_lines(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for options in ((), ("-o", "400"), ("-o", "400", "-c", "80%")):
        lines = dscost("estimate", "review.txt", *options).out.splitlines()

        assert len(lines) <= 14
        assert lines[7 + (len(options) > 2)].startswith("TOTAL")  # one more row with cache hits


def test_below_70_columns_models_are_one_below_the_other(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for width, models in ((69, 1), (70, 2)):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = dscost("estimate", "review.txt", "-o", "400").out.splitlines()

        assert max(line.count("deepseek-v4") for line in lines) == models


def test_a_price_list_of_the_past_says_when_it_ended(dscost: Dscost) -> None:
    lines = dscost(*COMMANDS["history"]).out.splitlines()

    label = lines.index("2026-05-31 15:59 until 2026-08-16 16:00")
    assert lines[label + 1].split() == ["flat", "$0.003625", "$0.435", "$0.87"]
    assert lines[label + 2] == "since 2026-08-16 16:00"


def test_tokens_of_images_are_a_row_of_their_own(dscost: Dscost, tmp_path: Path) -> None:
    address = f"data:image/png;base64,{base64.b64encode(png(544, 544)).decode()}"
    parts = [
        {"type": "image_url", "image_url": {"url": address}},
        {"type": "text", "text": "Hello"},
    ]
    body = {"model": "deepseek-flash", "messages": [{"role": "user", "content": parts}]}
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(body))

    for command in ("count", "estimate"):
        rows = [line.split() for line in dscost(command, path).out.splitlines()]
        images = next(row for row in rows if row[:1] == ["images"])
        assert images[1] == "184"
    counted = dscost("count", path).out
    # "Hello" and the line break before it; Pro replaces the image with text.
    assert ["your", "text", "2", "6"] in [line.split() for line in counted.splitlines()]


def test_a_warning_is_broken_between_words_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    warning = "reasoning tokens of 12 turns are unknown and not included"

    show_warning(warning)
    assert capsys.readouterr().err == f"warning: {warning}\n"

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    show_warning(warning)
    assert capsys.readouterr().err == (
        "warning: reasoning tokens of 12 turns\n  are unknown and not included\n"
    )
