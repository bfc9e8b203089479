"""One side of a comparison: its files by the name that both sides share."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from deepseek_cost.errors import InputError
from deepseek_cost.repository.tree import folders_above
from deepseek_cost.sources import TextSource, below
from deepseek_cost.streams import reading
from deepseek_cost.terminal import unicode_name


class Selection(NamedTuple):
    """What of a folder is compared, how it is read, and where copies may be kept.

    `rules` is what the `.ignore` files of a commit are called where it is laid out.
    """

    globs: Sequence[str]
    encoding: str
    scratch: Path
    rules: str = ""


class Unread(NamedTuple):
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
    unread: dict[str, Unread] = field(default_factory=dict)

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
            self.unread[name] = Unread("a binary file", digest(path, name))

    def leave(self, unread: Mapping[str, Unread]) -> None:
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
