"""Counting the tokens of plain text: DeepSeek's V4 encoding on tiktoken, exact and in one pass."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import chain
from typing import Final, Protocol

from tiktoken import Encoding

from deepseek_cost.errors import InputError
from deepseek_cost.pieces import PATTERN, last_safe_cut, split_settled
from deepseek_cost.runs import BytePairs, Run, begin_run
from deepseek_cost.vocabulary import FIRST_TEXT_TOKEN, Index, Ranks, load_index, load_ranks

# Until that many characters were counted, an encoder of only what they can need is made faster
# than one of the whole vocabulary; so many lookups take a fifth of that.
_SHORT: Final = 8_192
_MOST_LOOKUPS: Final = 32_768
# Text given whole is handed on in blocks of this many characters.
_BLOCK: Final = 1 << 18


class TextCounter(Protocol):
    """Counts the tokens of plain text, in which special tokens are never looked for."""

    def count(self, blocks: Iterable[str]) -> int:
        """Return the tokens of the text that `blocks` make up together."""

    def count_each(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the tokens of each of many texts: as `count`, and faster."""


class TextEncoder(TextCounter, Protocol):
    """Tells the tokens themselves, too."""

    def ids(self, text: str) -> bytes:
        """Return the tokens of a whole text, four bytes each."""


@dataclass(frozen=True, slots=True)
class TiktokenCounter:
    """The V4 encoding on tiktoken. Time is linear, memory constant, however the text is made.

    A piece of `longest_piece` characters or more is taken as a run: the pattern engine overflows
    at about a million characters of white space.
    """

    encoding: Encoding
    bpe: BytePairs
    longest_piece: int = 1 << 16

    def count(self, blocks: Iterable[str]) -> int:
        """Return the tokens of the text that `blocks` make up together.

        Raises InputError for a lone surrogate, which no request can carry.
        """
        total = 0
        rest = ""
        run: Run | None = None
        for part in _parts(blocks):
            if run is None:
                rest += part
            else:
                rest = run.feed(_checked(part))
                if not rest:
                    continue
                counted, held = run.close(rest[0])
                total, rest, run = total + counted, held + rest, None
            counted, rest = self._count_settled(rest)
            total += counted
            if len(rest) >= self.longest_piece:
                rest, run = "", begin_run(rest, self.bpe)
        if run is not None:
            counted, rest = run.close("")
            total += counted
        return total + self._encode(rest)

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of many texts; raises InputError as `count`."""
        return [
            self._encode(text) if len(text) < self.longest_piece else self.count([text])
            for text in texts
        ]

    def ids(self, text: str) -> bytes:
        """Return the tokens of a whole text, four bytes each, as many as `count` tells.

        A text with a piece of `longest_piece` characters or more has stand-ins: the same for the
        same text, and others for another. Raises InputError for a lone surrogate.
        """
        found = array("I")
        rest = ""
        for part in _parts([text]):
            rest += part
            cut = last_safe_cut(rest)
            if len(rest) - cut >= self.longest_piece:
                return stand_ins(text.encode(), self.count([text]))
            found.extend(self.encoding.encode_ordinary(_checked(rest[:cut])))
            rest = rest[cut:]
        found.extend(self.encoding.encode_ordinary(_checked(rest)))
        return found.tobytes()

    def _count_settled(self, text: str) -> tuple[int, str]:
        """Count the tokens that nothing following `text` can change; return them and the rest."""
        cut = last_safe_cut(text)
        total, rest = self._encode(text[:cut]), text[cut:]
        if len(rest) < self.longest_piece:
            return total, rest
        settled = split_settled(_checked(rest))
        total += self._encode(settled.whole)
        total += sum(len(self.bpe.encode(piece.encode())) for piece in settled.pieces)
        return total, settled.rest

    def _encode(self, text: str) -> int:
        return len(self.encoding.encode_ordinary(_checked(text))) if text else 0


@cache
def default_counter() -> TiktokenCounter:
    """Build the counter of DeepSeek's vocabulary, once a process.

    Raises VocabularyError where the vocabulary is missing or is another one.
    """
    ranks = load_ranks()
    encoding = _encoding(ranks)
    lengths = [0] * FIRST_TEXT_TOKEN + [len(token) for token in ranks]
    return TiktokenCounter(encoding, BytePairs(encoding._encode_single_piece, lengths))  # noqa: SLF001


@dataclass(slots=True)
class SparingCounter:
    """Counts a few short texts without building the whole encoder; more of them build it."""

    index: Index
    _left: int = _SHORT

    def count(self, blocks: Iterable[str]) -> int:
        """Return the tokens of the text that `blocks` make up together, as `default_counter`."""
        rest = iter(blocks)
        text = ""
        while self._left >= 0 and (block := next(rest, None)) is not None:
            text += block
            self._left -= len(block)
        if self._left >= 0:
            if not text:
                return 0
            ranks = self.index.ranks_within(_checked(text).encode(), _MOST_LOOKUPS)
            if ranks is not None:
                return len(_encoding(ranks).encode_ordinary(text))
            self._left = -1
        return default_counter().count(chain([text], rest))

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of many texts, as `default_counter`."""
        if sum(map(len, texts)) > self._left:
            self._left = -1
            return default_counter().count_each(texts)
        return [self.count([text]) for text in texts]


@cache
def sparing_counter() -> SparingCounter:
    """Return the counter for whoever may have little to count; raises VocabularyError."""
    return SparingCounter(load_index())


def _encoding(ranks: Ranks) -> Encoding:
    return Encoding("deepseek_v4", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={})


def stand_ins(content: bytes, tokens: int) -> bytes:
    """Return so many tokens, four bytes each, that stand for a content that has none of its own."""
    digest = blake2b(content, digest_size=16).digest()
    return (digest * (tokens // 4 + 1))[: 4 * tokens]


def _parts(blocks: Iterable[str]) -> Iterator[str]:
    return (block[i : i + _BLOCK] for block in blocks for i in range(0, len(block), _BLOCK))


def _checked(text: str) -> str:
    """Return `text` if it can be sent at all."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise InputError(
            f"the text has a lone surrogate, U+{code:04X}, which no request can carry; remove it"
        ) from None
    return text
