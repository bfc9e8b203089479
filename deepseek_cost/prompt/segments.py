"""Count segments: every token once, by its origin."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from deepseek_cost.inputs.request import TextStream
from deepseek_cost.prompt.breakdown import ROLES, Breakdown, tools_of
from deepseek_cost.prompt.renderer import NEW, TEMPLATE, Definition, Joined, Segment, Stem
from deepseek_cost.tokenizer.base import ID_BYTES

if TYPE_CHECKING:
    from deepseek_cost.tokenizer.base import TextCounter, TextEncoder

# Texts kept to be found again: some of the largest requests, or many small ones.
_KEPT_CHARACTERS: Final = 4_000_000


class SegmentCounter:
    """Counts texts; what a batch repeats, such as system texts and tools, is counted once."""

    def __init__(self, counter: "TextCounter") -> None:
        self._counter = counter
        self._known: dict[str, int] = {}
        self._characters = 0

    def count(self, text: str) -> int:
        """Return the tokens of a plain text."""
        known = self._known.get(text)
        if known is not None:
            return known
        self._make_room(len(text))
        tokens = self._known[text] = self._counter.count([text])
        return tokens

    def count_stream(self, text: TextStream) -> int:
        """Return the tokens of a text that is read as it is counted, once for all models."""
        if text.tokens is None:
            text.tokens = self._counter.count(text.blocks)
        return text.tokens

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of many texts."""
        self.prepare(texts)
        return [self._known[text] for text in texts]

    def prepare(self, texts: Iterable[str]) -> None:
        """Count many texts at once, which is faster, for `count` to find them."""
        known = self._known
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if self._make_room(sum(map(len, new))):
            new = list(dict.fromkeys(texts))
        self._known.update(zip(new, self._counter.count_each(new), strict=True))

    def _make_room(self, characters: int) -> bool:
        """Clear the known counts if they would exceed the limit; return whether they did."""
        self._characters += characters
        if self._characters <= _KEPT_CHARACTERS:
            return False
        self._known.clear()
        self._characters = characters
        return True


class SegmentEncoder(SegmentCounter):
    """Counts texts and keeps their tokens, for callers that need the ids."""

    def __init__(self, encoder: "TextEncoder") -> None:
        super().__init__(encoder)
        self._encoder = encoder
        self._ids: dict[str, bytes] = {}

    def count(self, text: str) -> int:
        """Return the tokens of a plain text."""
        return len(self.ids(text)) // ID_BYTES

    def ids(self, text: str) -> bytes:
        """Return the tokens themselves, four bytes each."""
        known = self._ids.get(text)
        if known is not None:
            return known
        self._characters += len(text)
        if self._characters > _KEPT_CHARACTERS:
            self._ids.clear()
            self._characters = len(text)
        ids = self._ids[text] = self._encoder.ids(text)
        return ids


def texts_of(segments: Iterable[Segment]) -> Iterator[str]:
    """Yield the texts that are counted."""
    for _, value in segments:
        if type(value) is str:
            yield value
        elif type(value) is Joined:
            yield value.text
            for _, text in value.parts:
                yield text


def break_down(
    segments: Iterable[Segment], images: Sequence[int], counter: SegmentCounter
) -> Breakdown:
    """Return the token counts of a prompt by origin; `images` are the tokens of each image.

    Where texts are encoded as one, each owner has what its text is by itself, and the template
    the rest.
    """
    sums: dict[str, int] = {}
    tools: list[tuple[str, int]] = []
    _add(segments, counter, sums, tools)
    return Breakdown(
        system=sums.get("system", 0),
        tools=tools_of(tools) if tools else {},
        history={role: sums[role] for role in ROLES if sums.get(role)},
        user=sums.get(NEW, 0),
        images=sum(images),
        template=sums.get(TEMPLATE, 0),
    )


def _add(
    segments: Iterable[Segment],
    counter: SegmentCounter,
    sums: dict[str, int],
    tools: list[tuple[str, int]],
) -> None:
    """Add the tokens of each segment to those of its owner."""
    count = counter.count
    for owner, value in segments:
        if type(value) is str:
            tokens = count(value)
        elif type(value) is bytes:
            tokens = len(value) // ID_BYTES
        elif type(value) is TextStream:
            tokens = counter.count_stream(value)
        else:
            _add_composed(value, counter, sums, tools)
            continue
        if type(owner) is Definition:
            tools.append((owner, tokens))
        else:
            sums[owner] = sums.get(owner, 0) + tokens


def _add_composed(
    value: object,
    counter: SegmentCounter,
    sums: dict[str, int],
    tools: list[tuple[str, int]],
) -> None:
    if type(value) is Joined:
        _add_joined(value, counter, sums, tools)
    elif type(value) is Stem:
        for name, tokens in _stem_sums(value, counter).items():
            sums[name] = sums.get(name, 0) + tokens


def _stem_sums(stem: Stem, counter: SegmentCounter) -> dict[str, int]:
    """Return the tokens of a stem by owner, counted once; those before it come first."""
    uncounted: list[Stem] = []
    at: Stem | None = stem
    while at is not None and at.sums is None:
        uncounted.append(at)
        at = at.before
    sums = dict(at.sums) if at is not None and at.sums else {}
    for one in reversed(uncounted):
        _add(one.segments, counter, sums, [])
        one.sums = dict(sums)
        one.segments, one.before = (), None
    return sums


def _add_joined(
    value: Joined, counter: SegmentCounter, sums: dict[str, int], tools: list[tuple[str, int]]
) -> None:
    left = counter.count(value.text)
    for owner, text in value.parts:
        tokens = min(counter.count(text), left)
        left -= tokens
        if type(owner) is Definition:
            tools.append((owner, tokens))
        else:
            sums[owner] = sums.get(owner, 0) + tokens
    sums[TEMPLATE] = sums.get(TEMPLATE, 0) + left
