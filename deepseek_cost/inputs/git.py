"""Revisions and their files."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.errors import InputError
from deepseek_cost.text import unicode_name

_BLOCK_BYTES: Final = 1 << 16
# What git says goes into one line of ours.
_MOST_SAID: Final = 4_096
# A repository's own configuration can name programs. Those that reading objects could start are
# named here; diffs of the working tree, which run filters, are not asked for at all.
_SAFE: Final = (
    "--no-pager",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    *("-c", "core.alternateRefsCommand="),
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


def ask(*args: str) -> str:
    """Return what git prints, without the last line's end; raises GitError."""
    with running(*args) as printed:
        output = os.fsdecode(printed.read())
    return output.removesuffix("\n")


def records(*args: str) -> Iterator[str]:
    """Yield what git prints between NUL characters, however much it is; raises GitError.

    A record that is longer than a block comes in pieces.
    """
    with running(*args) as printed:
        rest = b""
        while block := printed.read(_BLOCK_BYTES):
            *whole, rest = (rest + block).split(b"\0")
            yield from map(os.fsdecode, whole)
            if len(rest) > _BLOCK_BYTES:
                yield os.fsdecode(rest)
                rest = b""


@contextmanager
def running(*args: str, fed: bytes = b"") -> Iterator[IO[bytes]]:
    """Run git, fed with some input, and hand on what it prints; raises GitError if it ends so."""
    with TemporaryFile() as errors, TemporaryFile() as stdin_file:
        stdin_file.write(fed)
        stdin_file.seek(0)
        with _start(args, stdin_file, errors) as git:
            try:
                yield _of(git.stdout)
            except BaseException:
                git.kill()  # and not waited for until it ends by itself
                raise
        if git.returncode:
            raise GitError(_message_of(errors))


def _start(
    args: Sequence[str], stdin_file: IO[bytes], errors: IO[bytes]
) -> "subprocess.Popen[bytes]":
    program = shutil.which("git")
    if program is None:
        raise InputError("git is not installed, or not on PATH; two files or folders need none")
    return subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
        [program, *_SAFE, *args],
        stdin=stdin_file,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=os.environ | _ENVIRONMENT,
    )


def _message_of(errors: IO[bytes]) -> str:
    """Return the first line that git wrote of what is wrong."""
    errors.seek(0)
    lines = unicode_name(os.fsdecode(errors.read(_MOST_SAID))).strip().splitlines()
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines
    return telling[0].removeprefix("fatal: ").removeprefix("error: ") if telling else "no answer"


def _of(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - a pipe was asked for
    return stream


_SHALLOW: Final = "in CI fetch the history first (actions/checkout: fetch-depth: 0)"


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
                f"{unicode_name(name)}: no such file or folder, and this is no git repository; "
                f"give two files, folders or reports, or run it inside a repository"
            ) from None
        if "dubious ownership" in error.stderr:
            raise InputError(
                f"git: {error.stderr}; "
                f"if you trust it: git config --global --add safe.directory PATH"
            ) from None
        if "single revision" not in error.stderr:
            raise
        raise InputError(
            f"{unicode_name(name)}: no such file or folder, and no revision; "
            f"git branch -a lists branches; {_SHALLOW}"
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
            f"{old.name}...{new.name}: no common commit; write two dots, or {_SHALLOW}"
        ) from None


# What one side lays out at most; a folder of prompts is far smaller.
_MOST_BYTES: Final = 4_000_000_000
# A few objects can make up a tree without end. Its folders count: they may all be empty.
_MOST_ENTRIES: Final = 200_000
# Each level takes a frame and an open file when the folder is removed.
_MOST_LEVELS: Final = 100
_LONGEST_PATH: Final = 1_024  # macOS takes no longer ones
_SHOWN: Final = 60
_TREE_BLOCK_BYTES: Final = 1 << 18
_LINK_MODE: Final = "120000"
_POINTER: Final = re.compile(rb"version https://git-lfs.*\noid sha256:([0-9a-f]{64})\n", re.DOTALL)
_LONGEST_POINTER: Final = 1_024
LINK: Final = "a symbolic link"
SUBMODULE: Final = "a submodule"
_IGNORE_FILES: Final = (".gitignore", ".ignore")


class Entry(Struct, frozen=True):
    """What a tree has at a path, counted from the top."""

    mode: str
    oid: str
    size: int
    path: str

    @property
    def reason(self) -> str | None:
        """Why it cannot be laid out as a file; None where it can."""
        parts = self.path.split("/")
        if {"", ".", ".."}.intersection(parts) or ".git" in map(str.lower, parts):
            return "a path that no checkout has"
        if self.mode == _LINK_MODE:
            return LINK
        return None if self.mode.startswith("100") else SUBMODULE

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def is_rules(self) -> bool:
        """Tell whether it says what to ignore."""
        return self.name in _IGNORE_FILES

    def renamed(self, name: str) -> "Entry":
        """Return the same content under another name in the same folder."""
        return replace(self, path=self.path.removesuffix(self.name) + name)


class SkippedPath(NamedTuple):
    """A path whose text is not in the tree, why, and a digest of what is there."""

    path: str
    reason: str
    digest: str


def paths_from_top(paths: Sequence[str]) -> list[str]:
    """Return paths as trees have them, empty for the top; raises InputError for one outside."""
    top, prefix = (ask("rev-parse", what) for what in ("--show-toplevel", "--show-prefix"))
    return [_from_top(path, top, prefix) for path in paths]


def lay_out(
    commit: str,
    paths: Sequence[str],
    folder: Path,
    written: dict[str, Path],
    *,
    rules: str,
    ignore_name: str,
) -> list[SkippedPath]:
    """Write the files at these paths of a commit into a new folder; return what has no text.

    The `rules` of `.gitignore`, also of those above the paths, are those of the commit named. Those
    of `.ignore` stand under `ignore_name`, too; an empty `.git` marks the top. A content that was
    `written` before, known by its hash, is linked.
    """
    entries = list(_entries(commit, paths))
    if rules != commit:
        entries = _with_rules(entries, _entries(rules, paths))
    files = {entry.path: entry for entry in entries if not entry.reason}
    size = sum(entry.size for entry in files.values())
    if size > _MOST_BYTES:
        raise InputError(f"{commit[:12]}: {size:,} bytes of files there; name fewer folders")
    (folder / ".git").mkdir(parents=True)
    named = [entry.renamed(ignore_name) for entry in files.values() if entry.name == ".ignore"]
    _write_all([*files.values(), *named], commit, folder, written)
    none = [SkippedPath(entry.path, entry.reason, entry.oid) for entry in entries if entry.reason]
    small = [path for path, entry in files.items() if entry.size <= _LONGEST_POINTER]
    pointed = [(path, _pointed_at(folder / path)) for path in small]
    return none + [
        SkippedPath(path, "kept in Git LFS", digest) for path, digest in pointed if digest
    ]


def _from_top(path: str, top: str, prefix: str) -> str:
    if Path(path).is_absolute():
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(top))
    else:
        path = os.path.join(prefix, path)  # noqa: PTH118 - it is a path of a tree
    path = os.path.normpath(path).replace(os.sep, "/")
    if path == ".." or path.startswith("../"):
        raise InputError(f"{unicode_name(path)}: outside of the repository {unicode_name(top)}")
    _require_usual(path)
    return "" if path == "." else path


def _entries(commit: str, paths: Sequence[str]) -> Iterator[Entry]:
    """List the files of the trees, each path once; raises InputError for more than is laid out."""
    above = {
        str(parent / name).removeprefix("./")
        for path in paths
        for parent in PurePosixPath(path).parents
        for name in _IGNORE_FILES
    }
    pathspec = [] if "" in paths else ["--", *sorted({*paths, *above})]
    listed = records("ls-tree", "-r", "-t", "-z", "-l", "--full-tree", commit, *pathspec)
    for count, record in enumerate(listed, 1):
        if count > _MOST_ENTRIES:
            raise InputError(
                f"{commit[:12]}: more than {_MOST_ENTRIES:,} files and folders there, the most "
                f"that are listed; name fewer folders"
            )
        header, _, path = record.partition("\t")
        _require_usual(path, commit)
        mode, kind, oid, size = header.split()
        if kind != "tree":
            yield Entry(mode, oid, int(size) if size.isdigit() else 0, path)


def _require_usual(path: str, commit: str = "") -> None:
    """Raise InputError for a path that is deeper or longer than any that is laid out."""
    if path.count("/") > _MOST_LEVELS:
        raise InputError(f"{_shown(path, commit)}: below more than {_MOST_LEVELS} folders")
    if len(path) > _LONGEST_PATH:
        raise InputError(f"{_shown(path, commit)}: longer than {_LONGEST_PATH:,} characters")


def _shown(path: str, commit: str) -> str:
    """Name a path and the commit, if it is of one, both shortened."""
    name = unicode_name(path)
    shown = f"{name[:_SHOWN]}..." if len(name) > _SHOWN else name
    return f"{commit[:12]}: {shown}" if commit else shown


@contextmanager
def _laying_out(path: str, commit: str) -> Iterator[None]:
    """Raise InputError, which names the entry, for what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{_shown(path, commit)}: cannot be laid out: {error.strerror or error}"
        ) from error


def _with_rules(entries: Iterable[Entry], others: Iterable[Entry]) -> list[Entry]:
    """Put the ignore files of another tree in the place of these, where no other file stands."""
    kept = [entry for entry in entries if not entry.is_rules]
    rules = [entry for entry in others if entry.is_rules and not entry.reason]
    if not rules:
        return kept
    files = {entry.path for entry in kept}
    folders = {folder for path in files for folder in folders_above(path)}
    return kept + [
        entry
        for entry in rules
        if entry.path not in folders and files.isdisjoint(folders_above(entry.path))
    ]


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a path is in."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def _write_all(
    entries: Sequence[Entry], commit: str, folder: Path, written: dict[str, Path]
) -> None:
    """Write each content once, and link it where it stands again; raises InputError."""
    for parent, path in {(folder / entry.path).parent: entry.path for entry in entries}.items():
        with _laying_out(path, commit):
            parent.mkdir(parents=True, exist_ok=True)
    first = {entry.oid: entry for entry in entries if entry.oid not in written}
    if first:
        with running("cat-file", "--batch", fed="\n".join(first).encode() + b"\n") as printed:
            for entry in first.values():
                with _laying_out(entry.path, commit):
                    _write(printed, entry, folder / entry.path)
                written[entry.oid] = folder / entry.path
    for entry in entries:
        if entry.oid not in first or first[entry.oid] is not entry:
            with _laying_out(entry.path, commit):
                os.link(written[entry.oid], folder / entry.path)


def _write(printed: IO[bytes], entry: Entry, target: Path) -> None:
    head = printed.readline().split()
    if head[1:2] != [b"blob"]:
        raise InputError(
            f"{unicode_name(entry.path)}: its content is not in this clone; run git fetch --refetch"
        )
    with target.open("xb") as file:
        _copy(printed, file, int(head[2]))
    printed.read(1)


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size and (block := source.read(min(size, _TREE_BLOCK_BYTES))):
        target.write(block)
        size -= len(block)
    if size:
        raise InputError("git: the object ends too early; run git fsck")


def _pointed_at(path: Path) -> str | None:
    """Return the SHA-256 of the file that Git LFS keeps for a pointer; None for other text."""
    pointer = _POINTER.match(path.read_bytes())
    return pointer[1].decode() if pointer else None
