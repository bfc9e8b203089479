"""The gates for repositories of prompts: the action, the hook and the job, each run unchanged."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import shadows
from tests.conftest import ROOT, Ran
from tests.repository import ENVIRONMENT, Repository

PROGRAMS = Path(sys.executable).parent
PRICES = ROOT / "data" / "prices.toml"
SHORT = "You review code. Answer briefly.\n"
LONG = SHORT + "Name each fault with its line, its reason and its mend.\n"


def loaded(name: str) -> Any:  # noqa: ANN401 - YAML
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def pull_request(tmp_path: Path) -> Repository:
    """A repository with a branch that makes a prompt longer than on main."""
    repository = Repository(tmp_path / "repository")
    repository.commit({"prompts/review.txt": SHORT, "README.md": "Prompts.\n"})
    repository.git("switch", "-q", "-c", "longer")
    repository.commit({"prompts/review.txt": LONG})
    return repository


def merged(pull_request: Repository) -> str:
    """Check out the merge of main and the branch, as a runner does; return the branch's commit."""
    head = pull_request.git("rev-parse", "longer")
    pull_request.git("switch", "-q", "--detach", "main")
    pull_request.git("merge", "-q", "--no-ff", "-m", "Merge longer into main", "longer")
    return head


def run_action(pull_request: Repository, inputs: Mapping[str, str], head: str | None = None) -> Ran:
    """Run the action's comparison as a runner does, with its own shell and files.

    Without a `head`, the merge is checked out first; otherwise the checkout stays as it is.
    """
    action = loaded("action.yml")
    step = action["runs"]["steps"][1]
    given = {name: one["default"] for name, one in action["inputs"].items()} | dict(inputs)
    values = {f"inputs.{name}": value for name, value in given.items()}
    values["github.base_ref"] = "main"
    head = merged(pull_request) if head is None else head
    values["github.event.pull_request.head.sha"] = head
    temp = pull_request.folder.parent / "runner"
    (temp / "dscost" / "bin").mkdir(parents=True, exist_ok=True)
    program = temp / "dscost" / "bin" / "dscost"
    if not program.exists():
        program.symlink_to(PROGRAMS / "dscost")
    environment = {
        name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], text)
        for name, text in step["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607
        cwd=pull_request.folder,
        env=os.environ
        | ENVIRONMENT
        | environment
        | {
            "RUNNER_TEMP": str(temp),
            "GITHUB_OUTPUT": str(temp / "output"),
            "GITHUB_STEP_SUMMARY": str(temp / "summary"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    pull_request.git("switch", "-q", "longer")
    return Ran(done.returncode, done.stdout, done.stderr)


def comments(pull_request: Repository) -> list[Path]:
    """Return the comment files that the action wrote, in order."""
    output = (pull_request.folder.parent / "runner" / "output").read_text()
    return [Path(path) for path in re.findall(r"^comment-file=(.*)$", output, re.MULTILINE)]


def summary(pull_request: Repository) -> str:
    return (pull_request.folder.parent / "runner" / "summary").read_text()


def test_no_script_of_the_action_has_an_input_in_its_text() -> None:
    for step in loaded("action.yml")["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_a_pull_request_from_its_base_to_the_failed_gate(pull_request: Repository) -> None:
    """Exit code 0 within the limit and 3 over it; the comment is written in both cases."""
    within = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01USD"})
    over = run_action(pull_request, {"paths": "prompts", "max-increase": "10%", "model": "pro"})

    assert (within.code, within.err) == (0, "")
    assert over.code == 3
    assert re.fullmatch(
        r"error: over --max-increase 10%: deepseek-v4-pro grows by 0\.\d+ USD \(\+\d+\.\d%\); "
        r"most of it in prompts/review\.txt\n",
        over.err,
    )
    first, second = comments(pull_request)
    comment = second.read_text()
    assert re.match(
        r"<!-- dscost diff -->\n\*\*\\\+\$0\.\d+ a request \(\\?\+\d+\.\d%\) on deepseek-v4-pro, "
        r"over 10%\*\*\n\n### ",
        comment,
    )
    assert "| changed | prompts/review.txt | \\+" in comment
    runner = pull_request.folder.parent / "runner"
    assert (runner / "output").read_text() == (
        f"comment-file={first}\nexit-code=0\ncomment-file={second}\nexit-code=3\n"
    )
    assert first != second
    assert (runner / "summary").read_text().endswith(comment)


@pytest.mark.parametrize("checked_out", ["merge", "head"])
@pytest.mark.parametrize(("text", "code"), [(LONG, 3), (SHORT + "!", 0)])
def test_what_others_merged_meanwhile_is_no_change_of_the_pull_request(
    pull_request: Repository, checked_out: str, text: str, code: int
) -> None:
    """Main grows a lot, then shrinks; only the pull request's changes count against the limit."""
    pull_request.commit({"prompts/review.txt": text})
    for others in ({"prompts/long.txt": LONG * 9}, {"prompts/long.txt": "Hello"}):
        pull_request.git("switch", "-q", "main")
        pull_request.commit(others)
        head = None
        if checked_out == "head":
            pull_request.git("update-ref", "refs/remotes/origin/main", "main")
            pull_request.git("switch", "-q", "longer")
            head = pull_request.git("rev-parse", "longer")

        ran = run_action(pull_request, {"paths": "prompts", "max-increase": "3%"}, head)

        assert ran.code == code, ran.err


def test_a_checkout_too_shallow_to_compare_with_says_what_to_fetch(
    pull_request: Repository, tmp_path: Path
) -> None:
    head = merged(pull_request)
    for depth, code in ((1, 1), (2, 3)):
        shallow = Repository(tmp_path / f"depth-{depth}")
        shallow.git("fetch", "-q", f"--depth={depth}", f"file://{pull_request.folder}", "HEAD")
        shallow.git("switch", "-q", "-c", "longer", "FETCH_HEAD")

        ran = run_action(shallow, {"paths": "prompts", "max-increase": "10%"}, head)

        assert (ran.code, "fetch-depth" in ran.err) == (code, code == 1)


def test_several_limits_all_hold(pull_request: Repository) -> None:
    """The prompt grows by about a third on Flash, which costs far less than a cent."""
    limits = {"paths": "prompts", "model": "flash"}
    assert run_action(pull_request, limits | {"max-increase": "90%\n0.01USD"}).code == 0
    assert run_action(pull_request, limits | {"max-increase": "0.01USD\n1%"}).code == 3


@pytest.mark.parametrize(
    ("inputs", "code", "reported"),
    [
        ({"max-increase": "5"}, 2, "--max-increase '5' has no unit; write 5%, 5USD or 5CNY"),
        ({"model": "gpt-5"}, 1, "unknown model 'gpt-5'"),
        ({"paths": "promts"}, 1, "promts: no files there"),
        ({"base": "nowhere"}, 1, "nowhere: no such file or folder, and no revision"),
        ({"max-increase": "much"}, 2, "--max-increase 'much' is neither"),
        ({"paths": '$(touch pwned); "`touch pwned`'}, 1, "no files there"),
        ({"base": "--upload-pack=touch pwned"}, 1, "no revision"),
        ({"model": "--help"}, 1, "unknown model '--help'"),
    ],
)
def test_what_the_action_cannot_do_fails_with_the_reason(
    pull_request: Repository, inputs: dict[str, str], code: int, reported: str
) -> None:
    ran = run_action(pull_request, inputs)

    assert ran.code == code
    assert reported in ran.problem
    assert not list(pull_request.folder.rglob("pwned"))


def test_without_a_base_the_action_asks_for_one(pull_request: Repository) -> None:
    ran = run_action(pull_request, {}, head="")

    assert ran.code == 2
    assert ran.out.startswith("::error::dscost: no pull request")


def test_a_file_named_as_the_revisions_are_does_not_get_round_the_gate(
    pull_request: Repository,
) -> None:
    pull_request.commit({"HEAD^1..HEAD": LONG})

    ran = run_action(pull_request, {"paths": "prompts/review.txt", "max-increase": "10%"})

    assert ran.code == 2
    assert "is both a file here and a revision; write" in ran.problem


def test_an_uncounted_file_fails_the_gate(pull_request: Repository) -> None:
    pull_request.commit({"prompts/a.json": '{"messages": [}', "prompts/review.txt": SHORT})

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "10%"})

    assert ran.code == 3
    assert "not counted: prompts/a.json" in ran.err
    assert "the limit of 10% cannot be checked: not counted: prompts/a" in ran.out + summary(
        pull_request
    )


def test_an_uncounted_file_is_reported_over_the_limit_too(pull_request: Repository) -> None:
    pull_request.commit({"prompts/a.json": '{"messages": [}'})

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "10%"})

    assert ran.code == 3
    assert "not counted: prompts/a.json" in ran.err
    assert "over --max-increase 10%" in ran.err


def test_a_pull_request_cannot_change_the_gate_by_settings_of_its_own(
    pull_request: Repository,
) -> None:
    """It adds a limit, a pattern that hides the prompt, and a price table in which all is free."""
    free = re.sub(r"(cache_(?:hit|miss)) = [0-9.]+", r"\1 = 0", PRICES.read_text(encoding="utf-8"))
    settings = 'max-increase = "1000%"\nglob = "!review.txt"\nprices = "free.toml"\n'
    pull_request.commit({"dscost.toml": settings, "free.toml": free})
    by_amount = {"paths": "prompts", "max-increase": "0.0000001USD"}

    assert run_action(pull_request, {"paths": "prompts", "max-increase": "10%"}).code == 3
    assert run_action(pull_request, by_amount).code == 3

    # Without the guard, its settings apply: the prompt is hidden, or else everything is free.
    for flags, code in (((), 1), (("--glob", "*", "--max-increase", "0.0000001USD"), 0)):
        done = subprocess.run(
            [Path(PROGRAMS, "dscost"), "diff", "main...HEAD", "prompts", *flags],
            cwd=pull_request.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code


def test_the_workflow_gives_further_options_as_variables(
    pull_request: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSCOST_CURRENCY", "CNY")

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "10%", "model": "pro"})

    assert "deepseek-v4-pro grows by 0.0" in ran.err
    assert " CNY (+" in ran.err


@pytest.mark.parametrize("name", [".gitignore", ".ignore", "prompts/.ignore"])
def test_a_pull_request_cannot_hide_a_prompt_by_ignoring_it(
    pull_request: Repository, name: str
) -> None:
    pull_request.commit({name: "*.txt\n"})

    assert run_action(pull_request, {"paths": "prompts", "max-increase": "10%"}).code == 3


def test_the_hook_runs_what_it_says(pull_request: Repository) -> None:
    (hook,) = loaded(".pre-commit-hooks.yaml")
    (pull_request.folder / "prompts" / "review.txt").write_text(LONG * 2)

    def run(*args: str) -> int:
        return subprocess.run(
            [str(PROGRAMS / "dscost"), *hook["entry"].split()[1:], *hook["args"], *args],
            cwd=pull_request.folder,
            capture_output=True,
            check=False,
        ).returncode

    assert hook["entry"].split()[0] == "dscost"
    assert run("prompts") == 0
    assert run("prompts", "--max-increase", "10%") == 3


def install(pull_request: Repository) -> Ran:
    """Run the action's first step, with a project that needs no network instead of ours."""
    temp = pull_request.folder.parent / "runner"
    temp.mkdir(exist_ok=True)
    project = pull_request.folder.parent / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (project / "backend.py").write_text(BACKEND)
    step = loaded("action.yml")["runs"]["steps"][0]
    assert step["working-directory"] == "${{ runner.temp }}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607
        cwd=temp,
        env=os.environ | {"RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


# Builds an empty wheel with our project's name.
BACKEND = """
import zipfile
from pathlib import Path

NAME = "deepseek_cost-1.0"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    wheel = f"{NAME}-py3-none-any.whl"
    metadata = "Metadata-Version: 2.1\\nName: deepseek-cost\\nVersion: 1.0\\n"
    metadata += "Provides-Extra: exact\\n"
    tags = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    with zipfile.ZipFile(Path(folder) / wheel, "w") as archive:
        archive.writestr(f"{NAME}.dist-info/METADATA", metadata)
        archive.writestr(f"{NAME}.dist-info/WHEEL", tags)
        archive.writestr(f"{NAME}.dist-info/RECORD", "")
    return wheel
"""


def test_neither_step_of_the_action_imports_a_file_of_the_pull_request(
    pull_request: Repository,
) -> None:
    shadows.fill(pull_request.folder)

    installed = install(pull_request)
    bin_folder = pull_request.folder.parent / "runner" / "dscost" / "bin"
    (bin_folder / "dscost").unlink(missing_ok=True)
    compared = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01USD"})

    assert (installed.code, installed.err) == (0, "")
    assert (bin_folder / "python").exists()
    assert (compared.code, compared.err) == (0, "")
    assert shadows.imported(pull_request.folder) == set()


def test_no_link_of_the_pull_request_leads_the_comment_out_of_the_checkout(
    pull_request: Repository,
) -> None:
    victim = pull_request.folder.parent / "victim"
    victim.write_text("untouched")
    for name in ("dscost-diff.md", "dscost-diff", "comment.md"):
        (pull_request.folder / name).symlink_to(victim)
    pull_request.git("add", "-A")
    pull_request.git("commit", "-qm", "links")

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01USD"})

    assert ran.code == 0
    assert victim.read_text() == "untouched"
    assert comments(pull_request)[-1].read_text().startswith("<!-- dscost diff -->")
    assert not comments(pull_request)[-1].is_relative_to(pull_request.folder)


def test_where_nothing_could_be_compared_no_comment_is_handed_out(
    pull_request: Repository,
) -> None:
    ran = run_action(pull_request, {"base": "nowhere"})

    assert ran.code == 1
    assert comments(pull_request) == []


def test_the_job_of_gitlab_follows_no_link_of_the_merge_request(pull_request: Repository) -> None:
    victim = pull_request.folder.parent / "victim"
    victim.mkdir()
    (pull_request.folder / "dscost-diff").symlink_to(victim)

    assert run_gitlab(pull_request, MAX_INCREASE="0.01USD") == 0
    assert list(victim.iterdir()) == []
    assert not (pull_request.folder / "dscost-diff").is_symlink()


def run_gitlab(pull_request: Repository, **variables: str) -> int:
    job = loaded("examples/gitlab-ci.yml")["prompt-cost"]
    variables.setdefault("CI_MERGE_REQUEST_DIFF_BASE_SHA", "main")
    return subprocess.run(
        # As GitLab's runner does: bash with pipefail, one line after another.
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],  # noqa: S607
        cwd=pull_request.folder,
        env=os.environ
        | job["variables"]
        | {"CI_MERGE_REQUEST_EVENT_TYPE": "detached", **variables}
        | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    ).returncode


def test_the_job_of_gitlab_writes_its_artifact_and_fails_over_the_limit(
    pull_request: Repository,
) -> None:
    job = loaded("examples/gitlab-ci.yml")["prompt-cost"]

    assert run_gitlab(pull_request, MAX_INCREASE="0.01USD") == 0
    assert run_gitlab(pull_request) == 3
    assert (
        (pull_request.folder / job["artifacts"]["paths"][0]).read_text().startswith("<!-- dscost")
    )


@pytest.mark.parametrize("event", ["merged_result", "merge_train", "detached"])
def test_the_job_of_gitlab_compares_what_the_merge_request_changes(
    pull_request: Repository, event: str
) -> None:
    """Meanwhile, someone else made a prompt shorter; if detached, the base has to be fetched."""
    base = pull_request.git("rev-parse", "main")
    head = pull_request.git("rev-parse", "longer")
    pull_request.git("switch", "-q", "main")
    pull_request.commit({"prompts/long.txt": LONG * 9})
    pull_request.commit({"prompts/long.txt": None})
    if event != "detached":
        merged(pull_request)
        head = pull_request.git("rev-parse", "HEAD")
    clone = Repository(pull_request.folder.parent / "clone")
    pull_request.git("config", "uploadpack.allowReachableSHA1InWant", "true")
    clone.git("remote", "add", "origin", f"file://{pull_request.folder}")
    clone.git("fetch", "-q", "--depth=1" if event == "detached" else "--depth=2", "origin", head)
    clone.git("switch", "-q", "--detach", head)

    def run(limit: str) -> int:
        variables = {"CI_MERGE_REQUEST_EVENT_TYPE": event, "MAX_INCREASE": limit}
        return run_gitlab(clone, CI_MERGE_REQUEST_DIFF_BASE_SHA=base, **variables)

    assert (run("10%"), run("500%")) == (3, 0)


def test_what_is_installed_in_the_examples_is_one_commit() -> None:
    for name in ("gitlab-ci.yml", "pull-request.yml"):
        text = (ROOT / "examples" / name).read_text(encoding="utf-8")
        assert "dscost@COMMIT" in text
        assert "@main" not in text


def test_the_workflow_of_the_example_gives_inputs_and_reads_outputs_that_the_action_has() -> None:
    text = (ROOT / "examples" / "pull-request.yml").read_text(encoding="utf-8")
    action = loaded("action.yml")
    _, use = yaml.safe_load(text)["jobs"]["diff"]["steps"]

    assert set(use["with"]) <= set(action["inputs"])
    assert set(re.findall(r"steps\.cost\.outputs\.([\w-]+)", text)) <= set(action["outputs"])
