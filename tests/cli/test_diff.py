"""dscost diff: files, folders, reports, and exit codes."""

import json
import os
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from deepseek_cost.render.markdown import to_markdown
from deepseek_cost.render.page import page_of
from deepseek_cost.render.terminal import to_terminal
from tests.conftest import Dscost, report_schema
from tests.repository import Repository

AT = ("--at", "2026-11-23T02:00Z")
# "Hello" is one token; the template adds 83 on Pro, whose cache misses cost 1.32 USD per million.
PRO = ("-m", "pro", *AT)

pytestmark = pytest.mark.usefixtures("two")


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folders old and new, with one file changed, one removed, one added, one unchanged."""
    monkeypatch.chdir(tmp_path)
    contents = {
        "old": {"same.txt": "Hello", "longer.txt": "Hello", "gone.txt": "Hello, world!"},
        "new": {"same.txt": "Hello", "longer.txt": "Hello Hello", "more.txt": "Hello Hello Hello"},
    }
    for side, files in contents.items():
        (tmp_path / side).mkdir()
        for name, text in files.items():
            (tmp_path / side / name).write_text(text)
    return tmp_path


def report(dscost: Dscost, *args: object, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    ran = dscost("diff", *args, "--json")
    assert ran.code == code, ran.err
    found = json.loads(ran.out)
    jsonschema.validate(found, report_schema())
    return found


@pytest.mark.parametrize(
    ("limit", "part"),
    [("1.2%", "99.2%"), ("0.0000014USD", "94.3%"), ("1.4%", ""), ("0.000002USD", ""), ("5%", "")],
)
def test_a_growth_near_its_limit_gets_a_note(dscost: Dscost, limit: str, part: str) -> None:
    # From 84 tokens to 85: 1/84 = 1.1905 %, at 1.32 millionths of a dollar each.
    ran = dscost("diff", "old/longer.txt", "new/longer.txt", *PRO, "--max-increase", limit)

    assert ran.code == 0
    assert ran.err.startswith("note: within --max-increase") == bool(part)
    assert ran.err.endswith(f", {part} of it\n") == bool(part)


def test_csv_has_a_row_for_each_model_of_each_file(dscost: Dscost, two: Path) -> None:
    (two / "diff.json").write_text(dscost("diff", "old", "new", *AT, "--json").out)

    ran = dscost("diff", "old", "new", *AT, "--csv")

    assert ran.out == dscost("render", "diff.json", "-f", "csv").out
    assert ran.out.count("\n") > 4
    assert dscost("diff", "old", "new", "--csv", "--json").code == 2


def test_a_diff_of_two_files_is_shown_whole(dscost: Dscost) -> None:
    ran = dscost("diff", "old/longer.txt", "new/longer.txt", *PRO)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "Input cost: +$0.00000132 (+1.2%) on v4-pro\n"
        "old/longer.txt → new/longer.txt: both priced at 2026-11-23 02:00 UTC\n"
        "\n"
        "                         before       after        change\n"
        "────────────────────────────────────────────────────────────────\n"
        "v4-pro input tokens          84          85            +1\n"
        "  input cost         $0.0001109  $0.0001122  +$0.00000132  +1.2%\n"
        "\n"
        "files: 1 changed, 0 unchanged\n"
        "\n"
        "                         v4-pro        v4-pro\n"
        "         file            tokens          cost\n"
        "─────────────────────────────────────────────\n"
        "changed  new/longer.txt      +1  +$0.00000132\n"
        "\n"
        "Assumes thinking on.  -v shows assumptions and sources.\n"
    )


def test_a_diff_of_two_folders_has_each_file_that_is_not_as_it_was(dscost: Dscost) -> None:
    found = report(dscost, "old", "new", *PRO)

    (model,) = found["models"]
    # Hello, Hello, Hello world! compared with Hello, Hello Hello, Hello Hello Hello.
    assert model["before"]["tokens"] == {"input": 255, "text": 6, "template": 249, "output": None}
    assert model["after"]["tokens"] == {"input": 255, "text": 6, "template": 249, "output": None}
    assert model["increase"] == {
        "input_tokens": 0,
        "cost": "0",
        "cost_of": "floor",
        "cost_percent": "+0.0",
    }
    assert [(file["source"], file["state"]) for file in found["files"]] == [
        ("more.txt", "added"),
        ("longer.txt", "changed"),
        ("gone.txt", "removed"),
    ]
    assert [file["models"][0]["increase"]["input_tokens"] for file in found["files"]] == [
        *(86, 1, -87)
    ]
    assert found["unchanged_files"] == 1
    assert found["before"]["priced_at"] == found["after"]["priced_at"] == "2026-11-23T02:00:00Z"


def test_with_the_output_given_whole_costs_are_compared(dscost: Dscost) -> None:
    found = report(dscost, "old/gone.txt", "new/longer.txt", *PRO, "-o", 500)

    (model,) = found["models"]
    assert model["increase"]["cost_of"] == "total"
    # 87 x 1.32 and 85 x 1.32, each + 500 x 3.96, per million
    assert model["before"]["cost"]["total"] == "0.00209484"
    assert model["after"]["cost"]["total"] == "0.0020922"
    assert model["increase"]["cost"] == "-0.00000264"


@pytest.mark.parametrize(
    ("limit", "code"),
    [("1%", 3), ("1.2%", 0), ("0.000001USD", 3), ("0.00000132 usd", 0), ("0%", 3)],
)
def test_over_the_limit_ends_with_3_after_the_output(dscost: Dscost, limit: str, code: int) -> None:
    # The increase is 0.00000132 on 0.00011088: 1.19%.
    ran = dscost("diff", "old/longer.txt", "new/longer.txt", *PRO, "--max-increase", limit)

    assert ran.code == code
    shown = limit if "%" in limit else f"{limit[:-3].strip()} USD"
    kept = "over" if code else "within"
    first = f"+$0.00000132 a request (+1.2%) on deepseek-v4-pro, {kept} {shown}\n"
    assert ran.out.startswith(first)
    if code:
        assert ran.err == (
            f"error: over --max-increase {shown}: deepseek-v4-pro grows by 0.00000132 USD "
            f"(+1.2%); most of it in new/longer.txt\n"
        )


def test_an_increase_from_nothing_is_over_any_percentage(dscost: Dscost) -> None:
    Path("old/empty.bin").write_bytes(b"\0")
    for name in ("same.txt", "longer.txt", "gone.txt"):
        Path("old", name).unlink()

    ran = dscost("diff", "old", "new", *PRO, "--max-increase", "999999%")

    assert ran.code == 3
    assert "(from nothing)" in ran.err


@pytest.mark.parametrize(
    ("args", "code", "reported"),
    [
        (["old"], 2, "give two to compare"),
        (["old", "new", "old"], 2, "give two to compare"),
        (["old", "nowhere"], 1, "nowhere: no such file or folder; two revisions are written"),
        (["old", "new/same.txt"], 2, "old and new/same.txt: a folder and a file"),
        (["-", "-"], 2, "- (standard input) can be read only once"),
        (
            ["nowhere", "new"],
            1,
            "nowhere: no such file or folder, and this is not a git repository",
        ),
        (["", "new"], 1, "not a git repository"),
        (["old", "new", "--max-increase", "5"], 2, "has no unit; write 5%, 5USD or 5CNY"),
        (["old", "new", "--max-increase", "ten"], 2, "--max-increase 'ten' is neither"),
        (["old", "new", "--max-increase", "-1%"], 2, "--max-increase '-1%' is neither"),
        (["old", "new", "--max-increase", "1EUR"], 2, "--max-increase '1EUR' is neither"),
        (["old", "new", "--max-increase", "1 CNY"], 2, "the costs are in USD"),
        (["old", "new", "--json", "--markdown"], 2, "--json and --markdown cannot be combined"),
        (["old", "new", "-m", "gpt"], 1, "unknown model 'gpt'"),
        (["old", "new", "--at", "2026-01-01T00:00Z"], 1, ""),
        (["old", "new", "--encoding", "morse"], 2, "--encoding 'morse' is unknown"),
    ],
)
def test_what_cannot_be_compared_is_one_line_and_no_output(
    dscost: Dscost,
    two: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    code: int,
    reported: str,
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(two.parent))
    ran = dscost("diff", *args)

    assert (ran.code, ran.out) == (code, "")
    assert reported in ran.problem


def test_a_file_that_cannot_be_counted_is_on_neither_side_and_ends_with_1(dscost: Dscost) -> None:
    Path("old/r.json").write_text('{"model": "deepseek-v4-pro", "messages": []}')
    Path("new/r.json").write_text('{"model": "deepseek-v4-pro", "messages": [}')

    ran = dscost("diff", "old", "new", *PRO, "--json")

    found = json.loads(ran.out)
    assert ran.code == 1
    (uncounted,) = found["uncounted"]
    assert (uncounted["source"], uncounted["changed"]) == ("r.json", True)
    assert found["models"][0]["before"]["tokens"]["text"] == 6
    assert ran.err.startswith("error: not counted: r.json:")


@pytest.mark.parametrize(("old", "code"), [(b"\0", 0), (b"\0\0", 3), (None, 3)])
def test_a_binary_file_fails_a_gate_only_where_it_is_new(
    dscost: Dscost, old: bytes | None, code: int
) -> None:
    if old is not None:
        Path("old/picture.bin").write_bytes(old)
    Path("new/picture.bin").write_bytes(b"\0")

    assert dscost("diff", "old", "new", *PRO).code == 0
    ran = dscost("diff", "old", "new", *PRO, "--max-increase", "10%", "-v")
    assert ran.code == code
    assert "not counted" in ran.out


def test_request_bodies_are_priced_for_the_model_that_they_name(dscost: Dscost) -> None:
    body = '{"model": "deepseek-v4-flash", "messages": [{"role": "user", "content": "Hello"}]}'
    Path("a.json").write_text(body)
    Path("b.json").write_text(body.replace("Hello", "Hello Hello"))

    found = report(dscost, "a.json", "b.json", *AT)

    assert found["models"][0]["model"] == "deepseek-v4-flash"
    assert found["models"][0]["increase"]["input_tokens"] == 1


def body(model: str, text: str = "Hello", **more: object) -> str:
    messages = [{"role": "user", "content": text}]
    return json.dumps({"model": model, "messages": messages, **more})


def test_each_side_is_priced_for_its_own_model(dscost: Dscost) -> None:
    """At peak, a million misses cost 1.32 USD on Pro, 0.30 on Flash, with a 30-token template."""
    Path("a.json").write_text(body("deepseek-v4-flash"))
    Path("b.json").write_text(body("deepseek-v4-pro"))

    found = report(dscost, "a.json", "b.json", *AT)

    (model,) = found["models"]
    assert model["model"] == "deepseek-v4-flash → deepseek-v4-pro"
    assert model["before"]["tokens"]["input"] == 31
    assert model["after"]["tokens"]["input"] == 84
    # 31 x 0.30 and 84 x 1.32, per million
    assert model["before"]["cost"]["floor"] == "0.0000093"
    assert model["after"]["cost"]["floor"] == "0.00011088"
    assert model["increase"]["cost_percent"] == "+1092.3"
    assert found["before"]["own_models"] == ["deepseek-v4-flash"]
    assert found["after"]["own_models"] == ["deepseek-v4-pro"]
    # If models are given, both sides are priced for them.
    (pro,) = report(dscost, "a.json", "b.json", *PRO)["models"]
    assert pro["increase"]["cost"] == "0"
    assert dscost("diff", "b.json", "a.json", *AT, "--max-increase", "0%").code == 0


def test_requests_of_one_file_are_each_priced_for_their_own_model(dscost: Dscost) -> None:
    lines = [body("deepseek-v4-flash"), body("deepseek-v4-pro"), body("deepseek-v4-flash")]
    Path("a.jsonl").write_text("\n".join([lines[0]] * 3))
    Path("b.jsonl").write_text("\n".join(lines))

    found = report(dscost, "a.jsonl", "b.jsonl", *AT)

    (model,) = found["models"]
    assert model["model"] == "each request's own model"
    assert model["before"]["requests"] == model["after"]["requests"] == 3
    # 3 x 31 x 0.30, and 2 x 31 x 0.30 + 84 x 1.32, per million
    assert model["before"]["cost"]["floor"] == "0.0000279"
    assert model["after"]["cost"]["floor"] == "0.00012948"


def test_next_to_plain_prompts_a_body_is_in_every_column_at_its_own_price(dscost: Dscost) -> None:
    Path("old/r.json").write_text(body("deepseek-v4-flash"))
    Path("new/r.json").write_text(body("deepseek-v4-pro"))

    found = report(dscost, "old", "new", *AT)

    assert [one["model"] for one in found["models"]] == ["deepseek-v4-flash", "deepseek-v4-pro"]
    (file,) = [one for one in found["files"] if one["source"] == "r.json"]
    assert [one["increase"]["cost"] for one in file["models"]] == ["0.00010158"] * 2


def test_another_max_tokens_shows_in_the_maximum(dscost: Dscost) -> None:
    Path("a.json").write_text(body("deepseek-v4-pro", max_tokens=100))
    Path("b.json").write_text(body("deepseek-v4-pro", max_tokens=1_100))

    ran = dscost("diff", "a.json", "b.json", *AT, "--plain")

    # 1,000 tokens at 3.96 USD per million
    assert "maximum cost" in ran.out
    assert "$0.00396" in ran.out
    assert "maximum" not in dscost("diff", "old/longer.txt", "new/longer.txt", *PRO).out


def test_the_digits_that_decide_are_shown(dscost: Dscost) -> None:
    """From 84 to 85 tokens is 1/84, 1.190476...%; the limit is just below, then just above."""
    files = ("old/longer.txt", "new/longer.txt", *PRO)

    over = dscost("diff", *files, "--max-increase", "1.19%")
    within = dscost("diff", *files, "--max-increase", "1.1905%")
    rounded = dscost("diff", *files, "--max-increase", "1.2%")

    assert over.code == 3
    assert over.out.startswith("+$0.00000132 a request (+1.2%) on deepseek-v4-pro, over 1.19%\n")
    assert within.out.splitlines()[0].endswith("(+1.19%) on deepseek-v4-pro, within 1.1905%")
    assert rounded.out.splitlines()[0].endswith("(+1.2%) on deepseek-v4-pro, within 1.2%")


def test_several_limits_all_hold(dscost: Dscost) -> None:
    files = ("old/longer.txt", "new/longer.txt", *PRO)

    within = dscost("diff", *files, "--max-increase", "2%", "--max-increase", "1USD")
    over = dscost("diff", *files, "--max-increase", "2%", "--max-increase", "0.000001USD")

    assert (within.code, over.code) == (0, 3)
    assert within.out.splitlines()[0].endswith("within 2% and 1 USD")
    assert over.out.splitlines()[0].endswith("over 0.000001 USD")
    found = report(dscost, *files, "--max-increase", "2%", "--max-increase", "0USD", code=3)
    assert [one["exceeded_by"] for one in found["limits"]] == [[], ["deepseek-v4-pro"]]
    assert found["limit"]["exceeded_by"] == ["deepseek-v4-pro"]


def test_an_image_of_unknown_size_fails_a_gate(dscost: Dscost) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hello"}, image]}]
    Path("a.json").write_text(body("deepseek-flash"))
    Path("b.json").write_text(json.dumps({"model": "deepseek-flash", "messages": messages}))

    ran = dscost("diff", "a.json", "b.json", *AT, "--max-increase", "100USD")

    assert ran.code == 3
    assert "b.json: 1 image that cannot be read here" in ran.err


def test_the_first_line_is_bold_on_a_terminal_and_in_a_comment() -> None:
    page = page_of("title", headline="within 10%")

    assert to_terminal(page, 80, is_styled=True) == "\x1b[1mwithin 10%\x1b[0m\ntitle\n"
    assert to_markdown(page) == "**within 10%**\n\n### title\n"


def test_a_pipe_is_read_once_and_compared(dscost: Dscost) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text("Hello Hello"))
    writer.start()

    found = report(dscost, "old/longer.txt", "pipe", *PRO)

    writer.join()
    assert found["models"][0]["increase"]["input_tokens"] == 1


def test_hostile_names_move_no_terminal_and_break_no_markdown(dscost: Dscost) -> None:
    name = "a|b`c\x1b[2J\n@someone <b>[x](y).txt"
    Path("new", name).write_text("Hello")

    assert "\x1b" not in dscost("diff", "old", "new", *PRO).out
    lines = dscost("diff", "old", "new", *PRO, "--markdown").out.splitlines()
    (row,) = [line for line in lines if "someone" in line]
    assert row.startswith(
        r"| added | a\|b\`c\\x1b\[2J\\n@<!-- -->someone \<b\>\[x\](y).txt | \+84 |"
    )


def test_a_comment_of_many_files_names_the_most_expensive_and_how_many_more(dscost: Dscost) -> None:
    for number in range(60):
        Path("new", f"f{number}.txt").write_text("Hello" + " Hello" * number)

    out = dscost("diff", "old", "new", *PRO, "--markdown").out

    assert out.startswith("<!-- dscost diff -->\n**Input cost: +$0.008989 (+2670.6%) on v4-pro**\n")
    assert "\n### old → new: " in out
    # 60 new files and 3 others differ; f59.txt is the longest.
    assert out.count("| added |") == 50
    assert out.split("| added | ")[1].startswith("f59.txt | ")
    assert "\nand 13 more\n" in out


# Reports.


def saved(dscost: Dscost, file: str, name: str, *args: str) -> str:
    Path(name).write_text(dscost("estimate", file, *args, "--json").out)
    return name


def test_two_reports_are_compared_without_counting(dscost: Dscost) -> None:
    old = saved(dscost, "old/longer.txt", "a.json", *AT, "--per-file")
    new = saved(dscost, "new/longer.txt", "b.json", *AT, "--per-file")

    found = report(dscost, old, new)

    assert [m["increase"]["input_tokens"] for m in found["models"]] == [1, 1]
    assert [m["increase"]["cost"] for m in found["models"]] == ["0.0000003", "0.00000132"]
    assert found["warnings"] == []
    assert dscost("diff", old, new, "--max-increase", "1%").code == 3


def test_reports_of_different_times_and_models_are_warned_of(dscost: Dscost) -> None:
    old = saved(dscost, "old/longer.txt", "a.json", *AT)
    new = saved(dscost, "old/longer.txt", "b.json", "--at", "2026-11-23T05:00Z", "-m", "pro")

    ran = dscost("diff", old, new, "--json")

    assert ran.code == 0
    found = json.loads(ran.out)
    assert [m["model"] for m in found["models"]] == ["deepseek-v4-pro"]
    assert found["warnings"] == [
        "only one of the reports has deepseek-v4-flash; it is left out",
        (
            "the reports are priced at different times; a change of price shows as one of the "
            "prompts (give both the same --at)"
        ),
    ]
    assert dscost("diff", old, new, "--max-increase", "10%").code == 3


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"currency": "CNY"}, "a.json is in USD, b.json in CNY"),
        ({"command": "count"}, "a report of count; compare two of dscost estimate"),
        ({"schema_version": "2"}, "a report of schema_version"),
        ({"estimates": []}, "compare two of dscost estimate"),
        ({"estimates": [{"model": "x"}]}, "is it whole, as dscost wrote it?"),
        ({"priced_at": "soon"}, "is it whole, as dscost wrote it?"),
    ],
)
def test_what_is_not_a_report_is_one_line(
    dscost: Dscost, change: dict[str, object], reported: str
) -> None:
    saved(dscost, "old/longer.txt", "a.json", *PRO)
    Path("b.json").write_text(json.dumps(json.loads(Path("a.json").read_text()) | change))

    ran = dscost("diff", "a.json", "b.json")

    assert (ran.code, ran.out) == (1, "")
    assert reported in ran.problem


@pytest.mark.parametrize("minimum", ["1e999999", "-1", "NaN", "9" * 5_000])
def test_an_absurd_amount_in_a_report_is_refused(dscost: Dscost, minimum: str) -> None:
    saved(dscost, "old/longer.txt", "a.json", *PRO)
    absurd = json.loads(Path("a.json").read_text())
    absurd["estimates"][0]["cost"]["floor"] = minimum
    Path("b.json").write_text(json.dumps(absurd))

    ran = dscost("diff", "a.json", "b.json")

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem


def test_options_of_files_are_refused_for_reports_and_a_report_next_to_a_file(
    dscost: Dscost,
) -> None:
    saved(dscost, "old/longer.txt", "a.json", *PRO)

    assert dscost("diff", "a.json", "a.json", "-m", "pro").err == (
        "error: --model: only for files; a report has its own figures\n"
    )
    ran = dscost("diff", "a.json", "new/longer.txt")
    assert (ran.code, ran.err) == (
        2,
        "error: a.json, new/longer.txt: one is a report, the other is not\n",
    )


@pytest.mark.parametrize(("old", "new"), [("old.json", "new.txt"), ("new.txt", "old.json")])
def test_a_file_that_cannot_be_counted_is_named_on_either_side(
    dscost: Dscost, two: Path, old: str, new: str
) -> None:
    """Its cost is not 0: the other file alone is no change of so much."""
    (two / "old.json").write_text('{"a": 1}')
    (two / "new.txt").write_text("Hello")
    ran = dscost("diff", old, new, *PRO)

    assert ran.code == 1
    assert ran.err.startswith("error: not counted:")
    assert "old.json:1:1: JSON, but no request" in ran.err
    assert "as before" not in ran.out
    assert "from nothing" not in ran.out


def test_a_file_that_could_not_be_counted_in_a_commit_is_named_and_its_cost_is_new(
    dscost: Dscost, two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate applies its limit to the whole new cost, and so passes whatever is under it."""
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    repository = Repository(two)
    repository.commit({"p/a.txt": "Hello", "p/r.json": '{"a": 1}'})
    repository.commit({"p/r.json": json.dumps(body)})
    monkeypatch.chdir(two)

    ran = dscost("diff", "HEAD~..HEAD", "p", *PRO)
    found = json.loads(dscost("diff", "HEAD~..HEAD", "p", *PRO, "--json").out)
    tight, wide = (
        dscost("diff", "HEAD~..HEAD", "p", *PRO, "--max-increase", limit)
        for limit in ("0.000001USD", "1USD")
    )

    assert (ran.code, ran.err) == (0, "")
    reason = "p/r.json:1:1: JSON, but no request"
    assert f"not counted in HEAD~, so its whole cost is new: {reason}" in " ".join(ran.out.split())
    assert [file["source"] for file in found["uncounted_before"]] == ["p/r.json"]
    (change,) = found["files"]
    assert (change["source"], change["state"]) == ("p/r.json", "changed")
    (figures,) = change["models"]
    assert figures["before"]["cost"]["floor"] == "0"
    assert figures["increase"]["cost"] == figures["after"]["cost"]["floor"] != "0"
    assert (tight.code, wide.code) == (3, 0)
