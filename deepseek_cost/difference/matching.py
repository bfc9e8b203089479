"""Which file of one side is which of the other."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import NamedTuple

from deepseek_cost.difference import NOTHING, Figures, FileChange, Pair, State


class Known(NamedTuple):
    """A file that was counted: a digest of its content, and its figures for each model."""

    digest: str
    figures: Sequence[Figures]


def matched(
    before: Mapping[str, Known], after: Mapping[str, Known], models: int
) -> list[FileChange]:
    """Match files by name and, of those left, by the very same content: they were renamed."""
    absent = Known("", [NOTHING] * models)
    gone = {known.digest: name for name, known in before.items() if name not in after}
    renamed = {
        name: gone.pop(known.digest)
        for name, known in after.items()
        if name not in before and known.digest in gone
    }
    moved = set(renamed.values())
    removed = [name for name in before if name not in after and name not in moved]
    found = []
    for name in (*after, *removed):
        old = before.get(renamed.get(name, name), absent)
        new = after.get(name, absent)
        pairs = [Pair(*sides) for sides in zip(old.figures, new.figures, strict=True)]
        found.append(FileChange(name, _state(old, new, name in renamed), pairs, renamed.get(name)))
    return sorted(found, key=lambda file: file.name)


def summed(files: Sequence[FileChange], models: int) -> list[Pair]:
    """Add up the files for each model."""
    columns = [[file.pairs[index] for file in files] for index in range(models)]
    return [
        Pair(
            reduce(add, (pair.before for pair in column), NOTHING),
            reduce(add, (pair.after for pair in column), NOTHING),
        )
        for column in columns
    ]


def _state(old: Known, new: Known, is_renamed: bool) -> State:  # noqa: FBT001 - of one caller
    if is_renamed:
        return State.RENAMED
    if not old.digest:
        return State.ADDED
    if not new.digest:
        return State.REMOVED
    return State.UNCHANGED if old.digest == new.digest else State.CHANGED
