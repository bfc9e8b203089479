"""An opened log: what its bytes are, and its values in one pass."""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, tzinfo
from enum import StrEnum
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar

import msgspec

from deepseek_cost.billing.formats.base import Costless, Fault, Found, Line, Reason, Unreadable
from deepseek_cost.billing.formats.blocks import MARK, whole_lines
from deepseek_cost.billing.formats.csv_rows import DELIMITERS, rows_of
from deepseek_cost.billing.formats.lenient_json import (
    MAX_LINE,
    concatenated,
    decoded,
    decoded_by,
    up_to,
)
from deepseek_cost.errors import Advice, Advised
from deepseek_cost.inputs.streams import Pieces, is_unpacked
from deepseek_cost.inputs.timestamps import NoTimeError, NoZoneError, seconds_of

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")

# This much is read to recognize a format. It covers the first lines of any log.
HEAD_BYTES: Final = 1 << 16
_SAMPLES: Final = 40
_MAX_DOCUMENT: Final = 128_000_000
_SQLITE: Final = b"SQLite format 3\0"
_ZIP: Final = b"PK\x03\x04"
_MOST_MEMBERS: Final = 10_000
_UTC: Final = re.compile(  # the most common form of times; the others are read more slowly
    r"2[01]\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])"
    r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z",
    re.ASCII,
)
YEARS: Final = range(2000, 2200)
_EVENTS: Final = (b"data:", b"event:", b": ")
# Steps of SQLite's virtual machine between checks, and the maximum number of checks (minutes).
_SQL_STEPS: Final = 1_000_000
_SQL_LOOKS: Final = 20_000
_SQLITE_LIMIT_LENGTH: Final = 0
_MOST_COLUMNS: Final = 10_000
_NOTHING: Final = object()
_COLUMNS: Final = (
    "SELECT tables.name, columns.name FROM sqlite_master AS tables, "
    "pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
)


class Form(StrEnum):
    """What the bytes of a log are."""

    JSON = "json"
    CSV = "csv"
    EVENTS = "server-sent events"
    SQLITE = "SQLite"
    ZIP = "ZIP"
    TEXT = "text"


class Log:
    """A log file. `open_file` returns its unpacked bytes from the start, as often as needed.

    `path` is None if it is not a file on this disk. `zone` applies to times without a time zone.
    `torn`: the compressed data is incomplete, as in a session that is still running; a format
    written that way sets `may_be_torn`.
    """

    def __init__(
        self,
        name: str,
        open_file: Callable[[], BinaryIO],
        *,
        path: Path | None = None,
        encoding: str = "utf-8",
        zone: tzinfo | None = None,
    ) -> None:
        self.name = name
        self.path = path
        self.encoding = encoding
        self.zone = zone
        self.torn = False
        self.may_be_torn = False
        self._open = open_file

    def open(self) -> BinaryIO:
        """Return the unpacked bytes as UTF-8, whatever the file's encoding; raises OSError."""
        file = self._open()
        if not is_unpacked(file):
            file = io.BufferedReader(_Tolerant(file, self), HEAD_BYTES)
        if self.encoding.lower() in ("utf-8", "utf8", "ascii"):
            return file
        return io.BufferedReader(_Transcoded(file, self.encoding), HEAD_BYTES)

    def seekable(self) -> BinaryIO:
        """Return an archive's bytes as a seekable file; raises OSError.

        An archive without a path is read into memory, up to the maximum size of an archive.
        """
        if self.path is not None:
            return self.path.open("rb")
        with closing(self._open()) as file:
            return io.BytesIO(up_to(file, _MAX_DOCUMENT))

    @cached_property
    def head(self) -> bytes:
        """The first bytes, without a byte order mark; raises OSError.

        Empty if they are not in the file's encoding, which is reported when the log is read.
        """
        with closing(self.open()) as file, suppress(UnicodeError):
            return up_to(file, HEAD_BYTES).removeprefix(MARK)
        return b""

    def forget(self) -> None:
        """Free what was read to recognize the format; it is read again if needed."""
        for what in ("head", "samples", "tables", "members"):
            self.__dict__.pop(what, None)

    @cached_property
    def form(self) -> Form:
        """What the bytes are, judging by the first ones."""
        head = self.head
        if head.startswith(_SQLITE):
            return Form.SQLITE
        if head.startswith(_ZIP):
            return Form.ZIP
        text = head.lstrip()
        if text[:1] in (b"{", b"["):
            return Form.JSON
        if text.startswith(_EVENTS):
            return Form.EVENTS
        first = text.partition(b"\n")[0]
        is_named = any(f".{name}" in self.name.lower() for name in ("csv", "tsv"))
        columns = max(first.count(delimiter.encode()) for delimiter in DELIMITERS)
        return Form.CSV if is_named or (columns > 1 and b" " not in first) else Form.TEXT

    @cached_property
    def samples(self) -> "Samples":
        """The first values of JSON, CSV or server-sent events; empty for anything else."""
        return Samples(self._samples() if self.form is Form.JSON else self._values(self.head))

    def _samples(self) -> Iterator[tuple[int, object]]:
        """Yield the values of JSON, opening the log again only for those not in its first bytes."""
        known = 0
        first, newline, _ = self.head.partition(b"\n")
        if newline and isinstance(decoded(first), dict):
            for value in self._values(self.head[: self.head.rfind(b"\n") + 1]):
                known += 1
                yield value
        yield from islice(self._values(None), known, None)

    @property
    def is_indented(self) -> bool:
        """Whether the first value is an object of several lines."""
        return self.head.lstrip().partition(b"\n")[0].strip() == b"{"

    @cached_property
    def tables(self) -> frozenset[str]:
        """The tables of an SQLite file (`message`) and their columns (`message.data`)."""
        if self.form is not Form.SQLITE or self.path is None:
            return frozenset()
        import sqlite3  # noqa: PLC0415 - few logs are databases

        try:
            with self.connected() as database:
                rows = database.execute(_COLUMNS).fetchmany(_MOST_COLUMNS)
        except sqlite3.Error:
            return frozenset()
        return frozenset(name for table, column in rows for name in (table, f"{table}.{column}"))

    @cached_property
    def members(self) -> tuple[str, ...]:
        """The names in a ZIP file; empty for anything else."""
        if self.form is not Form.ZIP:
            return ()
        import zipfile  # noqa: PLC0415 - few logs are archives

        try:
            with closing(self.seekable()) as file, zipfile.ZipFile(file) as archive:
                return tuple(archive.namelist()[:_MOST_MEMBERS])
        except (zipfile.BadZipFile, OSError, NotImplementedError):
            return ()

    def values(self) -> Iterator[tuple[int, object]]:
        """Yield each value with its line number: a JSON line, an element, a row, an event's data.

        A document that is one object is one value. A Fault takes the place of an unreadable value.
        """
        return self._values(None)

    def each(self, convert: Callable[[int, object], Iterable[Found]]) -> Iterator[Found]:
        """Yield what a function returns for each value. If it raises Unreadable, yield a Fault."""
        for number, value in self.values():
            if isinstance(value, Fault | Costless):
                yield value
                continue
            try:
                yield from convert(number, value)
            except Unreadable as error:
                yield self.fault(number, error.reason)

    def structs(
        self, decoder: "msgspec.json.Decoder[T]"
    ) -> Iterator[tuple[int, Sequence[T | object]]]:
        """Yield lines of JSONL as structs, many at a time, with the number of the first line.

        Fields that the struct does not name are not built, which makes this fast. A line that does
        not fit the struct comes as `values` yields it. Blank lines, which programs do not write,
        are not numbered.
        """

        def decode(line: bytes) -> T | object | None:
            found = decoded_by(line, decoder.decode)
            return decoded(line) if found is None else found

        number = 1
        with closing(self.open()) as file:
            for block in whole_lines(file):
                try:
                    found: Sequence[T | object] = decoder.decode_lines(block)
                except (msgspec.MsgspecError, UnicodeError, RecursionError):
                    lines = self._lines(b"", number, io.BytesIO(block), decode)
                    found = [value for _, value in lines]
                yield number, found
                number += len(found)

    def end(self) -> Iterator[Found]:
        """Once everything is read, yield a Fault or Costless if the compressed data was cut off."""
        if self.torn:
            reason = "truncated or damaged; pack it again"
            yield Costless(Reason.UNFINISHED) if self.may_be_torn else self.fault(1, reason)

    def line(self, number: int) -> Line:
        """Return the place of a line, without its text."""
        return Line(self.name, "", number)

    def fault(self, number: int, reason: str) -> Fault:
        """Return a Fault for a line."""
        return Fault(self.name, number, 1, reason)

    def seconds(self, value: object) -> float | None:
        """Return a time in seconds since 1970, or None for no value; raises Unreadable."""
        if value is None or value == "":
            return None
        if isinstance(value, str) and _UTC.fullmatch(value):
            return datetime.fromisoformat(value).timestamp()
        if isinstance(value, datetime):
            if value.tzinfo is not None and value.year in YEARS:
                return value.timestamp()
            value = value.isoformat()
        return self._seconds(value)

    def _seconds(self, value: object) -> float:
        try:
            return seconds_of(value, self.zone)
        except NoZoneError as error:
            raise Unreadable(Advised(str(error), Advice.LOG_ZONE)) from None
        except NoTimeError as error:
            raise Unreadable(str(error)) from None

    @contextmanager
    def connected(self) -> "Iterator[sqlite3.Connection]":
        """Open an SQLite file for reading, without writing any files next to it.

        If others are writing to it, its newest rows are in `-wal`; only then are locks needed.
        Raises sqlite3.Error. So does a query that runs for minutes: a database can be made to
        cause that.
        """
        import sqlite3  # noqa: PLC0415 - few logs are databases

        assert self.path is not None  # noqa: S101 - `tables` is empty without one
        base = self.path.absolute().as_uri()
        live = Path(f"{self.path}-wal").exists()
        address = f"{base}?mode=ro{'' if live else '&immutable=1'}"
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.setlimit(_SQLITE_LIMIT_LENGTH, MAX_LINE)
            looks = iter(range(_SQL_LOOKS))
            database.set_progress_handler(lambda: next(looks, None) is None, _SQL_STEPS)
            try:
                database.execute("PRAGMA query_only = ON")
                yield database
            except UnicodeDecodeError as error:  # of SQLite's message, which quotes the file
                raise sqlite3.DatabaseError("damaged") from error

    def _values(self, head: bytes | None) -> Iterator[tuple[int, object]]:
        file: BinaryIO = self.open() if head is None else io.BytesIO(head)
        with closing(file):
            match self.form:
                case Form.JSON:
                    yield from self._json(file)
                case Form.EVENTS:
                    yield from self._events(file)
                case Form.CSV:
                    yield from rows_of(file, self.name)
                case _:
                    return
        if head is None:
            yield from ((0, found) for found in self.end())

    def _json(self, file: BinaryIO) -> Iterator[tuple[int, object]]:
        first, number = b"\n", 0
        while first.isspace():  # a blank line before the first
            first = file.readline(MAX_LINE + 1).removeprefix(MARK)
            number += 1
        value = decoded(first)
        rest = file.readline(MAX_LINE + 1)
        if value is not None and (rest or isinstance(value, dict)):
            for at_, found in chain([(number, value)], self._lines(rest, number + 1, file)):
                yield from _elements(at_, found)
            return
        data = first + rest + up_to(file, _MAX_DOCUMENT + 1 - len(first) - len(rest))
        if len(data) > _MAX_DOCUMENT:
            yield number, self.fault(number, f"a JSON document of over {_MAX_DOCUMENT:,} bytes")
            return
        yield from self._document(data, number)

    def _document(self, data: bytes, number: int) -> Iterator[tuple[int, object]]:
        value = decoded(data)
        if value is not None:
            yield from _elements(number, value)
        elif values := concatenated(data):
            for line, value in values:
                yield from _elements(number + line, value)
        else:  # lines, with the first one broken
            yield from self._lines(b"", number, io.BytesIO(data))

    def _lines(
        self,
        data: bytes,
        number: int,
        file: BinaryIO,
        decode: Callable[[bytes], object | None] | None = None,
    ) -> Iterator[tuple[int, object]]:
        decode = decode or decoded
        data = data or file.readline(MAX_LINE + 1)
        while data:
            if not data.isspace():
                value = decode(data)
                if value is not None:
                    yield number, value
                elif data.endswith(b"\n") or len(data) > MAX_LINE:
                    yield number, self.fault(number, "not valid JSON")
                else:  # the tool is writing it, or was stopped while writing
                    yield number, Costless(Reason.UNFINISHED)
            while len(data) > MAX_LINE and not data.endswith(b"\n"):
                data = file.readline(MAX_LINE + 1)
            number += 1
            data = file.readline(MAX_LINE + 1)

    def _events(self, file: BinaryIO) -> Iterator[tuple[int, object]]:
        number = 0
        while data := file.readline(MAX_LINE + 1):
            number += 1
            text = data.strip()
            if text.startswith(b"data:") and (payload := text[5:].strip()) != b"[DONE]":
                value = decoded(payload)
                yield number, self.fault(number, "not valid JSON") if value is None else value


def _elements(number: int, value: object) -> Iterator[tuple[int, object]]:
    """Yield a value with its line number; the elements if it is a list."""
    if isinstance(value, list):
        yield from ((number, element) for element in value)
    else:
        yield number, value


class Samples(Iterable[object]):
    """The first values of a log, read as far as they are needed to recognize the format."""

    def __init__(self, values: Iterator[tuple[int, object]]) -> None:
        self._values = values
        self._read: list[object] = []

    def __iter__(self) -> Iterator[object]:
        at = 0
        while at < len(self._read) or (len(self._read) < _SAMPLES and self._read_next()):
            yield self._read[at]
            at += 1

    def _read_next(self) -> bool:
        """Read a value that is not a fault; return whether there was one."""
        try:
            value = next((one for _, one in self._values if not isinstance(one, Fault)), _NOTHING)
        except UnicodeError:  # reported when the log is read
            value = _NOTHING
        if value is not _NOTHING:
            self._read.append(value)
        return value is not _NOTHING


class _Tolerant(Pieces):
    """Unpacked bytes up to any damage in the compressed data, which marks the log as torn."""

    def __init__(self, file: BinaryIO, log: Log) -> None:
        super().__init__(file)
        self._file = file
        self._log = log

    def next_piece(self, size: int) -> bytes:
        try:
            data: bytes = self._file.read1(size)  # type: ignore[attr-defined]
        except (EOFError, zlib.error, gzip.BadGzipFile):
            self._log.torn = True
            return b""
        return data


class _Transcoded(Pieces):
    """Text in another encoding, as UTF-8; raises UnicodeError for invalid bytes."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._text = io.TextIOWrapper(file, encoding, newline="")
        super().__init__(self._text)

    def next_piece(self, size: int) -> bytes:  # noqa: ARG002 - so many characters at a time
        return self._text.read(HEAD_BYTES).encode()
