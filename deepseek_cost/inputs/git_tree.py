"""States of a git repository: the files of a commit or of the working tree, as git has them."""

import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, BinaryIO, Final, NamedTuple, Self, cast

from msgspec import Struct

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.git import ask, records, running, start
from deepseek_cost.inputs.source import LINK_TO_FOLDER, SUBMODULE, TextSource
from deepseek_cost.inputs.streams import Advance, Pieces, unpacked
from deepseek_cost.text import unicode_name

# The maximum read for one side; a folder of prompts is far smaller.
_MOST_BYTES: Final = 4_000_000_000
# A few objects can make up an endless tree. Folders count, since they may all be empty.
_MOST_ENTRIES: Final = 200_000
_MOST_LEVELS: Final = 100
_LONGEST_PATH: Final = 1_024  # the maximum on macOS
_SHOWN: Final = 60
# Contents up to this size are read in one go, and the last one is kept.
_SMALL: Final = 1_000_000
_BLOCK_BYTES: Final = 1 << 18
_LINK_MODE: Final = "120000"
_NO_PATH: Final = "a path that no checkout has"
_LINK: Final = "a symbolic link to no file of the repository"
_NESTED: Final = "a repository inside this one"


class Entry(Struct, frozen=True):
    """A tree's entry at a path from the top; `size` is in bytes, 0 if it is not a file."""

    mode: str
    oid: str
    size: int
    path: str

    @property
    def is_link(self) -> bool:
        """Return whether the entry is a symbolic link."""
        return self.mode == _LINK_MODE

    @property
    def reason(self) -> str | None:
        """Why there is no content to read; None if there is, or if a link may lead to some."""
        if "/." in (path := f"/{self.path}/") or "//" in path:
            parts = self.path.split("/")
            if {"", ".", ".."}.intersection(parts) or ".git" in map(str.lower, parts):
                return _NO_PATH
        return None if self.is_link or self.mode.startswith("100") else SUBMODULE


class SkippedPath(NamedTuple):
    """A path without text in the repository, why, and an id that distinguishes its states."""

    path: str
    reason: str
    digest: str


class Tree(NamedTuple):
    """A state of the repository: its files below some paths, and what has no text there."""

    files: Sequence[Entry]
    skipped: Sequence[SkippedPath]


class Repository:
    """The repository of the current folder, as one run reads it; a context manager.

    Nothing is written to it: a state of the working tree is recorded in the scratch folder.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._more: dict[str, str] = {}
        self._contents: Contents | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._contents:
            self._contents.close()

    def tree(self, state: str, paths: Sequence[str]) -> Tree:
        """List the files of a commit or tree below paths; links are replaced by their targets."""
        entries = list(_entries(state, paths, self._more))
        skipped = [SkippedPath(one.path, one.reason, one.oid) for one in entries if one.reason]
        links = [one for one in entries if one.is_link and not one.reason]
        found = list(_followed(state, links, self._more))
        skipped += [one for one in found if isinstance(one, SkippedPath)]
        files = [one for one in entries if not one.is_link and not one.reason]
        files += [one for one in found if isinstance(one, Entry)]
        size = sum({one.oid: one.size for one in files}.values())
        if size > _MOST_BYTES:
            raise InputError(
                f"{state[:12]}: {size:,} bytes of files there", tip="name fewer folders"
            )
        return Tree(files, skipped)

    def working_tree(self, paths: Sequence[str]) -> Tree:
        """List the files of the working tree below paths, as `git add` would record them.

        Includes tracked files, even if a rule ignores them or they are not checked out, and
        untracked files that no rule ignores. Line ends and encodings are those of a commit.
        """
        recorded = _Recording(self._scratch, paths)
        self._more = recorded.variables
        tree = self.tree(recorded.tree, paths)
        unknown = recorded.unknown
        contents = self.contents([])
        filtered = [
            SkippedPath(one.path, unknown[one.path], _content_digest(one, contents))
            for one in tree.files
            if one.path in unknown
        ]
        nested = [SkippedPath(path, _NESTED, "") for path in recorded.nested]
        files = [one for one in tree.files if one.path not in unknown]
        return Tree(files, [*tree.skipped, *filtered, *nested])

    def contents(self, trees: Iterable[Tree]) -> "Contents":
        """Return the contents of the files of these states, which are fastest to read in order."""
        if self._contents:
            self._contents.close()
        oids = (entry.oid for tree in trees for entry in tree.files)
        self._contents = Contents(self._more, oids)
        return self._contents


class Contents:
    """The contents of a repository's objects, one after another.

    Expected contents come from one run of git, in order; any other is requested separately.
    """

    def __init__(self, more: Mapping[str, str], expected: Iterable[str]) -> None:
        self._more = more
        self._expected = dict.fromkeys(expected)
        self._ahead: _Batch | None = None
        self._asked: _Batch | None = None
        self._kept = "", b""

    def open(self, oid: str, name: str) -> BinaryIO:
        """Open a content by its hash; the previously opened one can no longer be read.

        Raises InputError, with the name, if the content doesn't exist.
        """
        if self._kept[0] == oid:
            return io.BytesIO(self._kept[1])
        opened = self._next(oid) if oid in self._expected else self._ask(oid)
        if opened is None:
            raise InputError(
                f"{unicode_name(name)}: its content is not in this clone",
                tip="run git fetch --refetch",
            )
        if opened.size > _SMALL:
            return io.BufferedReader(opened, _BLOCK_BYTES)
        self._kept = oid, opened.whole()
        return io.BytesIO(self._kept[1])

    def _next(self, oid: str) -> "_Content | None":
        """Return an expected content; earlier ones are no longer expected."""
        if self._ahead is None:
            with TemporaryFile() as questions:
                questions.write("".join(f"{one}\n" for one in self._expected).encode())
                questions.seek(0)
                self._ahead = _Batch(questions, self._more, "--buffer")
        opened = None
        while oid in self._expected:
            del self._expected[next(iter(self._expected))]
            opened = self._ahead.next()
        return opened

    def _ask(self, oid: str) -> "_Content | None":
        if self._asked is None:
            self._asked = _Batch(PIPE, self._more)
        self._asked.ask(oid)
        return self._asked.next()

    def close(self) -> None:
        """End the processes."""
        for batch in (self._ahead, self._asked):
            if batch:
                batch.close()


class _Batch:
    """A run of git that prints the contents of objects."""

    def __init__(self, stdin: IO[bytes] | int, more: Mapping[str, str], *options: str) -> None:
        self._git = start(["cat-file", "--batch", *options], stdin, DEVNULL, more)
        self._open: _Content | None = None

    def ask(self, oid: str) -> None:
        """Request one more content."""
        asked = cast("IO[bytes]", self._git.stdin)
        with suppress(BrokenPipeError):  # what is read says so
            asked.write(f"{oid}\n".encode())
            asked.flush()

    def next(self) -> "_Content | None":
        """Return the next content; None if it doesn't exist. Closes the previous one."""
        if self._open:
            self._open.close()
        printed = cast("IO[bytes]", self._git.stdout)
        head = printed.readline().split()
        self._open = _Content(printed, int(head[2])) if head[1:2] == [b"blob"] else None
        return self._open

    def close(self) -> None:
        """End the run."""
        self._git.kill()  # and not waited for until it has printed what nobody reads
        with suppress(BrokenPipeError):
            self._git.communicate()


class _Content(Pieces):
    """One content among those that git prints; closed, it leaves the next one to be read."""

    def __init__(self, printed: IO[bytes], size: int) -> None:
        super().__init__()
        self._printed = printed
        self.size = self._left = size

    def next_piece(self, size: int) -> bytes:
        data = self._printed.read(min(size, self._left))
        if self._left and not data:
            raise _cut_off()
        self._left -= len(data)
        return data

    def whole(self) -> bytes:
        """Return the whole content, and close the stream."""
        data = self._printed.read(self._left + 1)  # with the line's end
        if len(data) <= self._left:
            raise _cut_off()
        self._left = 0
        super().close()
        return data[:-1]

    def close(self) -> None:
        if not self.closed:
            while self._left and (data := self._printed.read(min(self._left, _BLOCK_BYTES))):
                self._left -= len(data)
            self._printed.read(1)  # the line's end
        super().close()


def _cut_off() -> InputError:
    return InputError("git: the object ends too early", tip="run git fsck")


def source_of(entry: Entry, name: str, encoding: str, contents: Contents) -> "BlobSource":
    """Return a file as a source with the given name."""
    return BlobSource(name, None, encoding, entry.size, oid=entry.oid, contents=contents)


class BlobSource(TextSource, frozen=True):
    """A file of a state of the repository; its content is named by its hash."""

    oid: str = ""
    contents: Contents | None = None

    @property
    def is_stdin(self) -> bool:
        """Return False: the file is not standard input."""
        return False

    def digest(self) -> str:
        """Return the content's hash in git."""
        return self.oid

    def head(self) -> bytes:
        """Return the first bytes, as they are; raises InputError."""
        return self._opened().read(_BLOCK_BYTES)

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the bytes, unpacked; raises InputError."""
        return unpacked(self._opened(), advance)

    def raw(self) -> BinaryIO:
        """Open the bytes as they are, to be read in any order; raises InputError."""
        opened = self._opened()
        if opened.seekable():
            return opened
        copy = TemporaryFile()  # noqa: SIM115 - whoever reads it closes it
        shutil.copyfileobj(opened, copy, _BLOCK_BYTES)
        copy.seek(0)
        return cast("BinaryIO", copy)

    def _opened(self) -> BinaryIO:
        assert self.contents is not None  # noqa: S101 - of every source that `Repository` makes
        return self.contents.open(self.oid, self.name)


def _content_digest(entry: Entry, contents: Contents) -> str:
    """Return the digest by which Git LFS names a content."""
    return TextSource.digest(source_of(entry, entry.path, "utf-8", contents))


def paths_from_top(paths: Sequence[str]) -> list[str]:
    """Return paths as in trees, empty for the top; raises InputError for one outside."""
    top, prefix = (ask("rev-parse", what) for what in ("--show-toplevel", "--show-prefix"))
    return [_from_top(path, top, prefix) for path in paths]


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a path is in."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


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


def _pathspec(paths: Sequence[str]) -> list[str]:
    return [] if "" in paths else ["--", *sorted(set(paths))]


def _entries(state: str, paths: Sequence[str], more: Mapping[str, str]) -> Iterator[Entry]:
    """List a tree's entries, each path once; raises InputError if there are too many."""
    options = ("-r", "-t", "-z", "-l", "--full-tree")
    listed = records("ls-tree", *options, state, *_pathspec(paths), more=more)
    for count, record in enumerate(listed, 1):
        if count > _MOST_ENTRIES:
            raise InputError(
                f"{state[:12]}: more than {_MOST_ENTRIES:,} files and folders there, the most "
                "that are listed",
                tip="name fewer folders",
            )
        header, _, path = record.partition("\t")
        _require_usual(path, state)
        mode, kind, oid, size = header.split()
        if kind != "tree":
            yield Entry(mode, oid, int(size) if size.isdigit() else 0, path)


def _require_usual(path: str, state: str = "") -> None:
    """Raise InputError for a path that is deeper or longer than in any checkout."""
    if path.count("/") > _MOST_LEVELS:
        raise InputError(f"{_shown(path, state)}: below more than {_MOST_LEVELS} folders")
    if len(path) > _LONGEST_PATH:
        raise InputError(f"{_shown(path, state)}: longer than {_LONGEST_PATH:,} characters")


def _shown(path: str, state: str) -> str:
    """Name a path and the state, if it is of one, both shortened."""
    name = unicode_name(path)
    shown = f"{name[:_SHOWN]}..." if len(name) > _SHOWN else name
    return f"{state[:12]}: {shown}" if state else shown


def _followed(
    state: str, links: Sequence[Entry], more: Mapping[str, str]
) -> Iterator[Entry | SkippedPath]:
    """Yield for each link the file that it leads to within the state, under the link's path.

    A link to a folder has the folder's hash, so that changes inside show up; a link to somewhere
    else has the link's own hash.
    """
    usual = [link for link in links if "\n" not in link.path]
    for link in links:
        if "\n" in link.path:  # it would be two questions
            yield SkippedPath(link.path, _LINK, link.oid)
    if not usual:
        return
    questions = b"".join(os.fsencode(f"{state}:{link.path}\n") for link in usual)
    options = ("--batch-check=%(objectname) %(objecttype) %(objectsize)", "--follow-symlinks")
    with running("cat-file", *options, fed=questions, more=more) as printed:
        for link in usual:
            match printed.readline().split():
                case [oid, b"blob", size] if size.isdigit():
                    yield Entry("100644", oid.decode(), int(size), link.path)
                case [oid, b"tree", _]:
                    yield SkippedPath(link.path, LINK_TO_FOLDER, oid.decode())
                case [b"symlink" | b"dangling" | b"loop" | b"notdir", size]:
                    printed.read(int(size) + 1)  # where it leads to
                    yield SkippedPath(link.path, _LINK, link.oid)
                case _:
                    yield SkippedPath(link.path, _LINK, link.oid)


class _Recording:
    """The working tree as a tree object in its own object store, with a copy of the index.

    `unknown` are files, with the reason, that a filter in the repository's own configuration would
    change: such programs are not run. Filters in the user's configuration are run, as git does.
    `nested` are repositories inside this one.
    """

    def __init__(self, scratch: Path, paths: Sequence[str]) -> None:
        where = ("rev-parse", "--path-format=absolute")
        top = ask(*where, "--show-toplevel")
        index = Path(ask(*where, "--git-path", "index"))
        (scratch / "objects").mkdir()
        if index.exists():
            shutil.copyfile(index, scratch / "index")
        filters = _own_filters()
        self.variables = {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(ask(*where, "--git-path", "objects")),
            **_switched_off(filters),
        }
        self._at_top = "-C", top
        changed = self._changed(top, paths)
        self.nested = [path[:-1] for path in changed if path.endswith("/")]
        changed = [path for path in changed if not path.endswith("/")]
        self.unknown = self._filtered(changed, filters)
        self._run("update-index", *_UPDATE, fed=changed)
        self.tree = ask(*self._at_top, "write-tree", "--missing-ok", more=self.variables)

    def _changed(self, top: str, paths: Sequence[str]) -> list[str]:
        """List files that may differ from the index: by their times, untracked, or given."""
        below = _pathspec(paths)
        listed = ("diff-files", "-z", "--name-only", "--ignore-submodules=dirty")
        changed = self._run(*listed, *below)
        changed += self._run(*listed, "--diff-filter=U")
        untracked = self._run("ls-files", "-z", "--others", "--exclude-standard", *below)
        changed += untracked
        changed += [path for path in paths if Path(top, path).is_file()]
        staged = self._run("ls-files", "-z", "--stage", *below)
        links = [one.partition("\t")[2] for one in staged if one.startswith(_LINK_MODE)]
        links += [path for path in untracked if Path(top, path).is_symlink()]
        changed += _targets(top, links)
        return list(dict.fromkeys(changed))

    def _filtered(self, paths: Sequence[str], filters: Iterable[str]) -> dict[str, str]:
        """Return the paths whose attributes name a disabled filter, each with the reason."""
        off = set(filters)
        if not off:
            return {}
        attributes = iter(self._run("check-attr", "-z", "--stdin", "filter", fed=paths))
        return {
            path: f"filtered by {unicode_name(value)}, which is not run"
            for path, _, value in zip(attributes, attributes, attributes, strict=True)
            if value in off
        }

    def _run(self, *args: str, fed: Iterable[str] = ()) -> list[str]:
        data = b"".join(os.fsencode(f"{path}\0") for path in fed)
        return list(records(*self._at_top, *args, fed=data, more=self.variables))


_UPDATE: Final = (
    *("--add", "--remove", "--replace", "--ignore-skip-worktree-entries"),
    *("-z", "--stdin"),
)
_FILTER: Final = re.compile(r"filter\.(.+)\.(?:clean|process|smudge|required)", re.DOTALL)


def _own_filters() -> list[str]:
    """List the filters that the repository's own configuration names."""
    listed = records("config", "--list", "-z", "--name-only", "--show-scope")
    named = zip(listed, listed, strict=True)
    found = [_FILTER.fullmatch(name) for scope, name in named if scope in ("local", "worktree")]
    return list(dict.fromkeys(match[1] for match in found if match))


def _switched_off(filters: Iterable[str]) -> dict[str, str]:
    """Return the variables that keep git from running filters."""
    known = os.environ.get("GIT_CONFIG_COUNT", "")
    number = int(known) if known.isdigit() else 0
    variables = {}
    for name in filters:
        for key, value in (("clean", ""), ("process", ""), ("required", "false")):
            variables[f"GIT_CONFIG_KEY_{number}"] = f"filter.{name}.{key}"
            variables[f"GIT_CONFIG_VALUE_{number}"] = value
            number += 1
    return variables | ({"GIT_CONFIG_COUNT": str(number)} if variables else {})


def _quoted(path: str) -> str:
    """Format a path for git's list of paths."""
    if os.pathsep not in path and not path.startswith('"'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _targets(top: str, links: Iterable[str]) -> Iterator[str]:
    """Yield the files of the working tree that links lead to."""
    root = os.path.realpath(top)
    for link in links:
        target = os.path.realpath(os.path.join(root, link))  # noqa: PTH118 - as git names it
        if target.startswith(f"{root}{os.sep}") and Path(target).is_file():
            path = os.path.relpath(target, root).replace(os.sep, "/")
            if ".git" not in path.lower().split("/"):
                yield path
