"""Stored reports: read back from JSON, rendered in every format; hostile ones are refused."""

import csv
import io
import json
import re
import subprocess
import sys
from copy import deepcopy
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from deepseek_cost.cli.commands.render import Format
from deepseek_cost.render.html import fragment, to_html
from deepseek_cost.reports.parts import Report, to_json
from deepseek_cost.reports.reading import read_report
from tests.conftest import ROOT, Dscost

# Written by 0.1.0, and never changed: every later version must render them.
REPORTS = sorted((ROOT / "tests" / "reports").glob("*.json"))
HOSTILE = "\x1b[2J</style></title><script>alert(1)</script>\"'&|`@all #1 \u202e\n- x"


def read(path: Path) -> Report:
    return read_report(path.read_text(encoding="utf-8"), path.name).report


def report(name: str) -> dict[str, Any]:
    path = ROOT / "tests" / "reports" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def render(dscost: Dscost, document: object, *args: object) -> Any:  # noqa: ANN401 - Ran
    Path("report.json").write_text(json.dumps(document))
    return dscost("render", "report.json", *args)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_is_a_stored_report_of_every_command() -> None:
    commands = {str(read(path).command) for path in REPORTS}

    assert commands == {
        *("estimate", "count", "compare", "chat", "cache", "when", "bill", "check"),
        *("config", "diff", "invoice"),
        *("prices", "prices --history", "prices --check", "prices verify", "prices diff"),
    }


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_stored_report_is_shown_in_every_format(dscost: Dscost, path: Path, form: Format) -> None:
    ran = dscost("render", path, "--format", form)

    assert ran.code == 0
    assert ran.out.strip()
    assert "not shown" not in ran.err


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_read_back_is_shown_as_before(path: Path) -> None:
    written = json.loads(to_json(read(path)))
    stored = json.loads(path.read_text(encoding="utf-8"))

    assert _part_of(stored, written) == stored


def _part_of(stored: Any, written: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the parts of `written` that `stored` also has; later versions add fields."""
    if isinstance(stored, dict) and isinstance(written, dict):
        return {key: _part_of(stored[key], written[key]) for key in stored if key in written}
    if isinstance(stored, list) and isinstance(written, list) and len(stored) == len(written):
        return [_part_of(*pair) for pair in zip(stored, written, strict=True)]
    return written


def test_a_table_shown_again_is_the_table_that_the_command_prints(
    dscost: Dscost, hello: Path
) -> None:
    options = ("estimate", hello, "-o", "500", "--at", "2026-11-23T02:00Z")
    Path("report.json").write_text(dscost(*options, "--json").out)

    shown = dscost("render", "report.json")

    assert shown == dscost(*options)


HEADLINE = (
    "2 requests from examples/review.txt and 1 more have 456 input tokens on deepseek-v4-flash"
    " and 562 on deepseek-v4-pro"
)
MARKDOWN = f"""\
**{HEADLINE}**

### examples/review.txt and 1 more · 2 requests

| tokens | deepseek-v4-flash | deepseek-v4-pro |
| :-- | --: | --: |
| your text | 396 | 396 |
| chat template | 60 | 166 |
| TOTAL input | 456 | 562 |

| file | your text | v4-flash input | v4-pro input |
| :-- | --: | --: | --: |
| examples/review.txt | 366 | 396 | 449 |
| examples/system.txt | 30 | 60 | 113 |

Assumes thinking on.

<details><summary>Details</summary>

**Assumptions**

- thinking: on
- effort: high

</details>
"""

PLAIN = f"""\
{HEADLINE}
examples/review.txt and 1 more · 2 requests

tokens your text: deepseek-v4-flash 396; deepseek-v4-pro 396
tokens chat template: deepseek-v4-flash 60; deepseek-v4-pro 166
tokens TOTAL input: deepseek-v4-flash 456; deepseek-v4-pro 562

file examples/review.txt: your text 366; v4-flash input 396; v4-pro input 449
file examples/system.txt: your text 30; v4-flash input 60; v4-pro input 113

Assumes thinking on.  -v shows all assumptions.
"""

CSV = """\
source,model,requests,tokens_input,tokens_text,tokens_template,unknown_input
examples/review.txt,deepseek-v4-flash,1,396,366,30,
examples/review.txt,deepseek-v4-pro,1,449,366,83,
examples/system.txt,deepseek-v4-flash,1,60,30,30,
examples/system.txt,deepseek-v4-pro,1,113,30,83,
"""


@pytest.mark.parametrize(
    ("form", "expected"), [("markdown", MARKDOWN), ("plain", PLAIN), ("csv", CSV)]
)
def test_a_count_looks_like_this(dscost: Dscost, form: str, expected: str) -> None:
    ran = render(dscost, report("count"), "-f", form)

    assert (ran.code, ran.out, ran.err) == (0, expected, "")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.md", "**examples/review.txt costs $"),
        ("a.html", "<!doctype html>"),
        ("a.HTM", "<!doctype html>"),
        ("a.csv", "model,requests,tokens_input,tokens_cache_hit,tokens_output,cost_total,"),
        ("a.svg", "<svg "),
        ("a.txt", "examples/review.txt · 1 request"),
    ],
)
def test_the_suffix_of_the_output_says_the_format(dscost: Dscost, name: str, begins: str) -> None:
    ran = render(dscost, report("estimate"), "--to", name)

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert Path(name).read_text(encoding="utf-8").startswith(begins)


def test_an_unknown_suffix_is_reported_with_those_known(dscost: Dscost) -> None:
    ran = render(dscost, report("estimate"), "--to", "a.pdf")

    assert ran.code == 2
    assert ran.problem == (
        "error: --to a.pdf: its suffix is not one of "
        ".txt, .md, .markdown, .html, .htm, .csv, .svg; add --format\n"
    )
    assert render(dscost, report("estimate"), "--to", "a.pdf", "-f", "html").code == 0


def test_the_amounts_of_csv_are_exact(dscost: Dscost) -> None:
    ran = render(dscost, report("estimate"), "-f", "csv")

    rows = list(csv.DictReader(io.StringIO(ran.out)))
    entries = report("estimate")["estimates"]
    assert [row["cost_total"] for row in rows] == [entry["cost"]["total"] for entry in entries]
    assert [row["cost_ceiling"] for row in rows] == [entry["cost"]["ceiling"] for entry in entries]


def test_fields_of_a_later_version_are_named_in_one_warning_and_left_out(dscost: Dscost) -> None:
    document = report("estimate")
    plain = render(dscost, document).out
    document["mood"] = "good"
    document["estimates"][1]["tokens"]["audio"] = 3
    document["estimates"][1]["rates_per_million"]["audio"] = "0.1"

    ran = render(dscost, document)

    assert (ran.code, ran.out) == (0, plain)
    assert ran.err == (
        "warning: report.json: fields that this version does not know are not shown: "
        "estimates[1].tokens.audio, estimates[1].rates_per_million.audio, mood\n"
    )


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in report("estimate").items() if key != name}


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", "report.json:1: not valid JSON: Expecting value; give a report of --json"),
        ("{}\n{}", "report.json:2: not valid JSON: Extra data; give a report of --json"),
        (
            '{"line": 1, "estimates": []}\n{}',
            "report.json: these are lines of --per-request; give a whole report, made without it",
        ),
        (
            '{"line": 1, "estimates": []}\n',
            "report.json: these are lines of --per-request; give a whole report, made without it",
        ),
        ("[1]", "report.json: not a report; give what a command of dscost prints with --json"),
        ('{"a": 1}', "report.json: not a report; give what a command of dscost prints with --json"),
        (
            json.dumps(report("count") | {"schema_version": "2"}),
            (
                "report.json: a report of schema_version '2'; this dscost reads '1': "
                "upgrade it, or make the report again"
            ),
        ),
        (
            json.dumps(report("count") | {"command": "dream"}),
            "report.json: a report of 'dream', which this dscost does not know: upgrade it",
        ),
        (
            json.dumps(_without("priced_at")),
            (
                "report.json: object missing required field `priced_at`; "
                "is it whole, as dscost wrote it?"
            ),
        ),
        (
            json.dumps(report("estimate") | {"priced_at": "2026-11-23T02:00:00"}),
            (
                "report.json: priced_at: expected `datetime` with a timezone component; "
                "is it whole, as dscost wrote it?"
            ),
        ),
        (
            json.dumps(report("check") | {"cost": "NaN"}),
            "report.json: cost: no amount",
        ),
        (
            json.dumps(report("check") | {"difference": "5"}),
            (
                "report.json: difference: expected `int`, got `str`; "
                "is it whole, as dscost wrote it?"
            ),
        ),
        (
            json.dumps(report("check") | {"cost": "1e999999999"}),
            "report.json: cost: an amount beyond all prices",
        ),
        (
            json.dumps(report("check") | {"difference": 10**100}),
            "report.json: difference: a number beyond all counts",
        ),
        (
            '{"a": 1' + "0" * 5_000 + "}",
            "report.json:1: not valid JSON: a number is too long; give a report of --json",
        ),
        (
            json.dumps(report("compare") | {"lines": []}),
            "report.json: its parts do not fit together; is it as dscost wrote it?",
        ),
        (
            json.dumps(report("when") | {"timezone": "../../etc/passwd"}),
            "report.json: its parts do not fit together; is it as dscost wrote it?",
        ),
    ],
)
def test_what_is_no_report_is_reported_in_one_line(
    dscost: Dscost, text: str, reported: str
) -> None:
    Path("report.json").write_text(text)

    ran = dscost("render", "report.json")

    assert (ran.code, ran.out, ran.problem) == (1, "", f"error: {reported}\n")


@pytest.mark.parametrize("target", ["missing.json", "."])
def test_a_report_that_is_not_there_is_reported_in_one_line(dscost: Dscost, target: str) -> None:
    ran = dscost("render", target)

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem.startswith(f"error: {target}: ")


def test_an_output_that_cannot_be_written_is_reported_in_one_line(dscost: Dscost) -> None:
    ran = render(dscost, report("count"), "-f", "html", "--to", "no/such/folder/a.html")

    assert ran.code == 1
    assert ran.err == "error: --to no/such/folder/a.html: No such file or directory\n"


def _hostile(value: object) -> object:
    """Append hostile text to every string that is not a fixed code word."""
    free = {
        *("source", "about", "value", "set_by", "version", "note", "id", "name", "custom_id"),
        *("key", "example", "advice", "reason", "likely_reason", "model", "what", "file"),
    }
    match value:
        case dict():
            return {
                name: item + HOSTILE
                if name in free and isinstance(item, str) and item not in {"default", "environment"}
                else _hostile(item)
                for name, item in value.items()
            }
        case list():
            return [_hostile(item) for item in value]
    return value


class Tags(HTMLParser):
    """Collects the elements and attributes that a browser would find."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}
        loads = {"src", "href", "xlink:href", "data", "action", "srcset"}
        self.links += [value or "" for name, value in attrs if name in loads and tag != "a"]


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_hostile_names_neither_become_markup_nor_move_a_terminal(
    dscost: Dscost, path: Path
) -> None:
    document = _hostile(json.loads(path.read_text(encoding="utf-8")))

    for form in Format:
        ran = render(dscost, document, "-f", form)
        assert ran.code == 0
        assert all(char.isprintable() for char in ran.out.replace("\n", ""))
        if form is Format.HTML:
            tags = Tags(ran.out)
            assert not tags.found & {"script", "iframe", "object", "embed", "form", "img"}
            assert not [name for name in tags.attributes if name.startswith("on")]
            assert tags.links == ["data:,"]
        if form is Format.SVG:
            assert "script" not in {element.tag for element in ET.fromstring(ran.out).iter()}  # noqa: S314
        if form is Format.MARKDOWN:
            assert "<script" not in ran.out.replace("\\<script", "")
            assert "@all" not in ran.out
            assert "#1" not in ran.out


def test_a_cell_of_csv_is_no_formula(dscost: Dscost) -> None:
    document = report("count")
    document["files"][0]["source"] = "=HYPERLINK(1)"

    assert "\n'=HYPERLINK(1)," in render(dscost, document, "-f", "csv").out


def _places(value: object, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [place, *(p for key, item in items for p in _places(item, (*place, key)))]


def _changed(document: Any, random: Random) -> Any:  # noqa: ANN401 - JSON
    """Return a report with one part removed or replaced by another."""
    changed = deepcopy(document)
    *way, last = random.choice(_places(document)[1:])
    part = changed
    for step in way:
        part = part[step]
    values = ["", "x" * 500, -1, 0, 10**29, 1.5, None, [], {}, "-5", "1e29", "NaN", "Europe"]
    values += ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-20:00", "P" * 48, "peak", "\ud83d"]
    if random.random() < 0.2:
        del part[last]
    else:
        part[last] = random.choice(values)
    return changed


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_report_that_somebody_changed_is_shown_or_refused_in_one_line(
    dscost: Dscost, path: Path
) -> None:
    random = Random(path.stem)  # noqa: S311 - tests, not secrets
    document = json.loads(path.read_text(encoding="utf-8"))

    for _ in range(20):
        form = random.choice(["table", "plain", "markdown", "csv"])
        ran = render(dscost, _changed(document, random), "-f", form)
        assert (ran.code, bool(ran.out)) in {(0, True), (1, False)}
        assert ran.code == 0 or ran.problem.splitlines()[-1].startswith("error: report.json")


def test_a_fragment_keeps_its_own_style_in_another_page() -> None:
    page = read(ROOT / "tests" / "reports" / "compare.json").page()

    tags = Tags(fragment(page))

    assert "style" in tags.found
    assert not tags.found & {"html", "head", "body", "script"}


def test_every_row_of_an_html_table_is_named_and_every_chart_says_what_it_is() -> None:
    page = to_html(read(ROOT / "tests" / "reports" / "compare.json").page())

    assert page.count('<th scope="row"') == 12  # eleven cache hit rates, and the cost of a day
    assert page.count('role="img" aria-label="') == 2  # wide and narrow
    assert '<html lang="en">' in page


def test_a_page_has_the_models_side_by_side_by_what_they_cost() -> None:
    """With 500 output tokens: 0.00257268 on Pro is the longest bar, 0.0007188 on Flash 27.9400%."""
    page = to_html(read(ROOT / "tests" / "reports" / "estimate.json").page())

    rows = re.findall(r'<th scope="row">(v4-.*?)</tr>', page)
    widths = [re.findall(r'part(\d)" style="width: ([\d.]+)%', row) for row in rows]
    assert [row.partition("<")[0] for row in rows] == ["v4-flash, peak", "v4-pro, peak"]
    assert widths == [[("2", "4.6178"), ("3", "23.3220")], [("2", "23.0375"), ("3", "76.9625")]]
    assert [row.rpartition('figure">')[2] for row in rows] == ["$0.0007188</td>", "$0.002573</td>"]
    assert "<figcaption>cost</figcaption>" in page


def test_the_bars_of_an_unknown_output_are_of_the_input() -> None:
    document = report("estimate")
    for entry in document["estimates"]:
        entry["tokens"]["output"] = entry["cost"]["output"] = entry["cost"]["total"] = None

    page = to_html(read_report(json.dumps(document), "report.json").report.page())

    assert "<figcaption>cost of the input; the output is not known</figcaption>" in page
    assert 'class="part3"' not in page


@pytest.mark.parametrize(
    ("days", "caption", "names"),
    [
        (["2026-11-02"], "cost by model", ["flash", "v4-pro"]),
        (
            ["2026-10-30", "2026-11-02"],
            "cost by day",
            ["2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"],
        ),
        (["2026-09-01", "2026-11-02"], "cost by month", ["2026-09", "2026-10", "2026-11"]),
        (
            ["2020-01-01", "2022-12-31", "2026-01-01"],
            "cost by year",
            [*map(str, range(2020, 2027))],
        ),
    ],
)
def test_the_bars_of_a_bill_follow_its_time_without_gaps(
    days: list[str], caption: str, names: list[str]
) -> None:
    document = report("bill")
    document["by_day"] = [document["by_day"][0] | {"day": day} for day in days]

    bars = read_report(json.dumps(document), "report.json").report.page().bars

    assert bars is not None
    assert (bars.caption, [bar.name for bar in bars.bars]) == (caption, names)
    if len(days) > 1:
        assert [any(bar.shares) for bar in bars.bars].count(True) == len(days)
        assert sum(bars.bars[0].shares) == pytest.approx(1)


@pytest.mark.parametrize("format_", ["table", "plain", "markdown", "svg"])
def test_bars_are_for_web_pages_alone(dscost: Dscost, format_: str) -> None:
    assert "cost by day" not in render(dscost, report("bill"), "-f", format_).out


def test_nothing_costs_anything_and_no_bar_is_drawn() -> None:
    document = report("estimate")
    for entry in document["estimates"]:
        entry["cost"] |= dict.fromkeys(("cache_hit", "cache_miss", "output"), "0")

    assert read_report(json.dumps(document), "report.json").report.page().bars is None


def test_nothing_is_counted_and_no_price_is_looked_up(tmp_path: Path) -> None:
    path = ROOT / "tests" / "reports" / "estimate.json"
    heavy = ["tiktoken", "deepseek_recipe", "deepseek_cost.pricing.loader", "jinja2", "pygal"]
    code = f"""import sys; from deepseek_cost.cli.app import run; run(["render", {str(path)!r}])
print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"""

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    assert done.stderr.splitlines()[-1] == "[]"


def test_a_report_that_powershell_wrote_as_utf_16_is_read(dscost: Dscost, hello: Path) -> None:
    report = dscost("count", hello, "--json").out
    hello.with_name("report.json").write_text(report, encoding="utf-16")

    assert dscost("render", "report.json", "-f", "plain") == dscost("count", hello, "--plain")
