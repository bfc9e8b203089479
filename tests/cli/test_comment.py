"""The comment by the action, written with the real gh to a server with GitHub's API."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
import yaml

from tests.conftest import ROOT
from tests.github import GitHub

pytestmark = pytest.mark.skipif(which("gh") is None, reason="gh is not installed, or not on PATH")


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    # A socket's path must be short; gh connects to it instead of the network.
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "gh"
    settings.mkdir()
    (settings / "config.yml").write_text(f"http_unix_socket: {tmp_path / 's'}\n")
    monkeypatch.setenv("GH_CONFIG_DIR", str(settings))
    server = GitHub(tmp_path / "s")
    yield server
    server.close()


def comment(text: str, *, job: str = "diff", workflow: str = "Prompt cost") -> str:
    """Run the action's last step as a runner does; return its output."""
    step = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"][-1]
    Path("comment.md").write_text(text)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607
        env=os.environ
        | {
            "GH_TOKEN": "x",
            "GH_ENTERPRISE_TOKEN": "x",
            "WORKFLOW": workflow,
            "JOB": job,
            "NUMBER": "7",
            "COMMENT_FILE": str(Path("comment.md").absolute()),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "dev/prompts",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_comment_is_written_once_and_edited_from_then_on(github: GitHub) -> None:
    comment("first $(touch pwned) `x`\n")
    comment("second\n")

    (only,) = github.comments
    mark, text = only["body"].split("\n", 1)
    assert mark.startswith("<!-- dscost diff: diff ")
    assert text == "second\n"
    assert not Path("pwned").exists()


def test_each_job_has_a_comment_of_its_own(github: GitHub) -> None:
    comment("a\n")
    comment("b\n", job="other")
    comment("c\n", workflow="别的")
    comment("d\n", job="other")

    assert [one["body"].split("\n")[1] for one in github.comments] == ["a", "d", "c"]


def test_comments_of_others_are_left_alone_wherever_the_own_one_is(github: GitHub) -> None:
    """Another workflow's with the same token, a person's with our mark, and more than one page."""
    comment("mine\n")
    own = github.comments.pop()
    github.add("Coverage 93 %", is_mine=True)
    github.add(own["body"], is_mine=False)
    for number in range(150):
        github.add(f"{number}", is_mine=number % 2 == 0)
    before = [one["body"] for one in github.comments]
    github.add(own["body"], is_mine=True)

    comment("again\n")

    assert [one["body"] for one in github.comments[:-1]] == before
    assert github.comments[-1]["body"].endswith("\nagain\n")


def test_a_token_that_may_only_read_changes_nothing_of_the_outcome(github: GitHub) -> None:
    github.is_read_only = True

    printed = comment("text\n")

    assert printed.splitlines()[-1].startswith("::notice::dscost: no comment was written")
    assert github.comments == []
    assert len(github.requests) == 2
