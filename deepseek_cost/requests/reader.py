"""Reading requests from a source in one pass, a line at a time, whatever stands in it."""

import re
from collections.abc import Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from msgspec import Struct

from deepseek_cost.requests.kinds import Kind, is_batch_line, kind_of, kind_of_url
from deepseek_cost.requests.places import Fault, Line, Request, Requests
from deepseek_cost.requests.strictjson import JsonFaultError, elements, member, parse
from deepseek_cost.sources import REQUEST_SUFFIXES, TextSource, in_one_piece
from deepseek_cost.streams import PACKED, Advance, Replayed

# A context of a million tokens is 5 MB of text; the rest is for images.
MAX_LINE_BYTES: Final = 64_000_000
MAX_DOCUMENT_BYTES: Final = 128_000_000
_HEAD_BYTES: Final = 4_096
_LINES: Final = (".jsonl", ".ndjson")
_BEGINS_JSON: Final = re.compile(rb"\s*(\{\s*[\"}]|\[\s*[\[{])")
_MARK: Final = b"\xef\xbb\xbf"


class Document(NamedTuple):
    """A JSON value with its text and place."""

    line: Line
    value: object


Documents = Iterator[Document | Fault]


class Feed(Struct):
    """A source that was opened: text, or requests."""

    source: TextSource
    file: BinaryIO
    wanted: Kind | None
    is_text: bool
    _peeked: Requests | None = None

    def blocks(self) -> Iterator[str]:
        """Yield the text in blocks."""
        return self.source.decode(self.file)

    def whole(self) -> str:
        """Return the text in one piece; raises InputError where no request can hold it."""
        return in_one_piece(self.blocks(), self.source.name, MAX_LINE_BYTES)

    def requests(self) -> Requests:
        """Yield the requests, and the faults between them."""
        if self._peeked is not None:
            return self._peeked
        return (self._request(document) for document in self.documents())

    def documents(self) -> Documents:
        """Yield the JSON values, whatever they are, and the faults between them."""
        suffix = _suffix(self.source)
        first = self.file.readline(MAX_LINE_BYTES + 1).removeprefix(_MARK)
        if suffix in _LINES or _is_line_of_many(first, self.file):
            return self._from_lines(first)
        return self._from_document(first)

    def first(self) -> Request | None:
        """Return the first request without taking it; None for text or a fault."""
        if self.is_text:
            return None
        requests = self.requests()
        found = next(requests, None)
        self._peeked = requests if found is None else chain([found], requests)
        return found if isinstance(found, Request) else None

    def _request(self, found: Document | Fault) -> Request | Fault:
        return found if isinstance(found, Fault) else request_of(*found, self.wanted)

    def _from_lines(self, first: bytes) -> Documents:
        number = 1
        for data in chain([first], iter(lambda: self.file.readline(MAX_LINE_BYTES + 1), b"")):
            if len(data) > MAX_LINE_BYTES:
                yield self._too_long(number, f"a line of more than {MAX_LINE_BYTES:,} bytes")
                _skip_line(self.file, data)
            elif data.strip():
                yield self._from_line(data, number)
            number += 1

    def _from_line(self, data: bytes, number: int) -> Document | Fault:
        line = self._decoded(data, number)
        if isinstance(line, Fault):
            return line
        value = _parsed(line)
        return value if isinstance(value, Fault) else Document(line, value)

    def _from_document(self, first: bytes) -> Documents:
        data = first + self.file.read(MAX_DOCUMENT_BYTES + 1 - len(first))
        if len(data) > MAX_DOCUMENT_BYTES:
            yield self._too_long(1, f"a JSON document of more than {MAX_DOCUMENT_BYTES:,} bytes")
            return
        line = self._decoded(data, 1)
        if isinstance(line, Fault):
            yield line
            return
        value = _parsed(line)
        if isinstance(value, Fault):
            yield value
        elif isinstance(value, list):
            yield from self._from_array(line)
        else:
            yield Document(line, value)

    def _from_array(self, whole: Line) -> Documents:
        # Positions are counted on from the element before: from the beginning would be quadratic.
        last, number, newline = 0, 1, -1
        for value, begin, end in elements(whole.text):
            number += whole.text.count("\n", last, begin)
            newline = max(newline, whole.text.rfind("\n", last, begin))
            last = begin
            line = Line(whole.source, whole.text[begin:end], number, begin - newline)
            yield Document(line, value)

    def _decoded(self, data: bytes, number: int) -> Line | Fault:
        try:
            text = data.decode(self.source.encoding)
        except UnicodeError as error:
            at = getattr(error, "start", 0) + 1
            return Fault(self.source.name, number, at, f"not {self.source.encoding} at this byte")
        return Line(self.source.name, text.rstrip("\r\n"), number)

    def _too_long(self, number: int, what: str) -> Fault:
        return Fault(self.source.name, number, 1, f"{what}; split it, one request a line")


def open_feed(source: TextSource, wanted: Kind | None, advance: Advance) -> Feed:
    """Open a source and tell text from requests; a text that looks like JSON is taken for JSON."""
    file = source.open(advance)
    head = b""
    try:
        while len(head) < _HEAD_BYTES and (data := file.read(_HEAD_BYTES - len(head))):
            head += data
    except BaseException:
        file.close()
        raise
    replayed = BufferedReader(Replayed(head, file), 1 << 18)
    is_json = _suffix(source) in REQUEST_SUFFIXES or _BEGINS_JSON.match(head.removeprefix(_MARK))
    is_text = wanted is Kind.TEXT or (wanted is None and not is_json)
    return Feed(source, replayed, wanted, is_text)


def request_of(line: Line, value: object, wanted: Kind | None) -> Request | Fault:
    """Take a JSON value for a request, or say why it is none."""
    if not isinstance(value, dict):
        return line.fault(f"JSON, but no request: {_named(value)}; to count it as text: --as text")
    if is_batch_line(value):
        return _from_batch(line, value, wanted)
    kind = wanted or kind_of(value)
    if kind is None:
        return line.fault(
            "JSON, but no request: it has neither messages, input, prompt nor body with a model; "
            "to count it as text: --as text"
        )
    return Request(
        source=line.source,
        line=line.line,
        column=line.column,
        custom_id=None,
        kind=kind,
        in_batch=False,
        body=value,
        text=line.text,
        record=value,
    )


def _from_batch(line: Line, value: dict[str, object], wanted: Kind | None) -> Request | Fault:
    body = value["body"]
    assert isinstance(body, dict)  # noqa: S101 - is_batch_line
    kind = wanted or kind_of_url(value.get("url")) or kind_of(body)
    if kind is None:
        return line.fault("a batch's line whose url and body are of no known request")
    begin, end = member(line.text, "body")
    at = line.fault("", begin)
    name = value.get("custom_id")
    return Request(
        source=line.source,
        line=at.line,
        column=at.column,
        custom_id=name if isinstance(name, str) else None,
        kind=kind,
        in_batch=True,
        body=body,
        text=line.text[begin:end],
        record=value,
    )


def _parsed(line: Line) -> object:
    """Return the value of a line, or its Fault."""
    try:
        return parse(line.text)
    except JsonFaultError as fault:
        return line.fault(fault.reason, fault.offset)


def _named(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _suffix(source: TextSource) -> str:
    path = Path(source.name.lower())
    return Path(path.stem).suffix if path.suffix in PACKED else path.suffix


def _is_line_of_many(first: bytes, file: BinaryIO) -> bool:
    """Tell whether a first line is JSON by itself, with more after it."""
    if len(first) > MAX_LINE_BYTES or not first.endswith(b"\n") or first.lstrip()[:1] != b"{":
        return False
    try:
        parse(first.decode())
    except (JsonFaultError, UnicodeError):
        return False
    return bool(file.peek(1)) if isinstance(file, BufferedReader) else True


def _skip_line(file: BinaryIO, data: bytes) -> None:
    while data and not data.endswith(b"\n"):
        data = file.readline(MAX_LINE_BYTES)
