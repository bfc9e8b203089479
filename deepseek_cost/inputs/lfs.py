"""Git LFS pointers, which take the place of large files."""

import re
from typing import Final

KEPT: Final = "kept in Git LFS"
LONGEST_POINTER: Final = 1_024
_BEGIN: Final = b"version https://"
_POINTER: Final = rb"(?s)version https://(?:git-lfs|hawser)\..*\noid sha256:([0-9a-f]{64})\r?\n"


def pointed_at(head: bytes) -> str | None:
    """Return the SHA-256 of the file that a pointer refers to; None for other content."""
    if len(head) > LONGEST_POINTER or not head.startswith(_BEGIN):
        return None
    pointer = re.match(_POINTER, head)
    return pointer[1].decode() if pointer else None
