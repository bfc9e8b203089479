"""A source of text: a file, standard input, a value, with its encoding."""

import codecs
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from deepseek_cost.errors import Advice, Advised, InputError, UsageError
from deepseek_cost.inputs.streams import PACKED, Advance, is_packed, open_bytes, reading, sha256

BLOCK_BYTES: Final = 1 << 18
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
REQUEST_SUFFIXES: Final = (".json", ".jsonl", ".ndjson")
# This much of a file is enough to distinguish requests from text.
HEAD_BYTES: Final = 4_096
# The first two marks of JSON with requests.
_BEGINNINGS: Final = (b'{"', b"{}", b"[[", b"[{")
_MARK: Final = b"\xef\xbb\xbf"
# Not encodings of files; decoding them takes more than linear time or unlimited memory.
_NOT_FOR_FILES: Final = (
    *("idna", "punycode", "undefined"),
    *("utf-7", "unicode_escape", "raw_unicode_escape", "unicode-escape", "raw-unicode-escape"),
)


PDF_MARK: Final = b"%PDF-"
BINARY: Final = "binary"
SUBMODULE: Final = "a submodule"
SPARSE: Final = "not in this sparse checkout"
LINK_TO_FOLDER: Final = "a symbolic link to a folder"
UNASKED: Final = "tracked files that are hidden or ignored are not counted"
BROKEN_LINK: Final = "a symbolic link to nothing"


class SkippedSource(Struct, frozen=True):
    """A file or folder that was left out, and why.

    `is_failure`: it should have been counted; the reason begins with its position.
    """

    name: str
    reason: str
    is_failure: bool = False


class TextSource(Struct, frozen=True):
    """A prompt: a file, or standard input if there is no path.

    `length` in bytes is known for a regular file that was examined. `is_plain`: its first bytes
    look like text, not requests.
    """

    name: str
    path: Path | None
    encoding: str = "utf-8"
    length: int | None = None
    is_plain: bool = False

    @property
    def size(self) -> int:
        """The bytes to read, as far as known; 0 for standard input."""
        if self.length is not None:
            return self.length
        return self.path.stat().st_size if self.path else 0

    @property
    def has_rows(self) -> bool:
        """Return whether it is a column of a table, each row of which is a request."""
        return False

    @property
    def is_stdin(self) -> bool:
        """Return whether the source is standard input, which can be read only once."""
        return self.path is None

    @property
    def reads_once(self) -> bool:
        """Return whether the source can be read only once: standard input or a pipe."""
        if self.length is not None:
            return False
        return self.is_stdin or (self.path is not None and not self.path.is_file())

    def blocks(self, advance: Advance = lambda _: None) -> Iterator[str]:
        """Yield the text in blocks, without a byte order mark.

        Raises InputError for a file that cannot be read or decoded, with the byte's offset.
        """
        with reading(self.name), self.open(advance) as file:
            yield from self.decode(file)

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the source's bytes, unpacked; raises OSError."""
        return open_bytes(self.path, advance)

    def raw(self) -> BinaryIO:
        """Open the bytes as they are, to be read in any order; raises OSError."""
        if self.path is None:
            raise InputError(f"{self.name}: standard input can only be read in order")
        return self.path.open("rb")

    def head(self) -> bytes:
        """Return the first bytes, as they are; raises OSError."""
        with self.raw() as file:
            return file.read(BLOCK_BYTES)

    def digest(self) -> str:
        """Return a digest that identifies the content; raises InputError."""
        with reading(self.name), self.raw() as file:
            return sha256(file)

    def decode(self, file: BinaryIO, head: bytes = b"") -> Iterator[str]:
        """Yield the text of the source's bytes in blocks, `head` first; raises InputError."""
        return _decoded(file, head, self.name, self.encoding)


def is_parquet(source: TextSource) -> bool:
    """Return whether a source is a Parquet file, by its name."""
    return source.name.lower().endswith(".parquet")


def suffix_of(name: str) -> str:
    """Return a file name's suffix in lower case, ignoring the suffix of compression."""
    stem, suffix = os.path.splitext(name.lower())  # noqa: PTH122 - a name may be a URL
    return os.path.splitext(stem)[1] if suffix in PACKED else suffix  # noqa: PTH122


def begins_requests(name: str, head: bytes) -> bool:
    """Return whether a file has requests, by its suffix or its first unpacked bytes."""
    if suffix_of(name) in REQUEST_SUFFIXES:
        return True
    begin = head[:HEAD_BYTES].removeprefix(_MARK).lstrip()
    return begin[:1] + begin[1:].lstrip()[:1] in _BEGINNINGS


def begins_plain(name: str, head: bytes) -> bool:
    """Return whether a file is uncompressed text, by its name and its first bytes on disk."""
    return not is_packed(head) and not begins_requests(name, head)


def is_url(name: str) -> bool:
    """Return whether a name is a URL rather than a file name."""
    scheme, mark, _ = name.partition("://")
    return bool(mark) and scheme.replace("+", "").isalnum()


def in_one_piece(blocks: Iterable[str], name: str, limit: int) -> str:
    """Join the blocks of a text; raises InputError for more than `limit` characters."""
    parts: list[str] = []
    read = 0
    for block in blocks:
        parts.append(block)
        read += len(block)
        if read > limit:
            raise InputError(f"{name}: longer than {limit:,} characters, more than is accepted")
    return "".join(parts)


def _decoded(file: BinaryIO, head: bytes, name: str, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    offset = 0
    begun = False
    while True:
        data, head = head + file.read(BLOCK_BYTES - len(head)), b""
        if data:
            _refuse_binary(data, name, encoding, offset)
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeError as error:
            at = offset - waiting + getattr(error, "start", 0)
            raise InputError(
                Advised(f"{name}: not {encoding} at byte {at}", Advice.FILE_ENCODING)
            ) from error
        if text:
            yield text if begun else text.removeprefix("\ufeff")
            begun = True
        if not data:
            return
        offset += len(data)


def _has_nuls(encoding: str) -> bool:
    """Return whether text in this encoding can have NUL bytes."""
    return codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))


def _document(head: bytes) -> tuple[str, str] | None:
    """Return what a document is and how to get its text; None if it is not a known one."""
    if head.startswith(PDF_MARK):
        return "a PDF", "pipe its text in: pdftotext FILE - | dscost estimate"
    if head.startswith(b"PK") and b"word/" in head:
        return "a Word document", "save it as text, and give that"
    return None


def _refuse_binary(data: bytes, name: str, encoding: str, offset: int) -> None:
    if offset == 0 and (how := _document(data)):
        raise InputError(f"{name}: {how[0]}; only text is counted", tip=how[1])
    if _has_nuls(encoding):
        return
    if offset == 0 and data.startswith(_UTF16_MARKS):
        raise InputError(
            Advised(f"{name}: not {encoding} at byte 0", Advice.ENCODING_LIKELY, "utf-16")
        )
    if (nul := data.find(0)) >= 0:
        raise InputError(
            f"{name}: a binary file (NUL at byte {offset + nul}); only text is counted"
        )


def require_text_encoding(encoding: str) -> None:
    """Raise UsageError if this is not an encoding for text files."""
    try:
        "".encode(encoding)
        info = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise UsageError(
            "is unknown", tip="try utf-8, gb18030, utf-16", field="encoding", value=encoding
        ) from error
    if info.incrementaldecoder is None or info.name in _NOT_FOR_FILES:
        raise UsageError("is not a text encoding", field="encoding", value=encoding)
