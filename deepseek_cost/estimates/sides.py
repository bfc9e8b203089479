"""Files, folders or revisions as two sides."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, NamedTuple

from msgspec.structs import replace

from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.folders import below, matching
from deepseek_cost.inputs.git import are_revisions, resolve
from deepseek_cost.inputs.git_tree import (
    Contents,
    Repository,
    Tree,
    folders_above,
    paths_from_top,
    source_of,
)
from deepseek_cost.inputs.source import TextSource, require_text_encoding
from deepseek_cost.inputs.streams import open_bytes, reading
from deepseek_cost.text import unicode_name


class Selection(NamedTuple):
    """Which files of a folder are compared, how they are read, and where copies may be kept."""

    globs: Sequence[str]
    encoding: str
    scratch: Path


BINARY: Final = "a binary file"


class SkippedFile(NamedTuple):
    """Why a file cannot be counted, and a digest of its content."""

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
            self._add_file(TextSource("", place, selection.encoding), place, shown)
        if not place.is_dir():
            return
        texts, others = below(place, selection.globs, selection.encoding)
        for source in texts:
            if path := source.path:
                self._add_file(source, path, _joined(shown, path.relative_to(place)))
        for path, reason in others.items():
            name = unicode_name(_joined(shown, path.relative_to(place)))
            if reason == lfs.KEPT:  # what it points to identifies it
                self._add_file(TextSource("", path, selection.encoding), path, name)
            else:
                digest = TextSource(name, path).digest() if path.is_file() else ""
                self.unread[name] = SkippedFile(f"a {reason} file" if digest else reason, digest)

    def leave(self, unread: Mapping[str, SkippedFile]) -> None:
        """Leave out files, and everything below folders, as having no text."""
        names = unread.keys()
        self.files = {
            name: source
            for name, source in self.files.items()
            if name not in names and names.isdisjoint(folders_above(name))
        }
        self.unread |= unread

    def _add_file(self, source: TextSource, path: Path, name: str) -> None:
        source = replace(source, name=unicode_name(os.path.normpath(name)))
        known = self.files.setdefault(source.name, source)
        if known.path != path and known.path and not known.path.samefile(path):
            raise _two_files(source.name)


def _two_files(name: str) -> InputError:
    return InputError(f"{name}: two files have this name in Unicode", tip="rename one")


def _joined(shown: str, path: Path) -> str:
    return os.path.normpath(os.path.join(shown, path))  # noqa: PTH118 - `shown` may be empty


def sides_of_revisions(
    args: Sequence[str], selection: Selection, repository: Repository
) -> tuple[Side, Side]:
    """Find both sides of `A..B PATH...`, or of `A PATH...` and the working tree.

    What is there, git says: what is tracked is, whatever is ignored, hidden or not checked out.
    """
    found = resolve(args[0])
    paths = args[1:] or ["."]
    places = dict(zip(paths_from_top(paths), paths, strict=True))
    old_tree = repository.tree(found.old.commit, list(places))
    new_tree = (
        repository.tree(found.new.commit, list(places))
        if found.new
        else repository.working_tree(list(places))
    )
    # The new side is read first; what the old one has, too, is known then.
    naming = _Naming(selection, places, repository.contents([new_tree, old_tree]))
    new = Side(found.new.name, found.new.commit) if found.new else Side("working tree")
    new = naming.side(new_tree, new)
    old = naming.side(old_tree, Side(found.old.name, found.old.commit))
    _require_each(paths, (old, new), args[0])
    return old, new


class _Naming(NamedTuple):
    """How the files of a state become sources: which of them, and under which names."""

    selection: Selection
    places: Mapping[str, str]  # paths from the top as they were given
    contents: Contents

    def side(self, tree: Tree, side: Side) -> Side:
        """Add the files of a state to a side."""
        chosen = self._chosen(
            [*(one.path for one in tree.files), *(one.path for one in tree.skipped)]
        )
        paths: dict[str, str] = {}
        for entry in tree.files:
            for name in self._names(entry.path, chosen):
                if paths.setdefault(name, entry.path) != entry.path:
                    raise _two_files(name)
                source = source_of(entry, name, self.selection.encoding, self.contents)
                side.files[name] = source
        side.leave(
            {
                name: SkippedFile(one.reason, one.digest)
                for one in tree.skipped
                for name in self._names(one.path, chosen)
            }
        )
        return side

    def _names(self, path: str, chosen: Mapping[str, set[str]]) -> Iterable[str]:
        """Yield the names of a file below each of the places that it is in."""
        for place, shown in self.places.items():
            if not place or path == place or path.startswith(f"{place}/"):
                inside = path[len(place) :].lstrip("/")
                if not inside or place not in chosen or inside in chosen[place]:
                    yield unicode_name(os.path.normpath(os.path.join(shown, inside)))  # noqa: PTH118

    def _chosen(self, paths: Sequence[str]) -> dict[str, set[str]]:
        """Return for each place the paths below it that the globs choose; empty without globs."""
        if not self.selection.globs:
            return {}
        chosen = {}
        for place in self.places:
            top = f"{place}/" if place else ""
            inside = [path.removeprefix(top) for path in paths if path.startswith(top)]
            odd = {path for path in inside if {"", ".", ".."}.intersection(path.split("/"))}
            folder = Path(mkdtemp(dir=self.selection.scratch))
            usual = [path for path in inside if path not in odd]
            chosen[place] = odd | matching(usual, self.selection.globs, folder)
        return chosen


def _require_each(paths: Sequence[str], sides: Iterable[Side], first: str) -> None:
    """Raise InputError for a path that neither side has; UsageError if it is a revision."""
    names = [name for side in sides for name in (*side.files, *side.unread)]
    for path in paths:
        shown = unicode_name(os.path.normpath(path))
        if not any(shown in {".", name} or name.startswith(f"{shown}/") for name in names):
            _refuse_second_revision(first, path)
            both = " or ".join(side.name for side in sides)
            raise InputError(
                f"{shown}: no files there in {both}",
                tip="files that git ignores or does not track are left out",
            )


def _refuse_second_revision(first: str, path: str) -> None:
    """Refuse what git takes for two revisions, `A B`; here what follows A is a path."""
    if ".." not in first and ".." not in path and are_revisions(path):
        old, new = unicode_name(first), unicode_name(path)
        raise UsageError(f"{new} is a revision, not a file here", tip=f"write {old}..{new}")


# The content of a pipe is kept on disk during the comparison.
_MOST_PIPED: Final = 4_000_000_000
_BLOCK_BYTES: Final = 1 << 18
_HOW: Final = "give two to compare: OLD NEW, or revisions and paths: main..HEAD prompts"


def sides_of(
    args: Sequence[str], selection: Selection, repository: Repository
) -> tuple[Side, Side]:
    """Find the two sides that the arguments name: OLD NEW, or revisions with paths.

    Raises UsageError where they could mean several things, InputError where they mean nothing.
    """
    require_text_encoding(selection.encoding)
    first = args[0]
    if first != "-" and not os.path.lexists(first):
        return sides_of_revisions(args, selection, repository)
    if _could_be_revision(first) and are_revisions(first):
        name = unicode_name(first)
        how = "move the file away" if ".." in name else f"{name}..HEAD"
        raise UsageError(
            f"{name} is both a file here and a revision", tip=f"write ./{name}, or {how}"
        )
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
        f"{shown}: no such file or folder",
        tip="two revisions are written main..HEAD; a revision and the working tree, main prompts/",
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
                raise InputError(
                    f"{name}: more than {_MOST_PIPED:,} bytes", tip="put it into a file"
                )
    return kept
