"""Two sides counted and compared."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from msgspec import Struct

from deepseek_cost.errors import InputError, placed
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.partial_result import totals
from deepseek_cost.estimates.sides import BINARY, Side, SkippedFile
from deepseek_cost.estimates.tally import Tally, total
from deepseek_cost.estimates.unknown_input import listed
from deepseek_cost.inputs import lfs
from deepseek_cost.inputs.folders import is_binary
from deepseek_cost.inputs.git_tree import BlobSource
from deepseek_cost.inputs.reader import open_input
from deepseek_cost.inputs.request import Request
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import reading
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.prompt.breakdown import UnknownInput, joined_unknown

if TYPE_CHECKING:
    from deepseek_cost.estimates.partial_result import PartialResult
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.kinds import Kind
    from deepseek_cost.inputs.reader import Input
    from deepseek_cost.inputs.streams import Advance


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
    """A model's figures on both sides; a file that is not there has those of nothing."""

    before: SideTotals
    after: SideTotals

    @property
    def has_totals(self) -> bool:
        """Return whether the output is known on both sides, so that whole costs are compared."""
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
        """The reason with the name in front, unless it is already there."""
        is_named = self.reason.startswith(f"{self.name}:")
        return self.reason if is_named else placed(f"{self.name}: ", self.reason)


class Difference(Struct, frozen=True):
    """Two sides compared: the sums for each model, and the files that are not as they were."""

    models: Sequence[str]
    totals: Sequence[Pair]
    files: Sequence[FileChange] = ()
    uncounted: Sequence[SkippedChange] = ()
    unchanged_files: int = 0

    def changed(self) -> list[FileChange]:
        """Return the files that are not as they were, the largest increase first."""
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
        """Return whether the cost grows by more; from nothing, it does by more than any percent."""
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
        unknown=tally.unknown,
    )


class Match(NamedTuple):
    """A file of either side, and what became of it; `old_name` if it was called otherwise."""

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
    """Return the files that are not as they were, with their figures on both sides."""
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


@dataclass(slots=True)
class Part:
    """What of a side is priced together: plain prompts on some models, or bodies on their own."""

    quote: "Quote"
    workload: "Workload"
    _before: "PartialResult" = field(init=False)  # what the workload has counted before
    _files: int = 0

    def __post_init__(self) -> None:
        self._before = self.workload.partial.empty_copy()

    def read(self, opened: "Input") -> None:
        """Count a file; raises InputError."""
        self._files += 1
        self.workload.read(opened, self._files)

    def tallies_of_last(self) -> Sequence[Tally]:
        """Return the tally for each model of the text that was read last."""
        return self.workload.partial.sources[self._files].tallies

    def settle(self) -> Sequence[Tally]:
        """Keep what was counted since the last time; return its tally for each model."""
        done = self.workload.pop_result()
        self._before.merge(done)
        return totals(done.tallied) if done.sources else ()

    def finish(self) -> None:
        """Let the workload have all that was counted."""
        self.settle()
        self.workload.partial = self._before


# The tallies of a file, by the part that prices them.
Tallies = Mapping[str, Sequence[Tally]]


class Known(NamedTuple):
    """A file that was counted: a digest of its content, and its tallies."""

    digest: str
    tallies: Tallies


@dataclass(slots=True)
class Counted:
    """A side counted: its files with their figures, those without, and what they rest on."""

    side: Side
    known: dict[str, Known] = field(default_factory=dict)
    unread: dict[str, SkippedFile] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def kinds(self) -> set["Kind"]:
        """What the files are."""
        return {one.kind for part in self.parts.values() for one in part.workload.partial.tallied}

    @property
    def own_models(self) -> list[str]:
        """The models that request bodies were priced for, since they name them."""
        return sorted(
            name for name, part in self.parts.items() if name and part.workload.partial.sources
        )

    @property
    def has_plain(self) -> bool:
        """Return whether something was priced for the models of the columns."""
        return _PLAIN in self.parts and bool(self.parts[_PLAIN].workload.partial.sources)


# The part of what names no model itself, or of everything where models are given.
_PLAIN: Final = ""


class Pricing(Protocol):
    """Who knows how files are counted and priced."""

    @property
    def models(self) -> Sequence[str]:
        """The models of the columns."""

    @property
    def is_by_name(self) -> bool:
        """Return whether bodies are priced for the model that each names."""

    def part(self, model: str) -> Part:
        """Return an empty part for a model, or for the columns if `model` is empty."""

    def own_model(self, request: Request) -> str:
        """Return the model that a body is priced for; empty for the columns'. Raises InputError."""


@dataclass(slots=True)
class Counting:
    """Counts files; a content that was counted is known, also on the other side."""

    pricing: Pricing
    wanted: "Kind | None"
    advance: "Advance"
    _known: dict[tuple[str, ...], Known | SkippedFile] = field(default_factory=dict)

    def count(self, side: Side) -> Counted:
        """Count the files of a side; those that cannot be counted are named."""
        counted = Counted(side, unread=dict(side.unread))
        for name, source in side.files.items():
            found = self._known_or_counted(source, counted)
            if isinstance(found, Known):
                counted.known[name] = found
            else:
                counted.unread[name] = found
        for part in counted.parts.values():
            part.finish()
        return counted

    def _known_or_counted(self, source: "TextSource", counted: Counted) -> Known | SkippedFile:
        content = source.digest()
        # The suffixes of a name say how a content is read.
        key = content, *source.name.lower().rpartition("/")[2].split(".")[1:][-2:]
        if key not in self._known:
            self._known[key] = self._counted(source, content, counted)
        return self._known[key]

    def _counted(self, source: "TextSource", content: str, counted: Counted) -> Known | SkippedFile:
        try:
            with reading(source.name):
                if skipped := without_text(source, content):
                    return skipped
                return Known(content, self._tallies(source, counted))
        except InputError as error:
            return SkippedFile(error.message, content, is_fault=True)

    def _tallies(self, source: "TextSource", counted: Counted) -> Tallies:
        opened = open_input(source, self.wanted, self.advance)
        with closing(opened.file):
            if opened.is_text:
                part = self._part(_PLAIN, counted)
                part.read(opened)
                return {_PLAIN: part.tallies_of_last()}
            for part in counted.parts.values():
                part.settle()
            try:
                return self._tallies_of_requests(opened, counted)
            except InputError:
                for part in counted.parts.values():
                    part.workload.pop_result()  # of a part of the file
                raise

    def _tallies_of_requests(self, opened: "Input", counted: Counted) -> Tallies:
        """Count a file, as if all of it were for the model of its first request."""
        first = opened.first()
        model = self.pricing.own_model(first) if isinstance(first, Request) else _PLAIN
        part = self._part(model, counted)
        part.read(opened)
        named = list(part.workload.partial.named_models)
        if self.pricing.is_by_name and named != ([model] if model else []):
            part.workload.pop_result()
            return self._tallies_of_each(opened.source, counted)
        return {model: part.settle()}

    def _tallies_of_each(self, source: "TextSource", counted: Counted) -> Tallies:
        """Count a file whose requests are for different models."""
        opened = open_input(source, self.wanted, self.advance)
        with closing(opened.file):
            for found in opened.requests():
                model = self.pricing.own_model(found) if isinstance(found, Request) else _PLAIN
                self._part(model, counted).workload.add_request(found)
        settled = {name: part.settle() for name, part in counted.parts.items()}
        return {name: tallies for name, tallies in settled.items() if tallies}

    def _part(self, model: str, counted: Counted) -> Part:
        if model not in counted.parts:
            counted.parts[model] = self.pricing.part(model)
        return counted.parts[model]


def without_text(source: "TextSource", digest: str) -> SkippedFile | None:
    """Return why a file has no text to count; None if it has some."""
    head = source.head()
    if pointed := lfs.pointed_at(head):
        return SkippedFile(lfs.KEPT, pointed)
    if isinstance(source, BlobSource) and is_binary(source.name, head, source.encoding):
        return SkippedFile(BINARY, digest)
    return None


def compare(models: Sequence[str], old: Counted, new: Counted) -> Difference:
    """Compare what was counted; a file that the new side cannot show is left out of both.

    A file that Git LFS keeps is the same as its pointer.
    """
    unread = new.unread | {
        name: old.unread[name] for name in new.known if _is_pointer(name, old, new)
    }
    unread = {name: _known_as(name, one, old) for name, one in unread.items()}
    before, after = (
        {name: known for name, known in side.known.items() if name not in unread}
        for side in (old, new)
    )
    own = not (old.has_plain or new.has_plain) and (old.own_models or new.own_models)
    models = [_own_label(old.own_models, new.own_models)] if own else models
    priced = _Priced({**old.parts, **new.parts}, len(models))
    matches = matched(_digests(before), _digests(after))
    same = [after[one.name].tallies for one in matches if one.state is State.UNCHANGED]
    files = changes_of(matches, partial(priced.of, before), partial(priced.of, after))
    unchanged = [Pair(one, one) for one in priced.figures(_added(same))]
    sums = summed([*(file.pairs for file in files), unchanged])
    digests = {name: one.digest for name, one in old.unread.items()}
    digests |= {name: one.digest for name, one in old.known.items()}
    uncounted = [
        SkippedChange(name, one.reason, digests.get(name) != one.digest, one.is_fault)
        for name, one in unread.items()
    ]
    return Difference(models, sums, files, uncounted, len(same))


class _Priced(NamedTuple):
    """Prices tallies for each column; what a body's own model costs is in every one."""

    parts: Mapping[str, Part]
    columns: int

    def of(self, side: Mapping[str, Known], name: str) -> Sequence[SideTotals]:
        """Return the figures of a file of a side in each column."""
        return self.figures(side[name].tallies if name in side else {})

    def figures(self, tallies: Tallies) -> Sequence[SideTotals]:
        """Return the figures of a file in each column; of no tallies, those of nothing."""
        found = [NOTHING] * self.columns
        for name, ones in tallies.items():
            priced = [figures_of(one) for one in self.parts[name].quote.price(ones)]
            each = priced if name == _PLAIN else priced * self.columns
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


def _is_pointer(name: str, old: Counted, new: Counted) -> bool:
    """Return whether the old side has a pointer to what the new one has."""
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
