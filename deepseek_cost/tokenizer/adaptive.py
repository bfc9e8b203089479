"""Small vocabularies for short texts, faster engines for long."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from deepseek_cost.tokenizer.base import Engine, TextCounter
from deepseek_cost.tokenizer.tiktoken_engine import Tiktoken
from deepseek_cost.tokenizer.vocabulary import Index

# Until that many characters were counted, an encoder of only what they can need is made faster
# than one of the whole vocabulary; so many lookups take a fifth of that.
_SHORT: Final = 8_192
_MOST_LOOKUPS: Final = 32_768


class SparingCounter(Struct):
    """Counts a few short texts with small encoders; what is more is left to another counter."""

    index: Index
    beyond: Callable[[], TextCounter]
    _left: int = _SHORT

    def count(self, blocks: Iterable[str]) -> int:
        """Return the tokens of the text that `blocks` make up together; raises InputError."""
        if self._left < 0:
            return self.beyond().count(blocks)
        rest = iter(blocks)
        text = ""
        while self._left >= 0 and (block := next(rest, None)) is not None:
            text += block
            self._left -= len(block)
        if self._left >= 0:
            tokens = self._count(text)
            if tokens is not None:
                return tokens
            self._left = -1
        return self.beyond().count(chain([text], rest))

    def count_each(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the tokens of each of many texts; raises InputError."""
        if sum(map(len, texts)) > self._left:
            self._left = -1
            return self.beyond().count_each(texts)
        return [self.count([text]) for text in texts]

    def _count(self, text: str) -> int | None:
        """Count a short text; None if that needs too much of the vocabulary."""
        try:
            ranks = self.index.ranks_within(text.encode(), _MOST_LOOKUPS)
        except UnicodeEncodeError:
            return None  # the other counter tells what is wrong
        return None if ranks is None else len(Tiktoken(ranks).ids(text)) // 4


class Growing(Struct):
    """Counts on the engine that is there; after so many characters, another one is loaded."""

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
        """Return the tokens of each text."""
        self._spend(sum(map(len, texts)))
        return self.now.count_each(texts)

    def ids(self, text: str) -> bytes:
        """Return the tokens of a text, four bytes each."""
        self._spend(len(text))
        return self.now.ids(text)

    def _share(self, chunks: Iterator[str]) -> Iterator[str]:
        """Yield what is for the first engine."""
        for chunk in chunks:
            yield chunk
            self._left -= len(chunk)
            if self._left <= 0:
                return

    def _spend(self, characters: int) -> None:
        """Change the engine where what was counted before was enough of it."""
        if self._left <= 0:
            self.now = self.load()
        self._left -= characters
