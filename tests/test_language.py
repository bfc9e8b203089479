"""Words that the pages, the help and the tips avoid."""

import re
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
