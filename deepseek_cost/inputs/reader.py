"""Reading requests from any source in one pass, a line at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO, Final

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.errors import Advice, Advised, InputError, NothingReadError, advised
from deepseek_cost.inputs.datasets import is_messages, messages_of
from deepseek_cost.inputs.jsonl import (
    MAX_LINE_BYTES,
    Document,
    Documents,
    Lines,
    cut,
    decoded,
    parsed,
    too_long,
)
from deepseek_cost.inputs.kinds import (
    BATCH_BODIES,
    Kind,
    is_batch_line,
    is_exchange,
    is_response_line,
    kind_of,
    kind_of_url,
)
from deepseek_cost.inputs.request import (
    Fault,
    Line,
    Request,
    Requests,
    TextStream,
    text_request,
)
from deepseek_cost.inputs.source import (
    HEAD_BYTES,
    TextSource,
    begins_requests,
    in_one_piece,
    suffix_of,
)
from deepseek_cost.inputs.streams import Advance
from deepseek_cost.inputs.strict_json import JsonFaultError, parse

MAX_DOCUMENT_BYTES: Final = 128_000_000
_LINES: Final = (".jsonl", ".ndjson")
# Represents a table row with nothing where the request should be.
NO_VALUE: Final = {"row without a value": None}
_MARK: Final = b"\xef\xbb\xbf"
_A_RESPONSE: Final = advised("a response, not a request", "dscost bill adds up responses")
_OTHER_ENDPOINT: Final = "its url is not that of an endpoint with a price"
_NO_REQUEST: Final = Advised(
    "JSON, but no request: it has neither messages, input, prompt nor body with a model",
    Advice.AS_TEXT,
)


class Input(Struct):
    """An opened source of text or requests; `head` has the bytes already read from its file."""

    source: TextSource
    file: BinaryIO
    kind: Kind | None
    is_text: bool
    head: bytes = b""
    _parts: Iterator[Lines | Document | Fault] | None = None

    def blocks(self) -> Iterator[str]:
        """Yield the text in blocks."""
        return self.source.decode(self.file, self.head)

    def whole(self) -> str:
        """Return the text in one piece; raises InputError if it is too long for any request."""
        return in_one_piece(self.blocks(), self.source.name, MAX_LINE_BYTES)

    def text_request(self, *, whole: bool = True) -> Request:
        """Return the text as a request, read in full if `whole`, or else while it is counted."""
        text = self.whole() if whole else TextStream(self.blocks())
        return text_request(self.source.name, text)

    def requests(self) -> Requests:
        """Yield the requests, and the faults between them; a text is one."""
        if self.is_text:
            return iter([self.text_request()])
        return (request_of(document, self.kind) for document in self.documents())

    def documents(self) -> Documents:
        """Yield the JSON values of any kind, and the faults between them."""
        for part in self.parts():
            if isinstance(part, Lines):
                yield from part.documents()
            else:
                yield part

    def parts(self) -> Iterator[Lines | Document | Fault]:
        """Yield the lines, many at a time, or the values of a single document, once each."""
        if self._parts is None:
            self._parts = self._read()
        return self._parts

    def first(self) -> Request | Fault | None:
        """Return the first request or fault, which `parts` still yields.

        None for text, and if there is nothing but blank lines.
        """
        rest = iter(()) if self.is_text else self.parts()
        for part in rest:
            found = next(part.documents(), None) if isinstance(part, Lines) else part
            if found is not None:
                self._parts = chain((part,), rest)
                return request_of(found, self.kind)
        return None

    def _read(self) -> Iterator[Lines | Document | Fault]:
        head = self.head
        if b"\n" not in head:
            head += self.file.readline(MAX_LINE_BYTES + 1 - len(head))
        first, newline, rest = head.removeprefix(_MARK).partition(b"\n")
        rest = rest or self.file.read(1)
        begin = first + newline + rest
        is_lines = self.source.has_rows or suffix_of(self.source.name) in _LINES
        if is_lines or (newline and rest and _is_object(first)):
            return cut(begin, self.file, self.source.name, self.source.encoding, self.kind)
        return self._from_document(begin)

    def _from_document(self, head: bytes) -> Documents:
        data = head + self.file.read(MAX_DOCUMENT_BYTES + 1 - len(head))
        if len(data) > MAX_DOCUMENT_BYTES:
            what = f"a JSON document of more than {MAX_DOCUMENT_BYTES:,} bytes"
            yield too_long(self.source.name, 1, what)
            return
        line = self._decoded(data)
        if isinstance(line, Fault):
            yield line
            return
        value = parsed(line)
        if isinstance(value, Fault):
            yield value
        elif isinstance(value, list) and not is_messages(value):
            yield from self._from_array(line)
        elif isinstance(value, dict) and isinstance(value.get("requests"), list):
            yield from self._from_array(line.part(*_member(line.text, "requests")))
        else:
            yield Document(line, value)

    def _from_array(self, whole: Line) -> Documents:
        from deepseek_cost.inputs.json_spans import elements  # noqa: PLC0415 - of arrays alone

        # Positions are counted from the previous element: from the beginning would be quadratic.
        last, number, newline = 0, whole.line, -whole.column
        for value, begin, end in elements(whole.text):
            number += whole.text.count("\n", last, begin)
            newline = max(newline, whole.text.rfind("\n", last, begin))
            last = begin
            line = Line(whole.source, whole.text[begin:end], number, begin - newline)
            yield Document(line, value)

    def _decoded(self, data: bytes) -> Line | Fault:
        return decoded(data, self.source.name, self.source.encoding, 1)


def open_input(source: TextSource, wanted: Kind | None, advance: Advance) -> Input:
    """Open a source of text or requests; text that looks like JSON is treated as JSON."""
    file = source.open(advance)
    head = b""
    try:
        while len(head) < HEAD_BYTES and (data := file.read(HEAD_BYTES - len(head))):
            head += data
    except BaseException:
        file.close()
        raise
    if source.has_rows:  # a kind of text is that of the texts in them
        return Input(
            source, file, None if wanted is Kind.TEXT else wanted, is_text=False, head=head
        )
    is_text = wanted is Kind.TEXT or (
        wanted is None and (source.is_plain or not begins_requests(source.name, head))
    )
    return Input(source, file, wanted, is_text, head)


@contextmanager
def all_or_nothing(opened: Input, *, skips: bool) -> Iterator[None]:
    """Raise NothingReadError for text that cannot be decoded, and for JSON that isn't a request.

    If requests come before a fault, their reader raises NothingReadError if they are not counted.
    With `skips`, the reader of the source leaves out anything that isn't a request.
    """
    if not skips and isinstance(fault := opened.first(), Fault):
        raise NothingReadError(fault.message)
    try:
        yield
    except InputError as error:
        if opened.is_text and error.field is None:
            raise NothingReadError(error.message) from error
        raise


def request_of(found: Document | Fault, wanted: Kind | None) -> Request | Fault:
    """Return a JSON value as a request, or a fault with the reason that it isn't one."""
    if isinstance(found, Fault):
        return found
    line, value = found
    if value == NO_VALUE:
        return line.fault(Advised("the row has no value", Advice.SKIP_ROWS))
    return _request(line, value, wanted)


def sound(found: Request | Fault) -> Request:
    """Return a request; raises InputError for a fault."""
    if isinstance(found, Fault):
        raise InputError(found.message)
    return found


def _request(line: Line, value: object, wanted: Kind | None) -> Request | Fault:
    if isinstance(value, dict) and is_batch_line(value):
        return _from_batch(line, value, wanted)
    kind = (wanted or kind_of(value)) if isinstance(value, dict) else None
    if kind is None and (messages := messages_of(value)):
        return _from_data_set(line, value if isinstance(value, dict) else {}, messages)
    if not isinstance(value, dict):
        return line.fault(Advised(f"JSON, but no request: {_named(value)}", Advice.AS_TEXT))
    if kind is None and is_exchange(value):
        return _from_exchange(line, value)
    if kind is None:
        return line.fault(_A_RESPONSE if is_response_line(value) else _NO_REQUEST)
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
    key = next(name for name in BATCH_BODIES if isinstance(value.get(name), dict))
    body = value[key]
    assert isinstance(body, dict)  # noqa: S101 - is_batch_line
    is_anthropic = key == "params" and "messages" in body
    url = value.get("url")
    kind = wanted or kind_of_url(url)
    if kind is None and url and isinstance(url, str):
        return line.fault(Advised(_OTHER_ENDPOINT, Advice.ENDPOINT))
    kind = kind or (Kind.MESSAGES if is_anthropic else kind_of(body))
    if kind is None:
        return line.fault("a line of a batch whose url and body match no known request")
    span = _span_of_body(line.text, value) if key == "body" else _member(line.text, key)
    part = line.part(*span)
    name = value.get("custom_id")
    return Request(
        source=line.source,
        line=part.line,
        column=part.column,
        custom_id=name if isinstance(name, str) else None,
        kind=kind,
        in_batch=True,
        body=body,
        text=part.text,
        record=value,
    )


def _from_exchange(line: Line, value: dict[str, object]) -> Request | Fault:
    """Return the request of a log line that has its response, too."""
    found = _request(line.part(*_member(line.text, "request")), value["request"], None)
    return found if isinstance(found, Fault) else replace(found, record=value)


def _span_of_body(text: str, value: dict[str, object]) -> tuple[int, int]:
    """Return where the body is in a batch's line; fast if it is clearly the last member."""
    if next(reversed(value)) == "body":
        before, key, after = text.partition('"body"')
        colon, _, _ = after.partition("{")
        if key and before.count("{") == 1 and before[-1] != "\\" and colon.strip() == ":":
            end = len(text.rstrip().removesuffix("}").rstrip())
            return len(before) + len(key) + len(colon), end
    return _member(text, "body")


def _member(text: str, name: str) -> tuple[int, int]:
    """Return the span of a member's value in an object."""
    from deepseek_cost.inputs.json_spans import member  # noqa: PLC0415 - few requests are in others

    return member(text, name)


def _from_data_set(line: Line, record: dict[str, object], messages: list[object]) -> Request:
    return Request(
        source=line.source,
        line=line.line,
        column=line.column,
        custom_id=None,
        kind=Kind.CHAT,
        in_batch=False,
        body={"messages": messages},
        text=line.text,
        record=record,
        is_prompt=True,
    )


def _named(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _is_object(line: bytes) -> bool:
    """Return whether a line is a JSON object by itself, not the beginning of one."""
    text = line.strip()
    if len(line) > MAX_LINE_BYTES or not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    try:
        parse(line.decode())
    except (JsonFaultError, UnicodeError):
        return False
    return True
