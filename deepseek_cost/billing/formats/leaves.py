"""Find the records of a trace that enclose another one and repeat its billed tokens."""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from deepseek_cost.billing.formats.log import Log

_MASK: Final = (1 << 64) - 1


class Enclosing:
    """The records that are parents of other records, in 8 bytes each.

    A call made by a traced client inside a traced framework is logged twice, and the outer record
    has the sums of the inner one. A child may be written before or after its parent, so a log is
    read once just to find the parents.
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
