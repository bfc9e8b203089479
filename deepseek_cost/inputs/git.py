"""Output of git commands, and the revisions that git knows."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

from deepseek_cost.errors import InputError
from deepseek_cost.text import unicode_name

_PROGRAM: Final = "git.exe" if os.name == "nt" else "git"
_BLOCK_BYTES: Final = 1 << 16
# What git prints goes into one line of our message.
_MOST_STDERR: Final = 4_096
# A repository's own configuration can name programs. Those that reading could start are named
# here; its filters are switched off where the working tree is read.
_SAFE: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.alternateRefsCommand="),
    *("-c", "core.safecrlf=false"),  # line ends are not ours to refuse
    *("-c", "core.splitIndex=false"),  # a copy of an index is whole
    *("-c", "core.compression=0"),  # what is written is read once
)
_ENVIRONMENT: Final = {
    "GIT_ALLOW_PROTOCOL": "none",  # objects of a partial clone are not fetched, either
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class GitError(InputError):
    """git failed; `stderr` is the first line that it wrote there."""

    def __init__(self, stderr: str) -> None:
        super().__init__(f"git: {stderr}")
        self.stderr = stderr


def ask(*args: str, more: Mapping[str, str] | None = None) -> str:
    """Return git's output, without the final line break; raises GitError.

    `more` are additional environment variables for git.
    """
    with running(*args, more=more) as printed:
        output = os.fsdecode(printed.read())
    return output.removesuffix("\n")


def records(*args: str, fed: bytes = b"", more: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield git's NUL-separated output, however long; raises GitError.

    A record that is longer than a block comes in pieces.
    """
    with running(*args, fed=fed, more=more) as printed:
        rest = b""
        while block := printed.read(_BLOCK_BYTES):
            *whole, rest = (rest + block).split(b"\0")
            yield from map(os.fsdecode, whole)
            if len(rest) > _BLOCK_BYTES:
                yield os.fsdecode(rest)
                rest = b""


@contextmanager
def running(
    *args: str, fed: bytes = b"", more: Mapping[str, str] | None = None
) -> Iterator[IO[bytes]]:
    """Run git on some input and yield its output stream; raises GitError if git fails."""
    with TemporaryFile() as errors, TemporaryFile() as stdin_file:
        stdin_file.write(fed)
        stdin_file.seek(0)
        with start(args, stdin_file, errors, more) as git:
            try:
                yield _of(git.stdout)
            except BaseException:
                git.kill()  # and not waited for until it ends by itself
                raise
        if git.returncode:
            raise GitError(_message_of(errors))


def start(
    args: Sequence[str],
    stdin: IO[bytes] | int,
    errors: IO[bytes] | int,
    more: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start git with its output in a pipe; raises InputError if git cannot be started."""
    program = program_on(os.environ.get("PATH", os.defpath), _PROGRAM)
    if program is None:
        raise InputError(
            "git is not installed, or not on PATH",
            tip="two files or folders can be compared without it",
        )
    try:
        return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
            [program, *_SAFE, *args],
            bufsize=_BLOCK_BYTES,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | _ENVIRONMENT | dict(more or {}),
        )
    except OSError as error:
        raise InputError(f"{program} cannot be started: {error.strerror or error}") from error


def program_on(path: str, name: str) -> str | None:
    """Return the path of a program on PATH; None if it is not found.

    Only absolute folders are searched, and never the current one as Windows would: a repository
    may contain a program of that name.
    """
    for folder in filter(os.path.isabs, path.split(os.pathsep)):
        place = os.path.join(folder, name)  # noqa: PTH118 - a folder of PATH
        if os.path.isfile(place) and os.access(place, os.X_OK):  # noqa: PTH113
            return place
    return None


def _message_of(errors: IO[bytes]) -> str:
    """Return the first line of git's error message."""
    errors.seek(0)
    lines = unicode_name(os.fsdecode(errors.read(_MOST_STDERR))).strip().splitlines()
    if not lines:
        return "no reason given"
    reason = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0])
    return reason.removeprefix("fatal: ").removeprefix("error: ")


def _of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - a pipe was asked for
    return stream


_SUBMODULE_MODE: Final = "160000"
_SHALLOW: Final = "in CI fetch the history first (actions/checkout: fetch-depth: 0)"


class TrackedPath(NamedTuple):
    """What git tracks at a path; `is_sparse`: a sparse checkout leaves it out."""

    path: str
    is_submodule: bool
    is_sparse: bool


def tracked(folder: Path) -> list[TrackedPath]:
    """List what git tracks below a folder, by relative path; raises InputError.

    If git finds no repository, nothing is tracked.
    """
    try:
        listed = list(records("-C", str(folder), "ls-files", "-z", "--stage", "-t"))
    except GitError as error:
        if "not a git repository" in error.stderr:
            return []
        raise
    found = []
    for record in listed:
        header, _, path = record.partition("\t")
        tag, mode, *_ = header.split(" ")
        found.append(TrackedPath(path, mode == _SUBMODULE_MODE, tag == "S"))
    return found


class Revision(NamedTuple):
    """A commit, with the name given for it and its hash."""

    name: str
    commit: str


class Range(NamedTuple):
    """Two states to compare; `new` is None for the working tree."""

    old: Revision
    new: Revision | None


def are_revisions(text: str) -> bool:
    """Return whether `resolve` finds commits here; False if there is no repository."""
    try:
        resolve(text)
    except InputError:
        return False
    return True


def resolve(text: str) -> Range:
    """Find the commits of `A..B`, of `A...B` (since B left A), or of A and the working tree.

    An omitted side is HEAD. Raises InputError if a side isn't a revision or there is no repository.
    """
    if "..." in text:
        old, new = _both(text, "...")
        return Range(_fork(old, new), new)
    if ".." in text:
        return Range(*_both(text, ".."))
    return Range(_find(text), None)


def _both(text: str, dots: str) -> tuple[Revision, Revision]:
    old, _, new = text.partition(dots)
    return _find(old or "HEAD"), _find(new or "HEAD")


def _find(name: str) -> Revision:
    try:
        return Revision(unicode_name(name), _commit(name))
    except GitError as error:
        if "not a git repository" in error.stderr:
            raise InputError(
                f"{unicode_name(name)}: no such file or folder, and this is not a git repository",
                tip="give two files, folders or reports, or run it inside a repository",
            ) from None
        if "dubious ownership" in error.stderr:
            raise InputError(
                f"git: {error.stderr}",
                tip="if you trust it: git config --global --add safe.directory PATH",
            ) from None
        if "single revision" not in error.stderr:
            raise
        raise InputError(
            f"{unicode_name(name)}: no such file or folder, and no revision",
            tip=f"git branch -a lists branches; {_SHALLOW}",
        ) from None


def _commit(name: str) -> str:
    if "\0" in name:
        raise InputError("a name with NUL is not a revision")
    return ask("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")


def _fork(old: Revision, new: Revision) -> Revision:
    """Return the newest commit that both sides have in common."""
    try:
        return Revision(old.name, ask("merge-base", old.commit, new.commit))
    except GitError:
        raise InputError(
            f"{old.name}...{new.name}: no common commit", tip=f"write two dots, or {_SHALLOW}"
        ) from None
