"""Which records of a trace enclose another one, and repeat what it was billed."""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from deepseek_cost.billing.formats.log import Log

_MASK: Final = (1 << 64) - 1


class Enclosing:
    """The records that are the parent of another, in 8 bytes each.

    A client that is traced inside a framework that is traced as well is logged twice, the outer
    record with the inner one's sums. A child may be written before its parent or after it, so a
    log is read once for this alone.
    """

    def __init__(self, log: Log, parents: Callable[[object], list[str]]) -> None:
        found = array("Q")
        for _, value in log.values():
            found.extend(hash(parent) & _MASK for parent in parents(value))
        self._hashes = array("Q", sorted(set(found)))

    def __contains__(self, identity: str | None) -> bool:
        if identity is None:
            return False
        key = hash(identity) & _MASK
        index = bisect_left(self._hashes, key)
        return index < len(self._hashes) and self._hashes[index] == key
