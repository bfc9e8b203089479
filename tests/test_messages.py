"""Messages below the command line name no options; the command line adds the flags."""

import ast
import pickle
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import deepseek_cost
from deepseek_cost.cli.command import NAMES, load
from deepseek_cost.cli.wording import FLAGS, STEPS, in_flags, message_of, with_flags
from deepseek_cost.errors import Advice, Advised, InputError, UsageError, placed

AT = datetime(2026, 11, 23, 2, tzinfo=UTC)
PACKAGE = Path(deepseek_cost.__file__).parent
# Below the command line; `__main__` is its entry point.
BELOW = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ("cli", "__main__.py")
]
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*|-[a-zA-Z])(?![\w-])")
# A CSS variable.
CSS = re.compile(r"var\(--")
ADVICE = [step for name, step in vars(Advice).items() if name.isupper()]
# Commands of other programs that a message may suggest to a user.
OTHER_PROGRAMS = re.compile(r"zstd -d --long=31|\b(git|pip) [a-z][\w.-]*( -{1,2}[\w.-]+| [\w.]+)*")
# Values that the contract allows for a report's `command`.
COMMANDS = {"prices --check", "prices --history", "bill --calibrate"}


def is_of_options(text: str) -> bool:
    """Return whether a text names a command-line option."""
    return bool(OPTION.search(CSS.sub("", OTHER_PROGRAMS.sub("", text))))


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield a module's string constants that a user may see, with their lines.

    Excluded are docstrings, descriptions of fields in the JSON schema, and arguments for git.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Meta":
            values = [keyword.value for keyword in node.keywords if keyword.arg == "description"]
            left_out |= {id(part) for value in values for part in ast.walk(value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_argument = path.name in ("git.py", "git_tree.py") and node.value.startswith("-")
            if id(node) not in left_out and node.value not in COMMANDS and not is_argument:
                yield node.lineno, node.value


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(
            path,
            id=path.relative_to(PACKAGE).as_posix(),
        )
        for path in BELOW
    ],
)
def test_no_text_below_the_command_line_names_an_option(path: Path) -> None:
    named = [f"{line}: {text!r}" for line, text in texts_of(path) if is_of_options(text)]
    assert named == []


def test_the_search_finds_long_and_short_options_and_spares_other_programs(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        '"""Like --docs."""\n'
        'a = f"{0}; give --encoding"\n'
        'b = "or -c 0.8"\n'
        'c = "run git fetch --refetch"\n'
        'd = "prices --check"\n'
        'e = Meta(description="with --breakdown")\n'
        'f = "well-known, 2-3 and --"\n',
        encoding="utf-8",
    )
    found = [line for line, text in texts_of(source) if is_of_options(text)]
    assert sorted(found) == [2, 3]


def test_every_step_has_a_wording_with_the_same_values() -> None:
    assert set(STEPS) == set(ADVICE)
    assert {step: text.count("{}") for step, text in STEPS.items()} == {
        step: step.count("{}") for step in ADVICE
    }
    assert not [step for step in ADVICE if OPTION.search(step)]


def test_every_flag_of_the_table_is_an_option_of_a_command() -> None:
    known = {
        flag
        for name in NAMES
        for param in load(name).params
        for flag in (*param.opts, *param.secondary_opts)
    }
    texts = [*FLAGS.values(), *STEPS.values()]
    used = {flag for text in texts for flag in OPTION.findall(text)}
    assert used
    assert used - known == set()


def test_an_error_is_plain_words_in_python_and_a_flag_on_the_command_line() -> None:
    error = UsageError("is not a share between 0 and 1", field="cache_hit_ratio", value="5")
    assert str(error) == "cache_hit_ratio: '5' is not a share between 0 and 1"
    assert message_of(error) == "--cache-hit-ratio '5' is not a share between 0 and 1"

    error = UsageError("is more than it gives", field="output_tokens", value=500_000)
    assert str(error) == "output_tokens: 500,000 is more than it gives"
    assert message_of(error) == "--output-tokens 500,000 is more than it gives"

    error = UsageError("nobody answers", field="dask", value="tcp://localhost")
    assert str(error) == "dask: tcp://localhost: nobody answers"
    assert message_of(error) == "--dask tcp://localhost: nobody answers"

    error = UsageError("http would send the key unencrypted", field="base_url")
    assert str(error) == "base_url: http would send the key unencrypted"
    assert message_of(error) == "--base-url: http would send the key unencrypted"


def test_a_next_step_is_in_plain_words_until_the_command_line_says_its_flag() -> None:
    unknown = Advised("no such model", Advice.OWN_PRICES)
    found = Advised(placed("a.jsonl:1:1: ", unknown), Advice.OTHER_MODEL)
    assert found == (
        "a.jsonl:1:1: no such model; add one to a price table of your own; "
        "name another model to price"
    )
    assert with_flags(found) == (
        "a.jsonl:1:1: no such model; add one to your own table and pass it with --prices; "
        "price another model with --model"
    )
    assert with_flags("as it is; --at") == "as it is; --at"


def test_values_of_a_message_are_never_read_as_a_template() -> None:
    found = Advised("{name}.parquet: ", Advice.COLUMN, "{0}, {}")
    assert (
        with_flags(found) == "{name}.parquet: name the prompts with --column NAME; it has {0}, {}"
    )


def test_errors_and_their_steps_survive_the_way_from_a_worker() -> None:
    error = InputError(Advised("not utf-8", Advice.ENCODING_LIKELY, "utf-16"))
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
    assert with_flags(message_of(copy)) == "not utf-8; it looks like --encoding utf-16"
    assert str(copy) == str(error) == "not utf-8; it looks like utf-16"

    usage = pickle.loads(pickle.dumps(UsageError("is none", field="glob", value="[")))  # noqa: S301
    assert message_of(usage) == "--glob '[' is none"


def test_a_report_made_in_python_names_arguments_and_that_of_the_command_line_flags() -> None:
    report = deepseek_cost.estimate_report("hello", at=AT, cache_hit_ratio="0.5")
    asked = {one.about: one.set_by for one in report.assumptions}
    assert asked["cache_hit_ratio"] == "cache_hit_ratio"
    flags = {one.about: one.set_by for one in in_flags(report).assumptions}
    assert flags["cache_hit_ratio"] == "--cache-hit-ratio"
    assert flags["thinking"] == "--thinking/--no-thinking"
    # The rest of the report is the same.
    assert in_flags(report).estimates == report.estimates
