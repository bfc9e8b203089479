"""Count many lines of a batch at once: lines of a known form need not be parsed one by one."""

import codecs
import json
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import InputError
from deepseek_cost.estimates.ledger import Place, Position
from deepseek_cost.estimates.partial_result import PartialResult, TalliedSource, own_column
from deepseek_cost.estimates.tally import Scenario, Tally, tally_body, total
from deepseek_cost.inputs.jsonl import Lines
from deepseek_cost.inputs.reader import request_of
from deepseek_cost.inputs.request import Fault, Request
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.body import Body
from deepseek_cost.prompt.breakdown import RequestTokens
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.skeleton import (
    Numbers,
    Outline,
    Skeleton,
    filled_in,
    marked,
    numbered,
    outlined,
    skeleton_of,
)

# How many characters of outlines are kept; a batch with more only takes longer.
_KEPT_CHARACTERS: Final = 4_000_000
# A longer line is read by itself: such lines are rare, and would crowd out other outlines.
_LONGEST: Final = 1_000_000
_NEW: Final = object()
_SEEN: Final = object()


class Filled(Struct):
    """The lines of one form: their numbers, and their texts as JSON has them."""

    numbers: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


class SkeletonCounter(Struct):
    """Tallies the lines whose form is known.

    `bodies_of` reads a request for each model; `add_model` keeps the model that it names and the
    settings that the API ignores; `own_model` returns that model.
    """

    partial: PartialResult
    scenario: Scenario
    counter: SegmentCounter
    bodies_of: Callable[[Request], Sequence[Body]]
    add_model: Callable[[Request, Position, int], object]
    own_model: Callable[[Request], Model | None]
    _skeletons: dict[Outline, Skeleton | object | None] = field(default_factory=dict)
    _characters: int = 0

    def count(
        self, lines: Lines, source: int, known: Container[int] = ()
    ) -> Iterator[tuple[int, bytes]]:
        """Tally lines of a known form, except those in `known`; return the others in order."""
        if codecs.lookup(lines.encoding).name not in ("utf-8", "ascii"):
            return iter(lines)
        filled, others = self._sorted(_texts(lines.data), lines, known)
        for skeleton, its in filled.items():
            columns = _decoded(its.rows)
            if columns is None:
                others += its.numbers
            else:
                self._count(skeleton, its.numbers, columns, (lines.source, source))
        left = set(others)
        return (pair for pair in lines if pair[0] in left)

    def _sorted(
        self, texts: list[str], lines: Lines, known: Container[int]
    ) -> tuple[dict[Skeleton, Filled], list[int]]:
        """Group the lines by form; also return the numbers of the lines without one."""
        filled: dict[Skeleton, Filled] = {}
        others = []
        for number, line in enumerate(texts, lines.number):
            is_new = len(line) < _LONGEST and number not in known
            outline, values = outlined(line) if is_new else ((), [])
            skeleton = self._skeleton(lines, number, outline, values) if values else None
            numbers = numbered(outline) if values and skeleton is None else None
            if numbers and numbers.are_accepted:
                skeleton = self._skeleton(lines, number, outline, values, numbers)
                values += numbers.values
            if skeleton is None:
                others.append(number)
                continue
            its = filled.get(skeleton)
            if its is None:
                its = filled[skeleton] = Filled()
            its.numbers.append(number)
            its.rows.append(values)
        return filled, others

    def _skeleton(
        self,
        lines: Lines,
        number: int,
        outline: Outline,
        values: Sequence[str],
        numbers: Numbers | None = None,
    ) -> Skeleton | None:
        """Return the form of an outline; None for a new outline, which may never come back."""
        key = numbers.outline if numbers else outline
        known = self._skeletons.get(key, _NEW)
        if known is _SEEN:
            known = self._skeletons[key] = self._read(lines, number, outline, values, numbers)
        elif known is _NEW:
            self._characters += sum(map(len, key))
            if self._characters > _KEPT_CHARACTERS:
                self._skeletons.clear()
                self._characters = 0
            self._skeletons[key] = _SEEN
        return known if isinstance(known, Skeleton) else None

    def _read(
        self,
        lines: Lines,
        number: int,
        outline: Outline,
        values: Sequence[str],
        numbers: Numbers | None,
    ) -> Skeleton | None:
        """Read an outline; its form is kept if it gives exactly the tokens of the current line."""
        columns = _decoded([values])
        if columns is None:
            return None
        try:
            request, bodies = self._bodies(lines, number, filled_in(outline, values))
            tokens = [body.count(self.counter) for body in bodies]
            form = numbers.marked() if numbers else outline
            request, bodies = self._bodies(lines, number, marked(form))
        except InputError:
            return None
        by_part = any(ledger.keeps_parts for ledger in self.partial.ledgers)
        skeleton = skeleton_of(
            request, len(values), bodies, self.counter, by_part=by_part, numbers=numbers
        )
        if skeleton is None:
            return None
        columns += [[value] for value in numbers.values] if numbers else []
        counted = skeleton.outcome(skeleton.tokens(columns)[0], next(skeleton.limits(columns)))
        is_same = counted == tokens if by_part else _sums(counted) == _sums(tokens)
        return skeleton if is_same else None

    def _bodies(self, lines: Lines, number: int, line: str) -> tuple[Request, Sequence[Body]]:
        found = request_of(lines.document(number, line.encode()), lines.kind)
        if isinstance(found, Fault):
            raise InputError(str(found))
        return found, self.bodies_of(found)

    def _count(
        self,
        skeleton: Skeleton,
        numbers: Sequence[int],
        columns: Sequence[Sequence[str]],
        source: tuple[str, int],
    ) -> None:
        """Tally the bodies of a form, together where they have the same tokens."""
        alike: dict[tuple[tuple[int, ...], int | None], list[int]] = {}
        counted = zip(skeleton.tokens(columns), skeleton.limits(columns), strict=True)
        for row, key in enumerate(counted):
            alike.setdefault(key, []).append(row)
        self.add_model(skeleton.request, Position(source[1], numbers[0]), len(numbers))
        same = [skeleton.request.custom_id] * len(numbers)
        names = same if skeleton.name is None else columns[skeleton.name]
        each = [
            self._add(skeleton.outcome(tokens, limit), _Places(*source, numbers, names, rows))
            for (tokens, limit), rows in alike.items()
        ]
        self._add_sums(skeleton, tuple(map(total, zip(*each, strict=True))), source)

    def _add(self, outcome: Sequence[RequestTokens], places: "_Places") -> Sequence[Tally]:
        """Add bodies that are alike to the ledgers, and return their tally for each model."""
        bodies = len(places.rows)
        tallies = [tally_body(body, self.scenario) for body in outcome]
        for ledger, body, tally in zip(self.partial.ledgers, outcome, tallies, strict=False):
            ledger.add(tally, body.parts, bodies)
            ledger.offer(tally, places)
            if body.refused:
                at, place = next(iter(places))
                ledger.refusals.add(place, body.refused, bodies * tally.requests, at)
        return [tally.times(bodies) for tally in tallies]

    def _add_sums(
        self, skeleton: Skeleton, sums: tuple[Tally, ...], source: tuple[str, int]
    ) -> None:
        """Add the sums of all bodies of a form to the source, and to their own model."""
        models = [ledger.model for ledger in self.partial.ledgers]
        columns = sums[: len(models)]
        self.partial.add(source[1], TalliedSource(source[0], columns, skeleton.kinds))
        own = self.own_model(skeleton.request)
        if own is None:
            self.partial.add_unnamed(columns)
        else:
            self.partial.add_written(own.name, sums[own_column(models, own)])


def _sums(tokens: Sequence[RequestTokens]) -> list[tuple[int, int, int]]:
    return [(body.parts.text, body.parts.template, body.output_ceiling) for body in tokens]


class _Places(Struct):
    """The places of bodies that are alike."""

    source: str
    number: int
    lines: Sequence[int]
    names: Sequence[str | None]
    rows: Sequence[int]

    def __iter__(self) -> Iterator[tuple[Position, Place]]:
        for row in self.rows:
            place = Place(self.source, self.lines[row], self.names[row])
            yield (
                Position(self.number, place.line),
                Place(place.source, place.line, place.short_id),
            )


def _texts(data: bytes) -> list[str]:
    """Return the text of each line; empty if it is not valid UTF-8."""
    try:
        return data.decode().split("\n")
    except UnicodeError:
        return [line.decode() if _is_utf8(line) else "" for line in data.split(b"\n")]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeError:
        return False
    return True


def _decoded(rows: Sequence[Sequence[str]]) -> list[Sequence[str]] | None:
    """Return the texts of each blank; None if one is not a valid JSON string that can be sent."""
    columns: list[Sequence[str]] = []
    for column in zip(*rows, strict=True):
        joined = '","'.join(column)
        if "\\" not in joined:
            columns.append(column)
            continue
        try:
            texts = json.loads(f'["{joined}"]')
            "".join(texts).encode()
        except ValueError:
            return None
        columns.append(texts)
    return columns
