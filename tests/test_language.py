"""Words that the pages, the help and the tips avoid."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deepseek_cost.cli.command import ALL_NAMES
from deepseek_cost.cli.wording import STEPS
from deepseek_cost.errors import Advice
from tests.conftest import ROOT, Dscost

# What not to write, and what to write instead.
WORDS = {
    r"tells?|told": "show, report",
    r"h[eo]lds? [^.]*\bagainst": "compare with",
    r"held against": "compare with",
    r"stands? (beside|in|with|for)": "is, is listed",
    r"beside": "next to, and",
    r"did cost": "cost, spent",
    r"dear|dearest": "most expensive",
    r"share of hits": "cache hit rate",
    r"in flight": "concurrency limit",
    r"slips?": "typo",
    r"instants?": "time",
    r"(is|are) none": "there is no",
    r"noughts?": "zero",
}
# The same for names in the code, whose words are apart by underscores or capitals.
NAMES = re.compile(
    r"(^|_)(take|tells?|told|said|beside|dear|dearer|dearest|instants?|slips?|nought|answers?|floor|"
    r"ceiling)(_|$)"
)
IN_REPORTS = "a field of the JSON, whose names stay the same in a version of the contract"
# In names of tests, which are sentences, a verb such as "takes" is no metaphor.
IN_TESTS = re.compile(
    r"(^|_)(tells?|told|said|beside|dear|dearer|dearest|instants?|slips?|nought|answers?|floor|"
    r"ceiling|which_is_none|that_is_none)(_|$)"
)
ALLOWED = {
    "answer": "the parameter of price_answer and the plan of --answer-tokens",
    "answer_tokens": "of the option --answer-tokens",
    "AnswerTokens": "of the option --answer-tokens",
    "_ANSWER": "what errors of price_answer call its argument",
    "price_answer": "a public name",
    "take": "a public name: deprecated, for one version",
    "other_instant": "the other of start and end: an instant in the strict sense",
    "INSTANT": "a value in the price table",
    "tier_instant": "a key of the price table",
    **dict.fromkeys(("answers", "dearer", "dearest", "output_ceiling"), IN_REPORTS),
    **dict.fromkeys(("at_floor", "at_ceiling", "floor", "ceiling", "Ceiling"), IN_REPORTS),
    **dict.fromkeys(("floor_at", "ceiling_at", "_output_ceiling"), "computes such a field"),
}
FORBIDDEN = re.compile(rf"\b({'|'.join(WORDS)})\b", re.IGNORECASE)
# Code and program output: names of fields and values are exempt.
CODE = re.compile(r"^```.*?^```$|^ {4}.*?$|`[^`]*`|<!--.*?-->", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def found(text: str) -> list[str]:
    return [match[0] for match in FORBIDDEN.finditer(text)]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_pages_are_in_plain_words(page: Path) -> None:
    assert found(CODE.sub("", page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("name", ["", *ALL_NAMES])
def test_help_is_in_plain_words(dscost: Dscost, name: str) -> None:
    assert found(dscost(*name.split(), "-h").out) == []


def test_tips_are_in_plain_words() -> None:
    advice = [text for name, text in vars(Advice).items() if name.isupper()]
    assert found("\n".join([*STEPS.values(), *advice])) == []


def names_in(path: Path) -> Iterator[str]:
    """Yield the names that a module defines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def test_names_in_the_code_are_plain_words_or_have_a_reason() -> None:
    names = {name for path in (ROOT / "deepseek_cost").rglob("*.py") for name in names_in(path)}
    words = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower() for name in names}

    assert {name for name, word in words.items() if NAMES.search(word)} == set(ALLOWED)


def test_names_in_the_tests_are_plain_words() -> None:
    folders = ("tests", "benchmarks", "docs", "examples")
    names = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for name in names_in(path)
        if name not in ALLOWED
    }

    assert [
        name for name in sorted(names) if IN_TESTS.search(name.partition(": ")[2].lower())
    ] == []


def test_the_search_finds_such_words_outside_of_code() -> None:
    page = (
        'A slip is told.\n\n```toml\nprecision = "instant"\n```\n\nIt holds both\nagainst `told`.'
    )
    assert found(CODE.sub("", page)) == ["slip", "told", "holds both\nagainst"]


def test_an_entry_of_the_changelog_is_short() -> None:
    """A merge that brings back the text before it was edited has longer ones."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    entries = re.split(r"^- ", unreleased, flags=re.MULTILINE)[1:]

    long = [one for one in entries if len(one.partition("\n\n")[0].splitlines()) > 4]

    assert long == []
