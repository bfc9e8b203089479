"""Files, folders or revisions as two sides."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.inputs import git
from deepseek_cost.inputs.find import below
from deepseek_cost.inputs.git import Revision, are_revisions, folders_above, resolve
from deepseek_cost.inputs.source import TextSource, require_text_encoding
from deepseek_cost.inputs.streams import open_bytes, reading
from deepseek_cost.text import unicode_name


class Selection(NamedTuple):
    """What of a folder is compared, how it is read, and where copies may be kept.

    `rules` is what the `.ignore` files of a commit are called where it is laid out.
    """

    globs: Sequence[str]
    encoding: str
    scratch: Path
    rules: str = ""


class SkippedFile(NamedTuple):
    """Why a file cannot be counted, and a digest of what is there."""

    reason: str
    digest: str
    is_fault: bool = False  # of its content, such as JSON that is no request


@dataclass(slots=True)
class Side:
    """Files to count, and those that have no text; `commit` is there for a revision."""

    name: str
    commit: str | None = None
    files: dict[str, TextSource] = field(default_factory=dict)
    unread: dict[str, SkippedFile] = field(default_factory=dict)

    def add(self, place: Path, shown: str, selection: Selection) -> None:
        """Add a file, or those below a folder, under the names that they have below `shown`."""
        if place.is_file():
            self._add_file(place, shown, selection)
        if not place.is_dir():
            return
        texts, binary = below(place, selection.globs, selection.encoding, selection.rules)
        for path in texts:
            self._add_file(path, _joined(shown, path.relative_to(place)), selection)
        for path in binary:
            name = unicode_name(_joined(shown, path.relative_to(place)))
            self.unread[name] = SkippedFile("a binary file", digest(path, name))

    def leave(self, unread: Mapping[str, SkippedFile]) -> None:
        """Leave out files, and all that is below folders, as those that have no text."""
        names = unread.keys()
        self.files = {
            name: source
            for name, source in self.files.items()
            if name not in names and names.isdisjoint(folders_above(name))
        }
        self.unread |= unread

    def _add_file(self, path: Path, name: str, selection: Selection) -> None:
        source = TextSource(unicode_name(os.path.normpath(name)), path, selection.encoding)
        known = self.files.setdefault(source.name, source)
        if known.path != path and known.path and not known.path.samefile(path):
            raise InputError(f"{source.name}: two files have this name in Unicode; rename one")


def digest(path: Path, name: str) -> str:
    """Return a digest of a file's bytes; raises InputError."""
    with reading(name), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _joined(shown: str, path: Path) -> str:
    return os.path.normpath(os.path.join(shown, path))  # noqa: PTH118 - `shown` may be empty


def sides_of_revisions(args: Sequence[str], selection: Selection) -> tuple[Side, Side]:
    """Find both sides of `A..B PATH...`, or of `A PATH...` and the working tree.

    Of two revisions, the old one says what is ignored in both: a change cannot hide itself.
    """
    found = resolve(args[0])
    paths, scratch = args[1:] or ["."], selection.scratch
    places = dict(zip(git.paths_from_top(paths), paths, strict=True))
    lay_out = partial(git.lay_out, paths=list(places), written={}, rules=found.old.commit)
    # Nobody can know the name of the scratch folder before, and so bring such rules along.
    laid_out = selection._replace(rules=f".ignore-{scratch.name}")
    old = _of_commit(found.old, places, laid_out._replace(scratch=scratch / "old"), lay_out)
    if found.new:
        new = _of_commit(found.new, places, laid_out._replace(scratch=scratch / "new"), lay_out)
    else:
        new = _of_working_tree(paths, selection, old)
    _require_each(paths, (old, new), args[0])
    return old, new


def _of_commit(
    revision: Revision,
    places: Mapping[str, str],
    selection: Selection,
    lay_out: Callable[..., list[git.SkippedPath]],
) -> Side:
    side = Side(revision.name, revision.commit)
    top = selection.scratch
    unread = {}
    entries = lay_out(revision.commit, folder=top, ignore_name=selection.rules)
    for path, shown in places.items():
        with reading(unicode_name(shown)):
            side.add(top / path, shown, selection)
        for entry in entries:
            if not path or entry.path == path or entry.path.startswith(f"{path}/"):
                below = entry.path.removeprefix(path).removeprefix("/")
                name = unicode_name(os.path.normpath(os.path.join(shown, below)))  # noqa: PTH118
                unread[name] = SkippedFile(entry.reason, entry.digest)
    side.leave(unread)
    return side


def _of_working_tree(paths: Sequence[str], selection: Selection, old: Side) -> Side:
    """Return the files on disk; as in git, what the old side has is not ignored.

    Below what was a submodule is another repository's business.
    """
    side, committed = Side("working tree"), old.unread
    for path in paths:
        side.add(Path(path), path, selection)
    for name in old.files:
        if name not in side.files and name not in side.unread and Path(name).is_file():
            side.add(Path(name), name, selection)
    links = {
        name: SkippedFile(git.LINK, _digest_of_link(source.path, committed.get(name)))
        for name, source in side.files.items()
        if source.path and source.path.is_symlink()
    }
    submodules = {
        name: unread
        for name, unread in committed.items()
        if unread.reason == git.SUBMODULE and Path(name).is_dir()
    }
    side.leave(links | submodules)
    return side


def _digest_of_link(path: Path, committed: SkippedFile | None) -> str:
    """Return the hash that git gives a link, by the algorithm of the repository."""
    algorithm = "sha256" if committed and len(committed.digest) == 64 else "sha1"  # noqa: PLR2004
    target = os.fsencode(path.readlink())
    return hashlib.new(algorithm, b"blob %d\0%b" % (len(target), target)).hexdigest()


def _require_each(paths: Sequence[str], sides: Iterable[Side], first: str) -> None:
    """Raise InputError for a path that neither side has; UsageError where it is a revision."""
    names = [name for side in sides for name in (*side.files, *side.unread)]
    for path in paths:
        shown = unicode_name(os.path.normpath(path))
        if not any(shown in {".", name} or name.startswith(f"{shown}/") for name in names):
            _refuse_second_revision(first, path)
            both = " or ".join(side.name for side in sides)
            raise InputError(
                f"{shown}: no text files there in {both}; hidden and git-ignored files are left out"
            )


def _refuse_second_revision(first: str, path: str) -> None:
    """Refuse what git takes for two revisions, `A B`; here what follows A is a path."""
    if ".." not in first and ".." not in path and are_revisions(path):
        old, new = unicode_name(first), unicode_name(path)
        raise UsageError(f"{new} is a revision, and no file here; write {old}..{new}")


# Pipes are kept on disk while they are compared.
_MOST_PIPED: Final = 4_000_000_000
_BLOCK_BYTES: Final = 1 << 18
_HOW: Final = "give two to compare: OLD NEW, or revisions and paths: main..HEAD prompts"


def sides_of(args: Sequence[str], selection: Selection) -> tuple[Side, Side]:
    """Find the two sides that the arguments name: OLD NEW, or revisions with paths.

    Raises UsageError where they could mean several things, InputError where they mean nothing.
    """
    require_text_encoding(selection.encoding)
    first = args[0]
    if first != "-" and not os.path.lexists(first):
        return sides_of_revisions(args, selection)
    if _could_be_revision(first) and are_revisions(first):
        name = unicode_name(first)
        how = "move the file away" if ".." in name else f"{name}..HEAD"
        raise UsageError(f"{name} is a file here and a revision; write ./{name}, or {how}")
    return _on_disk(args, selection)


def _could_be_revision(name: str) -> bool:
    return name != "-" and not name.startswith((".", os.sep)) and not name.endswith(os.sep)


def _on_disk(args: Sequence[str], selection: Selection) -> tuple[Side, Side]:
    if len(args) != 2:  # noqa: PLR2004 - an old and a new one
        raise UsageError(_HOW)
    old, new = args
    if old == new == "-":
        raise UsageError("- (standard input) can be read only once")
    are_folders = {_is_folder(old), _is_folder(new)}
    if are_folders == {True, False}:
        raise UsageError(f"{unicode_name(old)} and {unicode_name(new)}: a folder and a file")
    if are_folders == {True}:
        return _folder(old, selection), _folder(new, selection)
    return _file(old, new, selection), _file(new, new, selection)


def _is_folder(name: str) -> bool:
    if name == "-" or Path(name).exists():
        return name != "-" and Path(name).is_dir()
    shown = unicode_name(name) or "an empty name"
    raise InputError(
        f"{shown}: no such file or folder; two revisions are written "
        f"main..HEAD, a revision beside the working tree main prompts/"
    )


def _folder(name: str, selection: Selection) -> Side:
    side = Side(unicode_name(name))
    side.add(Path(name), "", selection)
    return side


def _file(name: str, shared_name: str, selection: Selection) -> Side:
    """Return a side of one file, called by the new one's name on both sides."""
    path = Path(name)
    shown = unicode_name(name)
    if name == "-" or not path.is_file():
        path = _kept(None if name == "-" else path, shown, selection.scratch)
    source = TextSource(shown, path, selection.encoding)
    return Side(shown, files={unicode_name(shared_name): source})


def _kept(path: Path | None, name: str, scratch: Path) -> Path:
    """Copy a pipe into a file, since it is read more than once."""
    kept = scratch / f"pipe-{path.name if path else ''}"
    size = 0
    with reading(name), open_bytes(path) as pipe, kept.open("wb") as file:
        while block := pipe.read(_BLOCK_BYTES):
            size += file.write(block)
            if size > _MOST_PIPED:
                raise InputError(f"{name}: more than {_MOST_PIPED:,} bytes; put it into a file")
    return kept
