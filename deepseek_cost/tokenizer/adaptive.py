"""Small vocabularies for short texts, faster engines for long ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct, field

from deepseek_cost.tokenizer.base import MOST_SHORT, Engine, TextCounter
from deepseek_cost.tokenizer.pattern import LATIN_PATTERN, is_latin, is_plain
from deepseek_cost.tokenizer.tiktoken_engine import Tiktoken
from deepseek_cost.tokenizer.vocabulary import Index, Ranks

# This many lookups take a fifth of the time to build an encoder of the whole vocabulary.
_MOST_LOOKUPS: Final = 32_768
# Texts that come one by one need an encoder each; as many take as long as the whole vocabulary.
_MOST_ENCODERS: Final = 6
# What templates put around texts: nearly every request has it, so the first encoder includes it.
_AROUND: Final = (")\n\n", ".\n\n", "\n\n", ".\n")


class SparingCounter(Struct):
    """Counts a few short texts with a small encoder, and leaves the rest to another counter.

    The encoder knows every token that the texts counted so far can need. Compiling its pattern
    takes as long as everything else, so texts known at the same time should be passed together.
    """

    index: Index
    beyond: Callable[[], TextCounter]
    _left: int = MOST_SHORT
    _built: int = 0
    _ranks: Ranks = field(default_factory=dict)
    _encoder: Tiktoken | None = None
    _is_latin: bool = True

    def count(self, blocks: Iterable[str]) -> int:
        """Return the token count of the text made up of `blocks`; raises InputError."""
        if self._left < 0:
            return self.beyond().count(blocks)
        rest = iter(blocks)
        text = ""
        while self._left >= 0 and (block := next(rest, None)) is not None:
            text += block
            self._left -= len(block)
        encoder = self._encoder_of([text]) if self._left >= 0 else None
        if encoder is not None:
            return encoder.count_each([text])[0]
        self._left = -1
        return self.beyond().count(chain([text], rest))

    def count_each(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the token count of each of many texts; raises InputError."""
        self._left -= sum(map(len, texts))
        encoder = self._encoder_of(texts) if self._left >= 0 else None
        if encoder is not None:
            return encoder.count_each(texts)
        self._left = -1
        return self.beyond().count_each(texts)

    def _encoder_of(self, texts: Sequence[str]) -> Tiktoken | None:
        """Return an encoder for short texts; None if that needs too much of the vocabulary."""
        known = len(self._ranks)
        if not known:
            self._ranks = self.index.single_bytes()
            texts = [*_AROUND, *texts]
        for text in texts:
            try:
                is_little = self.index.add_ranks_within(text.encode(), self._ranks, _MOST_LOOKUPS)
            except UnicodeEncodeError:
                return None  # the other counter reports what is wrong
            if not is_little:
                return None
        was_latin = self._is_latin
        self._is_latin = was_latin and all(map(is_latin, texts))
        if self._encoder is None or len(self._ranks) > known or self._is_latin is not was_latin:
            if self._built == _MOST_ENCODERS:
                return None
            self._built += 1
            self._encoder = self._made_for(texts)
        return self._encoder

    def _made_for(self, texts: Sequence[str]) -> Tiktoken:
        """Make an encoder of the ranks, with the pattern that takes the least time to compile."""
        ranks = self._ranks.copy()
        if self._is_latin:
            return Tiktoken(ranks, MOST_SHORT, LATIN_PATTERN)
        return Tiktoken(ranks, 0 if all(map(is_plain, texts)) else MOST_SHORT)


class Growing(Struct):
    """Counts on the engine at hand, and loads a faster one after enough characters."""

    now: Engine
    load: Callable[[], Engine]
    _left: int

    def counts(self, chunks: Iterable[str]) -> Iterator[int]:
        """Yield numbers that add up to the tokens of all chunks."""
        chunks = iter(chunks)
        if self._left > 0:
            yield from self.now.counts(self._share(chunks))
        following = next(chunks, None)
        if following is not None:
            self._spend(0)
            yield from self.now.counts(chain([following], chunks))

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the token count of each text."""
        self._spend(sum(map(len, texts)))
        return self.now.count_each(texts)

    def ids(self, text: str) -> bytes:
        """Return the token ids of a text, four bytes each."""
        self._spend(len(text))
        return self.now.ids(text)

    def _share(self, chunks: Iterator[str]) -> Iterator[str]:
        """Yield the chunks for the first engine."""
        for chunk in chunks:
            yield chunk
            self._left -= len(chunk)
            if self._left <= 0:
                return

    def _spend(self, characters: int) -> None:
        """Switch engines once enough has been counted."""
        if self._left <= 0:
            self.now = self.load()
        self._left -= characters
