"""JSON as logs have it: with halves of surrogate pairs, on several lines, or broken."""

import io
import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

from deepseek_cost.inputs.streams import unpacked

T = TypeVar("T")

MAX_LINE: Final = 64_000_000
# An escaped surrogate, or an escaped pair. After two backslashes it is text about one.
_SURROGATE: Final = re.compile(
    rb"(\\+)u[dD](?:[89abAB][0-9a-fA-F]{2}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|[c-fC-F][0-9a-fA-F]{2})"
)
_REPLACED: Final = rb"\ufffd"
_decode = msgspec.json.Decoder().decode


def decoded(data: bytes) -> object | None:
    """Return a JSON value; None for invalid JSON and for null."""
    return decoded_by(data, _decode)


def decoded_by(data: bytes, decode: Callable[[bytes], T]) -> T | None:
    """Return what a function decodes, or None if it cannot, even with whole characters."""
    try:
        return decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        whole = with_whole_characters(data)
    if whole == data:
        return None
    try:
        return decode(whole)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def with_whole_characters(data: bytes) -> bytes:
    """Return JSON of the same length in which each half of a surrogate pair is replaced.

    JavaScript writes one where a text was cut. Parsers refuse it, even in texts that are skipped.
    """
    return _SURROGATE.sub(_whole, data) if b"\\u" in data else data


def _whole(found: re.Match[bytes]) -> bytes:
    backslashes, low = found.groups()
    if len(backslashes) % 2 == 0:
        return found[0] if low is None else found[0].removesuffix(low) + _REPLACED
    return found[0] if low else backslashes[:-1] + _REPLACED


def concatenated(data: bytes) -> list[tuple[int, object]]:
    """Return consecutive objects of several lines each, as printed to a console.

    Each has the number of lines before it. Empty if the first line ends inside a string: then it
    is a broken line.
    """
    if data.partition(b"\n")[0].strip() not in {b"{", b"["}:
        return []
    found: list[tuple[int, object]] = []
    decode, at_, line = json.JSONDecoder().raw_decode, 0, 0
    text = with_whole_characters(data).decode(errors="replace")
    while at_ < len(text):
        begin = at_
        try:
            value, at_ = decode(text, at_)
        except (ValueError, RecursionError):
            break
        found.append((line, value))
        while at_ < len(text) and (text[at_].isspace() or text[at_] == ","):
            at_ += 1
        line += text.count("\n", begin, at_)
    return found


def small_json(path: Path) -> object:
    """Return the JSON of a file next to a log, or None if it cannot be read."""
    return decoded(small_file(path))


def small_file(path: Path) -> bytes:
    """Return the contents of a file; empty if it cannot be read, is no file or is too large."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_LINE:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


def unpacked_json(data: bytes) -> object:
    """Return the JSON in Zstandard-compressed bytes, or None for anything else."""
    try:
        with closing(unpacked(io.BytesIO(data), lambda _: None)) as file:
            found = up_to(file, MAX_LINE + 1)
    except (EOFError, OSError):
        return None
    return decoded(found) if len(found) <= MAX_LINE else None


def up_to(file: BinaryIO, size: int) -> bytes:
    """Return a file's next bytes, at most so many."""
    parts = []
    while size > 0 and (data := file.read(size)):
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
