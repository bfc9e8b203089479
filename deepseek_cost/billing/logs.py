"""Read logs as records, by their format or else by the fields of their lines."""

import codecs
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import tzinfo
from functools import partial
from itertools import repeat
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.billing.formats import Format, recognize
from deepseek_cost.billing.formats.base import (
    Costless,
    CountedFault,
    Fault,
    Line,
    Reason,
    Records,
    Response,
    Series,
)
from deepseek_cost.billing.formats.lenient_json import with_whole_characters
from deepseek_cost.billing.formats.log import Form, Log
from deepseek_cost.billing.plain import PlainReader
from deepseek_cost.billing.records import A_REQUEST, A_TEXT, NO_USAGE, Reading
from deepseek_cost.billing.response import Chunks
from deepseek_cost.errors import Advice, Advised, placed
from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES, Document, Documents, Lines
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Input, open_input
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance, Pieces, reading

_NAMED_KEY: Final = "occurs twice in one object"
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BLOCK: Final = 1 << 20
_CHECKED: Final = 4_096  # a checksum of the whole head takes as long as reading it
_LONGEST_ESCAPE: Final = len(r"\ud83d\ude00")
_NOT_LOGS: Final = {
    Form.SQLITE: "an SQLite database that is not a known tool's",
    Form.ZIP: "a ZIP archive that is not a known tool's; unpack it",
}
# An object with any of these fields is itself a record, whatever lists it contains.
_OF_RECORDS: Final = ("usage", "choices", "messages", "model", "response", "request")
_WRAPPED: Final = 3
_MOST_HELD: Final = 100  # no report names more
_AN_INVOICE: Final = "DeepSeek's usage export is an invoice, not a log; name it .zip or .csv"
_IN_MEMORY: Final = 8_000_000


class _Utf8(TextSource, frozen=True, kw_only=True):
    """A log as a text source: its bytes are UTF-8, whatever the file's own encoding."""

    log: Log

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:  # noqa: ARG002 - the log's own
        """Open the log's bytes, without halves of characters."""
        return io.BufferedReader(_Whole(self.log.open()), _BLOCK)


class OpenedLog(Struct):
    """A log with its format, which is None if it is read by the fields of its lines.

    `refusal` is set once it was read: why it is not a log of responses, and what to do.
    """

    log: Log
    format: Format | None
    refusal: str | None = None

    def read(self, how: Reading) -> Records:
        """Yield the log's records. If it is not a log of responses, only set `refusal`."""
        try:
            yield from self._read(how)
        except UnicodeError:
            reason = f"not {self.log.encoding}"
            yield self.log.fault(1, Advised(reason, Advice.FILE_ENCODING))

    def _read(self, how: Reading) -> Records:
        with reading(self.log.name):
            if self.format is None:
                yield from self._by_fields(how)
            elif self.format.declined:
                title, why = self.format.title, self.format.declined
                self.refusal = f"{title}'s log cannot be billed: {why}"
            elif self.format.is_invoice:
                self.refusal = _AN_INVOICE
            else:
                yield from self.format.read(self.log)

    def _by_fields(self, how: Reading) -> Records:
        self.refusal = _not_a_log(self.log)
        if self.refusal:
            return
        costless: Counter[Reason] = Counter()
        held = _Held()
        for found in _records(self.log, how):
            if isinstance(found, Costless):
                costless[found.reason] += found.count
            else:
                yield from held.passed(found)
        if costless.keys() - {Reason.NO_RESPONSE, Reason.REQUEST}:
            yield from held.release()
        yield from (Costless(reason, count) for reason, count in costless.items())
        if held.kept:
            self.refusal = A_TEXT if self.log.form is Form.TEXT else held.reason
        elif costless and not held.is_released:
            self.refusal = _not_known(costless)


class _Held(Struct):
    """Lines that cannot be read, held back until one that can; without one, this is no log.

    Only the first ones are kept; the others are released as repetitions of the first.
    """

    kept: list[Fault] = field(default_factory=list)
    count: int = 0
    is_released: bool = False

    @property
    def reason(self) -> str:
        """Why nothing in the file can be priced, from its first line."""
        first = self.kept[0]
        none = "" if self.count == 1 else f"none of its {self.count:,} lines can be priced; "
        reason = first.reason
        if reason == NO_USAGE:
            reason = Advised(reason, Advice.LOG_COUNTS)
        return placed(f"{none}line {first.line}: ", reason)

    def passed(self, found: Response | Series | Fault) -> Iterator[Response | Series | Fault]:
        """Yield what is not to be held back any longer once this was found."""
        if not isinstance(found, Fault) or isinstance(found, CountedFault):
            yield from self.release()
        if self.is_released or not isinstance(found, Fault):
            yield found
        else:
            self.count += 1
            self.kept += [found][: _MOST_HELD - len(self.kept)]

    def release(self) -> Iterator[Fault]:
        """Yield all lines held back, and hold no others."""
        self.is_released = True
        if self.kept:
            yield from self.kept
            yield from repeat(self.kept[0], self.count - len(self.kept))
            self.kept.clear()


def open_log(
    source: TextSource, zone: tzinfo | None = None, advance: Advance = lambda _: None
) -> OpenedLog:
    """Open a source and recognize its format; raises InputError if it cannot be read.

    Standard input is kept, in memory or in an unnamed temporary file, so it can be read again.
    """
    with reading(source.name):
        open_file = _kept(source) if source.is_stdin else partial(source.open, advance)
        log = Log(source.name, open_file, path=source.path, encoding=source.encoding, zone=zone)
        return OpenedLog(log, recognize(log))


def read_log(source: TextSource, how: Reading, advance: Advance) -> Records:
    """Yield a source's records, and a Fault for each one that cannot be priced."""
    opened = open_log(source, how.zone, advance)
    yield from opened.read(how)
    if opened.refusal is not None:
        yield opened.log.fault(1, opened.refusal)


class Copies(Struct):
    """Recognizes logs whose contents were read before, whatever their name and compression."""

    _heads: dict[int, list[Log]] = field(default_factory=dict)
    _digests: dict[str, bytes] = field(default_factory=dict)

    def add(self, log: Log, head: int) -> bool:
        """Add a log. Return whether the same contents were added before; raises InputError.

        Whole contents are compared only if logs begin alike, by their `head_of`.
        """
        if not head:
            return False
        alike = self._heads.setdefault(head, [])
        with reading(log.name):
            is_copy = any(self._digest(log) == self._digest(other) for other in alike)
        if not is_copy:
            alike.append(log)
        return is_copy

    def _digest(self, log: Log) -> bytes:
        if log.name not in self._digests:
            self._digests[log.name] = _digest(log)
        return self._digests[log.name]


def head_of(log: Log) -> int:
    """Return a checksum of the end of a log's head: the same in every process, and 0 for none."""
    with reading(log.name):
        return zlib.crc32(log.head[-_CHECKED:])


def _digest(log: Log) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    with closing(log.open()) as file:
        while data := file.read(_BLOCK):
            found.update(data)
    return found.digest()


def _kept(source: TextSource) -> Callable[[], BinaryIO]:
    kept = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - as long as the log
    with closing(source.open()) as file:
        while data := file.read(_BLOCK):
            kept.write(data)

    return lambda: io.BufferedReader(_View(kept), _BLOCK)


def _not_a_log(log: Log) -> str | None:
    """Return why a file is not a log at all and what to do, or None if it may be one."""
    if log.form in _NOT_LOGS:
        return _NOT_LOGS[log.form]
    if log.head.startswith(_UTF16_MARKS):
        return Advised(f"not {log.encoding}", Advice.ENCODING_LIKELY, "utf-16")
    return "a binary file, not a log" if b"\0" in log.head else None


def _not_known(costless: Counter[Reason]) -> str:
    if Reason.REQUEST in costless and len(costless) == 1:
        return A_REQUEST
    return Advised("no usage in a known form", Advice.LOG_COUNTS)


def _records(log: Log, how: Reading) -> Records:
    chunks = Chunks()
    for document in _documents(log, how):
        if isinstance(document, Costless | Series):
            yield document
            continue
        parts = [document] if isinstance(document, Fault) else chunks.add(document)
        for part in parts:
            yield _private(part) if isinstance(part, Fault) else how.record(*part)
    for part in chunks.end():
        yield part if isinstance(part, Fault) else how.record(*part)
    if log.torn:
        yield log.fault(1, "truncated or damaged; pack it again")


def _documents(log: Log, how: Reading) -> Iterator[Document | Fault | Costless | Series]:
    if log.form in (Form.CSV, Form.EVENTS):
        for number, value in log.values():
            if isinstance(value, Fault | Costless):
                yield value
            else:
                row = value if log.form is Form.EVENTS else _nested(value)
                yield Document(log.line(number), row)
        return
    if log.is_indented and (objects := _indented(log)):
        yield from objects
        return
    source = _Utf8(log.name, log.path, log=log)
    opened = open_input(source, Kind.CHAT, lambda _: None)  # any kind but text: it is JSON
    with closing(opened.file):
        for found in opened.documents() if how.fields.own else _plain_or_not(opened):
            if isinstance(found, Fault | Series):
                yield found
            else:
                yield from _unwrapped(found, _WRAPPED)


def _plain_or_not(opened: Input) -> Iterator[Document | Fault | Series]:
    plain = PlainReader()
    for part in opened.parts():
        if isinstance(part, Lines):
            yield from plain.read(part)
        else:
            yield part


def _indented(log: Log) -> list[Document]:
    """Return consecutive objects of several lines each; none if that is not what the log is.

    A JSON file of one object is read elsewhere, with its text.
    """
    values = list(log.values())
    is_document = len(values) == 1 and ".jsonl" not in log.name
    if is_document or not all(isinstance(value, dict) for _, value in values):
        return []
    return [Document(log.line(number), value) for number, value in values]


def _unwrapped(document: Document, depth: int) -> Documents:
    """Yield the objects in an object's lists if it is only a wrapper, else the object itself."""
    value = document.value
    if isinstance(value, list):
        for element in value:
            yield from _unwrapped(Document(_place(document.line), element), depth)
        return
    lists: list[object] = []
    if isinstance(value, dict) and depth and not any(key in value for key in _OF_RECORDS):
        lists = [one for one in value.values() if _has_objects(one)]
    if not lists:
        yield document
    for found in lists:
        yield from _unwrapped(Document(_place(document.line), found), depth - 1)


def _has_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _place(line: Line) -> Line:
    return Line(line.source, "", line.line, line.column)


def _nested(row: object) -> dict[str, object]:
    """Return a row's cells as nested objects: `usage.prompt_tokens` goes into `usage`."""
    found: dict[str, object] = {}
    for name, cell in row.items() if isinstance(row, dict) else ():
        outer, dot, inner = name.partition(".")
        nested = found.setdefault(outer, {}) if dot else None
        if isinstance(nested, dict):
            nested[inner] = cell
        else:
            found[name] = cell
    return found


def _private(fault: Fault) -> Fault:
    """Leave out the name of a key, the only words of a log that a fault repeats."""
    return replace(fault, reason=f"a key {_NAMED_KEY}") if _NAMED_KEY in fault.reason else fault


class _Whole(Pieces):
    """JSON in which halves of characters are replaced."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._file = file

    def next_piece(self, size: int) -> bytes:
        data = self._file.read(size)
        if b"\\" in data[-_LONGEST_ESCAPE:]:
            data += self._file.readline(MAX_LINE_BYTES)
        return with_whole_characters(data)


class _View(Pieces):
    """The kept copy of standard input, read from the start. Closing this does not discard it."""

    def __init__(self, kept: "SpooledTemporaryFile[bytes]") -> None:
        super().__init__()
        self._kept = kept
        self._at = 0

    def next_piece(self, size: int) -> bytes:
        self._kept.seek(self._at)
        data = self._kept.read(size)
        self._at += len(data)
        return data
