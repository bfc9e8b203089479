"""The two sides that a user names: files, folders, pipes, or revisions with paths."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deepseek_cost.difference.files import Selection, Side
from deepseek_cost.difference.revisions import sides_of_revisions
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.repository.revisions import are_revisions
from deepseek_cost.sources import TextSource, require_text_encoding
from deepseek_cost.streams import open_bytes, reading
from deepseek_cost.terminal import unicode_name

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
