"""Settings: flags override the environment, which overrides files, nearest first; typos."""

import json
from pathlib import Path
from typing import Any

import pytest

from deepseek_cost.cli.command import COMMANDS, Entry, load
from deepseek_cost.cli.settings import name_of, names
from deepseek_cost.pricing.loader import bundled
from tests.conftest import Dscost

AT = ("--at", "2026-11-23T02:00Z")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A one-token prompt in a folder inside a project, which is the current folder."""
    inner = tmp_path / "project" / "prompts"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    Path("hello.txt").write_bytes(b"Hello")
    return inner.parent


def estimate(dscost: Dscost, *options: str) -> dict[str, Any]:
    ran = dscost("estimate", "hello.txt", *AT, "--json", *options)
    assert ran.code == 0, ran.err
    report: dict[str, Any] = json.loads(ran.out)
    return report


def test_a_flag_beats_a_variable_which_beats_a_file_which_beats_the_default(
    dscost: Dscost, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert estimate(dscost)["currency"] == "USD"

    (project / "dscost.toml").write_text('currency = "CNY"\noutput-tokens = 100\n')
    assert estimate(dscost)["currency"] == "CNY"

    monkeypatch.setenv("DSCOST_OUTPUT_TOKENS", "200")
    assert estimate(dscost)["estimates"][0]["tokens"]["output"] == 200
    assert estimate(dscost, "-o", "300")["estimates"][0]["tokens"]["output"] == 300

    monkeypatch.setenv("DSCOST_CURRENCY", "")  # empty counts as not set
    assert estimate(dscost)["currency"] == "CNY"


def test_the_nearest_file_wins_key_by_key_and_dscost_toml_wins_in_one_folder(
    dscost: Dscost, project: Path
) -> None:
    Path("dscost.toml").write_text('currency = "CNY"\n')
    Path("pyproject.toml").write_text('[tool.dscost]\ncurrency = "USD"\nmodel = "pro"\n')
    (project / "pyproject.toml").write_text(
        '[tool.dscost]\nmodel = ["flash"]\noutput-tokens = 7\ncurrency = "USD"\n'
    )

    report = estimate(dscost)

    assert report["currency"] == "CNY"
    assert [entry["model"] for entry in report["estimates"]] == ["deepseek-v4-pro"]
    assert report["estimates"][0]["tokens"]["output"] == 7


def test_several_models_come_from_a_list_or_from_words_in_a_variable(
    dscost: Dscost, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "dscost.toml").write_text('model = ["v4-pro", "v4-flash"]\n')
    from_file = [entry["model"] for entry in estimate(dscost)["estimates"]]
    monkeypatch.setenv("DSCOST_MODEL", "v4-flash deepseek-flash")
    from_variable = [entry["model"] for entry in estimate(dscost)["estimates"]]

    assert from_file == ["deepseek-v4-pro", "deepseek-v4-flash"]
    assert from_variable == ["deepseek-v4-flash", "deepseek-flash"]


def test_a_share_is_read_as_it_is_written(dscost: Dscost, project: Path) -> None:
    (project / "dscost.toml").write_text("cache-hit-ratio = 0.80\n")

    noted = {note["about"]: note["value"] for note in estimate(dscost)["assumptions"]}

    assert noted["cache_hit_ratio"] == "0.80"


def test_a_file_that_a_setting_names_is_next_to_the_one_that_names_it(
    dscost: Dscost, project: Path
) -> None:
    (project / "system.txt").write_text("Hello")
    (project / "dscost.toml").write_text('system = "system.txt"\nmodel = "pro"\n')

    # one token for the prompt, one for the system message
    assert estimate(dscost)["estimates"][0]["tokens"]["text"] == 2


@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        ((), 97),  # effort max on Pro: 96 tokens of template, and the text
        (("--no-thinking",), 5),  # turns effort off
        (("--effort", "high"), 84),
    ],
)
def test_a_flag_puts_a_setting_aside_that_it_rules_out(
    dscost: Dscost, project: Path, options: tuple[str, ...], tokens: int
) -> None:
    (project / "dscost.toml").write_text('effort = "max"\nmodel = "pro"\n')

    (entry,) = estimate(dscost, *options)["estimates"]

    assert entry["tokens"]["input"] == tokens


def test_an_effort_on_the_command_line_turns_thinking_on_again(
    dscost: Dscost, project: Path
) -> None:
    (project / "dscost.toml").write_text('thinking = false\nmodel = "pro"\n')

    assert estimate(dscost)["estimates"][0]["tokens"]["input"] == 5
    assert estimate(dscost, "--effort", "max")["estimates"][0]["tokens"]["input"] == 97


def test_settings_of_prompts_leave_request_bodies_alone(dscost: Dscost, project: Path) -> None:
    body = {"model": "deepseek-v4-pro", "messages": [{"role": "user", "content": "Hello"}]}
    Path("body.json").write_text(json.dumps(body))
    (project / "dscost.toml").write_text("thinking = false\n")

    assert dscost("count", "body.json").code == 0
    assert dscost("count", "body.json", "--no-thinking").code == 2


def test_what_chose_the_price_table_is_reported(
    dscost: Dscost, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "own.toml").write_bytes(bundled().read_bytes())
    (project / "dscost.toml").write_text('prices = "own.toml"\n')

    assert estimate(dscost)["price_table"]["chosen_by"] == "../dscost.toml:prices"
    monkeypatch.setenv("DSCOST_PRICES", str(project / "own.toml"))
    assert estimate(dscost)["price_table"]["chosen_by"] == "DSCOST_PRICES"
    by_flag = estimate(dscost, "--prices", str(project / "own.toml"))
    assert by_flag["price_table"]["chosen_by"] == "--prices"


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ('modle = "pro"', "dscost.toml:modle: no such setting; did you mean model?"),
        ("zzz = 1", "dscost.toml:zzz: no such setting; dscost config lists them"),
        ("live = true", "dscost.toml:live: no such setting"),
        ('base-url = "http://x"', "dscost.toml:base-url: no such setting"),
        ("output_tokens = 1", "no such setting; did you mean output-tokens?"),
        ("output-tokens = true", "dscost.toml:output-tokens: write a whole number"),
        ("output-tokens = 1.5", "dscost.toml:output-tokens: write a whole number"),
        ("output-tokens = -1", "dscost.toml:output-tokens: -1 is less than 0"),
        ('thinking = "on"', "dscost.toml:thinking: write true or false"),
        ("tz = true", "dscost.toml:tz: write text, in quotes"),
        ("glob = [1979-05-27]", "dscost.toml:glob: write text, in quotes"),
        ("model = [['pro']]", "dscost.toml:model: write text, in quotes"),
        ('currency = "EUR"', "dscost.toml:currency: 'EUR' is not a currency"),
        ('cache-hit-ratio = "2"', "'2' is not a share between 0 and 1"),
        ('cache-hit-ratio = "2"', "; set by dscost.toml:cache-hit-ratio"),
        ('model = "gpt-5"', "; set by dscost.toml:model"),
        ('system = "nowhere.txt"', "nowhere.txt: no such file"),
        ("model = ", "dscost.toml: not valid TOML: Invalid value (at "),
        ("a." * 5_000 + "b = 1", "dscost.toml: a line is longer than 5,000 bytes"),
        ("x = " + "[" * 4_000, "dscost.toml: not valid TOML"),
        ("# " + "x\n" * 150_000, "dscost.toml: larger than 200,000 bytes"),
        ("output-tokens = " + "9" * 4_500, "dscost.toml: not valid TOML"),
        ('model = "\\u001b[31m"', "unknown model '\\x1b[31m'"),
        ('"\\u001b" = 1', "dscost.toml:\\x1b: no such setting"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_typo_in_a_file_is_one_line_that_names_it(
    dscost: Dscost, text: str, reported: str
) -> None:
    Path("dscost.toml").write_text(text)

    ran = dscost("estimate", "hello.txt", *AT)

    is_input = "unknown model" in ran.problem or "no such file" in ran.problem
    assert (ran.code, ran.out) == (1 if is_input else 2, "")
    assert reported in ran.problem
    assert ran.problem.startswith("error: ")
    assert ran.problem[:-1].isprintable()


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[tool]\ndscost = 1", "pyproject.toml: tool.dscost is not a table of settings"),
        ("tool = 1\n# dscost", "pyproject.toml: tool is not a table of settings"),
        ("[tool.dscost]\nmodle = 1", "pyproject.toml:tool.dscost.modle: no such setting"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_typo_in_pyproject_is_reported_with_its_key(
    dscost: Dscost, text: str, reported: str
) -> None:
    Path("pyproject.toml").write_text(text)

    ran = dscost("count", "hello.txt")

    assert (ran.code, ran.out) == (2, "")
    assert reported in ran.err


@pytest.mark.parametrize(
    ("variable", "value", "reported"),
    [
        (
            "DSCOST_OUTPUT_TOKENS",
            "many",
            "error: DSCOST_OUTPUT_TOKENS: 'many' is not a whole number; write it",
        ),
        ("DSCOST_CURRENCY", "EUR", "error: DSCOST_CURRENCY: 'EUR' is not a currency"),
        ("DSCOST_MAX_COST", "much", "'much' is not an amount"),
        ("DSCOST_MAX_COST", "much", "; set by DSCOST_MAX_COST"),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_typo_in_a_variable_is_one_line_that_names_it(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reported: str
) -> None:
    monkeypatch.setenv(variable, value)

    ran = dscost("estimate", "hello.txt", *AT)

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem
    assert reported in ran.problem


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    "args", [("count", "hello.txt"), ("config",), ("when", "--template", "{tier}")]
)
def test_a_nul_in_a_setting_is_refused_with_its_place(
    dscost: Dscost, args: tuple[str, ...]
) -> None:
    Path("dscost.toml").write_text('prices = "a\\u0000b"\n')

    ran = dscost(*args)

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "dscost.toml:prices: has a NUL" in ran.err


@pytest.mark.usefixtures("project")
def test_files_of_others_are_let_be(dscost: Dscost) -> None:
    Path("dscost.toml").mkdir()
    Path("pyproject.toml").write_text("this is [ no TOML, and names nothing of ours")

    assert dscost("count", "hello.txt").code == 0
    Path("dscost.toml").rmdir()
    Path("dscost.toml").write_text("nor = [ is this")
    assert dscost("count", "--help").code == 0
    assert dscost("count", "hello.txt").code == 2


@pytest.mark.parametrize("entry", COMMANDS)
def test_every_setting_of_a_command_is_in_the_list_that_files_are_compared_with(
    entry: Entry,
) -> None:
    # options of a single command are also declared in the option modules
    assert {name for option in load(entry.name).params if (name := name_of(option))} <= names()


def test_an_option_of_one_name_is_the_same_in_all_commands_but_for_its_default() -> None:
    declared: dict[str, tuple[object, ...]] = {}
    for entry in COMMANDS:
        for param in load(entry.name).params:
            if param.param_type_name != "option" or param.name is None:
                continue
            if (entry.name, param.opts[0]) == ("when", "--template"):
                continue  # --template is its own option here; in render it is the name of a format
            same = (
                param.opts,
                param.secondary_opts,
                param.envvar,
                param.metavar,
                param.multiple,
            )
            assert declared.setdefault(param.opts[0], same) == same, (param.opts[0], entry.name)


def test_what_costs_money_or_sends_a_key_elsewhere_is_no_setting() -> None:
    assert not {"live", "yes", "base-url", "dask"} & names()
