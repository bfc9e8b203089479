"""Prompts on disk and on standard input: found, decoded, handed on block by block."""

import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from deepseek_cost.errors import Advice, Advised, InputError, MissingFileError, UsageError
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.source import (
    _UTF16_MARKS,
    BINARY,
    BLOCK_BYTES,
    BROKEN_LINK,
    LINK_TO_FOLDER,
    PDF_MARK,
    REQUEST_SUFFIXES,
    SPARSE,
    SUBMODULE,
    UNASKED,
    SkippedSource,
    TextSource,
    _has_nuls,
    begins_plain,
    in_one_piece,
    is_url,
    require_text_encoding,
)
from deepseek_cost.inputs.streams import PACKED, is_packed, open_bytes, reading
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from ignore import WalkBuilder
    from ignore.overrides import Override

_WHAT_TO_NAME: Final = "give a text file, a directory, or - for stdin"
# Rules for a whole tree are far smaller; a device in their place would fill memory.
_MAX_IGNORE_BYTES: Final = 1_000_000


class Found(Struct):
    """The prompts below the given paths, and what was left out, such as binary files.

    `below` are the names of prompts that were found in a given directory.
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

    In directories, binary files are left out, and hidden and ignored ones unless git tracks them;
    with `any_file`, binary files are kept, since a log can be compressed or a database.
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

        sources, is_folder = find_remote(name, encoding, globs)
        found.sources += sources
        found.below.update(source.name for source in sources if is_folder)
    elif name == "-":
        if any(source.is_stdin for source in found.sources):
            raise UsageError("- (standard input) can be read only once")
        found.sources.append(TextSource("-", None, encoding))
    elif name and path.is_dir():
        _find_below(path, globs, encoding, found, any_file=any_file)
    elif not name or not path.exists():
        shown = unicode_name(name) or "''"
        raise MissingFileError("no such file", value=shown, tip=_WHAT_TO_NAME)
    else:
        if path.is_file() and _is_pointer(path):
            raise InputError(f"{unicode_name(name)}: {lfs.KEPT}, not here", tip="run git lfs pull")
        found.sources.append(TextSource(unicode_name(name), path, encoding))


def _find_below(
    folder: Path, globs: Sequence[str], encoding: str, found: Found, *, any_file: bool
) -> None:
    texts, others = below(folder, globs, encoding, any_file=any_file)
    if not texts:
        among = f" among {len(others)} files" if others else ""
        what = f"{folder}: no text files{among}"
        raise InputError(
            Advised(what, Advice.HIDDEN_FILES_AND_GLOB, " ".join(globs))
            if globs
            else f"{what}; hidden and git-ignored files are left out"
        )
    found.sources += texts
    found.below.update(source.name for source in texts)
    found.skipped += [
        SkippedSource(unicode_name(str(path)), reason) for path, reason in others.items()
    ]


def below(
    folder: Path, globs: Sequence[str] = (), encoding: str = "utf-8", *, any_file: bool = False
) -> tuple[list[TextSource], dict[Path, str]]:
    """Return the text files below a folder, and the other files with why each is left out.

    Hidden and ignored files are left out unless git tracks them. Files in a submodule belong to
    another repository. With `any_file`, binary files are included in the texts.
    """
    paths, others = _paths_below(folder, globs)
    texts = []
    for path in sorted(paths, key=lambda path: str(path).replace(os.sep, "\0")):
        found = _examined(path, encoding, any_file=any_file)
        if isinstance(found, TextSource):
            texts.append(found)
        elif found is not None:
            others[path] = found
    return texts, others


def _paths_below(folder: Path, globs: Sequence[str]) -> tuple[Iterable[Path], dict[Path, str]]:
    """Return the paths to examine below a folder, and those left out, each with the reason."""
    walked = list(_walk(folder, globs))
    known, others = _tracked_below(folder)
    unhidden = set(walked) if known else set()
    hidden = [path for path in known if path not in unhidden and os.path.lexists(path)]
    if hidden and globs:
        chosen = set(_walk(folder, globs, with_hidden=True))
        hidden = [path for path in hidden if path in chosen]
    paths: Iterable[Path] = [*walked, *hidden]
    submodules = {path for path, reason in others.items() if reason == SUBMODULE}
    if submodules:
        paths = [path for path in paths if submodules.isdisjoint((path, *path.parents))]
    return paths, others


def _tracked_below(folder: Path) -> tuple[list[Path], dict[Path, str]]:
    """Return what git tracks below a folder, and the paths without text there, with reasons."""
    here = folder.absolute()
    if not any((one / ".git").exists() for one in (here, *here.parents)):
        return [], {}
    from deepseek_cost.inputs.git import tracked  # noqa: PLC0415 - only for repositories

    try:
        found = tracked(folder)
    except InputError as error:
        return [], {folder: f"{UNASKED} ({error.message})"}
    others = {}
    for one in found:
        if one.is_submodule:
            others[folder / one.path] = SUBMODULE
        elif one.is_sparse and not os.path.lexists(folder / one.path):
            others[folder / one.path] = SPARSE
    return [folder / one.path for one in found], dict(sorted(others.items()))


def matching(names: Sequence[str], globs: Sequence[str], folder: Path) -> set[str]:
    """Return the paths that match the globs, checked by means of a new folder.

    Raises InputError for a path that cannot exist in a folder.
    """
    import ignore  # noqa: PLC0415 - as in `_walk`

    for name in names:
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        except OSError as error:
            raise InputError(f"{unicode_name(name)[:60]}: {error.strerror or error}") from error
    builder = ignore.WalkBuilder(folder)
    _without_rules(builder)
    builder.overrides(_overrides(folder, globs))
    return {str(entry.path().relative_to(folder)) for entry in builder.build()}


def _walk(folder: Path, globs: Sequence[str], *, with_hidden: bool = False) -> Iterator[Path]:
    import ignore  # noqa: PLC0415 - only for folders

    _refuse_odd_ignore_files(folder)
    try:
        builder = ignore.WalkBuilder(folder)
        builder.require_git(yes=False)
        if with_hidden:
            _without_rules(builder)
        if globs:
            builder.overrides(_overrides(folder, globs))
        for entry in builder.build():
            yield entry.path()
    except (ignore.Error, ignore.IOError) as error:
        raise InputError(f"{folder}: {error}") from error
    except UnicodeError as error:
        raise InputError(
            f"{unicode_name(str(folder))}: no name in Unicode", tip="give . inside it"
        ) from error


def _without_rules(builder: "WalkBuilder") -> None:
    builder.hidden(yes=False).parents(yes=False).ignore(yes=False)
    builder.git_ignore(yes=False).git_global(yes=False).git_exclude(yes=False)


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
            f"is not a valid pattern: {error}", field="glob", value=" ".join(globs)[:80]
        ) from error


def _refuse_odd_ignore_files(folder: Path) -> None:
    """Refuse a device, a pipe or a huge file where ignore rules are read from."""
    above = ((str(parent), (), (".gitignore", ".ignore")) for parent in folder.absolute().parents)
    for place, _, names in (*above, *os.walk(folder)):
        for name in {".gitignore", ".ignore"}.intersection(names):
            path = Path(place, name)
            if path.exists() and not (path.is_file() and path.stat().st_size <= _MAX_IGNORE_BYTES):
                raise InputError(
                    f"{path}: not a regular file, so its ignore rules cannot be read",
                    tip="remove it",
                )


def _examined(path: Path, encoding: str, *, any_file: bool) -> TextSource | str | None:
    """Return a file as a source, or why it isn't one; None for a folder or a non-file.

    A file that cannot be read or decoded is still a source, so that it isn't silently lost.
    """
    name = str(path)
    try:
        state = os.stat(name)  # noqa: PTH116 - there may be many
    except OSError:
        return BROKEN_LINK if os.path.islink(name) else None  # noqa: PTH114
    if stat.S_ISDIR(state.st_mode):
        return LINK_TO_FOLDER if os.path.islink(name) else None  # noqa: PTH114
    if not stat.S_ISREG(state.st_mode):
        return None
    head = _head(name, state.st_size)
    if not any_file and not _holds_requests(path):
        if lfs.pointed_at(head):
            return lfs.KEPT
        content = _unpacked(path) if is_packed(head) else head
        if is_binary(name, content, encoding):
            return BINARY
    is_plain = bool(head) and begins_plain(name, head)
    return TextSource(unicode_name(name), path, encoding, state.st_size, is_plain)


def _head(name: str, size: int) -> bytes:
    """Return the first bytes of a file of so many; empty if it cannot be read.

    Reading with room for a whole block would take longer than all else about a small file.
    """
    try:
        with io.FileIO(name) as file:
            return file.read(min(size, BLOCK_BYTES) or BLOCK_BYTES) or b""
    except OSError:
        return b""


def _unpacked(path: Path) -> bytes:
    """Return the first unpacked bytes of a compressed file; empty if it is damaged."""
    try:
        with reading(path.name), open_bytes(path) as file:
            return file.read(BLOCK_BYTES)
    except InputError:
        return b""


def _is_pointer(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return lfs.pointed_at(file.read(lfs.LONGEST_POINTER + 1)) is not None
    except OSError:
        return False


def is_binary(name: str, head: bytes, encoding: str) -> bool:
    """Return whether a file is binary in this encoding, by its name and first bytes."""
    if head.startswith(PDF_MARK):
        return True
    if 0 not in head or head.startswith(_UTF16_MARKS):
        return False
    return not (_has_nuls(encoding) or _holds_requests(PurePath(name)))


def _holds_requests(path: PurePath) -> bool:
    return path.suffix.lower() in PACKED and Path(path.stem).suffix in REQUEST_SUFFIXES
