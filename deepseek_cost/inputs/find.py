"""Prompts on disk and on standard input: found, decoded, handed on block by block."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from deepseek_cost.errors import Advice, Advised, InputError, UsageError
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.source import (
    _UTF16_MARKS,
    BINARY,
    BLOCK_BYTES,
    REQUEST_SUFFIXES,
    SUBMODULE,
    SkippedSource,
    TextSource,
    _has_nuls,
    in_one_piece,
    is_url,
    require_text_encoding,
)
from deepseek_cost.inputs.streams import PACKED
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from ignore.overrides import Override

# Rules for a whole tree fit into far less; a device in their place would fill the memory.
_MAX_IGNORE_BYTES: Final = 1_000_000


class Found(Struct):
    """The prompts below the paths given, and what was left out: binary files, and what git has not.

    `below` are the names of those that a directory was given for.
    """

    sources: list[TextSource] = field(default_factory=list)
    below: set[str] = field(default_factory=set)
    skipped: list[SkippedSource] = field(default_factory=list)


def find(
    names: Sequence[str],
    globs: Sequence[str] = (),
    encoding: str = "utf-8",
    *,
    any_file: bool = False,
) -> Found:
    """Find the prompts: files as given, directories recursively, `-` for standard input.

    In directories, hidden, git-ignored and binary files are left out; with `any_file` binary ones
    are not, since a log can be packed or a database.
    Raises InputError for a missing file or a directory without text files.
    """
    require_text_encoding(encoding)
    found = Found()
    for name in names:
        try:
            _find(name, globs, encoding, found, any_file=any_file)
        except OSError as error:
            raise InputError(f"{name}: {error.strerror or error}") from error
    return found


def read_whole(name: str, encoding: str, limit: int) -> str:
    """Read a text file of at most `limit` characters into memory."""
    if name == "-" or Path(name).is_dir():
        raise InputError(f"{name}: give a file here, not a folder or standard input")
    return in_one_piece(find([name], (), encoding).sources[0].blocks(), name, limit)


def _find(name: str, globs: Sequence[str], encoding: str, found: Found, *, any_file: bool) -> None:
    path = Path(name)
    if is_url(name):
        from deepseek_cost.inputs.remote import find_remote  # noqa: PLC0415 - few inputs are elsewhere

        found.sources += find_remote(name, encoding)
    elif name == "-":
        if any(source.is_stdin for source in found.sources):
            raise UsageError("- (standard input) can be read only once")
        found.sources.append(TextSource("-", None, encoding))
    elif name and path.is_dir():
        _find_below(path, globs, encoding, found, any_file=any_file)
    elif not name or not path.exists():
        shown = unicode_name(name) or "''"
        raise InputError(f"{shown}: no such file; give a text file, a directory, or - for stdin")
    else:
        if path.is_file() and _is_pointer(path):
            raise InputError(f"{unicode_name(name)}: {lfs.KEPT}, not here; run git lfs pull")
        found.sources.append(TextSource(unicode_name(name), path, encoding))


def _find_below(
    folder: Path, globs: Sequence[str], encoding: str, found: Found, *, any_file: bool
) -> None:
    texts, others = below(folder, globs, encoding)
    if any_file:
        binary = [path for path, reason in others.items() if reason == BINARY]
        texts = sorted([*texts, *binary])
        others = {path: reason for path, reason in others.items() if reason != BINARY}
    if not texts:
        among = f" among {len(others)} files" if others else ""
        what = f"{folder}: no text files{among}"
        raise InputError(
            Advised(what, Advice.HIDDEN_FILES_AND_GLOB, " ".join(globs))
            if globs
            else f"{what}; hidden and git-ignored files are left out"
        )
    sources = [TextSource(unicode_name(str(path)), path, encoding) for path in texts]
    found.sources += sources
    found.below.update(source.name for source in sources)
    found.skipped += [
        SkippedSource(unicode_name(str(path)), reason) for path, reason in others.items()
    ]


def below(
    folder: Path, globs: Sequence[str] = (), encoding: str = "utf-8"
) -> tuple[list[Path], dict[Path, str]]:
    """Return the files of text below a folder, and what else is there, with the reason.

    Not the hidden and ignored; files in a submodule are another repository's.
    """
    submodules = set(_submodules(folder))
    others = dict.fromkeys(sorted(submodules), SUBMODULE)
    texts = []
    for path in sorted(path for path in _walk(folder, globs) if path.is_file()):
        if submodules and submodules.intersection(path.parents):
            continue
        reason = _reason(path, encoding)
        if reason:
            others[path] = reason
        else:
            texts.append(path)
    return texts, others


def _submodules(folder: Path) -> list[Path]:
    """List the submodules below a folder, as git has them; none where no repository has any."""
    here = folder.absolute()
    top = next((one for one in (here, *here.parents) if (one / ".git").exists()), None)
    if top is None or not (top / ".gitmodules").exists():
        return []
    from deepseek_cost.inputs.git import submodules  # noqa: PLC0415 - few repositories have any

    return [folder / path for path in submodules(folder)]


def matching(names: Sequence[str], globs: Sequence[str], folder: Path) -> set[str]:
    """Return those of some paths that globs choose; a new folder is made to ask with.

    Raises InputError for a path that no folder can hold.
    """
    import ignore  # noqa: PLC0415 - as in `_walk`

    for name in names:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        except OSError as error:
            raise InputError(f"{unicode_name(name)[:60]}: {error.strerror or error}") from error
    builder = ignore.WalkBuilder(folder).hidden(yes=False).parents(yes=False).ignore(yes=False)
    builder.git_ignore(yes=False).git_global(yes=False).git_exclude(yes=False)
    builder.overrides(_overrides(folder, globs))
    return {str(entry.path().relative_to(folder)) for entry in builder.build()}


def _walk(folder: Path, globs: Sequence[str]) -> Iterator[Path]:
    import ignore  # noqa: PLC0415 - for folders alone

    _refuse_odd_ignore_files(folder)
    try:
        builder = ignore.WalkBuilder(folder)
        builder.require_git(yes=False)
        if globs:
            builder.overrides(_overrides(folder, globs))
        for entry in builder.build():
            yield entry.path()
    except (ignore.Error, ignore.IOError) as error:
        raise InputError(f"{folder}: {error}") from error
    except UnicodeError as error:
        raise InputError(
            f"{unicode_name(str(folder))}: no name in Unicode; give . inside it"
        ) from error


def _overrides(folder: Path, globs: Sequence[str]) -> "Override":
    import ignore  # noqa: PLC0415 - as in `_walk`
    from ignore.overrides import OverrideBuilder  # noqa: PLC0415

    overrides = OverrideBuilder(folder)
    try:
        for glob in globs:
            overrides.add(glob)
        return overrides.build()
    except (ignore.Error, UnicodeError) as error:
        raise UsageError(
            f"is no pattern: {error}", field="glob", value=" ".join(globs)[:80]
        ) from error


def _refuse_odd_ignore_files(folder: Path) -> None:
    """Refuse a device, a pipe or a huge file where ignore rules are read from."""
    above = ((str(parent), (), (".gitignore", ".ignore")) for parent in folder.absolute().parents)
    for place, _, names in (*above, *os.walk(folder)):
        for name in {".gitignore", ".ignore"}.intersection(names):
            path = Path(place, name)
            if path.exists() and not (path.is_file() and path.stat().st_size <= _MAX_IGNORE_BYTES):
                raise InputError(f"{path}: no regular file of ignore rules; remove it")


def _reason(path: Path, encoding: str) -> str | None:
    """Return why a file is no text; what cannot be read or decoded is not lost quietly."""
    if _holds_requests(path):
        return None
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK_BYTES)
    except OSError:
        return None
    if lfs.pointed_at(head):
        return lfs.KEPT
    return BINARY if is_binary(path.name, head, encoding) else None


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return lfs.pointed_at(file.read(lfs.LONGEST_POINTER + 1)) is not None
    except OSError:
        return False


def is_binary(name: str, head: bytes, encoding: str) -> bool:
    """Tell by its name and its first bytes whether a file is no text in this encoding."""
    if 0 not in head or head.startswith(_UTF16_MARKS):
        return False
    return not (_has_nuls(encoding) or _holds_requests(PurePath(name)))


def _holds_requests(path: PurePath) -> bool:
    return path.suffix.lower() in PACKED and Path(path.stem).suffix in REQUEST_SUFFIXES
