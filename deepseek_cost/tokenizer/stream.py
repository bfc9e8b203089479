"""Counting of text of any length in constant memory, on either engine."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from msgspec import Struct

from deepseek_cost.errors import InputError
from deepseek_cost.tokenizer.base import Engine, stand_ins
from deepseek_cost.tokenizer.pretokenizer import (
    BytePairs,
    Run,
    begin_run,
    last_safe_cut,
    split_settled,
)

# Text is cut into chunks of about this many characters.
_BLOCK: Final = 1 << 18


class StreamCounter(Struct, frozen=True):
    """Counts on an engine, chunk by chunk, in linear time for any text.

    A piece of `longest_piece` characters or more is counted as a run: tiktoken's pattern engine
    overflows at about a million characters of white space.
    """

    engine: Engine
    byte_pairs: Callable[[], BytePairs]
    longest_piece: int = 1 << 16

    def count(self, blocks: Iterable[str]) -> int:
        """Return the token count of the text made up of `blocks`.

        Raises InputError for a lone surrogate, which no request can contain. An interrupt gets a
        note of how much was counted so far.
        """
        cutter = self._cutter()
        total = 0
        try:
            blocks = iter(blocks)
            text, following = next(blocks, ""), next(blocks, None)
            if following is None and len(text) < self.longest_piece:
                return self.engine.count_each([text])[0]
            blocks = chain([text, following or ""], blocks)
            for tokens in self.engine.counts(cutter.chunks(blocks)):
                total += tokens
        except UnicodeEncodeError as error:
            raise _refusal(error) from None
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"{total + cutter.tokens:,} tokens counted so far")
            raise
        return total + cutter.tokens

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the token count of each of many texts; raises InputError like `count`."""
        if any(len(text) >= self.longest_piece for text in texts):
            return [self.count([text]) for text in texts]
        try:
            return self.engine.count_each(texts)
        except UnicodeEncodeError as error:
            raise _refusal(error) from None

    def ids(self, text: str) -> bytes:
        """Return the token ids of a whole text, four bytes each, as many as `count` returns.

        A text with a run gets placeholder ids: the same for the same text, and others for another.
        Raises InputError for a lone surrogate.
        """
        cutter = self._cutter()
        try:
            if len(text) < self.longest_piece:
                return self.engine.ids(text)
            found = b"".join(map(self.engine.ids, cutter.chunks([text])))
        except UnicodeEncodeError as error:
            raise _refusal(error) from None
        if cutter.tokens:
            return stand_ins(text.encode(), len(found) // 4 + cutter.tokens)
        return found

    def _cutter(self) -> "_Cutter":
        return _Cutter(self.byte_pairs, self.longest_piece)


class _Cutter(Struct):
    """Cuts a stream where no token can span, and counts the runs that cannot be cut so."""

    byte_pairs: Callable[[], BytePairs]
    longest_piece: int
    tokens: int = 0  # in runs
    _rest: str = ""
    _run: Run | None = None

    def chunks(self, blocks: Iterable[str]) -> Iterator[str]:
        """Yield texts that can be split independently; the tokens of runs go to `tokens`."""
        for part in _parts(blocks):
            if self._run is not None:
                self._continue(self._run, part)
            else:
                self._rest += part
            if len(self._rest) >= self.longest_piece:
                yield from self._settled()
        if self._run is not None:
            self._close(self._run, "")
        if self._rest:
            yield self._rest

    def _continue(self, run: Run, part: str) -> None:
        self._rest = run.feed(part)
        if self._rest:
            self._close(run, self._rest)

    def _close(self, run: Run, follower: str) -> None:
        counted, held = run.close(follower[:1])
        self.tokens += counted
        self._rest = held + self._rest
        self._run = None

    def _settled(self) -> Iterator[str]:
        """Yield text that nothing later can change; a remainder without an end opens a run."""
        cut = last_safe_cut(self._rest)
        if cut:
            yield self._rest[:cut]
            self._rest = self._rest[cut:]
        if len(self._rest) < self.longest_piece:
            return
        settled = split_settled(self._rest)
        if settled.whole:
            yield settled.whole
        bpe = self.byte_pairs()
        self.tokens += sum(len(bpe.encode(piece.encode())) for piece in settled.pieces)
        self._rest = settled.rest
        if len(self._rest) >= self.longest_piece:
            self._run, self._rest = begin_run(self._rest, bpe), ""


def _parts(blocks: Iterable[str]) -> Iterator[str]:
    return (block[i : i + _BLOCK] for block in blocks for i in range(0, len(block), _BLOCK))


def _refusal(error: UnicodeEncodeError) -> InputError:
    code = ord(error.object[error.start])
    return InputError(
        f"the text has a lone surrogate, U+{code:04X}, which no request can carry", tip="remove it"
    )
