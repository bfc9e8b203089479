"""A few short texts, counted without building an encoder of the whole vocabulary."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from deepseek_cost.tokens import TextCounter
from deepseek_cost.tokens.on_tiktoken import Tiktoken
from deepseek_cost.vocabulary import Index

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
