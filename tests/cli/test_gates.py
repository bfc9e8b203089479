"""The gates for repositories of prompts: the action, the hook, the job, each run as it stands."""

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
    """A branch that makes a prompt longer than it is on main."""
    repository = Repository(tmp_path / "repository")
    repository.commit({"prompts/review.txt": SHORT, "README.md": "Prompts.\n"})
    repository.git("switch", "-q", "-c", "longer")
    repository.commit({"prompts/review.txt": LONG})
    return repository


def run_action(pull_request: Repository, inputs: Mapping[str, str], base: str | None = None) -> Ran:
    """Run the action's comparison as a runner does, with its own shell and files."""
    action = loaded("action.yml")
    step = action["runs"]["steps"][1]
    given = {name: one["default"] for name, one in action["inputs"].items()} | dict(inputs)
    values = {f"inputs.{name}": value for name, value in given.items()}
    base = pull_request.git("rev-parse", "main") if base is None else base
    values["inputs.base || github.event.pull_request.base.sha"] = given["base"] or base
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
    return Ran(done.returncode, done.stdout, done.stderr)


def comments(pull_request: Repository) -> list[Path]:
    """Return the comment files that the action handed out, in order."""
    output = (pull_request.folder.parent / "runner" / "output").read_text()
    return [Path(path) for path in re.findall(r"^comment-file=(.*)$", output, re.MULTILINE)]


def test_no_script_of_the_action_has_an_input_in_its_text() -> None:
    for step in loaded("action.yml")["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_a_pull_request_from_its_base_to_the_failed_gate(pull_request: Repository) -> None:
    """Within the limit 0, over it 3, with the comment written in both cases."""
    within = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01"})
    over = run_action(pull_request, {"paths": "prompts", "max-increase": "10%", "model": "pro"})

    assert (within.code, within.err) == (0, "")
    assert over.code == 3
    assert re.fullmatch(
        r"dscost: over --max-increase 10%: deepseek-v4-pro grows by 0\.\d+ USD \(\+\d+\.\d%\); "
        r"most of it in prompts/review\.txt\n",
        over.err,
    )
    first, second = comments(pull_request)
    comment = second.read_text()
    assert comment.startswith("<!-- dscost diff -->\n### ")
    assert "- over the limit of 10%: v4-pro +" in comment
    assert "| changed | prompts/review.txt | \\+" in comment
    runner = pull_request.folder.parent / "runner"
    assert (runner / "output").read_text() == (
        f"comment-file={first}\nexit-code=0\ncomment-file={second}\nexit-code=3\n"
    )
    assert first != second
    assert (runner / "summary").read_text().endswith(comment)


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ({"model": "gpt-5"}, 1, "unknown model 'gpt-5'"),
        ({"paths": "promts"}, 1, "promts: no text files there"),
        ({"base": "nowhere"}, 1, "nowhere: no such file or folder, and no revision"),
        ({"max-increase": "much"}, 2, "--max-increase 'much' is neither"),
        ({"paths": '$(touch pwned); "`touch pwned`'}, 1, "no text files there"),
        ({"base": "--upload-pack=touch pwned"}, 1, "no revision"),
        ({"model": "--help"}, 1, "unknown model '--help'"),
    ],
)
def test_what_the_action_cannot_do_fails_with_the_reason(
    pull_request: Repository, inputs: dict[str, str], code: int, said: str
) -> None:
    ran = run_action(pull_request, inputs)

    assert ran.code == code
    assert said in ran.err
    assert not list(pull_request.folder.rglob("pwned"))


def test_without_a_base_the_action_asks_for_one(pull_request: Repository) -> None:
    ran = run_action(pull_request, {}, base="")

    assert ran.code == 2
    assert ran.out.startswith("::error::dscost: no pull request")


def test_a_file_named_as_the_revisions_are_does_not_get_round_the_gate(
    pull_request: Repository,
) -> None:
    base = pull_request.git("rev-parse", "main")
    pull_request.commit({f"{base}...HEAD": LONG})

    ran = run_action(pull_request, {"paths": "prompts/review.txt", "max-increase": "10%"})

    assert ran.code == 2
    assert "is a file here and a revision; write" in ran.err


def test_an_uncounted_file_fails_the_gate(pull_request: Repository) -> None:
    pull_request.commit({"prompts/a.json": '{"messages": [}', "prompts/review.txt": SHORT})

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "10%"})

    assert ran.code == 1
    assert "not counted: prompts/a.json" in ran.err


def test_an_uncounted_file_is_told_over_the_limit_too(pull_request: Repository) -> None:
    pull_request.commit({"prompts/a.json": '{"messages": [}'})

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "10%"})

    assert ran.code == 3
    assert "not counted: prompts/a.json" in ran.err
    assert "over --max-increase 10%" in ran.err


def test_a_pull_request_cannot_change_the_gate_by_settings_of_its_own(
    pull_request: Repository,
) -> None:
    """It brings a limit, a pattern that hides the prompt, and a table in which all is free."""
    free = re.sub(r"(cache_(?:hit|miss)) = [0-9.]+", r"\1 = 0", PRICES.read_text(encoding="utf-8"))
    settings = 'max-increase = "1000%"\nglob = "!review.txt"\nprices = "free.toml"\n'
    pull_request.commit({"dscost.toml": settings, "free.toml": free})
    by_amount = {"paths": "prompts", "max-increase": "0.0000001"}

    assert run_action(pull_request, {"paths": "prompts", "max-increase": "10%"}).code == 3
    assert run_action(pull_request, by_amount).code == 3

    # Without the guard its settings hold: the prompt is hidden, and where it is not, all is free.
    for flags, code in (((), 1), (("--glob", "*", "--max-increase", "0.0000001"), 0)):
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
    """Run the action's first step, with a project in the place of ours that needs no network."""
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


# Builds a wheel of no module, called as ours is.
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
    compared = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01"})

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

    ran = run_action(pull_request, {"paths": "prompts", "max-increase": "0.01"})

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

    assert run_gitlab(pull_request, MAX_INCREASE="0.01") == 0
    assert list(victim.iterdir()) == []
    assert not (pull_request.folder / "dscost-diff").is_symlink()


def run_gitlab(pull_request: Repository, **variables: str) -> int:
    job = loaded("examples/gitlab-ci.yml")["prompt-cost"]
    base = pull_request.git("rev-parse", "main")
    return subprocess.run(
        # As GitLab's runner does: bash with pipefail, the lines one after the other.
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],  # noqa: S607
        cwd=pull_request.folder,
        env=os.environ
        | job["variables"]
        | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, **variables}
        | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    ).returncode


def test_the_job_of_gitlab_writes_its_artifact_and_fails_over_the_limit(
    pull_request: Repository,
) -> None:
    job = loaded("examples/gitlab-ci.yml")["prompt-cost"]

    assert run_gitlab(pull_request, MAX_INCREASE="0.01") == 0
    assert run_gitlab(pull_request) == 3
    assert (
        (pull_request.folder / job["artifacts"]["paths"][0]).read_text().startswith("<!-- dscost")
    )


def test_what_is_installed_in_the_examples_is_one_commit() -> None:
    for name in ("gitlab-ci.yml", "pull-request.yml"):
        text = (ROOT / "examples" / name).read_text(encoding="utf-8")
        assert "dscost@COMMIT" in text
        assert "@main" not in text


def test_the_workflow_of_the_example_gives_inputs_and_reads_outputs_that_the_action_has() -> None:
    text = (ROOT / "examples" / "pull-request.yml").read_text(encoding="utf-8")
    action = loaded("action.yml")
    _, use, _ = yaml.safe_load(text)["jobs"]["diff"]["steps"]

    assert set(use["with"]) <= set(action["inputs"])
    assert set(re.findall(r"steps\.cost\.outputs\.([\w-]+)", text)) <= set(action["outputs"])
