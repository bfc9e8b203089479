"""Wrong commands and options lead to a suggestion of what was meant, or to none."""

import json
import os
from pathlib import Path

import pytest
import typer

from deepseek_cost.cli.command import NAMES, load
from deepseek_cost.cli.synonyms import COMMANDS, FORMATS, OPTIONS
from deepseek_cost.cli.values import whole_number
from tests.conftest import Dscost


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ("cost x", "no such command 'cost'; did you mean dscost estimate?"),
        ("cheapest", "no such command 'cheapest'; did you mean dscost when?"),
        ("spent", "no such command 'spent'; did you mean dscost bill?"),
        ("report", "no such command 'report'; did you mean dscost render?"),
        ("estimte", "no such command 'estimte'; did you mean dscost estimate?"),
        ("frobnicate", "no such command 'frobnicate'; see dscost --help"),
        ("count hello.txt --hits 3", "no such option --hits; see dscost count"),
        ("estimate hello.txt --hits 3", "no such option --hits; did you mean --cache-hit-ratio?"),
        ("estimate hello.txt --budget 3", "no such option --budget; did you mean --max-cost?"),
        ("diff a b --limit 3", "no such option --limit; did you mean --max-increase?"),
        ("estimate hello.txt --peak", "no such option --peak; did you mean --at peak?"),
        ("estimate hello.txt --timezone x", "no such option --timezone; did you mean --tz?"),
        ("estimate hello.txt --out 1", "no such option --out; did you mean --output-tokens?"),
        ("estimate hello.txt --requsts 1", "no such option --requsts; did you mean --requests?"),
        ("estimate hello.txt --reasoning", "no such option --reasoning; did you mean --thinking?"),
        ("estimate hello.txt --stream", "no such option --stream; streaming changes no cost"),
        ("estimate hello.txt --frobnicate", "no such option --frobnicate; see dscost estimate"),
        ("estimate hello.txt --exclude x", "no such option --exclude; files are left out with"),
        ("estimate hello.txt --xlsx", "no such option --xlsx; did you mean --csv?"),
        (
            "estimate hello.txt --html",
            "no such option --html; for a web page: dscost estimate ",
        ),
        ("estimate hello.txt --max-cost", "--max-cost has no value; write --max-cost X; a shell "),
        ("bill --by date", "--by 'date' is not one of 'day', 'week', 'month', 'hour', 'session', "),
        ("estimate hello.txt --cache-hit 1", "no such option --cache-hit; did you mean --cache-h"),
        ("estimate hello.txt -model pro", "no such option -model; did you mean --model?"),
        ("estimate hello.txt -j", "no such option -j; did you mean --json?"),
        (
            "estimate hello.txt --text x",
            "no such option --text; pipe it in: echo '...' | dscost",
        ),
        ("estimate a.pdf --pages 1-9", "no such option --pages; for pages of a PDF: pdftotext"),
        ("bill --summary", "no such option --summary; the total is always shown"),
        (
            "estimate batch.jsonl --sample 100",
            "no such option --sample; for the first lines of a batch: head -n 100 FILE",
        ),
        ("estimate hello.txt --no-color", "no such option --no-color; set NO_COLOR=1"),
        ("estimate hello.txt --save a.md", "no such option --save; for a file: dscost estimate"),
        (
            "estimate hello.txt -o a.html",
            "--output-tokens 'a.html' is not a whole number; -o sets ",
        ),
        ("chat hello.txt -o 300", "no such option -o; did you mean --answer-tokens?"),
        ("bill -m flash", "no such option -m; did you mean --by model?"),
        ("-m flash estimate hello.txt", "no such option -m before a command; options follow the "),
        ("--json bill", "no such option --json before a command; options follow the command: dsc"),
        ("-v", "no such option -v before a command; did you mean -V?"),
        ("diff", "nothing to compare is given; for two versions: dscost diff old.txt new.txt"),
        ("diff a b --fail-on 1%", "no such option --fail-on; did you mean --max-increase?"),
        ("diff a b --max-cost 1", "no such option --max-cost; did you mean --max-increase?"),
        ("diff a b --md", "no such option --md; did you mean --markdown?"),
        ("/?", "no such command '/?'; did you mean dscost --help?"),
        ("login", "no such command 'login'; no API key is needed"),
        ("today", "no such command 'today'; did you mean dscost bill --since today?"),
        ("EstimAte", "no such command 'EstimAte'; did you mean dscost estimate?"),
        ("What is it?", "no such command 'What'; to give a text itself: echo 'What is it?' | "),
        ("What is", "no such command 'What'; see dscost --help"),
        ("helo.txt", "no such command or file 'helo.txt'; did you mean hello.txt?"),
        ("other.md", "no such command or file 'other.md'; see dscost --help"),
        ("render a.json a.html", "unexpected argument 'a.html'; to write a file: --to FILE"),
        ("config set model pro", "unexpected argument 'set model pro'; settings are written in"),
        ("check", "no request is given; name a JSON file: dscost check request.json"),
        ("chat", "no file is given; name one, or give - for what is piped in"),
        ("count hello.txt --input 5", "no such option --input; for a number of tokens: dscost est"),
        ("bill --month", "no such option --month; did you mean --by month?"),
        ("bill --daily", "no such option --daily; did you mean --by day?"),
        ("bill --from 2026-11", "no such option --from; did you mean --since?"),
        ("bill --end 2026-11", "no such option --end; did you mean --until?"),
        ("compare hello.txt --month 3", "no such option --month; did you mean --per-month?"),
        ("bill hello.txt --days 1", "no such option --days; did you mean --since 7d?"),
        ("compare hello.txt --days 1", "no such option --days; did you mean --per-day?"),
        ("compare hello.txt --daily", "no such option --daily; did you mean --per-day?"),
        ("estimate hello.txt --days 1", "no such option --days; for many requests: --requests N"),
        ("bill --week", "no such option --week; did you mean --by week?"),
    ],
)
def test_a_wrong_guess_gets_the_right_hint_or_none(
    dscost: Dscost, hello: Path, args: str, hint: str
) -> None:
    ran = dscost(*args.split())

    assert hello.exists()
    assert (ran.code, ran.out) == (2, "")
    assert ran.problem.startswith(f"error: {hint}")


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (["estimate", "Sum up"], "to give a text itself: echo 'Sum up' | dscost estimate -"),
        (["Sum up"], "to give a text itself: echo 'Sum up' | dscost estimate -"),
        (["count", "it's so"], """to give a text itself: echo 'it'"'"'s so' | dscost count -"""),
        (["chat", "word " * 50], "to give a text itself: echo '...' | dscost chat -"),
        (["count", "a\n\x1b[2J"], "to give a text itself: echo '...' | dscost count -"),
        (["count", "What", "is", "it?"], "to give a text itself: echo 'What is it?' | dscost"),
        (["bill", "logs"], "give a log of responses: a file, a folder, or - for stdin"),
        (["compare", "flash", "pro"], "compare takes a prompt; name models with -m"),
        (["estimate", "-m", "v3", "hello.txt"], "dscost prices DeepSeek models only: flash, pro"),
        (["estimate", "-m", "gpt-4o", "hello.txt"], "dscost prices DeepSeek models only: "),
        (["estimate", "-m", "flsh", "hello.txt"], "did you mean flash"),
        (["estimate", "--system", "Be brief", "hello.txt"], "--system takes a file; for a text"),
        (["estimate", "“hello.txt”"], "did you mean hello.txt?"),
        (["count", "helo.txt"], "did you mean hello.txt?"),
        (["count", ".\\hello.txt"], "did you mean ./hello.txt?"),
        (["estimate", "*.txt"], "leave out the quotes, or name the folder and --glob PATTERN"),
        (["estimate", "5k"], "to estimate a number of tokens: --input-tokens 5k"),
        (["estimate", "hello.txt", "--thinking", "off"], "switches take no value: --thinking or"),
        (["count", "/help"], "did you mean dscost count --help?"),
        (["bill", "this", "month"], "did you mean dscost bill --by month?"),
        (["bill", "today"], "did you mean dscost bill --since today?"),
        (["bill", "claude"], "did you mean dscost bill --agent claude?"),
        (["estimate", "hello.txt", "--max-cost", "5", "USD"], "did you mean --currency USD?"),
        (["estimate", "hello.txt", "-o", "2", "pages"], "give a text file, a directory, or -"),
        (["estimate", "help"], "did you mean dscost estimate --help?"),
    ],
)
def test_a_text_or_a_model_in_place_of_a_file_gets_its_own_hint(
    dscost: Dscost, hello: Path, args: list[str], hint: str
) -> None:
    ran = dscost(*args)

    assert hello.exists()
    assert (ran.code, ran.out) == (2 if len(args) == 1 else 1, "")
    assert f"; {hint}" in ran.problem
    assert ran.err.count("\n") == 2


def test_a_file_alone_is_estimated_with_a_note(dscost: Dscost, hello: Path) -> None:
    options = ("--at", "2026-11-23T02:00Z", "--json")
    alone, named = dscost(hello, *options), dscost("estimate", hello, *options)

    assert alone.code == 0
    assert alone.err == "note: hello.txt is a file: running dscost estimate\n"
    assert '"command": "estimate"' in alone.out
    assert alone.out == named.out


@pytest.mark.parametrize("args", [["-V"], ["version"], ["--version"]])
def test_the_version_has_three_names(dscost: Dscost, args: list[str]) -> None:
    ran = dscost(*args)

    assert ran.code == 0
    assert ran.out.startswith("dscost 0.")


def test_help_is_a_command_too(dscost: Dscost) -> None:
    assert dscost("help", "estimate") == dscost("estimate", "--help")
    assert dscost("help").out == dscost("--help").out
    assert dscost("help", "when").out == dscost("when", "--help").out


def test_a_file_that_is_called_as_a_command_does_not_hide_it(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("when").write_text("Hello")

    assert dscost("when", "--json").out.startswith(
        '{\n  "schema_version": "1",\n  "command": "when"'
    )


def test_a_dash_or_a_folder_alone_is_estimated(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hello.open("rb") as file, os.fdopen(os.dup(file.fileno())) as piped:
        monkeypatch.setattr("sys.stdin", piped)
        assert dscost("-").err.startswith("note: standard input: running dscost estimate\n")

    assert dscost(".").err.startswith("note: . is a folder: running dscost estimate\n")


def test_a_report_that_is_piped_in_needs_no_dash(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = dscost("count", hello, "--json").out
    hello.with_name("report.json").write_text(report)
    with Path("report.json").open("rb") as file, os.fdopen(os.dup(file.fileno())) as piped:
        monkeypatch.setattr("sys.stdin", piped)

        ran = dscost("render", "-f", "plain")

    assert ran == dscost("count", hello, "--plain")


def test_what_is_piped_in_needs_no_dash(
    dscost: Dscost, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = dscost("count", hello, "--plain").out
    with hello.open("rb") as file, os.fdopen(os.dup(file.fileno())) as piped:
        monkeypatch.setattr("sys.stdin", piped)

        ran = dscost("count", "--plain")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == named.replace("hello.txt", "standard input")


@pytest.mark.parametrize("command", ["estimate", "count"])
def test_nothing_is_read_from_a_device_without_a_dash(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    with Path(os.devnull).open() as device:
        monkeypatch.setattr("sys.stdin", device)

        ran = dscost(command)

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem == (f"error: no file is given; name one, or pipe it into dscost {command}\n")


def test_models_can_be_listed_in_one_option(dscost: Dscost, hello: Path) -> None:
    each = dscost("count", hello, "-m", "flash", "-m", "pro").out

    assert dscost("count", hello, "-m", "flash,pro").out == each
    assert dscost("count", hello, "-m", "flash pro").out == each


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("1000", 1_000), ("1k", 1_000), ("1K", 1_000), ("1.5k", 1_500), ("0", 0)),
        *(
            ("1M", 1_000_000),
            ("1,000,000", 1_000_000),
            ("1_000_000", 1_000_000),
            ("2 m", 2_000_000),
        ),
    ],
)
def test_a_whole_number_is_read_as_people_write_it(text: str, number: int) -> None:
    assert whole_number(0, None)(text) == number


@pytest.mark.parametrize(
    "text", ["", "k", "1.5", "1.000", "1,00", "1,0000", "1.0001k", "1e3", "1kk", "٣", "9" * 19]
)
def test_what_may_be_another_number_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="not a whole number; write it like 1000, 1,000"):
        whole_number(0, None)(text)


def test_a_thousand_requests_cost_the_same_however_they_are_written(
    dscost: Dscost, hello: Path
) -> None:
    ran = [
        dscost("estimate", hello, "-n", n, "-o", "500", "--json") for n in ("1000", "1k", "1,000")
    ]

    assert ran[0].code == 0
    assert len({json.loads(one.out)["estimates"][0]["cost"]["total"] for one in ran}) == 1


def test_rmb_is_the_price_list_in_yuan(dscost: Dscost, hello: Path) -> None:
    assert (
        json.loads(dscost("estimate", hello, "--currency", "rmb", "--json").out)["currency"]
        == "CNY"
    )

    refused = dscost("estimate", hello, "--currency", "EUR")

    assert (refused.code, refused.out) == (2, "")
    assert (
        "--currency 'EUR' is not a currency of DeepSeek's price lists; write USD or CNY"
        in refused.problem
    )


@pytest.mark.parametrize(
    "old", [("--output", "a.md"), ("--output=a.md",), ("-o", "a.md"), ("-oa.md",)]
)
def test_an_old_name_works_and_names_the_new_one(
    dscost: Dscost, hello: Path, old: tuple[str, ...]
) -> None:
    hello.with_name("a.json").write_text(dscost("count", hello, "--json").out)

    ran = dscost("render", "a.json", *old)

    name = old[0].partition("=")[0].removesuffix("a.md")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == f"warning: {name} is now --to; the next version will not know the old name\n"
    assert Path("a.md").read_text().count("hello.txt")


def test_the_old_name_of_the_template_works(dscost: Dscost) -> None:
    at = ("--at", "2026-11-23T02:00Z")

    ran = dscost("when", *at, "--format", "{tier}")

    assert (ran.code, ran.out) == (0, "peak\n")
    assert ran.err.startswith("warning: --format is now --template; ")
    assert dscost("when", *at, "--template", "{tier}") == (0, "peak\n", "")


STREAM = 'data: {"object": "chat.completion.chunk", "model": "deepseek-v4-pro"}\n\ndata: [DONE]\n'
HAR = '{"log": {"entries": []}}'


@pytest.mark.parametrize(
    "command", ["estimate --at 2026-11-23T02:00Z", "count", "compare --at 2026-11-23T02:00Z"]
)
def test_a_stream_counted_as_text_is_called_a_log(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a b.txt").write_text(STREAM)
    hint = "note: {} is a log (a stream), counted as text; dscost bill {} prices it\n"

    words = command.split()
    assert dscost(*words, "a b.txt").err == hint.format("a b.txt", "'a b.txt'")
    Path("text").write_text("data: Hello")
    assert dscost(*words, "text").err == ""


@pytest.mark.parametrize("command", ["estimate", "count", "cache"])
def test_a_log_that_is_no_prompt_gets_a_tip_with_its_format(
    dscost: Dscost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.har").write_text(HAR)
    Path("other.json").write_text('{"a": 1}')

    tip = "tip: it is a log (HAR): dscost bill a.har adds up what it cost\n"
    assert dscost(command, "a.har").err.endswith(tip)
    assert "bill" not in dscost(command, "other.json").err
    Path("usage.csv").write_text("day,prompt_tokens\n1,2\n")
    assert (
        "tip: it is a log (a table of token counts): dscost bill"
        in dscost("count", "usage.csv").err
    )


def test_prompts_are_not_billed_and_what_prices_them_is_named(dscost: Dscost, hello: Path) -> None:
    Path("a.json").write_text('{"model": "deepseek-v4-pro", "messages": []}')

    text, request = dscost("bill", hello), dscost("bill", "a.json")

    tip = "tip: dscost estimate prices"
    assert text.err == f"error: hello.txt: a text, not a log of responses\n{tip} prompts\n"
    assert request.err == f"error: a.json: requests, not responses\n{tip} them\n"


def test_a_short_option_may_have_an_equals_sign(dscost: Dscost, hello: Path) -> None:
    at = ("--at", "2026-11-23T02:00Z", "--json")

    written = dscost("estimate", hello, "-o=300", "-m=pro", *at)

    assert written.code == 0
    assert written == dscost("estimate", hello, "-o", "300", "-m", "pro", *at)
    assert dscost("estimate", "--", "-o=300").problem.startswith("error: -o=300: no such file")


def test_every_suggestion_exists() -> None:
    assert {meant.split()[0] for meant in COMMANDS.values()} <= set(NAMES)
    params = [param for command in NAMES for param in load(command).params]
    known = {name for param in params for name in (*param.opts, *param.secondary_opts)}
    meant = {one.split()[0] for several in OPTIONS.values() for one in several}
    assert {option for option in meant if option.startswith("--")} <= known
    of_render = {name for param in load("render").params for name in param.opts}
    assert {options.split()[0] for _, options in FORMATS.values()} <= of_render


@pytest.mark.parametrize("name", ["deepseek/deepseek-v4-pro", "work/pro", "DeepSeek-V4-Pro[1m]"])
@pytest.mark.parametrize("command", ["count", "estimate", "compare", "cache", "prices"])
def test_models_have_the_names_that_tools_write(
    dscost: Dscost, hello: Path, command: str, name: str
) -> None:
    files = () if command == "prices" else (hello,)
    at = () if command == "count" else ("--at", "2026-11-23T02:00Z")

    written = dscost(command, *files, "-m", name, *at, "--json")

    assert (written.code, written.out) == (
        0,
        dscost(command, *files, "-m", "pro", *at, "--json").out,
    )


@pytest.mark.parametrize(
    "name",
    [
        "deepseek-v4-pro[1m]",
        "deepseek/deepseek-v4-pro",
        "work/deepseek-v4-pro",
        "deepseek-official/deepseek-v4-pro",
        "openai-api/deepseek/deepseek-v4-pro",
    ],
)
def test_a_bill_and_an_estimate_know_models_by_the_same_names(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    costs = []
    for written in (name, "deepseek-v4-pro"):
        log = tmp_path / "log.jsonl"
        counts = {"prompt_cache_hit_tokens": 0, "prompt_tokens": 1000, "completion_tokens": 100}
        log.write_text(json.dumps({"time": "2026-11-23T05:00Z", "model": written, "usage": counts}))
        bill = json.loads(dscost("bill", log, "--json").out)
        body = {"model": written, "messages": [{"role": "user", "content": "Hello"}]}
        (tmp_path / "body.json").write_text(json.dumps(body))
        at = ("--at", "2026-11-23T05:00Z", "-o", "100", "--json")
        estimate = json.loads(dscost("estimate", tmp_path / "body.json", *at).out)
        costs.append((bill["total"]["cost"], estimate["estimates"][0]["cost"]))

    assert costs[0] == costs[1]


@pytest.mark.parametrize("name", ["deepseek-chat", "deepseek-reasoner"])
def test_a_retired_name_that_is_answered_again_is_billed_and_estimated_as_flash(
    dscost: Dscost, tmp_path: Path, name: str
) -> None:
    log = tmp_path / "log.jsonl"
    counts = {"prompt_cache_hit_tokens": 0, "prompt_tokens": 1000, "completion_tokens": 100}
    at = "2026-09-10T04:00Z"
    log.write_text(json.dumps({"time": at, "model": name, "usage": counts}))
    bill = json.loads(dscost("bill", log, "--json").out)
    given = ("--input-tokens", "1000", "-o", "100", "--at", at, "-m", name, "--json")
    estimate = json.loads(dscost("estimate", *given).out)

    # 1,000 misses at $0.15 a million and 100 tokens of output at $0.60
    assert bill["total"]["cost"]["total"] == "0.00021"
    assert estimate["estimates"][0]["cost"]["total"] == "0.00021"


def test_a_model_of_another_host_is_refused_by_its_host(dscost: Dscost, hello: Path) -> None:
    ran = dscost("count", hello, "-m", "openrouter/deepseek/deepseek-v4-pro")

    assert (ran.code, ran.out) == (1, "")
    assert "is served by openrouter, not by DeepSeek's API" in ran.err
