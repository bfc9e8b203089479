"""Sides out of a git repository: the files of a commit, and those of the working tree."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from deepseek_cost.difference.files import Selection, Side, Unread
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.repository import tree
from deepseek_cost.repository.revisions import Revision, are_revisions, resolve
from deepseek_cost.streams import reading
from deepseek_cost.terminal import unicode_name


def sides_of_revisions(args: Sequence[str], selection: Selection) -> tuple[Side, Side]:
    """Find both sides of `A..B PATH...`, or of `A PATH...` and the working tree.

    Of two revisions, the old one says what is ignored in both: a change cannot hide itself.
    """
    found = resolve(args[0])
    paths, scratch = args[1:] or ["."], selection.scratch
    places = dict(zip(tree.paths_from_top(paths), paths, strict=True))
    lay_out = partial(tree.lay_out, paths=list(places), written={}, rules=found.old.commit)
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
    lay_out: Callable[..., list[tree.NoText]],
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
                unread[name] = Unread(entry.reason, entry.digest)
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
        name: Unread(tree.LINK, _digest_of_link(source.path, committed.get(name)))
        for name, source in side.files.items()
        if source.path and source.path.is_symlink()
    }
    submodules = {
        name: unread
        for name, unread in committed.items()
        if unread.reason == tree.SUBMODULE and Path(name).is_dir()
    }
    side.leave(links | submodules)
    return side


def _digest_of_link(path: Path, committed: Unread | None) -> str:
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
