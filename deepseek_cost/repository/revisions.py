"""What a user calls two states of a repository: `main..HEAD`, `main...HEAD`, `main`."""

from typing import Final, NamedTuple

from deepseek_cost.errors import InputError
from deepseek_cost.repository.git import GitError, ask
from deepseek_cost.terminal import unicode_name

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
        if "not a git repository" in error.said:
            raise InputError(
                f"{unicode_name(name)}: no such file or folder, and this is no git repository; "
                f"give two files, folders or reports, or run it inside a repository"
            ) from None
        if "dubious ownership" in error.said:
            raise InputError(
                f"git: {error.said}; if you trust it: git config --global --add safe.directory PATH"
            ) from None
        if "single revision" not in error.said:
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
