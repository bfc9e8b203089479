"""Bytes from files and standard input; gzip and Zstandard are unpacked while reading."""

import errno
import io
import os
import stat
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from deepseek_cost.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PACKED: Final = (".gz", ".zst", ".zstd")
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_BUFFER: Final = 1 << 16
# A file up to this size is read at once.
_SMALL: Final = 1 << 16
# Unpacking needs as much memory as the window, which `zstd --long=31` makes 2 GB.
_MOST_WINDOW: Final = 1 << 27
# Each byte of Zstandard can unpack to 32 KB; small reads keep a bomb from filling memory.
_ZSTD_BYTES: Final = 512


class Advance(Protocol):
    """Called for every block of bytes that was read."""

    def __call__(self, count: int, /) -> None:
        """Record that `count` more bytes were read."""


def open_bytes(path: Path | None, advance: Advance = lambda _: None) -> BinaryIO:
    """Open a file, or standard input without a path; raises OSError."""
    if path is None:
        if sys.stdin is None:
            raise InputError("-: standard input is closed")
        raw = open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)  # noqa: SIM115
    else:
        raw = io.FileIO(path)
        if (content := _small_content(raw)) is not None:
            raw.close()
            return unpacked(io.BytesIO(content), advance)
    return unpacked(raw, advance)


def _small_content(raw: io.FileIO) -> bytes | None:
    """Read a small regular file; None, with the position at the start, for any other."""
    state = os.fstat(raw.fileno())
    if not stat.S_ISREG(state.st_mode) or not 0 < state.st_size <= _SMALL:
        return None
    content = raw.read(state.st_size + 1)
    if content is not None and len(content) == state.st_size:
        return content
    raw.seek(0)  # the file is changing meanwhile
    return None


def is_packed(head: bytes) -> bool:
    """Return whether a file is compressed, by its first bytes."""
    return head.startswith((_GZIP, _ZSTD))


def unpacked(raw: BinaryIO | io.FileIO, advance: Advance) -> BinaryIO:
    """Return the unpacked contents of a file, by its first bytes; closing them closes the file."""
    if isinstance(raw, io.BytesIO) and not is_packed(raw.getvalue()):
        advance(raw.getbuffer().nbytes)
        return raw
    plain = io.BufferedReader(_Watched(raw, advance), _BUFFER)
    head = plain.peek(len(_ZSTD))
    if head.startswith(_GZIP):
        from deepseek_cost.inputs.gzip_file import GzipFile  # noqa: PLC0415 - few files are packed

        return GzipFile(plain)  # type: ignore[return-value] # all that we use of one
    return io.BufferedReader(_Zstandard(plain), _BUFFER) if head.startswith(_ZSTD) else plain


def is_unpacked(file: BinaryIO) -> bool:
    """Return whether the result of `unpacked` is the bytes of a file that wasn't compressed."""
    return isinstance(getattr(file, "raw", None), _Watched)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn what can go wrong while reading into an InputError that names the source.

    An error of another file that is opened meanwhile, such as the vocabulary, names that one.
    """
    try:
        yield
    except _damage() as error:
        raise InputError(f"{name}: truncated or damaged ({error})", tip="pack it again") from error
    except OSError as error:
        other = error.filename if isinstance(error.filename, str) else name
        same = Path(other).name == Path(name).name
        raise InputError(f"{name if same else other}: {error.strerror or error}") from error


def _damage() -> tuple[type[Exception], ...]:
    """Return the errors of packed files that are damaged."""
    from gzip import BadGzipFile  # noqa: PLC0415 - few files are packed

    return EOFError, BadGzipFile, zlib.error


def sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of a file, in hexadecimal digits; raises OSError."""
    import hashlib  # noqa: PLC0415 - only for comparisons

    found = hashlib.sha256()
    while block := file.read(_BUFFER):
        found.update(block)
    return found.hexdigest()


class Closable(Protocol):
    """What a stream reads from."""

    def close(self) -> object:
        """Close it."""


class Pieces(io.RawIOBase):
    """A stream of the pieces that a subclass gives; closed, it closes what it reads from."""

    def __init__(self, *sources: Closable) -> None:
        super().__init__()
        self._sources = sources
        self._rest = memoryview(b"")

    def next_piece(self, size: int) -> bytes:
        """Return the next bytes, about `size` of them; none at the end."""
        raise NotImplementedError

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into a buffer; what it has no room for is kept for the next call."""
        target = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = memoryview(self.next_piece(len(target)))
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Close what it reads from."""
        for source in self._sources:
            source.close()
        super().close()


class Produced(Pieces):
    """Bytes that a generator makes as they are read."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        super().__init__(pieces)
        self._pieces = pieces

    def next_piece(self, size: int) -> bytes:  # noqa: ARG002 - as large as it is made
        """Return the next that is made."""
        return next(self._pieces, b"")


class _Watched(io.RawIOBase):
    """A raw file that reports how much was read."""

    def __init__(self, raw: BinaryIO | io.FileIO, advance: Advance) -> None:
        super().__init__()
        self._raw = cast("io.FileIO", raw)  # all that we use of one
        self._advance = advance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        count = self._raw.readinto(buffer) or 0
        self._advance(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Zstandard(Pieces):
    """The contents of Zstandard frames; unlike the library's own reader it minds a missing end."""

    def __init__(self, packed: BinaryIO) -> None:
        from zstandard import ZstdDecompressor, ZstdError  # noqa: PLC0415 - few files are packed

        super().__init__(packed)
        self._packed = packed
        self._error = ZstdError
        self._new_frame = ZstdDecompressor(max_window_size=_MOST_WINDOW).decompressobj
        self._frame = self._new_frame()
        self._begun = False

    def next_piece(self, size: int) -> bytes:  # noqa: ARG002 - as large as it unfolds
        while data := self._packed.read(_ZSTD_BYTES):
            if piece := self._unpacked(data):
                return piece
        if self._begun:
            raise EOFError("a Zstandard frame has no end")
        return b""

    def _unpacked(self, data: bytes) -> bytes:
        parts = []
        while data:
            try:
                parts.append(self._frame.decompress(data))
            except self._error as error:
                raise _why_not_unpacked(error) from error
            data = self._frame.unused_data if self._frame.eof else b""
            self._begun = not self._frame.eof
            if self._frame.eof:
                self._frame = self._new_frame()
        return b"".join(parts)


def _why_not_unpacked(error: Exception) -> OSError | EOFError:
    """Return what to raise for an error of Zstandard: a window that is too long, or damage."""
    if "too much memory" not in str(error):
        return EOFError(str(error))
    window = f"packed with a window of more than {_MOST_WINDOW >> 20} MB"
    return OSError(errno.EFBIG, f"{window}; unpack it first: zstd -d --long=31 FILE")
