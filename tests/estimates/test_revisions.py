"""dscost diff of a git repository: what it finds, what it refuses, and that it changes nothing."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path
from shutil import which
from typing import Any

import psutil
import pytest

from tests.conftest import Dscost
from tests.repository import ENVIRONMENT, Repository

pytestmark = pytest.mark.usefixtures("repository")

PRO = ("-m", "pro", "--at", "2026-11-23T02:00Z")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """main has a prompt; the branch `longer` has a longer one, and main has moved on since."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    repository = Repository(tmp_path / "repository")
    monkeypatch.chdir(repository.folder)
    repository.commit({"prompts/a.txt": "Hello", "code/x.py": "print()"})
    repository.git("switch", "-q", "-c", "longer")
    repository.commit({"prompts/a.txt": "Hello Hello"})
    repository.git("switch", "-q", "main")
    repository.commit({"prompts/late.txt": "Hello"})
    repository.git("switch", "-q", "longer")
    return repository


def diff(dscost: Dscost, *args: str) -> Any:  # noqa: ANN401 - JSON
    ran = dscost("diff", *args, *PRO, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def changes(found: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    return {file["source"]: file["state"] for file in found["files"]}


def test_two_dots_compare_two_states_three_what_the_branch_did(
    dscost: Dscost, repository: Repository
) -> None:
    before = repository.state()

    two = diff(dscost, "main..longer", "prompts")
    three = diff(dscost, "main...longer", "prompts")

    assert changes(two) == {"prompts/a.txt": "changed", "prompts/late.txt": "removed"}
    assert changes(three) == {"prompts/a.txt": "changed"}
    assert two["before"]["commit"] == repository.git("rev-parse", "main")
    assert three["before"]["commit"] == repository.git("merge-base", "main", "longer")
    assert three["models"][0]["increase"]["input_tokens"] == 1
    assert repository.state() == before


@pytest.mark.parametrize("written", ["main..", "main..HEAD", "..main", "HEAD~1..HEAD"])
def test_a_side_left_out_is_head(dscost: Dscost, written: str) -> None:
    assert "prompts/a.txt" in changes(diff(dscost, written, "prompts"))


def test_one_revision_is_compared_with_the_working_tree(dscost: Dscost) -> None:
    Path("prompts/a.txt").write_text("Hello Hello Hello")
    Path("prompts/new.txt").write_text("Hello")  # not yet added to git
    Path("prompts/.hidden").write_text("Hello")
    Path(".gitignore").write_text("*.log\n")
    Path("prompts/x.log").write_text("Hello")

    found = diff(dscost, "HEAD", "prompts")

    assert changes(found) == {
        "prompts/a.txt": "changed",
        "prompts/new.txt": "added",
        "prompts/.hidden": "added",
    }
    assert found["after"]["name"] == "working tree"


def test_paths_are_those_of_the_current_folder(
    dscost: Dscost, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("prompts")

    assert changes(diff(dscost, "main...HEAD")) == {"a.txt": "changed"}
    assert changes(diff(dscost, "main...HEAD", "a.txt")) == {"a.txt": "changed"}
    assert changes(diff(dscost, "main..HEAD", "../prompts")) == {
        "../prompts/a.txt": "changed",
        "../prompts/late.txt": "removed",
    }
    absolute = str(repository.folder / "prompts" / "a.txt")
    assert changes(diff(dscost, "main...HEAD", absolute)) == {absolute: "changed"}


def test_what_is_tracked_is_counted_whatever_a_rule_ignores_or_a_name_hides(
    dscost: Dscost, repository: Repository
) -> None:
    """Ignored by git's rules or by other tools' rules, hidden, or below an ignored folder."""
    repository.commit({".gitignore": "local*\nbuilt/\n", ".ignore": "a.txt\n"})
    names = ["prompts/local.txt", "prompts/.hidden.txt", "prompts/built/x.txt"]
    repository.commit({"prompts/a.txt": "Hello " * 9} | dict.fromkeys(names, "Hello"))
    repository.git("add", "-f", *names)
    repository.commit({})

    committed = diff(dscost, "HEAD~2..HEAD", "prompts")
    Path("prompts/built/x.txt").write_text("Hello Hello")

    assert changes(committed) == dict.fromkeys(names, "added") | {"prompts/a.txt": "changed"}
    assert changes(diff(dscost, "HEAD", "prompts")) == {"prompts/built/x.txt": "changed"}


def test_a_working_tree_has_no_file_that_is_ignored_and_not_tracked(
    dscost: Dscost, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rules of the repository, its exclude file and the user; files named explicitly count."""
    settings = tmp_path / "settings"
    (settings / "git").mkdir(parents=True)
    (settings / "git" / "ignore").write_text("*.md\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    repository.commit({".gitignore": "*.log\n"})
    Path(".git/info/exclude").write_text("*.tmp\n")
    for name in ("a.md", "x.log", "y.tmp", "new.txt", ".new"):
        Path("prompts", name).write_text("Hello")

    found = changes(diff(dscost, "HEAD", "prompts"))

    assert found == {"prompts/new.txt": "added", "prompts/.new": "added"}
    assert changes(diff(dscost, "HEAD", "prompts/x.log")) == {"prompts/x.log": "added"}


@pytest.mark.parametrize("bit", ["--skip-worktree", "--assume-unchanged"])
def test_what_is_not_checked_out_is_not_removed(
    dscost: Dscost, repository: Repository, bit: str
) -> None:
    repository.git("update-index", bit, "prompts/a.txt")
    Path("prompts/a.txt").unlink()

    found = diff(dscost, "HEAD", ".")

    assert (changes(found), found["unchanged_files"]) == ({}, 2)


def test_a_sparse_checkout_has_what_it_does_not_show(
    dscost: Dscost, repository: Repository
) -> None:
    repository.git("sparse-checkout", "set", "code")
    assert not Path("prompts").exists()

    found = diff(dscost, "HEAD", ".")

    assert (changes(found), found["unchanged_files"]) == ({}, 2)


@pytest.mark.parametrize(
    ("attributes", "setting", "on_disk"),
    [
        ("*.txt text eol=crlf\n", None, b"Hello\r\nHello\r\n"),
        ("", ("core.autocrlf", "true"), b"Hello\r\nHello\r\n"),
        ("lines.txt working-tree-encoding=UTF-16\n", None, "Hello\nHello\n".encode("utf-16")),
    ],
)
def test_a_file_is_compared_as_it_would_be_committed(
    dscost: Dscost,
    repository: Repository,
    attributes: str,
    setting: tuple[str, str] | None,
    on_disk: bytes,
) -> None:
    """Rewritten so that git cannot go by its modification time; then with one more word."""
    repository.commit({".gitattributes": attributes})
    repository.git("config", *(setting or ("a.b", "c")))
    repository.commit({"prompts/lines.txt": on_disk})
    Path("prompts/lines.txt").write_bytes(on_disk)
    os.utime("prompts/lines.txt", (1, 1))
    before = repository.state()

    assert repository.git("show", "HEAD:prompts/lines.txt") == "Hello\nHello"
    assert changes(diff(dscost, "HEAD", "prompts")) == {}
    assert repository.state() == before

    word = "Hello\r\n".encode("utf-16-le" if b"\0" in on_disk else "utf-8")
    Path("prompts/lines.txt").write_bytes(on_disk + word)
    found = diff(dscost, "HEAD", "prompts")
    assert changes(found) == {"prompts/lines.txt": "changed"}


def test_a_link_is_the_file_that_it_leads_to(dscost: Dscost, repository: Repository) -> None:
    """Even if the file is outside the paths compared, and not yet committed."""
    repository.commit({"shared/long.txt": "Hello"})
    Path("prompts/link.txt").symlink_to("../shared/long.txt")
    Path("prompts/chain.txt").symlink_to("link.txt")
    repository.commit({})
    repository.commit({"shared/long.txt": "Hello Hello"})

    committed = diff(dscost, "HEAD~..HEAD", "prompts")
    Path("shared/long.txt").write_text("Hello Hello Hello")
    on_disk = diff(dscost, "HEAD~", "prompts")

    links = {"prompts/link.txt": "changed", "prompts/chain.txt": "changed"}
    assert changes(committed) == changes(on_disk) == links
    assert committed["models"][0]["increase"]["input_tokens"] == 2
    assert on_disk["models"][0]["increase"]["input_tokens"] == 4


def test_a_link_to_a_folder_or_elsewhere_is_named_and_fails_a_gate_once_it_changes(
    dscost: Dscost, repository: Repository
) -> None:
    repository.commit({"shared/a.txt": "Hello"})
    Path("prompts/folder").symlink_to("../shared")
    Path("prompts/out").symlink_to("/etc/hostname")
    repository.commit({})
    repository.commit({"shared/a.txt": "Hello Hello"})

    found = diff(dscost, "HEAD~..HEAD", "prompts")

    reasons = {file["source"]: (file["reason"], file["changed"]) for file in found["uncounted"]}
    assert reasons == {
        "prompts/folder": ("a symbolic link to a folder", True),
        "prompts/out": ("a symbolic link to no file of the repository", False),
    }
    gated = dscost("diff", "HEAD~..HEAD", "prompts", *PRO, "--max-increase", "500%")
    assert (gated.code, "not counted: prompts/folder" in gated.err) == (3, True)


def test_a_repository_inside_is_named(dscost: Dscost) -> None:
    Repository(Path("prompts/inner")).commit({"x.txt": "Hello"})

    found = diff(dscost, "HEAD", "prompts")

    (file,) = found["uncounted"]
    assert (file["source"], file["reason"]) == ("prompts/inner", "a repository inside this one")


def test_a_renamed_file_is_reported_by_its_content(dscost: Dscost, repository: Repository) -> None:
    repository.commit({"prompts/a.txt": None, "prompts/b.txt": "Hello Hello"})

    found = diff(dscost, "HEAD~1..HEAD", "prompts")

    (file,) = found["files"]
    assert (file["state"], file["source_before"]) == ("renamed", "prompts/a.txt")
    assert file["models"][0]["increase"]["input_tokens"] == 0


def test_globs_choose_files_on_both_sides(dscost: Dscost) -> None:
    found = diff(dscost, "main..longer", ".", "--glob", "*.py")

    assert (changes(found), found["unchanged_files"]) == ({}, 1)


def test_what_has_no_text_in_git_is_named_and_its_figures_are_on_neither_side(
    dscost: Dscost, repository: Repository
) -> None:
    Path("prompts/link").symlink_to("nowhere")
    other = Repository(repository.folder.parent / "other")
    other.commit({"x.txt": "Hello"})
    repository.git(
        *("-c", "protocol.file.allow=always"),
        "submodule",
        "--quiet",
        "add",
        str(other.folder),
        "prompts/sub",
    )
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"
    hello = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969"  # of Hello
    repository.commit({"prompts/big.txt": pointer.format(hello), "prompts/b.bin": b"\0"})

    found = diff(dscost, "main...HEAD", "prompts")

    reasons = {file["source"]: file["reason"] for file in found["uncounted"]}
    assert reasons == {
        "prompts/b.bin": "a binary file",
        "prompts/big.txt": "kept in Git LFS",
        "prompts/link": "a symbolic link to no file of the repository",
        "prompts/sub": "a submodule",
    }
    assert all(file["changed"] for file in found["uncounted"])
    gated = dscost("diff", "main...HEAD", "prompts", *PRO, "--max-increase", "500%")
    assert gated.code == 3

    # It is not a change if the working tree has the large file itself.
    Path("prompts/big.txt").write_text("Hello")
    found = diff(dscost, "HEAD", "prompts")
    assert [file["changed"] for file in found["uncounted"]] == [False] * 4
    assert changes(found) == {}


def test_hostile_names_are_files_and_no_options(dscost: Dscost, repository: Repository) -> None:
    names = ["-rf", "a\nb", "a\tb", 'q"uote', "ü", "*", "\x1b[2J", "$(touch pwned)", ":(top)x"]
    repository.commit({f"odd/{name}": "Hello" for name in names})
    (repository.folder / os.fsdecode(b"odd/\xff")).write_text("Hello")
    repository.commit({})

    ran = dscost("diff", "main..HEAD", "odd", *PRO, "--json")

    found = json.loads(ran.out)
    assert set(changes(found)) == {*(f"odd/{name}" for name in names), "odd/\\xff"}
    assert not Path("pwned").exists()
    only = diff(dscost, "main..HEAD", "odd/*")
    assert set(changes(only)) == {"odd/*"}


def tree_of(repository: Repository, entries: list[tuple[str, str, str]]) -> str:
    """Write a tree of (mode, name, hash), even one that git never creates; return its hash."""
    raw = [f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries]
    data = b"".join(raw)
    stored = b"tree %d\0%b" % (len(data), data)
    oid = hashlib.sha1(stored, usedforsecurity=False).hexdigest()
    file = repository.folder / ".git" / "objects" / oid[:2] / oid[2:]
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(zlib.compress(stored))
    return oid


def test_a_tree_that_leaves_its_folder_writes_nothing_there(
    dscost: Dscost, repository: Repository
) -> None:
    blob = repository.git("rev-parse", "main:prompts/a.txt")
    tree = tree_of(repository, [("100644", "../../evil.txt", blob)])
    commit = repository.git("commit-tree", "-m", "evil", tree)

    ran = dscost("diff", f"main..{commit}", *PRO, "--max-increase", "10%")

    assert ran.code == 3
    assert "a path that no checkout has" in ran.out
    assert not list(repository.folder.parent.rglob("evil.txt"))


@pytest.mark.parametrize("leaf", [[], ["a.txt"]])
def test_a_tree_of_few_objects_and_many_entries_is_refused(
    dscost: Dscost, repository: Repository, leaf: list[str]
) -> None:
    """1,000 folders with 1,000 folders each, twice over: 10^9 in all, each empty or with a file."""
    blob = repository.git("rev-parse", "main:prompts/a.txt")
    tree = tree_of(repository, [("100644", name, blob) for name in leaf])
    for _ in range(3):
        tree = tree_of(repository, [("40000", f"{number:03}", tree) for number in range(1_000)])
    commit = repository.git("commit-tree", "-m", "bomb", tree)

    ran = dscost("diff", f"main..{commit}", *PRO)

    assert (ran.code, ran.out) == (1, "")
    assert ran.problem == (
        f"error: {commit[:12]}: more than 200,000 files and folders there, the most that are "
        f"listed; name fewer folders\n"
    )


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("a/" * 1_500 + "a", "a/" * 30 + "...: below more than 100 folders"),
        ("a/" * 101 + "a", "a/" * 30 + "...: below more than 100 folders"),
        ("b" * 1_025, "b" * 60 + "...: longer than 1,024 characters"),
        ("b" * 200_000, "b" * 60 + "...: longer than 1,024 characters"),
    ],
)
def test_a_path_that_no_checkout_has_is_refused_with_its_commit(
    dscost: Dscost, repository: Repository, path: str, reported: str
) -> None:
    *folders, name = path.split("/")
    oid = tree_of(repository, [("100644", name, repository.git("rev-parse", "main:code/x.py"))])
    for folder in reversed(folders):
        oid = tree_of(repository, [("40000", folder, oid)])
    commit = repository.git("commit-tree", "-m", "odd", oid)

    ran = dscost("diff", f"main..{commit}", *PRO)

    assert (ran.code, ran.out, ran.err) == (1, "", f"error: {commit[:12]}: {reported}\n")


def test_a_path_below_a_hundred_folders_is_compared(dscost: Dscost, repository: Repository) -> None:
    path = "a/" * 100 + "a"
    repository.commit({path: "Hello"})

    assert changes(diff(dscost, "HEAD~1..HEAD", "a")) == {path: "added"}


def test_a_name_that_is_too_long_for_a_disk_is_compared(
    dscost: Dscost, repository: Repository
) -> None:
    blob = repository.git("rev-parse", "main:prompts/a.txt")
    commit = repository.git(
        "commit-tree", "-m", "long", tree_of(repository, [("100644", "b" * 300, blob)])
    )

    assert changes(diff(dscost, f"main..{commit}"))["b" * 300] == "renamed"


def test_what_a_repository_is_set_to_run_is_not_run(dscost: Dscost, repository: Repository) -> None:
    trap = f"touch {repository.folder}/pwned"
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "filter.x.smudge",
        "filter.x.clean",
        "filter.y.process",
    ):
        repository.git("config", key, trap)
    repository.git("config", "filter.y.required", "true")
    hooks = repository.folder / ".git" / "hooks"
    for name in ("post-index-change", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\n{trap}\n")
        (hooks / name).chmod(0o755)
    repository.commit({".gitattributes": "*.txt filter=x diff=x\n*.md filter=y\n"})
    (repository.folder / "pwned").unlink(missing_ok=True)
    Path("prompts/a.txt").write_text("Hello " * 9)
    Path("prompts/b.md").write_text("Hello")

    diff(dscost, "main..HEAD", "prompts")
    found = diff(dscost, "HEAD", "prompts")

    assert not (repository.folder / "pwned").exists()
    assert {file["source"]: file["reason"] for file in found["uncounted"]} == {
        "prompts/a.txt": "filtered by x, which is not run",
        "prompts/b.md": "filtered by y, which is not run",
    }


def test_a_filter_that_the_user_set_up_is_run_as_git_runs_it(
    dscost: Dscost, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A filter that stores files in upper case in the repository, and in lower case on disk."""
    settings = tmp_path / "gitconfig"
    settings.write_text('[filter "loud"]\n\tclean = tr a-z A-Z\n\tsmudge = tr A-Z a-z\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    Path(".gitattributes").write_text("*.loud filter=loud\n")
    Path("prompts/x.loud").write_text("hello")
    for args in (["add", "-A"], ["commit", "-q", "-m", "loud"]):
        subprocess.run(["git", *args], check=True)  # noqa: S607 - with the setting
    Path("prompts/x.loud").write_text("hello")
    os.utime("prompts/x.loud", (1, 1))

    assert repository.git("show", "HEAD:prompts/x.loud") == "HELLO"
    found = diff(dscost, "HEAD", "prompts")

    assert (changes(found), found["uncounted"]) == ({}, [])


@pytest.mark.parametrize(
    ("args", "reported"),
    [
        (["nope..HEAD", "prompts"], "nope: no such file or folder, and no revision; git branch -a"),
        (["nope", "prompts"], "nope: no such file or folder, and no revision"),
        (["--", "--output=x..HEAD"], "--output=x: no such file or folder, and no revision"),
        (["main..HEAD", "promts"], "promts: no files there in main or HEAD"),
        (["main..HEAD", "../.."], "outside of the repository"),
        (["main..HEAD", "a/" * 1_500], f"error: {'a/' * 30}...: below more than 100 folders"),
        (["main..HEAD", "b" * 300], "bbb: no files there in main or HEAD"),
        (["main...other", "prompts"], "main...other: no common commit"),
    ],
)
def test_what_is_not_there_is_one_line_with_the_next_step(
    dscost: Dscost, repository: Repository, args: list[str], reported: str
) -> None:
    repository.git("switch", "-q", "--orphan", "other")
    repository.commit({"prompts/a.txt": "Hello"})

    ran = dscost("diff", *args)

    assert (ran.code, ran.out) == (1, "")
    assert reported in ran.problem


@pytest.mark.parametrize("args", [["main", "HEAD"], ["main", "HEAD", "prompts"]])
def test_a_second_revision_leads_to_how_two_are_written(
    dscost: Dscost, repository: Repository, args: list[str]
) -> None:
    repository.commit({"prompts/a.txt": "Hello"})

    ran = dscost("diff", *args)

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem == "error: HEAD is a revision, not a file here; write main..HEAD\n"


def test_a_name_of_both_a_folder_and_a_branch_is_asked_back(
    dscost: Dscost, repository: Repository
) -> None:
    repository.git("branch", "prompts")

    ran = dscost("diff", "prompts", "code")

    assert (ran.code, ran.out) == (2, "")
    assert ran.problem == (
        "error: prompts is both a file here and a revision; write ./prompts, or prompts..HEAD\n"
    )
    assert dscost("diff", "./prompts", "code", *PRO).code == 0


def test_without_git_files_are_compared_all_the_same(
    dscost: Dscost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    assert dscost("diff", "prompts", "code", *PRO).code == 0
    assert dscost("diff", "main..HEAD").err == (
        "error: git is not installed, or not on PATH\n"
        "tip: two files or folders can be compared without it\n"
    )


@pytest.mark.parametrize("slow", ["rev-parse", "ls-tree", "cat-file"])
def test_an_interrupt_ends_git_too_and_leaves_nothing_behind(tmp_path: Path, slow: str) -> None:
    """As a terminal interrupts: all processes at once, while git is running."""
    programs, scratch, at_work = tmp_path / "bin", tmp_path / "scratch", tmp_path / "at work"
    programs.mkdir()
    scratch.mkdir()
    git = programs / "git"
    git.write_text(
        f'#!/bin/sh\ncase " $* " in *" {slow} "*) echo $$ > "{at_work}"; exec sleep 60 ;; esac\n'
        f'exec "{which("git")}" "$@"\n'
    )
    git.chmod(0o755)
    running = subprocess.Popen(
        [sys.executable, "-m", "deepseek_cost", "diff", "main...longer"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ
        | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(scratch)},
        start_new_session=True,
        # Tests run in the background ignore interrupts, and child processes inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    until = time.monotonic() + 20
    while not (at_work.exists() and at_work.read_text()) and time.monotonic() < until:
        time.sleep(0.01)

    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)

    assert (running.returncode, out, err) == (130, b"", b"error: interrupted\n")
    assert list(scratch.iterdir()) == []
    until = time.monotonic() + 20
    while psutil.pid_exists(git_id := int(at_work.read_text())) and time.monotonic() < until:
        time.sleep(0.01)  # the system takes a moment to forget a process whose parent has ended
    assert not psutil.pid_exists(git_id)
