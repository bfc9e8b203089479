"""What is masked wherever it is shown: secrets among names, and the API key in messages."""

import re
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Final

_LONGEST_NAME: Final = 64
_MARKS: Final = re.compile(
    r"(?<![a-z])(sk[-_]|pk[-_]|gh[opsu]_|xox[abp]-|eyj|bearer |basic |akia|aiza)", re.IGNORECASE
)
# A run of letters and digits longer than in any name of a person, a team or a task.
_RUN: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{16,}")
# This many consecutive characters of a key are hidden wherever they are repeated.
_PART_OF_KEY: Final = 4


def masked(name: str) -> str:
    """Return a name as it may be shown; secrets are unreadable but distinguishable."""
    if not _is_secret(name):
        return name[:_LONGEST_NAME]
    return digest(name)


def digest(name: str) -> str:
    """Return the mask shown for a secret; the same secret always has the same mask."""
    return f"masked-{sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def _is_secret(name: str) -> bool:
    if _MARKS.search(name) or _HEX.search(name):
        return True
    return any(any(map(str.isdigit, run)) for run in _RUN.findall(name))


def without_key(text: str, key: str) -> str:
    """Mask a key, and each part of the key that is long enough to be of use."""
    hidden = bytearray(len(text))
    for at in range(max(1, len(key) - _PART_OF_KEY + 1)):
        part = key[at : at + _PART_OF_KEY]
        begin = text.find(part)
        while begin >= 0:
            hidden[begin : begin + len(part)] = b"\1" * len(part)
            begin = text.find(part, begin + 1)
    runs = groupby(zip(text, hidden, strict=True), key=itemgetter(1))
    return "".join("(key)" if is_key else "".join(c for c, _ in run) for is_key, run in runs)
