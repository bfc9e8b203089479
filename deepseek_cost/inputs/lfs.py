"""Git LFS pointers, which take the place of large files."""

import re
from typing import Final

KEPT: Final = "kept in Git LFS"
LONGEST_POINTER: Final = 1_024
_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs|hawser)\..*\noid sha256:([0-9a-f]{64})\r?\n", re.DOTALL
)


def pointed_at(head: bytes) -> str | None:
    """Return the SHA-256 of the file that a pointer refers to; None for other content."""
    pointer = _POINTER.match(head) if len(head) <= LONGEST_POINTER else None
    return pointer[1].decode() if pointer else None
