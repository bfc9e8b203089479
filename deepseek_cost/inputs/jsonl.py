"""Lines of JSONL, many at a time: cut from a stream, and read one by one."""

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from msgspec import Struct

from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.inputs.strict_json import JsonFaultError, parse

# A context of a million tokens is 5 MB of text; the rest is for images.
MAX_LINE_BYTES: Final = 64_000_000
# This many bytes are read at once: a few thousand requests.
_BLOCK: Final = 1 << 20


class Document(NamedTuple):
    """A JSON value with its text and position."""

    line: Line
    value: object


Documents = Iterator[Document | Fault]


class Lines(Struct, frozen=True):
    """Whole lines of a source, from line `number` on; can be pickled."""

    source: str
    number: int
    data: bytes
    encoding: str
    kind: Kind | None

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank, with its number."""
        for number, data in enumerate(self.data.split(b"\n"), self.number):
            if data and not data.isspace():
                yield number, data

    def documents(self) -> Documents:
        """Yield the JSON values, and the faults between them."""
        return (self.document(number, data) for number, data in self)

    def document(self, number: int, data: bytes) -> Document | Fault:
        """Parse one of the lines."""
        if len(data) > MAX_LINE_BYTES:
            return too_long(self.source, number, f"a line of more than {MAX_LINE_BYTES:,} bytes")
        line = decoded(data, self.source, self.encoding, number)
        if isinstance(line, Fault):
            return line
        value = parsed(line)
        return value if isinstance(value, Fault) else Document(line, value)


def cut(
    begin: bytes, file: BinaryIO, source: str, encoding: str, wanted: Kind | None
) -> Iterator[Lines]:
    """Yield the lines of a file, starting with `begin`; overlong lines are cut short."""
    number, data = 1, begin + file.read(_BLOCK)
    while data:
        if not data.endswith(b"\n"):
            data += file.readline(MAX_LINE_BYTES + 1)
        yield Lines(source, number, data, encoding, wanted)
        number += data.count(b"\n")
        if len(data) - data.rfind(b"\n") - 1 > MAX_LINE_BYTES:
            _skip_line(file, data)
            number += 1
        data = file.read(_BLOCK)


def decoded(data: bytes, source: str, encoding: str, number: int) -> Line | Fault:
    """Return a decoded line, or a Fault that names the byte that cannot be decoded."""
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        at = getattr(error, "start", 0) + 1
        return Fault(source, number, at, f"not {encoding} at this byte")
    return Line(source, text.rstrip("\r\n"), number)


def parsed(line: Line) -> object:
    """Return the JSON value of a line, or a Fault."""
    try:
        return parse(line.text)
    except JsonFaultError as fault:
        return line.fault(fault.reason, fault.offset)


def too_long(source: str, number: int, what: str) -> Fault:
    """Return a Fault for more data than is kept in memory at once."""
    return Fault(source, number, 1, f"{what}; split it, one request per line")


def _skip_line(file: BinaryIO, data: bytes) -> None:
    while data and not data.endswith(b"\n"):
        data = file.readline(MAX_LINE_BYTES)
