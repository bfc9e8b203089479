"""Two sides counted and compared."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.sides import Side, SkippedFile, digest
from deepseek_cost.inputs.reader import open_input
from deepseek_cost.inputs.streams import reading
from deepseek_cost.pricing.cost import EXACT

if TYPE_CHECKING:
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.kinds import Kind
    from deepseek_cost.inputs.source import TextSource
    from deepseek_cost.inputs.streams import Advance


class State(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    UNCHANGED = "unchanged"


class SideTotals(Struct, frozen=True):
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

    def __add__(self, other: "SideTotals") -> "SideTotals":
        output, total = None, None
        if self.output is not None and other.output is not None:
            output = self.output + other.output
        if self.total is not None and other.total is not None:
            total = EXACT.add(self.total, other.total)
        return SideTotals(
            requests=self.requests + other.requests,
            text=self.text + other.text,
            template=self.template + other.template,
            output=output,
            floor=EXACT.add(self.floor, other.floor),
            total=total,
            ceiling=EXACT.add(self.ceiling, other.ceiling),
        )


NOTHING = SideTotals()


class Pair(NamedTuple):
    """A model's figures on both sides; a file that is not there has those of nothing."""

    before: SideTotals
    after: SideTotals

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


class SkippedChange(NamedTuple):
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
    uncounted: Sequence[SkippedChange] = ()

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


def figures_of(estimate: Estimate) -> SideTotals:
    """Take the figures of an estimate."""
    tally = estimate.tally
    return SideTotals(
        requests=tally.requests,
        text=tally.text,
        template=tally.template,
        output=tally.output,
        floor=estimate.floor,
        total=estimate.total,
        ceiling=estimate.ceiling,
    )


class Known(NamedTuple):
    """A file that was counted: a digest of its content, and its figures for each model."""

    digest: str
    figures: Sequence[SideTotals]


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


@dataclass(slots=True)
class Counting:
    """Counts files for the models of a quote; a content that was counted is known."""

    quote: "Quote"
    wanted: "Kind | None"
    advance: "Advance"
    _known: dict[tuple[str, ...], Known | SkippedFile] = field(default_factory=dict)

    def count(
        self, side: Side, workload: "Workload"
    ) -> tuple[dict[str, Known], dict[str, SkippedFile]]:
        """Return the files of a side that could be counted, and those that could not."""
        counted: dict[str, Known] = {}
        unread = dict(side.unread)
        for name, source in side.files.items():
            found = self._known_or_counted(source, workload)
            if isinstance(found, Known):
                counted[name] = found
            else:
                unread[name] = found
        return counted, unread

    def _known_or_counted(self, source: "TextSource", workload: "Workload") -> Known | SkippedFile:
        assert source.path is not None  # noqa: S101 - pipes are kept in files
        content = digest(source.path, source.name)
        # The suffixes of a name say how a content is read.
        key = content, *PurePath(source.name.lower()).suffixes[-2:]
        if key not in self._known:
            self._known[key] = self._counted(source, content, workload)
        return self._known[key]

    def _counted(
        self, source: "TextSource", content: str, workload: "Workload"
    ) -> Known | SkippedFile:
        try:
            with reading(source.name):
                opened = open_input(source, self.wanted, self.advance)
                with closing(opened.file):
                    workload.read(opened)
        except InputError as error:
            return SkippedFile(str(error), content, is_fault=True)
        tallies = next(reversed(workload.partial.sources.values())).tallies
        return Known(content, [figures_of(estimate) for estimate in self.quote.price(tallies)])


def held_against(
    models: Sequence[str],
    old: tuple[Mapping[str, Known], Mapping[str, SkippedFile]],
    new: tuple[Mapping[str, Known], Mapping[str, SkippedFile]],
) -> Difference:
    """Compare what was counted; a file that the new side cannot show is left out of both."""
    before, unread_before = old
    after, unread = new
    kept_elsewhere = {
        name: unread_before[name]
        for name, known in after.items()
        if name in unread_before and unread_before[name].digest == known.digest
    }
    unread = {**unread, **kept_elsewhere}
    before = {name: known for name, known in before.items() if name not in unread}
    after = {name: known for name, known in after.items() if name not in unread}
    files = matched(before, after, len(models))
    digests = {name: one.digest for name, one in unread_before.items()}
    digests |= {name: one.digest for name, one in old[0].items()}
    uncounted = [
        SkippedChange(
            name, one.reason, one.is_fault or digests.get(name) != one.digest, one.is_fault
        )
        for name, one in unread.items()
    ]
    return Difference(models, summed(files, len(models)), files, uncounted)
