"""How large the pages of a Parquet file are once unpacked, as their headers say.

A page is unpacked as a whole, and one of 20 KB can unpack to 700 MB. pyarrow shows the sizes of
columns, which are of any length, but not of pages; so the headers are read here, in Thrift's
compact protocol (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md)
and as parquet.thrift has them (https://github.com/apache/parquet-format).
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

# Fields of a PageHeader.
_UNPACKED_BYTES: Final = 2
_PACKED_BYTES: Final = 3
# A header is a few dozen bytes, or more with the minimum and maximum of a long text.
_LONGEST_HEADER: Final = 1 << 20
_DEEPEST: Final = 8

# Kinds of values; a boolean's is its value.
_BOOLEANS: Final = (1, 2)
_BYTE: Final = 3
_INTEGERS: Final = (4, 5, 6)
_DOUBLE: Final = 7
_BINARY: Final = 8
_LISTS: Final = (9, 10)
_STRUCT: Final = 12
_LONG_LIST: Final = 15


def page_sizes(file: BinaryIO, start: int, size: int) -> Iterator[int]:
    """Yield the bytes of each page, unpacked, of a column chunk of `size` bytes at `start`.

    Raises ValueError where there is no page.
    """
    end = start + size
    while start < end:
        file.seek(start)
        header = io.BytesIO(file.read(min(_LONGEST_HEADER, end - start)))
        fields = _struct(header, 0)
        unpacked, packed = fields.get(_UNPACKED_BYTES, -1), fields.get(_PACKED_BYTES, -1)
        if min(unpacked, packed) < 0:
            raise ValueError("a page without its size")
        yield unpacked
        start += header.tell() + packed


def _struct(data: io.BytesIO, depth: int) -> dict[int, int]:
    """Read a structure and return its numbers by field; other fields are skipped."""
    if depth > _DEEPEST:
        raise ValueError("a page's header is nested too deeply")
    fields: dict[int, int] = {}
    field = 0
    while head := _byte(data):
        delta, kind = head >> 4, head & 15
        field = field + delta if delta else _number(data)
        if kind in _INTEGERS:
            fields[field] = _number(data)
        elif kind not in _BOOLEANS:
            _pass_over(data, kind, depth)
    return fields


def _pass_over(data: io.BytesIO, kind: int, depth: int) -> None:
    if kind == _BYTE or kind in _BOOLEANS:
        _byte(data)
    elif kind in _INTEGERS:
        _varint(data)
    elif kind in {_DOUBLE, _BINARY}:
        data.seek(8 if kind == _DOUBLE else _varint(data), io.SEEK_CUR)
    elif kind in _LISTS:
        head = _byte(data)
        length = head >> 4
        for _ in range(_varint(data) if length == _LONG_LIST else length):
            _pass_over(data, head & 15, depth + 1)
    elif kind == _STRUCT:
        _struct(data, depth + 1)
    else:  # maps are in no header
        raise ValueError("a page's header is damaged")


def _number(data: io.BytesIO) -> int:
    value = _varint(data)
    return value >> 1 ^ -(value & 1)


def _varint(data: io.BytesIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = _byte(data)
        value |= (byte & 127) << shift
        if byte < 128:  # noqa: PLR2004 - the last one
            return value
    raise ValueError("a page's header is damaged")


def _byte(data: io.BytesIO) -> int:
    read = data.read(1)
    if not read:
        raise ValueError("a page's header is cut off")
    return read[0]
