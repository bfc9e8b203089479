"""Requests of a batch that differ in texts and numbers alone: read once, with marks for these.

What a body costs depends on its texts only by their tokens, each counted as the prompt has it: by
itself or joined to what the template puts next to it. Numbers of settings (max_tokens, temperature)
are no part of it. So a form is read once to learn which texts count; all other bodies of the form
need no reading.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

from msgspec import Struct, field

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.prompt.body import Body, RenderedBody
from deepseek_cost.prompt.breakdown import Breakdown, RequestTokens
from deepseek_cost.prompt.chat_completions import refused_setting
from deepseek_cost.prompt.segments import SegmentCounter
from deepseek_cost.prompt.template import MOST_OUTPUT

# A string that is not empty: all of a line, or after a key whose value may be a text.
_BLANK: Final = re.compile(
    r'((?:^|"(?:content|text|prompt|custom_id)"[ \t]*+:[ \t]*+)")(?!")'
    r'([^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+)"'
)
# A number of a setting; where it is not the body's own, the form is not used.
_NUMBER: Final = re.compile(
    r'"(max_tokens|temperature|top_p|seed)"[ \t]*+:[ \t]*+'
    r"(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+)(?![0-9.eE])"
)
_LIMIT: Final = "max_tokens"
# Placeholders for numbers while a form is read: valid numbers, all different.
_MARKS: Final = {
    **dict.fromkeys(("max_tokens", "seed"), "17{:03}"),
    **dict.fromkeys(("temperature", "top_p"), "0.73{:03}1"),
}
_WHOLE: Final = (_LIMIT, "seed")
_LEAST_USUAL: Final = 0.001
_USUAL: Final = {"temperature": 2, "top_p": 1}
_LONG_NUMBER: Final = 20
_BETWEEN: Final = "\0"  # no JSON has it
_MARK: Final = re.compile("\ue000([0-9]+)\ue001")
_KEPT_OUTCOMES: Final = 10_000
# A request with more texts is faster to read by itself than to have its texts distinguished.
_MOST_TEXTS: Final = 200
# Bits that encode how often a text is in a prompt, and the tokens around all of them.
_DIGIT: Final = 32
_LARGEST_DIGIT: Final = (1 << _DIGIT) - 1

Outline = tuple[str, ...]


def outlined(line: str) -> tuple[Outline, list[str]]:
    """Return what a line has around its texts, and these texts as JSON has them."""
    parts = _BLANK.split(line)
    texts = parts[2::3]
    del parts[2::3]
    return tuple(parts), texts


def filled_in(outline: Outline, texts: Sequence[str]) -> str:
    """Return the line of an outline with these texts, as JSON has them."""
    pairs = zip(outline[1::2], texts, outline[2::2], strict=True)
    return outline[0] + "".join(f'{key}{text}"{then}' for key, text, then in pairs)


class Numbers(Struct, frozen=True):
    """An outline without the numbers of settings: pieces, and what is between them in turn."""

    pieces: Sequence[str]
    names: Sequence[str]
    values: list[str]

    @property
    def outline(self) -> Outline:
        """What distinguishes forms."""
        return (_BETWEEN, *self.pieces, *self.names)

    @property
    def are_accepted(self) -> bool:
        """Whether the API takes these numbers."""
        given = list(zip(self.names, self.values, strict=True))
        if all(_is_usual(name, number) for name, number in given):
            return True
        return refused_setting({name: json.loads(number) for name, number in given}) is None

    @property
    def marks(self) -> list[str]:
        """Return a placeholder for each number while the form is read."""
        return [_MARKS[name].format(at) for at, name in enumerate(self.names)]

    def marked(self) -> Outline:
        """Return the outline of the texts, with a mark for each number."""
        first, *rest = self.pieces
        pieces = zip(self.names, self.marks, rest, strict=True)
        whole = first + "".join(f'"{name}": {mark}{then}' for name, mark, then in pieces)
        return tuple(whole.split(_BETWEEN))


def _is_usual(name: str, number: str) -> bool:
    """Return whether the API surely takes a number; of others, `refused_setting` has to say."""
    if name in _WHOLE:
        return len(number) < _LONG_NUMBER and number.isdecimal() and 0 < int(number) <= MOST_OUTPUT
    return len(number) < _LONG_NUMBER and _LEAST_USUAL <= float(number) <= _USUAL[name]


def numbered(outline: Outline) -> Numbers | None:
    """Take the numbers of settings out of an outline; None if it has none."""
    parts = _NUMBER.split(_BETWEEN.join(outline))
    if len(parts) == 1 or len(parts) > _MOST_TEXTS:
        return None
    return Numbers(parts[::3], parts[1::3], parts[2::3])


def marked(outline: Outline) -> str:
    """Return the line of an outline with a mark for each text."""
    return filled_in(outline, [_mark(number) for number in range(len(outline) // 2)])


class Skeleton(Struct, eq=False):
    """A request with marks for its texts, read for each model.

    `patterns` are the texts that are counted: pieces of text and numbers of blanks by turns.
    `alike` are the numbers of those whose tokens matter by their sum alone. `settings` name the
    numbers that may change, which are given after the texts.
    """

    request: Request
    bodies: Sequence[RenderedBody]
    name: int | None
    patterns: Sequence[Sequence[str]]
    asked: Sequence[str]
    alike: Sequence[Sequence[int]]
    counter: SegmentCounter
    settings: Sequence[str] = ()
    _outcomes: dict[tuple[int, ...], list[RequestTokens]] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[Kind]:
        """What the lines are."""
        return frozenset({self.request.source_kind})

    def limits(self, columns: Sequence[Sequence[str]]) -> Iterator[int | None]:
        """Yield the most output that each body asks for, where that may change."""
        if _LIMIT not in self.settings:
            return repeat(None, len(columns[0]))
        of_numbers = columns[len(columns) - len(self.settings) :]
        return map(int, of_numbers[self.settings.index(_LIMIT)])

    def tokens(self, columns: Sequence[Sequence[str]]) -> list[tuple[int, ...]]:
        """Count what decides the tokens of bodies; `columns` has the texts of each blank."""
        count = self.counter.count_each
        counted = [count(_filled(pattern, columns)) for pattern in self.patterns]
        sums = [
            list(map(sum, zip(*(counted[number] for number in numbers), strict=True)))
            for numbers in self.alike
        ]
        return list(zip(*sums, strict=True)) if sums else [()] * len(columns[0])

    def outcome(self, tokens: tuple[int, ...], limit: int | None = None) -> list[RequestTokens]:
        """Return the tokens of a body for each model, by those of its texts and its max_tokens."""
        found = self._outcome(tokens)
        if limit is None:
            return found
        both = zip(self.bodies, found, strict=True)
        return [body.limited(its, limit) for body, its in both]

    def _outcome(self, tokens: tuple[int, ...]) -> list[RequestTokens]:
        known = self._outcomes.get(tokens)
        if known is None:
            if len(self._outcomes) >= _KEPT_OUTCOMES:
                self._outcomes.clear()
            sums = dict.fromkeys(self.asked, 0)
            for numbers, its in zip(self.alike, tokens, strict=True):
                sums[self.asked[numbers[0]]] = its
            counted = _Known(sums, self.counter)
            known = self._outcomes[tokens] = [body.count(counted) for body in self.bodies]
        return known


def skeleton_of(
    request: Request,
    blanks: int,
    bodies: Sequence[Body],
    counter: SegmentCounter,
    *,
    by_part: bool = True,
    numbers: Numbers | None = None,
) -> Skeleton | None:
    """Return the form of a request that was read with marks; None where texts decide more.

    Unless `by_part`, the tokens of a body are right in their sums, not in what they are of.
    """
    marks = [_mark(number) for number in range(blanks)]
    name = marks.index(request.custom_id) if request.custom_id in marks else None
    of_texts = [mark for number, mark in enumerate(marks) if number != name]
    if request.kind is not Kind.CHAT or "image" in request.text:
        return None
    if sorted(_texts(request.body)) != sorted(of_texts) or _is_forged(request, blanks):
        return None
    if numbers is not None and not _are_settings(numbers, request.body):
        return None
    plain = [body for body in bodies if isinstance(body, RenderedBody) and _is_plain(body)]
    if len(plain) < len(bodies):
        return None
    noting = _Noting(counter)
    for body in bodies:
        body.count(noting)
    asked = [text for text in noting.asked if _MARK.search(text)]
    if len(asked) > _MOST_TEXTS:
        return None
    return Skeleton(
        request=request,
        bodies=plain,
        name=name,
        patterns=[_MARK.split(text) for text in asked],
        asked=asked,
        alike=_alike(plain, asked, counter, by_part=by_part),
        counter=counter,
        settings=numbers.names if numbers else (),
    )


def _alike(
    bodies: Sequence[RenderedBody], asked: Sequence[str], counter: SegmentCounter, *, by_part: bool
) -> list[list[int]]:
    """Return the numbers of texts in groups: those of one add to the same figures, as often.

    Every figure is a sum over texts. So each text is given a digit of its own as its tokens, and
    every sum then shows in that digit how often it has the text. More tokens are added so that no
    part is cut to fit.
    """
    most = 1 << _DIGIT * (len(asked) + 1)
    # A text that joins others has more than they have together, so none of them is cut.
    known = {text: most * len(text) ** 2 + (1 << _DIGIT * at) for at, text in enumerate(asked, 1)}
    sums = [
        figure
        for parts in (body.parts(_Known(known, counter)) for body in bodies)
        for figure in (parts.input, *(_figures(parts) if by_part else (parts.text,)))
    ]
    groups: dict[tuple[int, ...], list[int]] = {}
    for number in range(len(asked)):
        digits = tuple(figure >> _DIGIT * (number + 1) & _LARGEST_DIGIT for figure in sums)
        groups.setdefault(digits, []).append(number)
    return list(groups.values())


def _figures(parts: Breakdown) -> Iterator[int]:
    yield from (parts.system, parts.user)
    yield from (tool.tokens for tool in parts.tools.values())
    yield from parts.history.values()


def _are_settings(numbers: Numbers, body: dict[str, object]) -> bool:
    """Return whether all numbers are a body's own settings, not of a tool or of anything else."""
    marks = map(json.loads, numbers.marks)
    return all(body.get(name) == mark for name, mark in zip(numbers.names, marks, strict=True))


def _is_forged(request: Request, blanks: int) -> bool:
    """Return whether there are marks that nobody put there."""
    record = request.record or request.body  # a line that is a text or an array has no record
    return json.dumps(record, ensure_ascii=False).count("\ue000") != blanks


def _is_plain(body: RenderedBody) -> bool:
    """Return whether a body has no images and no refusal, whose reason may quote a mark."""
    return not body.sizes and body.conversation.refused is None


def _texts(body: dict[str, object]) -> Iterator[str]:
    """Yield the marks that are where a message has its text."""
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for block in blocks:
            text = block.get("text") if isinstance(block, dict) else None
            if isinstance(text, str) and block["type"] == "text" and _MARK.fullmatch(text):
                yield text


def _filled(pattern: Sequence[str], columns: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the text that a pattern is in each body."""
    pieces = [columns[int(p)] if i % 2 else repeat(p) for i, p in enumerate(pattern)]
    if len(pattern) == 3 and pattern[0] == pattern[2] == "":  # noqa: PLR2004 - a text alone
        return columns[int(pattern[1])]
    return list(map("".join, zip(*pieces, strict=False)))


def _mark(number: int) -> str:
    return f"\ue000{number}\ue001"


class _Noting(SegmentCounter):
    """Notes the texts that are asked for."""

    def __init__(self, counter: SegmentCounter) -> None:
        self.asked: dict[str, None] = {}
        self._counts = counter.count

    def count(self, text: str) -> int:
        """Note a text."""
        self.asked[text] = None
        return self._counts(text)


class _Known(SegmentCounter):
    """Counts texts with marks as is given."""

    def __init__(self, known: dict[str, int], counter: SegmentCounter) -> None:
        self._given = known
        self._counts = counter.count

    def count(self, text: str) -> int:
        """Return what is given for a text, or its tokens."""
        known = self._given.get(text)
        return self._counts(text) if known is None else known
