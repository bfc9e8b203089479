"""The encoding on gigatoken, where proven equal.

It is used only where it is proven to give the same counts: in a version that was compared, with our
vocabulary, and for characters that it classifies as DeepSeek's tokenizer does.

The exceptions are characters added in Unicode 17, which DeepSeek's tokenizer doesn't know as
letters, digits or symbols.
"""

import re
from binascii import b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from ctypes import CDLL
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from itertools import chain, groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from deepseek_cost.errors import EngineError, installing
from deepseek_cost.tokenizer.base import Engine
from deepseek_cost.tokenizer.prefetch import cores, done_ahead, threads_start
from deepseek_cost.tokenizer.vocabulary import FIRST_TEXT_TOKEN, TOKENS, Index, load_index

if TYPE_CHECKING:
    from gigatoken import Tokenizer

# The ranges of Unicode 17.0's additions, as code points.
LATER: Final = (
    *((0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x1ACF, 0x1ADD), (0x1AE0, 0x1AEB)),
    *((0x20C1, 0x20C1), (0x2B96, 0x2B96), (0xA7CE, 0xA7CF), (0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4)),
    *((0xA7F1, 0xA7F1), (0xFBC3, 0xFBD2), (0xFD90, 0xFD91), (0xFDC8, 0xFDCE)),
    *((0x10940, 0x10959), (0x10EC5, 0x10EC7), (0x10ED0, 0x10ED8), (0x10EFA, 0x10EFB)),
    *((0x11B60, 0x11B67), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x16EA0, 0x16EB8)),
    *((0x16EBB, 0x16ED3), (0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18D09, 0x18D1E)),
    *((0x18D80, 0x18DF2), (0x1CCFA, 0x1CCFC), (0x1CEBA, 0x1CED0), (0x1CEE0, 0x1CEF0)),
    *((0x1E6C0, 0x1E6DE), (0x1E6E0, 0x1E6F5), (0x1E6FE, 0x1E6FF), (0x1F6D8, 0x1F6D8)),
    *((0x1F777, 0x1F77A), (0x1F8D0, 0x1F8D8), (0x1FA54, 0x1FA57), (0x1FA8A, 0x1FA8A)),
    *((0x1FA8E, 0x1FA8E), (0x1FAC8, 0x1FAC8), (0x1FACD, 0x1FACD), (0x1FAEA, 0x1FAEA)),
    *((0x1FAEF, 0x1FAEF), (0x1FBFA, 0x1FBFA), (0x2B73A, 0x2B73F), (0x2CEA2, 0x2CEAD)),
    (0x323B0, 0x33479),
)


def has_later(data: bytes) -> bool:
    """Return whether a UTF-8 text has a character added in Unicode 17.

    Few texts have even the first byte of one, and looking for a byte takes almost no time.
    """
    if data.isascii():
        return False
    return any(first in data and pattern.search(data) for first, pattern in _patterns().items())


@cache
def _patterns() -> dict[bytes, re.Pattern[bytes]]:
    spelt = [chr(code).encode() for low, high in LATER for code in range(low, high + 1)]
    return {
        first: re.compile(_escaped(first) + _one_of([one[1:] for one in those]))
        for first, those in groupby(spelt, lambda one: one[:1])
    }


def _one_of(spellings: list[bytes]) -> bytes:
    """Return a pattern for any of the sorted spellings, with common prefixes shared."""
    if len(spellings[0]) == 1:
        return b"[" + b"".join(map(_escaped, spellings)) + b"]"
    alike = groupby(spellings, lambda one: one[:1])
    ways = (_escaped(first) + _one_of([one[1:] for one in those]) for first, those in alike)
    return b"(?:" + b"|".join(ways) + b")"


def _escaped(byte: bytes) -> bytes:
    return b"\\x" + byte.hex().encode()


_COMPARED: Final = "0.10."
_INSTALL: Final = installing("fast")
# This many bytes are handed over at once: enough for every core, and little memory.
_GROUP: Final = 1 << 23
_LITTLE: Final = 1 << 20
# gigatoken never drops its cache of the words it has seen. An encoder that made the process grow by
# this much is replaced, but only after enough use, since loading one takes a moment.
_MOST_GROWTH: Final = 128 << 20
_LEAST_BYTES: Final = 1 << 24
# A byte that UTF-8 never has: a token of its own, and in no other.
_MARK: Final = b"\xff"
# So many tokens are decoded at once.
_DECODED: Final = 4_096


def is_usable() -> bool:
    """Return whether the installed gigatoken is a version that was compared."""
    return (_version() or "").startswith(_COMPARED)


@cache
def gigatoken_engine() -> "Gigatoken":
    """Load the engine, once per process; raises EngineError if it is missing or unproven."""
    version = _version()
    if version is None:
        raise EngineError("gigatoken is not installed", tip=f"install it with: {_INSTALL}")
    if not version.startswith(_COMPARED):
        raise EngineError(
            f"gigatoken {version} was not compared with tiktoken, and may count differently",
            tip=f"install one that was: {_INSTALL}",
        )
    from deepseek_cost.tokenizer.tiktoken_engine import tiktoken_engine  # noqa: PLC0415 - few texts need it

    return Gigatoken(tiktoken_engine)


def _version() -> str | None:
    try:
        return metadata.version("gigatoken")
    except metadata.PackageNotFoundError:
        return None


class _Group(NamedTuple):
    """Chunks in UTF-8 for gigatoken, and the texts that are not for it."""

    known: list[bytes]
    odd: list[str]


@dataclass(slots=True)
class Gigatoken:
    """Encodes on gigatoken; texts that it would misread go to `fallback_engine`."""

    fallback_engine: Callable[[], Engine]
    most_growth: int = _MOST_GROWTH
    least_bytes: int = _LEAST_BYTES
    tokenizer: "Tokenizer" = field(init=False)
    _size: int = field(init=False)
    _counted: int = field(init=False)

    def __post_init__(self) -> None:
        self._begin()

    def counts(self, chunks: Iterable[str]) -> Iterator[int]:
        """Yield the token count of each group of chunks; one is counted while the next is read."""
        groups = _groups(chunks)
        first = list(islice(groups, 2))
        if len(first) < 2:  # noqa: PLR2004 - one needs no thread
            return map(self._count_group, first)
        return done_ahead(self._count_group, chain(first, groups), 1)

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the token count of each text."""
        data = "".join(texts).encode()
        self._make_room(len(data))
        if has_later(data):
            return [len(self.ids(text)) // 4 for text in texts]
        encode = self.tokenizer.encode
        return [len(encode(text)) for text in texts]

    def ids(self, text: str) -> bytes:
        """Return the token ids of a text, four bytes each."""
        data = text.encode()
        if has_later(data):
            return self.fallback_engine().ids(text)
        self._make_room(len(data))
        return (self.tokenizer.encode(data) + FIRST_TEXT_TOKEN).tobytes()

    def _count_group(self, group: _Group) -> int:
        from gigatoken import BytesSource  # noqa: PLC0415 - loaded by now

        size = sum(map(len, group.known))
        odd = sum(self.fallback_engine().count_each(group.odd)) if group.odd else 0
        self._make_room(size)
        if size < _LITTLE:
            return odd + sum(map(len, map(self.tokenizer.encode, group.known)))
        _, lengths = self.tokenizer.encode_batch_padded(
            BytesSource(group.known), pad_id=0, parallel=None if threads_start(cores()) else False
        )
        return odd + int(lengths.sum())

    def _make_room(self, size: int) -> None:
        """Count bytes to be encoded next; begin anew if the encoder has grown too much."""
        if self._counted > self.least_bytes and _memory() > self._size + self.most_growth:
            del self.tokenizer
            _give_back()
            self._begin()
        self._counted += size

    def _begin(self) -> None:
        self.tokenizer = _tokenizer(load_index())
        self._size, self._counted = _memory(), 0


def _groups(chunks: Iterable[str]) -> Iterator[_Group]:
    group, size = _Group([], []), 0
    for chunk in chunks:
        data = chunk.encode()
        if has_later(data):
            group.odd.append(chunk)
        else:
            group.known.append(data)
        size += len(data)
        if size >= _GROUP:
            yield group
            group, size = _Group([], []), 0
    if size:
        yield group


def _tokenizer(index: Index) -> "Tokenizer":
    """Load an encoder of our vocabulary; raises EngineError if the result differs from it.

    gigatoken reads ranks only from files, and numbers them from 0.
    """
    # gigatoken would load it from Rust, which panics at a signal meanwhile.
    import_module("numpy")
    from gigatoken import Tokenizer  # noqa: PLC0415 - it is there only with the extra

    with TemporaryDirectory() as folder:
        path = Path(folder, "ranks.tiktoken")
        with path.open("wb") as file:
            file.writelines(_lines(index))
        tokenizer = Tokenizer.from_tiktoken(path, pretokenizer="deepseek_v3", special_tokens={})
    if not _is_ours(tokenizer, index):
        raise EngineError("gigatoken loads another vocabulary than DeepSeek's", tip="use tiktoken")
    return tokenizer


def _is_ours(tokenizer: "Tokenizer", index: Index) -> bool:
    """Return whether an encoder numbers DeepSeek's tokens, and no others, from 0.

    They are decoded in parts, with a mark after each that no other token has: all at once, or the
    encoder's own list of them, would take 10 MB or more.
    """
    if tokenizer.vocab_size != TOKENS:
        return False
    mark = cast("int", index.rank(_MARK)) - FIRST_TEXT_TOKEN
    spelt = index.spelt()
    for begin in range(0, TOKENS, _DECODED):
        ranks = range(begin, min(begin + _DECODED, TOKENS))
        ours = b"".join(token + _MARK for token in islice(spelt, _DECODED))
        if tokenizer.decode([each for rank in ranks for each in (rank, mark)]) != ours:
            return False
    return True


def _lines(index: Index) -> Iterator[bytes]:
    for rank, token in enumerate(index.spelt()):
        yield b"%b %d\n" % (b2a_base64(token, newline=False), rank)


def _give_back() -> None:
    """Have the C library return freed memory, most of which it would keep."""
    with suppress(AttributeError, OSError, TypeError):  # not glibc
        CDLL(None).malloc_trim(0)


def _memory() -> int:
    """Return the memory that the process uses, in bytes."""
    import psutil  # noqa: PLC0415 - it is there only with the extra

    return int(psutil.Process().memory_info().rss)
