"""What git answers, and the revisions that it knows."""

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
# What git says goes into one line of ours.
_MOST_SAID: Final = 4_096
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
    """git refuses; `said` is its own first line."""

    def __init__(self, stderr: str) -> None:
        super().__init__(f"git: {stderr}")
        self.stderr = stderr


def ask(*args: str, more: Mapping[str, str] | None = None) -> str:
    """Return what git prints, without the last line's end; raises GitError.

    `more` are variables of the environment that it gets besides its own.
    """
    with running(*args, more=more) as printed:
        output = os.fsdecode(printed.read())
    return output.removesuffix("\n")


def records(*args: str, fed: bytes = b"", more: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield what git prints between NUL characters, however much it is; raises GitError.

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
    """Run git, fed with some input, and hand on what it prints; raises GitError if it ends so."""
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
    """Start git, whose output is a pipe; raises InputError if it cannot be started."""
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
    """Return where a program is on a PATH; None if it is nowhere there.

    Only absolute folders of it are searched, and never the current one, as Windows would: a
    repository may have a program of that name.
    """
    for folder in filter(os.path.isabs, path.split(os.pathsep)):
        place = os.path.join(folder, name)  # noqa: PTH118 - a folder of PATH
        if os.path.isfile(place) and os.access(place, os.X_OK):  # noqa: PTH113
            return place
    return None


def _message_of(errors: IO[bytes]) -> str:
    """Return the first line that git wrote of what is wrong."""
    errors.seek(0)
    lines = unicode_name(os.fsdecode(errors.read(_MOST_SAID))).strip().splitlines()
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    return telling[0].removeprefix("fatal: ").removeprefix("error: ") if telling else "no answer"


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
    """List what git tracks below a folder, by the paths from there; raises InputError.

    Where git sees no repository, nothing is tracked.
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
    """A commit, by the name given and by its hash."""

    name: str
    commit: str


class Range(NamedTuple):
    """Two states to compare; `new` is None for the working tree."""

    old: Revision
    new: Revision | None


def are_revisions(text: str) -> bool:
    """Tell whether `resolve` finds commits here; it does not where there is no repository."""
    try:
        resolve(text)
    except InputError:
        return False
    return True


def resolve(text: str) -> Range:
    """Find the commits of `A..B`, of `A...B` (since B left A), or of A beside the working tree.

    A side left out is HEAD. Raises InputError for what is no revision or no repository.
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
                f"{unicode_name(name)}: no such file or folder, and this is no git repository",
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
        raise InputError("a name with NUL is no revision")
    return ask("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")


def _fork(old: Revision, new: Revision) -> Revision:
    """Return the newest commit that both sides have."""
    try:
        return Revision(old.name, ask("merge-base", old.commit, new.commit))
    except GitError:
        raise InputError(
            f"{old.name}...{new.name}: no common commit", tip=f"write two dots, or {_SHALLOW}"
        ) from None
