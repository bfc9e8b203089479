"""The V4 encoding on gigatoken: several times as fast as tiktoken, once it is loaded.

It is used where it is proven to count alike: in a version that was compared, with our vocabulary,
and for characters that it knows as DeepSeek's tokenizer does.
"""

from binascii import b2a_base64
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from ctypes import CDLL
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from deepseek_cost.errors import EngineError
from deepseek_cost.tokens import Engine
from deepseek_cost.tokens.ahead import done_ahead
from deepseek_cost.tokens.later import has_later
from deepseek_cost.vocabulary import FIRST_TEXT_TOKEN, Index, load_index

if TYPE_CHECKING:
    from gigatoken import Tokenizer

_COMPARED: Final = "0.10."
_INSTALL: Final = "pip install 'deepseek-cost[fast]'"
# So many bytes are handed over at once: enough for every core, little to hold in memory.
_GROUP: Final = 1 << 23
_LITTLE: Final = 1 << 20
# What gigatoken remembers of the words it met is never dropped. An encoder with which the process
# grew by so much is replaced; not before it has earned that, since loading one takes a moment.
_MOST_GROWTH: Final = 128 << 20
_LEAST_BYTES: Final = 1 << 24


def is_usable() -> bool:
    """Tell whether a gigatoken is installed that was compared."""
    return (_version() or "").startswith(_COMPARED)


@cache
def gigatoken_engine() -> "Gigatoken":
    """Load the engine, once a process; raises EngineError where it is missing or another one."""
    version = _version()
    if version is None:
        raise EngineError(f"gigatoken is not installed; install it with: {_INSTALL}")
    if not version.startswith(_COMPARED):
        raise EngineError(
            f"gigatoken {version} was not compared with tiktoken, and may count otherwise; "
            f"install one that was: {_INSTALL}"
        )
    from deepseek_cost.tokens.on_tiktoken import tiktoken_engine  # noqa: PLC0415 - few texts need it

    return Gigatoken(tiktoken_engine)


def _version() -> str | None:
    try:
        return metadata.version("gigatoken")
    except metadata.PackageNotFoundError:
        return None


class _Group(NamedTuple):
    """Chunks in UTF-8, and those that are not for gigatoken."""

    known: list[bytes]
    odd: list[str]


@dataclass(slots=True)
class Gigatoken:
    """Encodes on gigatoken; texts with characters that it takes for others go to `beside`."""

    beside: Callable[[], Engine]
    most_growth: int = _MOST_GROWTH
    least_bytes: int = _LEAST_BYTES
    tokenizer: "Tokenizer" = field(init=False)
    _size: int = field(init=False)
    _taken: int = field(init=False)

    def __post_init__(self) -> None:
        self._begin()

    def counts(self, chunks: Iterable[str]) -> Iterator[int]:
        """Yield the tokens of each group of chunks; one is counted while the next is read."""
        groups = _groups(chunks)
        first = list(islice(groups, 2))
        if len(first) < 2:  # noqa: PLR2004 - one needs no thread
            return map(self._count_group, first)
        return done_ahead(self._count_group, chain(first, groups), 1)

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        data = "".join(texts).encode()
        self._take(len(data))
        if has_later(data):
            return [len(self.ids(text)) // 4 for text in texts]
        encode = self.tokenizer.encode
        return [len(encode(text)) for text in texts]

    def ids(self, text: str) -> bytes:
        """Return the tokens of a text, four bytes each."""
        data = text.encode()
        if has_later(data):
            return self.beside().ids(text)
        self._take(len(data))
        return (self.tokenizer.encode(data) + FIRST_TEXT_TOKEN).tobytes()

    def _count_group(self, group: _Group) -> int:
        from gigatoken import BytesSource  # noqa: PLC0415 - loaded by now

        size = sum(map(len, group.known))
        odd = sum(self.beside().count_each(group.odd)) if group.odd else 0
        self._take(size)
        if size < _LITTLE:
            return odd + sum(map(len, map(self.tokenizer.encode, group.known)))
        _, lengths = self.tokenizer.encode_batch_padded(BytesSource(group.known), pad_id=0)
        return odd + int(lengths.sum())

    def _take(self, size: int) -> None:
        """Note so many bytes to encode, with a new encoder if the one in use has grown too much."""
        if self._taken > self.least_bytes and _memory() > self._size + self.most_growth:
            del self.tokenizer
            _give_back()
            self._begin()
        self._taken += size

    def _begin(self) -> None:
        self.tokenizer = _tokenizer(load_index())
        self._size, self._taken = _memory(), 0


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
    """Load an encoder of our vocabulary; raises EngineError where it comes out as another one.

    gigatoken reads ranks from files alone, and numbers them from 0.
    """
    from gigatoken import Tokenizer  # noqa: PLC0415 - it is there only with the extra

    with TemporaryDirectory() as folder:
        path = Path(folder, "ranks.tiktoken")
        path.write_bytes(b"".join(_lines(index)))
        tokenizer = Tokenizer.from_tiktoken(path, pretokenizer="deepseek_v3", special_tokens={})
    if tokenizer.vocab != dict(enumerate(index.spelt())):
        raise EngineError("gigatoken loads another vocabulary than DeepSeek's; use tiktoken")
    return tokenizer


def _lines(index: Index) -> Iterator[bytes]:
    for rank, token in enumerate(index.spelt()):
        yield b"%b %d\n" % (b2a_base64(token, newline=False), rank)


def _give_back() -> None:
    """Have the C library return what was freed; it would keep most of it."""
    with suppress(AttributeError, OSError, TypeError):  # it is not glibc
        CDLL(None).malloc_trim(0)


def _memory() -> int:
    """Return the bytes of memory that the process holds."""
    import psutil  # noqa: PLC0415 - it is there only with the extra

    return int(psutil.Process().memory_info().rss)
