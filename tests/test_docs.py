"""README and pages: every example runs and prints what the page shows; pictures are current."""

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import deepseek_cost
from deepseek_cost.cli.command import ALL_NAMES, NAMES, load
from docs import examples, pictures, references, what_is_billed
from docs.examples import Block
from tests.conftest import ROOT, report_schema

PAGES = examples.pages()
BLOCKS = [block for page in PAGES for block in examples.blocks(page)]
RUN = [block for block in BLOCKS if not block.why_not and not block.fake]
CONSOLE = [block for block in RUN if block.language == "console"]
SCRIPTS = [block for block in RUN if block.language == "sh"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return examples.lay_out(tmp_path)


@pytest.mark.parametrize("example", CONSOLE, ids=str)
def test_an_example_prints_what_the_page_shows(example: Block, checkout: Path) -> None:
    assert example.text.startswith("$ ")

    for command, output in example.commands():
        assert examples.run(command, checkout) == output


@pytest.mark.parametrize("example", SCRIPTS, ids=str)
def test_a_script_without_output_on_the_page_runs(example: Block, checkout: Path) -> None:
    ran = examples.run(f"set -e\n{example.text}\necho done", checkout)

    assert ran.endswith("\ndone\n")


def test_no_example_hides_from_these_tests_for_want_of_a_fence() -> None:
    assert {page.name: found for page in PAGES if (found := examples.unfenced(page))} == {}


@pytest.mark.parametrize(
    "page", sorted({block.page for block in RUN if block.language == "python"})
)
def test_the_python_of_a_page_gives_what_its_comments_say(
    page: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    code = "".join(b.text for b in RUN if (b.page, b.language) == (page, "python"))
    names: dict[str, object] = {}

    for statement in re.split(r"\n(?=[^\s)\]}])", code):
        expression, _, comment = statement.partition("  # ")
        if comment:
            assert repr(eval(expression, names)) == comment.strip()  # noqa: S307 - our own page
        else:
            exec(statement, names)  # noqa: S102 - likewise


def test_the_page_of_what_is_billed_has_what_the_renderer_counts_now() -> None:
    assert what_is_billed.PAGE.read_text(encoding="utf-8") == what_is_billed.page()


def test_the_pages_have_examples_of_every_command() -> None:
    shown = "".join(block.text for block in BLOCKS if not block.why_not)

    assert [name for name in NAMES if f"dscost {name}" not in shown] == []


def test_what_nobody_runs_is_known_and_says_why() -> None:
    not_run = Counter(block.page for block in BLOCKS if block.why_not)

    # Nothing checks a block that is not run, so adding one needs a reason.
    assert not_run == {
        "README.md": 1,
        "docs/development.md": 2,
        "docs/prices.md": 2,
        "docs/recipes.md": 1,
        "docs/releasing.md": 2,
    }
    assert {block.language for block in RUN} == {"console", "python", "sh"}


def test_the_options_that_pages_name_are_there() -> None:
    """Options named with a command must be options of that command, according to the parser."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    known = {name: _options(name) for name in ALL_NAMES}
    anywhere = set().union(*known.values(), _TOP_OPTIONS)
    option = r"(?<![\w-])--[a-z][a-z-]+"

    with_command = re.findall(
        rf"dscost ({'|'.join(sorted(ALL_NAMES, reverse=True))}) ([^`\n|]*)", text
    )
    alone = re.findall(rf"`({option})[^`]*`", text)

    assert len(with_command) > 50
    assert len(alone) > 50
    wrong = {
        (name, one)
        for name, rest in with_command
        for one in re.findall(option, rest)
        if one not in known[name] | _TOP_OPTIONS
    }
    assert wrong == set()
    assert set(alone) - anywhere == set()


_TOP_OPTIONS = {"--help", "--version", "--no-config"}


def _options(command: str) -> set[str]:
    params = load(command).params
    return {name for param in params for name in (*param.opts, *param.secondary_opts)}


def test_the_pictures_show_what_the_tool_shows(tmp_path: Path) -> None:
    pictures.make(tmp_path)

    kept = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
    assert [path.name for path in kept] == sorted(path.name for path in tmp_path.glob("*.svg"))
    for path in kept:
        assert _words(path) == _words(tmp_path / path.name), "run: python docs/pictures.py"


def _words(picture: Path) -> list[str]:
    """Return the words in a picture, ignoring how the drawing library lays them out."""
    root = ET.parse(picture).getroot()  # noqa: S314 - our own
    return [text for node in root.iter() if node.tag.endswith("}text") for text in node.itertext()]


def test_the_reference_of_the_json_has_every_field_of_the_schema() -> None:
    schema = report_schema()
    fields = {name for part in schema["$defs"].values() for name in part.get("properties", {})}

    page = references.json_fields(schema)

    assert fields == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= {name.lower() for name in schema["$defs"]}


def test_the_reference_of_the_commands_has_every_command() -> None:
    page = references.commands()

    assert [name for name in NAMES if f"## `dscost {name}`" not in page] == []


def test_the_page_of_the_python_interface_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"^\.\. auto\w+:: (\w+)", page, re.MULTILINE)) == sorted(
        deepseek_cost.__all__
    )
