"""Count two sides and compare them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from deepseek_cost.estimates.difference import (
    NOTHING,
    Difference,
    Pair,
    SideTotals,
    SkippedChange,
    State,
    changes_of,
    figures_of,
    matched,
    summed,
)
from deepseek_cost.estimates.side_counts import PLAIN, Counted, Known, Part, Tallies
from deepseek_cost.estimates.sides import SkippedFile
from deepseek_cost.estimates.tally import Tally, total
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.source import TextSource


def compare(models: Sequence[str], old: Counted, new: Counted) -> Difference:
    """Compare what was counted; a file that the new side cannot show is left out of both.

    A file that Git LFS keeps is the same as its pointer.
    """
    unread = {name: one for name, one in old.unread.items() if _is_left_out(name, old, new)}
    faults = {name for name, one in unread.items() if one.is_fault} - new.unread.keys()
    unread |= new.unread
    unread = {name: _known_as(name, one, old) for name, one in unread.items()}
    before, after = (
        {name: known for name, known in side.known.items() if name not in unread}
        for side in (old, new)
    )
    own = not (old.has_plain or new.has_plain) and (old.own_models or new.own_models)
    models = [_own_label(old.own_models, new.own_models)] if own else models
    priced = _Priced({**old.parts, **new.parts}, len(models))
    matches = [
        one._replace(state=State.CHANGED)
        if one.state is State.ADDED and one.name in old.unread
        else one
        for one in matched(_digests(before), _digests(after))
    ]
    same = [after[one.name].tallies for one in matches if one.state is State.UNCHANGED]
    files = changes_of(matches, partial(priced.of, before), partial(priced.of, after))
    unchanged = [Pair(one, one) for one in priced.figures(_added(same))]
    sums = summed([*(file.pairs for file in files), unchanged])
    digests = {name: one.digest for name, one in old.unread.items()}
    digests |= {name: one.digest for name, one in old.known.items()}

    def is_new(name: str, one: SkippedFile) -> bool:
        return name in faults or digests.get(name) != one.digest

    uncounted = [
        SkippedChange(name, one.reason, is_new(name, one), one.is_fault)
        for name, one in unread.items()
    ]
    newly = [
        SkippedChange(name, one.reason, is_new=True, is_fault=one.is_fault)
        for name, one in old.unread.items()
        if name in after
    ]
    return Difference(models, sums, files, uncounted, len(same), newly)


class _Priced(NamedTuple):
    """Prices tallies for each column; bodies priced for their own model are in every column."""

    parts: Mapping[str, Part]
    columns: int

    def of(self, side: Mapping[str, Known], name: str) -> Sequence[SideTotals]:
        """Return the figures of a file of a side in each column."""
        return self.figures(side[name].tallies if name in side else {})

    def figures(self, tallies: Tallies) -> Sequence[SideTotals]:
        """Return the figures of a file in each column; zeros if it has no tallies."""
        found = [NOTHING] * self.columns
        for name, ones in tallies.items():
            priced = [figures_of(one) for one in self.parts[name].quote.price(ones)]
            each = priced if name == PLAIN else priced * self.columns
            found = [sum_ + one for sum_, one in zip(found, each, strict=True)]
        return found


def _digests(side: Mapping[str, Known]) -> dict[str, str]:
    return {name: one.digest for name, one in side.items()}


def _added(files: Iterable[Tallies]) -> Tallies:
    """Add up the tallies of files."""
    found: dict[str, list[Sequence[Tally]]] = {}
    for tallies in files:
        for name, ones in tallies.items():
            found.setdefault(name, []).append(ones)
    return {
        name: [total(column) for column in zip(*ones, strict=True)] for name, ones in found.items()
    }


def _is_left_out(name: str, old: Counted, new: Counted) -> bool:
    """Return whether a file that the old side cannot show is left out of the new side, too.

    In a commit it counts as nothing and is listed: a gate compares the whole cost of the new side
    with its limit, and does not fail forever because of what can no longer be changed.
    """
    if old.side.commit is None and old.unread[name].is_fault:
        return True
    return name in new.known and _is_pointer(name, old, new)


def _is_pointer(name: str, old: Counted, new: Counted) -> bool:
    """Return whether the old side has a Git LFS pointer to the file of the new side."""
    pointer = old.unread.get(name)
    if pointer is None or pointer.reason != lfs.KEPT:
        return False
    return pointer.digest == TextSource.digest(new.side.files[name])


def _known_as(name: str, one: SkippedFile, old: Counted) -> SkippedFile:
    """Return a file of the new side under the digest of the old one, if it is the same."""
    before = old.unread.get(name)
    if before and before.digest == one.digest:
        return one._replace(reason=before.reason)
    if one.reason == lfs.KEPT and name in old.known:
        source = old.side.files[name]
        if TextSource.digest(source) == one.digest:
            return one._replace(digest=old.known[name].digest)
    return one


def _own_label(before: Sequence[str], after: Sequence[str]) -> str:
    """Name the models of requests that each say their own."""
    names = sorted({*before, *after})
    if len(names) == 1:
        return names[0]
    if len(before) == len(after) == 1:
        return f"{before[0]} → {after[0]}"
    return "each request's own model"
