"""The V4 encoding on tiktoken, which every installation has."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, pairwise
from threading import local
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from tiktoken import Encoding

from deepseek_cost.tokenizer.base import ID_BYTES
from deepseek_cost.tokenizer.pattern import PATTERN, PLAIN_PATTERN, is_plain
from deepseek_cost.tokenizer.prefetch import cores
from deepseek_cost.tokenizer.vocabulary import FIRST_TEXT_TOKEN, Ranks, load_index, load_ranks

if TYPE_CHECKING:
    from deepseek_cost.tokenizer.pretokenizer import BytePairs

# tiktoken looks for special tokens even where none is allowed, and without any it would stop at
# every character. This one is made of noncharacters; text with it is split like any other text.
_NEVER_ALLOWED: Final = {"\ufdd0\ufdd1\ufdd0": 1 << 18}
_NONE: Final[set[str]] = set()
# Counting this many characters is faster than building a second encoder (70 ms and 30 MB).
_WORTH_THREADS: Final = 3 << 20
_MOST_THREADS: Final = 4
# The same for a second encoder of plain texts, which is twice as fast. So many more characters are
# to be of plain texts than of others: where these prevail, it would not make up for its memory.
_WORTH_PLAIN: Final = 1 << 20


class _OfThread(local):
    """A thread's own encoders; `plain_lead` is by how many characters plain texts prevail."""

    encoding: Encoding | None = None
    plain: Encoding | None = None
    plain_lead: int = 0


class Tiktoken(Struct, frozen=True):
    """Encodes on tiktoken; whole texts are never parsed for special tokens.

    Each thread has its own encoders: on a shared one, threads would wait for each other at every
    word, for the scratch memory of its regular expressions. Only a thread that has none when those
    of the pool are built borrows one of them, for the few texts that it has besides. Texts that
    are plain and not counted ahead have an encoder with a simpler pattern once their characters are
    `plain_after` more than the others'. All other texts are split by `pattern`.
    """

    ranks: Ranks
    plain_after: int = _WORTH_PLAIN
    pattern: str = PATTERN
    _of_thread: _OfThread = field(default_factory=_OfThread)
    _of_pool: list[Encoding] = field(default_factory=list)

    @property
    def encoding(self) -> Encoding:
        """The encoder of the current thread."""
        mine = self._of_thread
        if mine.encoding is None:
            mine.encoding = self._of_pool[0] if self._of_pool else self._encoding()
        return mine.encoding

    def counts(self, chunks: Iterable[str]) -> Iterator[int]:
        """Yield the token count of each chunk in order; many chunks are counted on threads."""
        chunks = iter(chunks)
        first: list[str] = []
        size = 0
        while size < _WORTH_THREADS:
            chunk = next(chunks, None)
            if chunk is None:
                yield from map(self._count, first)
                return
            first.append(chunk)
            # A non-ASCII character takes about as long as two ASCII ones.
            size += len(chunk) if chunk.isascii() else 2 * len(chunk)
        from deepseek_cost.tokenizer.prefetch import done_ahead  # noqa: PLC0415 - takes 10 ms

        threads = min(cores(), _MOST_THREADS)
        yield from done_ahead(self._count_ahead, chain(first, chunks), threads)

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the token count of each text."""
        return [_buffer(self._encoding_for(text), text).nbytes // ID_BYTES for text in texts]

    def ids(self, text: str) -> bytes:
        """Return the token ids of a text, four bytes each."""
        return bytes(_buffer(self._encoding_for(text), text))

    def _count(self, text: str) -> int:
        return _buffer(self.encoding, text).nbytes // ID_BYTES

    def _count_ahead(self, text: str) -> int:
        """Count a chunk on a thread of the pool."""
        mine = self._of_thread
        if mine.encoding is None:
            mine.encoding = self._encoding()
            self._of_pool.append(mine.encoding)
        return self._count(text)

    def _encoding(self) -> Encoding:
        return encoding_of(self.ranks, self.pattern)

    def _encoding_for(self, text: str) -> Encoding:
        """Return the encoder for a short text."""
        mine = self._of_thread
        if not is_plain(text):
            mine.plain_lead -= len(text)
            return self.encoding
        if mine.plain is None and mine.plain_lead < self.plain_after:
            mine.plain_lead += len(text)
            return self.encoding
        if mine.plain is None:
            mine.encoding = None  # makes room; the next text that is not plain has it built again
            mine.plain = encoding_of(self.ranks, PLAIN_PATTERN)
        return mine.plain


def _buffer(encoding: Encoding, text: str) -> memoryview:
    """Encode without a Python object per token, so that threads wait for each other less."""
    core = encoding._core_bpe  # noqa: SLF001 - its public way needs numpy
    return memoryview(core.encode_to_tiktoken_buffer(text, _NONE))


@cache
def tiktoken_engine() -> Tiktoken:
    """Return the whole-vocabulary engine, once per process; raises VocabularyError."""
    return Tiktoken(load_ranks())


@cache
def byte_pairs() -> "BytePairs":
    """Return the encoder of single pieces that are too long for an engine."""
    from deepseek_cost.tokenizer.pretokenizer import BytePairs  # noqa: PLC0415 - few texts have such

    encode = tiktoken_engine().encoding._encode_single_piece  # noqa: SLF001 - pieces as bytes
    lengths = [end - begin for begin, end in pairwise(load_index().ends)]
    return BytePairs(encode, [0] * FIRST_TEXT_TOKEN + lengths)


def encoding_of(ranks: Ranks, pattern: str) -> Encoding:
    """Return an encoding that knows these tokens, and splits text by a pattern."""
    return Encoding(
        "deepseek_v4",
        pat_str=pattern,
        mergeable_ranks=ranks,
        special_tokens=_NEVER_ALLOWED,
    )
