"""The difference of two sides: their figures, the files that changed, and limits on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from operator import add
from typing import NamedTuple

from msgspec import Struct

from deepseek_cost.errors import placed
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.unknown_input import listed
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.prompt.breakdown import UnknownInput, joined_unknown


class State(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


class SideTotals(Struct, frozen=True):
    """Tokens and money of some requests to one model; output and total None while unknown.

    `ceiling` is None where nothing bounds the input.
    """

    requests: int = 0
    text: int = 0
    template: int = 0
    output: int | None = 0
    floor: Decimal = Decimal(0)
    total: Decimal | None = Decimal(0)
    ceiling: Decimal | None = Decimal(0)
    unknown: UnknownInput = {}

    @property
    def input(self) -> int:
        """All prompt tokens."""
        return self.text + self.template

    def __add__(self, other: "SideTotals") -> "SideTotals":
        output, total, ceiling = None, None, None
        if self.output is not None and other.output is not None:
            output = self.output + other.output
        if self.total is not None and other.total is not None:
            total = EXACT.add(self.total, other.total)
        if self.ceiling is not None and other.ceiling is not None:
            ceiling = EXACT.add(self.ceiling, other.ceiling)
        return SideTotals(
            requests=self.requests + other.requests,
            text=self.text + other.text,
            template=self.template + other.template,
            output=output,
            floor=EXACT.add(self.floor, other.floor),
            total=total,
            ceiling=ceiling,
            unknown=joined_unknown(self.unknown, other.unknown),
        )


NOTHING = SideTotals()


class Pair(NamedTuple):
    """A model's figures on both sides; zeros for a file that one side does not have."""

    before: SideTotals
    after: SideTotals

    @property
    def has_totals(self) -> bool:
        """Return whether the output is known on both sides, so that whole costs are compared."""
        return self.before.total is not None and self.after.total is not None

    @property
    def costs(self) -> tuple[Decimal, Decimal]:
        """The total costs, or the costs without output if that is unknown on a side."""
        before, after = self.before, self.after
        if before.total is not None and after.total is not None:
            return before.total, after.total
        return before.floor, after.floor

    @property
    def increase(self) -> Decimal:
        """The increase of the cost; negative if the new side costs less."""
        before, after = self.costs
        return EXACT.subtract(after, before)

    @property
    def percent(self) -> Decimal | None:
        """The increase of the cost in percent, rounded to a tenth; None if the old cost is zero."""
        before, after = self.costs
        if before == 0:
            return None if after else Decimal("0.0")
        tenths = round(Fraction(self.increase) * 1_000 / Fraction(before))
        return Decimal(tenths).scaleb(-1)


class FileChange(Struct, frozen=True):
    """A file with its figures for each model; `old_name` where it was called otherwise before."""

    name: str
    state: State
    pairs: Sequence[Pair]
    old_name: str | None = None


class SkippedChange(NamedTuple):
    """A file without figures on a side, and why. `is_new`: it is not as it was before."""

    name: str
    reason: str
    is_new: bool
    is_fault: bool

    @property
    def named_reason(self) -> str:
        """The reason with the name in front, unless it is already there."""
        is_named = self.reason.startswith(f"{self.name}:")
        return self.reason if is_named else placed(f"{self.name}: ", self.reason)


class Difference(Struct, frozen=True):
    """Two sides compared: the sums for each model, and the changed files.

    `uncounted` are files without figures on the new side, left out of both; `uncounted_before` are
    those without figures on the old side alone, which are nothing there.
    """

    models: Sequence[str]
    totals: Sequence[Pair]
    files: Sequence[FileChange] = ()
    uncounted: Sequence[SkippedChange] = ()
    unchanged_files: int = 0
    uncounted_before: Sequence[SkippedChange] = ()

    def changed(self) -> list[FileChange]:
        """Return the changed files, the largest increase first."""
        return sorted(self.files, key=lambda f: (-max(p.increase for p in f.pairs), f.name))

    def not_counted(self, *, is_gate: bool) -> list[str]:
        """Name what is not as it was before and has no figures, or has only the least of them."""
        found = [
            file.named_reason
            for file in self.uncounted
            if file.is_new and (is_gate or file.is_fault)
        ]
        if is_gate:
            found += [
                f"{file.name}: {what}"
                for file in self.changed()
                if (what := max((listed(pair.after.unknown) for pair in file.pairs), key=len))
            ]
        return found

    def over(self, limit: "Limit") -> list[str]:
        """Return the models whose cost grows by more than the limit."""
        pairs = zip(self.models, self.totals, strict=True)
        return [model for model, pair in pairs if limit.is_passed(pair)]


class Limit(Struct, frozen=True):
    """The most that a cost may grow by: so many percent, or else an amount."""

    text: str
    percent: Decimal | None = None
    amount: Decimal = Decimal(0)

    def is_passed(self, pair: Pair) -> bool:
        """Return whether the cost grows by more; growth from zero exceeds any percentage."""
        if pair.increase <= 0:
            return False
        if self.percent is None:
            return pair.increase > self.amount
        before, _ = pair.costs
        return Fraction(pair.increase) * 100 > Fraction(self.percent) * Fraction(before)


def figures_of(estimate: Estimate) -> SideTotals:
    """Return the figures of an estimate."""
    tally = estimate.tally
    return SideTotals(
        requests=tally.requests,
        text=tally.text,
        template=tally.template,
        output=tally.output,
        floor=estimate.floor,
        total=estimate.total,
        ceiling=estimate.ceiling,
        unknown=tally.unknown,
    )


class Match(NamedTuple):
    """A file of either side, and what became of it; `old_name` if it was renamed."""

    name: str
    state: State
    old_name: str | None = None


def matched(before: Mapping[str, str], after: Mapping[str, str]) -> list[Match]:
    """Match files, given by digests of their contents, by name; those left by their content.

    A file of the very same content as one that is gone was renamed.
    """
    gone = {digest: name for name, digest in before.items() if name not in after}
    renamed = {
        name: gone.pop(digest)
        for name, digest in after.items()
        if name not in before and digest in gone
    }
    moved = set(renamed.values())
    found = [Match(name, State.RENAMED, old_name) for name, old_name in renamed.items()]
    for name, digest in after.items():
        if name not in renamed:
            found.append(Match(name, _state(before.get(name), digest)))
    found += [
        Match(name, State.REMOVED) for name in before if name not in after and name not in moved
    ]
    return sorted(found)


def _state(old: str | None, new: str) -> State:
    if old is None:
        return State.ADDED
    return State.UNCHANGED if old == new else State.CHANGED


# A file's figures by its name, for each model; those of nothing where it is not.
FindFigures = Callable[[str], Sequence[SideTotals]]


def changes_of(
    matches: Iterable[Match], before: FindFigures, after: FindFigures
) -> list[FileChange]:
    """Return the changed files with their figures on both sides."""
    return [
        FileChange(
            one.name,
            one.state,
            [
                Pair(*both)
                for both in zip(before(one.old_name or one.name), after(one.name), strict=True)
            ],
            one.old_name,
        )
        for one in matches
        if one.state is not State.UNCHANGED
    ]


def summed(files: Iterable[Sequence[Pair]]) -> list[Pair]:
    """Add up the figures of files for each model."""
    return [
        Pair(*(reduce(add, side) for side in zip(*pairs, strict=True)))
        for pairs in zip(*files, strict=True)
    ]
