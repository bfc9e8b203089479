"""A folder in a repository is what git says it is: every tracked file is counted or named."""

import json
import os
from pathlib import Path

import pytest

from deepseek_cost.inputs.folders import find
from deepseek_cost.inputs.git import program_on
from tests.conftest import Dscost
from tests.repository import Repository

LIMIT = ("--max-cost", "100", "-o", "1", "--at", "2026-11-23T02:00Z")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Tracked files that are ignored by rules or hidden by name, and similar untracked files."""
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.folder)
    repository.commit({".gitignore": "local*\nbuilt/\n", "prompts/.ignore": "a.md\n"})
    for name in ("a.md", "local.txt", ".hidden.txt", "built/x.txt", "b.txt"):
        path = Path("prompts", name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("Hello")
    repository.git("add", "-f", "prompts")
    repository.commit({})
    for name in ("local2.txt", ".hidden2.txt", "built/y.txt", "c.txt"):
        Path("prompts", name).write_text("Hello")
    return repository


def counted(dscost: Dscost, *args: str) -> list[str]:
    ran = dscost(*args, "--json")
    assert ran.code == 0, ran.err
    return [one["source"] for one in json.loads(ran.out)["inputs"]]


TRACKED = [
    *("prompts/.hidden.txt", "prompts/.ignore", "prompts/a.md", "prompts/b.txt"),
    *("prompts/built/x.txt", "prompts/c.txt", "prompts/local.txt"),
]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("command", ["estimate", "count"])
def test_what_is_tracked_is_counted_whatever_a_rule_ignores_or_a_name_hides(
    dscost: Dscost, command: str
) -> None:
    assert counted(dscost, command, "prompts") == TRACKED


@pytest.mark.usefixtures("repository")
def test_from_within_and_by_globs_it_is_the_same(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counted(dscost, "count", "prompts", "--glob", "*.md") == ["prompts/a.md"]
    assert counted(dscost, "count", "prompts", "--glob", "!*.txt") == [
        "prompts/.ignore",
        "prompts/a.md",
    ]
    monkeypatch.chdir("prompts")
    assert counted(dscost, "count", ".") == [name.removeprefix("prompts/") for name in TRACKED]


def test_a_file_that_is_tracked_and_was_removed_is_not_there(
    dscost: Dscost, repository: Repository
) -> None:
    Path("prompts/local.txt").unlink()

    assert "prompts/local.txt" not in counted(dscost, "count", "prompts")
    assert repository.git("ls-files", "prompts/local.txt")


def test_what_a_sparse_checkout_leaves_out_is_named_and_fails_a_limit(
    dscost: Dscost, repository: Repository
) -> None:
    repository.commit({"prompts/far/away.txt": "Hello"})
    repository.git("sparse-checkout", "set", "--no-cone", "/*", "!/prompts/far/")
    assert not Path("prompts/far").exists()

    ran = dscost("estimate", "prompts", *LIMIT)

    assert ran.code == 3
    assert "left out 1 file not in this sparse checkout: prompts/far/away.txt" in ran.err
    assert "cannot be checked: not counted: prompts/far/away.txt" in ran.err


@pytest.mark.usefixtures("repository")
def test_a_link_to_a_file_is_the_file_and_others_are_named_and_fail_a_limit(
    dscost: Dscost,
) -> None:
    Path("shared").mkdir()
    Path("shared/long.txt").write_text("Hello " * 99)
    Path("prompts/link.txt").symlink_to("../shared/long.txt")
    assert "prompts/link.txt" in counted(dscost, "count", "prompts")
    assert dscost("estimate", "prompts", *LIMIT).code == 0
    for name, target, what in (
        ("folder", "../shared", "a folder"),
        ("broken", "nowhere", "nothing"),
    ):
        Path("prompts", name).symlink_to(target)

        ran = dscost("estimate", "prompts", *LIMIT)

        assert f"left out 1 symbolic link to {what}: prompts/{name}" in ran.err
        assert (ran.code, f"not counted: prompts/{name}: a symbolic link" in ran.err) == (3, True)
        Path("prompts", name).unlink()


@pytest.mark.usefixtures("repository")
def test_a_git_that_does_not_respond_is_named_and_fails_a_limit(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    ran = dscost("estimate", "prompts", *LIMIT)

    reported = (
        "prompts: tracked files that are hidden or ignored are not counted (git is not installed"
    )
    assert (ran.code, reported in ran.err) == (3, True)


@pytest.mark.usefixtures("repository")
def test_folders_are_compared_by_the_same_rule(dscost: Dscost) -> None:
    Path("empty").mkdir()
    Path("empty/b.txt").write_text("Hello")

    ran = dscost("diff", "empty", "prompts", "--json")

    added = [file["source"] for file in json.loads(ran.out)["files"]]
    assert sorted(added) == [
        name.removeprefix("prompts/") for name in TRACKED if name != "prompts/b.txt"
    ]


def test_text_is_known_by_its_first_bytes_and_is_not_opened_again_to_learn_it(
    tmp_path: Path,
) -> None:
    for name, text in (("a.txt", "Hello"), ("b.txt", '{"a": 1}'), ("c.json", "Hello")):
        (tmp_path / name).write_text(text)

    found = find([str(tmp_path)]).sources

    assert [(Path(one.name).name, one.is_plain, one.size) for one in found] == [
        ("a.txt", True, 5),
        ("b.txt", False, 8),
        ("c.json", False, 5),
    ]


@pytest.mark.parametrize("name", ["git", "git.exe"])
@pytest.mark.parametrize("entry", ["", ".", "bin", "./bin"])
def test_git_is_never_one_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, entry: str
) -> None:
    """Neither through a relative entry in PATH, nor because Windows looks there first."""
    folders = [tmp_path, tmp_path / "bin", tmp_path / "usr"]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)

    path = os.pathsep.join([entry, str(tmp_path / "usr")])

    assert program_on(path, name) == str(tmp_path / "usr" / name)
    assert program_on(entry, name) is None


def test_a_git_of_the_checked_repository_does_not_run(
    dscost: Dscost, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"prompts/b.txt": "Hello Hello"})
    Path("git").write_text("#!/bin/sh\ntouch pwned\n")
    Path("git").chmod(0o755)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.environ['PATH']}")

    assert dscost("diff", "HEAD~..HEAD", "prompts").code == 0
    assert dscost("count", "prompts").code == 0
    assert not Path("pwned").exists()
