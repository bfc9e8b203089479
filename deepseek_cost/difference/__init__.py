"""What a change costs: two sides file by file and model by model, and the limit it is held to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from deepseek_cost.estimates import Estimate


class State(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Figures:
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
        return after - before

    @property
    def percent(self) -> Decimal | None:
        """By how many percent the cost grows, rounded to a tenth; None: it grows from nothing."""
        before, after = self.costs
        if before == 0:
            return None if after else Decimal("0.0")
        tenths = round(Fraction(after - before) * 1_000 / Fraction(before))
        return Decimal(tenths).scaleb(-1)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file with its figures for each model; `old_name` where it was called otherwise before."""

    name: str
    state: State
    pairs: Sequence[Pair]
    old_name: str | None = None


class Uncounted(NamedTuple):
    """A file without figures, and why. `fails`: it is on the new side, and not as it was."""

    name: str
    reason: str
    fails: bool


@dataclass(frozen=True, slots=True)
class Difference:
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


@dataclass(frozen=True, slots=True)
class Limit:
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


@dataclass(frozen=True, slots=True)
class Counted:
    """One side: each file's digest and figures a model, and the sums."""

    totals: Sequence[Figures]
    files: Mapping[str, tuple[str, Sequence[Figures]]] = field(default_factory=dict)


def compare(old: Counted, new: Counted) -> list[FileChange]:
    """Match the files of two sides: by name, then, of those left, by the very same content."""
    gone = {digest: name for name, (digest, _) in old.files.items() if name not in new.files}
    renamed: dict[str, str] = {}
    for name, (digest, _) in new.files.items():
        if name not in old.files and digest in gone:
            renamed[name] = gone.pop(digest)
    found = [_changed(name, renamed.get(name), old, new) for name in new.files]
    left = old.files.keys() - new.files.keys() - set(renamed.values())
    nothing = [NOTHING] * len(old.totals)
    for name in sorted(left):
        found.append(FileChange(name, State.REMOVED, _pairs(old.files[name][1], nothing)))
    return found


def _changed(name: str, old_name: str | None, old: Counted, new: Counted) -> FileChange:
    digest, after = new.files[name]
    if old_name is not None:
        return FileChange(name, State.RENAMED, _pairs(old.files[old_name][1], after), old_name)
    if name not in old.files:
        return FileChange(name, State.ADDED, _pairs([NOTHING] * len(after), after))
    before_digest, before = old.files[name]
    state = State.UNCHANGED if digest == before_digest else State.CHANGED
    return FileChange(name, state, _pairs(before, after))


def _pairs(before: Sequence[Figures], after: Sequence[Figures]) -> list[Pair]:
    return [Pair(*sides) for sides in zip(before, after, strict=True)]
