"""The command line: one-line errors for bad input, exit codes, limits, pipes, hostile names."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import ROOT, Dscost

DSCOST = [sys.executable, "-m", "deepseek_cost"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("estimate nowhere.txt", 1, "nowhere.txt: no such file; give a text file, a directory"),
        ("estimate empty-folder", 1, "empty-folder: no text files"),
        ("estimate binary.txt", 1, "binary.txt: a binary file (NUL at byte 2)"),
        (
            "estimate latin.txt",
            1,
            "latin.txt: not utf-8 at byte 3; set its --encoding, such as cp1252",
        ),
        ("estimate hello.txt latin.txt", 1, "latin.txt: not utf-8 at byte 3"),
        (
            "estimate hello.txt -c 1.01",
            2,
            "--cache-hit-ratio '1.01' is not a share between 0 and 1; write 0.8",
        ),
        ("estimate hello.txt -c 101%", 2, "--cache-hit-ratio '101%' is not a share"),
        ("estimate hello.txt -c nan", 2, "--cache-hit-ratio 'nan' is not a share"),
        (
            "estimate hello.txt -c 1e-999999999",
            2,
            "--cache-hit-ratio '1e-999999999' is not a share",
        ),
        ("estimate hello.txt -c -0.1", 2, "--cache-hit-ratio '-0.1' is not a share"),
        ("estimate hello.txt -c %", 2, "--cache-hit-ratio '%' is not a share"),
        ("estimate hello.txt -o -1", 2, "--output-tokens -1 is less than 0"),
        (
            "estimate hello.txt -o many",
            2,
            "--output-tokens 'many' is not a whole number; write it",
        ),
        ("estimate hello.txt -o 393217", 2, "its output limit is 384K (393,216)"),
        ("estimate hello.txt -n 0", 2, "--requests 0 is less than 1"),
        ("estimate hello.txt -n 99999999999999999999", 2, "is not a whole number; write it like"),
        (
            "estimate hello.txt -m gpt-5",
            1,
            "unknown model 'gpt-5'; dscost prices DeepSeek models only: flash, pro",
        ),
        ("estimate hello.txt -m v4flash", 1, "did you mean v4-flash"),
        (
            "estimate hello.txt -m deepseek-v4.1-flash-expires-on-0910",
            1,
            "it expired on 2026-09-10",
        ),
        ("estimate hello.txt --at 2026-11-23T10:00", 2, "for UTC write 2026-11-23T10:00Z, for Bei"),
        ("estimate hello.txt --at 2026-11-23", 2, "has no time zone"),
        (
            "estimate hello.txt --at yesterday",
            2,
            "--at 'yesterday' is not a time; write 2026-11-23T",
        ),
        ("estimate hello.txt --at 2026-02-30T10:00Z", 2, "is not a time"),
        ("estimate hello.txt --at 0001-01-01T00:00+23:59", 2, "the year is not between 2000 and"),
        ("estimate hello.txt --at 9999-12-31T23:59-23:59", 2, "the year is not between 2000 and"),
        ("estimate hello.txt --at 2026-04-01T00:00Z", 1, "first accepted at 2026-04-23 16:00 UTC"),
        ("estimate hello.txt --currency EUR", 2, "--currency 'EUR' is not a currency"),
        ("estimate hello.txt --effort huge", 2, "'huge' is not one of 'low', 'high', 'max'"),
        ("estimate hello.txt --effort max --no-thinking", 2, "--effort needs thinking"),
        ("estimate hello.txt --max-cost -1", 2, "--max-cost '-1' is not an amount"),
        ("estimate hello.txt --max-cost $1", 2, "--max-cost '$1' is not an amount"),
        ("estimate hello.txt --prices nowhere.toml", 1, "price table nowhere.toml: No such file"),
        ("estimate hello.txt --prices hello.txt", 1, "price table hello.txt: not valid TOML"),
        ("estimate hello.txt --system nowhere.txt", 1, "nowhere.txt: no such file"),
        ("estimate hello.txt --system binary.txt", 1, "binary.txt: a binary file"),
        ("estimate hello.txt --encoding klingon", 2, "--encoding 'klingon' is unknown; try utf-8"),
        ("estimate . --glob *.py", 1, "--glob *.py does not match"),
        ("estimate . --glob {a,", 2, "--glob '{a,'"),
        ("estimate hello.txt --system empty-folder", 1, "empty-folder: give a file here"),
        ("estimate - --system -", 1, "-: give a file here, not a folder or standard input"),
        ("estimate - -", 2, "- (standard input) can be read only once"),
        ("estimate", 2, "no file is given; name one, or pipe it into dscost estimate"),
        ("estimate hello.txt --zebra", 2, "no such option --zebra; see"),
        (
            "estimate hello.txt --html",
            2,
            "no such option --html; for a web page: dscost estimate ... --json | dscost render",
        ),
        (
            "prices --format svg",
            2,
            "no such option --format; for a page, Markdown, CSV or SVG: dscost prices ... --json",
        ),
        (
            "when --csv",
            2,
            "no such option --csv; for CSV: dscost when ... --json | dscost render - -f csv",
        ),
        ("render hello.txt --html", 2, "no such option --html; did you mean -f html?"),
        ("render nowhere.json", 1, "nowhere.json: no such report; make one with --json"),
        ("completion", 2, "'SHELL'. Choose from: bash, zsh, fish, powershell; see dscost comp"),
        (
            "count hello.txt --as foo",
            2,
            "'foo' is not one of 'text', 'chat', 'messages', 'responses'",
        ),
        (
            "count hello.txt --as fim",
            2,
            "'fim' is not one of 'text', 'chat', 'messages', 'responses'",
        ),
        ("estimat hello.txt", 2, "no such command 'estimat'; did you mean dscost estimate?"),
        ("count nowhere.txt", 1, "nowhere.txt: no such file"),
        ("prices -m gpt-5", 1, "unknown model 'gpt-5'"),
        ("prices --at 2026-04-01T00:00Z", 1, "first accepted at 2026-04-23 16:00 UTC"),
    ],
)
@pytest.mark.usefixtures("hello")
def test_bad_input_is_reported_in_one_line_and_nothing_on_stdout(
    dscost: Dscost, arguments: str, code: int, message: str
) -> None:
    Path("empty-folder").mkdir()
    Path("binary.txt").write_bytes(b"ab\x00c")
    Path("latin.txt").write_bytes(b"caf\xe9")

    ran = dscost(*arguments.split())

    assert (ran.code, ran.out) == (code, "")
    assert ran.problem.startswith("error: ")
    assert message in ran.problem
    assert ran.problem.endswith("\n")


def test_an_empty_file_is_warned_of_and_its_template_billed(dscost: Dscost, hello: Path) -> None:
    hello.write_text("")

    ran = dscost("count", hello, "-m", "pro", "--json")

    assert ran.code == 0
    assert ran.err == ("warning: hello.txt: empty, but the template around it is still billed\n")
    assert json.loads(ran.out)["estimates"][0]["tokens"] == {"input": 83, "text": 0, "template": 83}


@pytest.mark.parametrize(
    ("tokens", "warning"),
    [
        (900_000, ""),
        (
            900_001,  # the context is 1,000,000
            (
                "warning: deepseek-flash: a request of 900,001 tokens takes 90.0% of the context "
                "of 1,000,000\n"
            ),
        ),
    ],
)
def test_a_context_that_is_nearly_full_is_a_warning(
    dscost: Dscost, tokens: int, warning: str
) -> None:
    ran = dscost("estimate", "--input-tokens", tokens, "-m", "flash", "--at", "2026-11-23T02:00Z")

    assert (ran.code, ran.err) == (0, warning)


def test_a_prompt_beyond_the_context_is_priced_marked_and_exits_with_1(
    dscost: Dscost, hello: Path
) -> None:
    hello.write_text("a " * 999_959)

    ran = dscost("estimate", hello, "-m", "pro", "--at", "2026-11-23T02:00Z", "--json")

    # 999,959 times "a", with the space before the next one: "a", " a", ..., and the last " "
    (entry,) = json.loads(ran.out)["estimates"]
    assert ran.code == 1
    assert entry["tokens"]["input"] == 999_960 + 83
    assert entry["over_context"] == 43
    assert entry["cost"]["ceiling"] == entry["cost"]["floor"] == "1.32005676"
    assert ran.err == (
        "warning: deepseek-v4-pro: a request of 1,000,043 tokens is 43 more than the "
        "context of 1,000,000; the API refuses it\n"
    )


def test_beyond_the_verified_holidays_there_is_a_price_and_a_warning(
    dscost: Dscost, hello: Path
) -> None:
    ran = dscost("estimate", hello, "-m", "pro", "--at", "2028-01-03T02:00Z")

    assert ran.code == 0
    assert "the list of Chinese holidays ends 2027-12-31" in ran.err


@pytest.mark.parametrize(
    ("options", "limit", "code"),
    [
        # Hello on Pro: 84 x 1.32 / 1M + 65,536 x 3.96 / 1M = 0.25963344 at peak
        (("--at", "2026-11-23T02:00Z"), "0.25963344", 0),
        (("--at", "2026-11-23T02:00Z"), "0.25963343", 3),
        (("--at", "2026-11-23T05:00Z"), "0.12981672", 0),
        (("--at", "2026-11-23T05:00Z"), "0.12981671", 3),
        # at any hour: the more expensive rate
        ((), "0.25963344", 0),
        ((), "0.25963343", 3),
        # output known: 84 x 1.32 / 1M + 500 x 3.96 / 1M
        (("-o", "500"), "0.00209088", 0),
        (("-o", "500"), "0.00209087", 3),
    ],
)
def test_a_limit_fires_after_the_output_and_early_rather_than_late(
    dscost: Dscost, hello: Path, options: tuple[str, ...], limit: str, code: int
) -> None:
    ran = dscost("estimate", hello, "-m", "pro", "--max-cost", limit, "--json", *options)

    assert ran.code == code
    assert json.loads(ran.out)["command"] == "estimate"
    assert ("over --max-cost" in ran.err) is (code == 3)


def test_without_a_time_the_price_is_that_of_now(dscost: Dscost, hello: Path) -> None:
    report = json.loads(dscost("estimate", hello, "--json").out)

    age = datetime.now(UTC) - datetime.fromisoformat(report["priced_at"])
    assert 0 <= age.total_seconds() < 60
    assert {"about": "priced_at", "value": "now", "set_by": "--at"} in report["assumptions"]


def test_standard_input_is_a_request_like_a_file(hello: Path) -> None:
    piped = subprocess.run(
        [*DSCOST, "count", "-", "--json"], input=hello.read_bytes(), capture_output=True, check=True
    )

    report = json.loads(piped.stdout)
    assert report["inputs"] == [{"source": "-", "kind": "text", "requests": 1}]
    assert [entry["tokens"]["input"] for entry in report["estimates"]] == [31, 84]


@pytest.mark.parametrize(
    "name", ["\x1b[2J\x1b]0;owned\x07.txt", "[bold]x[red].txt", "a\u202etxt.exe", "\x9b31m.txt"]
)
def test_a_hostile_name_does_not_reach_the_screen(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    for ran in (
        dscost("count", path, "--per-file"),
        dscost("count", path, "--per-file", "--json"),
        dscost("count", f"{path}-not"),
        dscost("prices", "--prices", path),
    ):
        shown = (ran.out + ran.err).replace("\n", "")
        assert shown.isprintable()
        assert "[bold]" not in name or "[bold]x[red]" in shown


def test_a_closed_pipe_ends_quietly(hello: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [*DSCOST, "estimate", str(hello)], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    assert (done.returncode, done.stderr) == (0, b"")


def test_an_interrupt_ends_with_130_and_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [*DSCOST, "count", str(fifo)],
        stderr=subprocess.PIPE,
        # Tests run in the background ignore interrupts, and child processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    writer = os.open(fifo, os.O_WRONLY)  # returns once the reader has opened the pipe
    time.sleep(0.2)

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    os.close(writer)

    assert (process.returncode, err) == (130, b"error: interrupted\n")


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("estimate", "--help")])
def test_help_goes_to_stdout(dscost: Dscost, arguments: tuple[str, ...]) -> None:
    ran = dscost(*arguments)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: dscost ")


def test_the_version_is_that_of_the_package(dscost: Dscost) -> None:
    assert dscost("--version").out == "dscost 0.1.0\n"


@pytest.mark.parametrize("arguments", ["['--help']", "['prices']", "['estimate', '--help']"])
def test_what_counts_nothing_loads_no_tokenizer(arguments: str) -> None:
    heavy = "{'tiktoken', 'regex', 'deepseek_recipe'}"
    code = f"""import sys; from deepseek_cost.cli.app import run; run({arguments})
print(sorted({heavy} & {{*sys.modules}}), file=sys.stderr)"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.splitlines()[-1] == "[]"  # on some days, it warns of an old price list


# What no text needs, by who else does: JSON, packed files, settings in files, other time zones,
# options of other commands, and what other options ask for.
_UNNEEDED = {
    *("json", "gzip", "tomllib", "zoneinfo", "dataclasses", "rich", "difflib"),
    *("cli.log_options", "cli.suggestions", "cli.synonyms", "inputs.json_spans", "inputs.rows"),
    *("inputs.columns", "inputs.git", "inputs.continuation", "inputs.gzip_file", "prompt.history"),
    *("prompt.arguments", "prompt.chat_completions", "prompt.cache", "estimates.batch_counter"),
    *("estimates.processes", "estimates.cache_forecast", "billing.balance", "billing.formats"),
    *("reports.request_line", "reports.csv", "render.html", "tokenizer.pretokenizer"),
}
_UNNEEDED_TO_COUNT = {
    *("cli.price_options", "pricing.timezones", "estimates.quote", "estimates.estimate"),
    *("reports.estimate", "reports.estimate_fields", "reports.requests", "reports.balance"),
}


@pytest.mark.parametrize(
    ("command", "unneeded", "most"),
    [("count", _UNNEEDED | _UNNEEDED_TO_COUNT, 85), ("estimate", _UNNEEDED, 100)],
)
def test_a_text_loads_only_what_it_needs(
    tmp_path: Path, command: str, unneeded: set[str], most: int
) -> None:
    (tmp_path / "prompt.txt").write_text("Hello, world!\n")
    code = f"""import sys, typer, msgspec, tiktoken; before = {{*sys.modules}}
from deepseek_cost.cli import session; session._local_zone = lambda: "UTC"
from deepseek_cost.cli.app import run; run([{command!r}, "prompt.txt"])
print(*{{*sys.modules}} - before, sep="\\n", file=sys.stderr)"""

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    loaded = done.stderr.splitlines()
    ours = [name for name in loaded if name.partition(".")[0] == "deepseek_cost"]
    assert {name.removeprefix("deepseek_cost.") for name in loaded} & unneeded == set()
    assert f"deepseek_cost.cli.commands.{command}" in ours
    assert len(ours) <= most


def test_a_terminal_that_knows_no_unicode_is_no_reason_to_crash(hello: Path) -> None:
    done = subprocess.run(
        [*DSCOST, "estimate", str(hello), "--currency", "CNY"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        cwd=ROOT if hello.is_absolute() else None,
    )

    assert done.stdout.isascii()
    assert b"CNY 0.0" in done.stdout
    assert b"\\" not in done.stdout


@pytest.mark.parametrize("columns", ["²", "0", "1", "-5", "9" * 5_000, "wide"])
def test_an_odd_width_of_the_terminal_costs_no_figure(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    ran = dscost("count", hello, "-n", "1234")

    assert ran.code == 0
    assert "38,254" in ran.out  # 1,234 x 31
    assert "103,656" in ran.out  # 1,234 x 84


def test_closed_standard_streams_are_reported(hello: Path) -> None:
    shell = f"{' '.join(DSCOST)} count"
    for command, reported in (
        (f"{shell} - <&-", b"error: -: standard input is closed\n"),
        (f"{shell} {hello} >&-", b"error: standard output is closed\n"),
    ):
        done = subprocess.run(command, shell=True, capture_output=True, check=False)

        assert (done.returncode, done.stderr) == (1, reported)


def test_a_full_stderr_changes_neither_result_nor_exit_code(hello: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*DSCOST, "estimate", str(hello), "--max-cost", "0", "--json"],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )

    assert done.returncode == 3
    assert json.loads(done.stdout)["command"] == "estimate"


def test_a_system_text_does_not_hide_that_a_file_is_empty(dscost: Dscost, hello: Path) -> None:
    Path("empty.txt").touch()

    ran = dscost("count", "empty.txt", "--system", hello)

    assert "warning: empty.txt: empty" in ran.err


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (None, "now"),
        ("now", "now"),
        ("OFF_PEAK", "off-peak"),
        ("cheapest", "cheapest"),
        ("14:30+08:00", "14:30+08:00"),
        ("2026-11-23T10:00Z", None),
    ],
)
def test_a_time_that_follows_the_clock_is_an_assumption(
    dscost: Dscost, hello: Path, at: str | None, name: str | None
) -> None:
    options = () if at is None else ("--at", at)

    report = json.loads(dscost("estimate", hello, *options, "--json").out)

    noted = [a["value"] for a in report["assumptions"] if a["about"] == "priced_at"]
    assert noted == ([name] if name else [])


def test_a_retired_name_has_its_own_mode_and_maximum(dscost: Dscost, hello: Path) -> None:
    options = ("-m", "deepseek-chat", "--at", "2026-07-01T00:00Z", "--json")

    report = json.loads(dscost("estimate", hello, *options).out)

    reported = {(a["about"], a["value"]) for a in report["assumptions"]}
    assert report["estimates"][0]["tokens"]["output_ceiling"] == 8_192
    assert ("ceiling", "8192, the API's default max_tokens") in reported
    assert ("thinking", "off, implied by the name deepseek-chat") in reported


def test_output_beyond_the_models_limit_is_refused_for_bodies_too(
    dscost: Dscost, tmp_path: Path
) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    path = tmp_path / "body.json"
    path.write_text(json.dumps(body | {"max_tokens": 10}))

    refused = dscost("estimate", path, "-o", "393217")
    cut = json.loads(dscost("estimate", path, "-o", "500", "--json").out)

    assert (refused.code, refused.out) == (2, "")
    assert "its output limit is 384K (393,216)" in refused.err
    assert [entry["tokens"]["output"] for entry in cut["estimates"]] == [10, 10]
    assert {
        "about": "output_tokens",
        "set_by": "--output-tokens",
        "value": "500, at most each request's max_tokens",
    } in cut["assumptions"]


@pytest.mark.parametrize(
    ("limit", "reported"),
    [("0.0022", "95.0% of it"), ("0.00209088", "100.0% of it"), ("0.0024", "")],
)
def test_a_cost_near_its_limit_is_a_note(
    dscost: Dscost, hello: Path, limit: str, reported: str
) -> None:
    # (84 x 1.32 + 500 x 3.96) millionths of a dollar, at peak.
    ran = dscost("estimate", hello, "-m", "pro", "-o", "500", "--max-cost", limit)

    line = f"note: within --max-cost {limit} USD, but near: deepseek-v4-pro may cost 0.00209088"
    notes = [one for one in ran.err.splitlines() if one.startswith("note: ")]
    assert (ran.code, notes) == (0, [f"{line}, {reported}"] if reported else [])


@pytest.mark.parametrize("command", ["estimate", "count", "compare", "chat", "cache"])
def test_csv_is_what_render_makes_of_the_json(dscost: Dscost, tmp_path: Path, command: str) -> None:
    path = tmp_path / "body.json"
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    path.write_text(json.dumps(body))
    turns = ("--turns", "2", "--user-tokens", "3", "--answer-tokens", "4")
    asked = (command, path, *(turns if command == "chat" else ()))
    asked = asked if command == "count" else (*asked, "--at", "2026-11-23T02:00Z")
    report = tmp_path / "report.json"
    report.write_text(dscost(*asked, "--json").out)

    printed = dscost(*asked, "--csv")

    assert printed.out == dscost("render", report, "-f", "csv").out
    assert len(printed.out.splitlines()) > 1
    assert dscost(*asked, "--csv", "--json").code == 2
