"""What a change costs: two sides file by file and model by model, and the limit it is held to."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from deepseek_cost.cost import EXACT
from deepseek_cost.estimates import Estimate


class State(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


class Figures(Struct, frozen=True):
    """Tokens and money of some requests to one model; output and total None while unknown."""

    requests: int = 0
    text: int = 0
    template: int = 0
    output: int | None = 0
    floor: Decimal = Decimal(0)
    total: Decimal | None = Decimal(0)
    ceiling: Decimal = Decimal(0)

    @property
    def input(self) -> int:
        """All prompt tokens."""
        return self.text + self.template

    def __add__(self, other: "Figures") -> "Figures":
        output, total = None, None
        if self.output is not None and other.output is not None:
            output = self.output + other.output
        if self.total is not None and other.total is not None:
            total = EXACT.add(self.total, other.total)
        return Figures(
            requests=self.requests + other.requests,
            text=self.text + other.text,
            template=self.template + other.template,
            output=output,
            floor=EXACT.add(self.floor, other.floor),
            total=total,
            ceiling=EXACT.add(self.ceiling, other.ceiling),
        )


NOTHING = Figures()


class Pair(NamedTuple):
    """A model's figures on both sides; a file that is not there has those of nothing."""

    before: Figures
    after: Figures

    @property
    def has_totals(self) -> bool:
        """Tell whether the output is known on both sides, so that whole costs are compared."""
        return self.before.total is not None and self.after.total is not None

    @property
    def costs(self) -> tuple[Decimal, Decimal]:
        """The whole costs, or those with no output while that is unknown on a side."""
        before, after = self.before, self.after
        if before.total is not None and after.total is not None:
            return before.total, after.total
        return before.floor, after.floor

    @property
    def increase(self) -> Decimal:
        """What it costs more; negative where it costs less."""
        before, after = self.costs
        return EXACT.subtract(after, before)

    @property
    def percent(self) -> Decimal | None:
        """By how many percent the cost grows, rounded to a tenth; None: it grows from nothing."""
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


class Uncounted(NamedTuple):
    """A file of the new side without figures, and why. `is_new`: it is not as it was before."""

    name: str
    reason: str
    is_new: bool
    is_fault: bool

    @property
    def named_reason(self) -> str:
        """The reason with the name in front, where it is not there already."""
        is_named = self.reason.startswith(f"{self.name}:")
        return self.reason if is_named else f"{self.name}: {self.reason}"


class Difference(Struct, frozen=True):
    """Two sides compared: the sums for each model, and the files of either side."""

    models: Sequence[str]
    totals: Sequence[Pair]
    files: Sequence[FileChange] = ()
    uncounted: Sequence[Uncounted] = ()

    def changed(self) -> list[FileChange]:
        """Return the files that are not as they were, the largest increase first."""
        files = [file for file in self.files if file.state is not State.UNCHANGED]
        return sorted(files, key=lambda f: (-max(p.increase for p in f.pairs), f.name))

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
        """Tell whether the cost grows by more; from nothing, it does by more than any percent."""
        if pair.increase <= 0:
            return False
        if self.percent is None:
            return pair.increase > self.amount
        before, _ = pair.costs
        return Fraction(pair.increase) * 100 > Fraction(self.percent) * Fraction(before)


def figures_of(estimate: Estimate) -> Figures:
    """Take the figures of an estimate."""
    tally = estimate.tally
    return Figures(
        requests=tally.requests,
        text=tally.text,
        template=tally.template,
        output=tally.output,
        floor=estimate.floor,
        total=estimate.total,
        ceiling=estimate.ceiling,
    )
