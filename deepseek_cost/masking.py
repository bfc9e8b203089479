"""Keys and tokens in logs are never shown: what looks like one is named by a digest."""

import re
from hashlib import sha256
from typing import Final

_LONGEST: Final = 64
_MARKS: Final = re.compile(
    r"(?<![a-z])(sk[-_]|pk[-_]|gh[opsu]_|xox[abp]-|eyj|bearer |basic |akia|aiza)", re.IGNORECASE
)
# A run of letters and digits that no name of a person, a team or a task is as long as.
_RUN: Final = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX: Final = re.compile(r"[0-9a-fA-F]{16,}")


def masked(name: str) -> str:
    """Return a name as it may be shown; a secret is told apart from others, but not readable."""
    if not _is_secret(name):
        return name[:_LONGEST]
    return f"masked-{sha256(name.encode(errors='replace')).hexdigest()[:8]}"


def _is_secret(name: str) -> bool:
    if _MARKS.search(name) or _HEX.search(name):
        return True
    return any(any(map(str.isdigit, run)) for run in _RUN.findall(name))
