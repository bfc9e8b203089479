"""Content that git stores elsewhere (LFS, submodules) is named in any folder, never counted."""

import json
from pathlib import Path

import pytest

from tests.conftest import Dscost
from tests.repository import Repository

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'6f' * 32}\nsize 90405214\n"


@pytest.fixture
def prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a text, an LFS pointer, and a submodule with a text."""
    other = Repository(tmp_path / "other")
    other.commit({"x.txt": "Hello"})
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.folder)
    repository.commit({"prompts/a.txt": "Hello"})
    allowed = ("-c", "protocol.file.allow=always")
    repository.git(*allowed, "submodule", "--quiet", "add", f"file://{other.folder}", "prompts/sub")
    repository.commit({"prompts/big.txt": POINTER})
    return repository.folder / "prompts"


@pytest.mark.usefixtures("prompts")
@pytest.mark.parametrize("command", ["estimate", "count"])
def test_they_are_named_and_not_counted(dscost: Dscost, command: str) -> None:
    found = dscost(command, "prompts", "--json")

    report = json.loads(found.out)
    assert found.code == 0
    assert [one["source"] for one in report["inputs"]] == ["prompts/a.txt"]
    assert report["warnings"][:2] == [
        "left out 1 submodule: prompts/sub",
        "left out 1 file kept in Git LFS: prompts/big.txt",
    ]


@pytest.mark.parametrize("deinit", [False, True])
def test_a_submodule_is_named_whether_it_is_checked_out_or_not(
    dscost: Dscost, prompts: Path, *, deinit: bool
) -> None:
    if deinit:
        Repository(prompts.parent).git("submodule", "--quiet", "deinit", "-f", "prompts/sub")

    assert "left out 1 submodule: prompts/sub" in dscost("count", "prompts").err


@pytest.mark.usefixtures("prompts")
def test_a_limit_cannot_be_kept_for_them(dscost: Dscost) -> None:
    ran = dscost("estimate", "prompts", "--max-cost", "100", "-o", "1")

    assert ran.code == 3
    assert "not counted: prompts/sub: a submodule, and 1 more" in ran.err


@pytest.mark.usefixtures("prompts")
def test_a_pointer_that_is_asked_for_is_an_error(dscost: Dscost) -> None:
    ran = dscost("count", "prompts/big.txt")

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem == "error: prompts/big.txt: kept in Git LFS, not here; run git lfs pull\n"
