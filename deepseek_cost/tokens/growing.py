"""Input of unknown size: one engine to begin with, another one once it pays."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct

from deepseek_cost.tokens import Engine


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
