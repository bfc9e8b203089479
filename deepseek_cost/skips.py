"""Requests that cannot be counted: told and left out, or the end of it."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct, field

from deepseek_cost.earliest import Earliest, Position
from deepseek_cost.errors import InputError

# Those that the report names; all are told as they go by, and all are counted.
_NAMED: Final = 100


class Skips(Struct):
    """The requests that were left out; with nobody to tell, none may be."""

    tell: Callable[[str], None] | None = None
    requests: int = 0
    named: Earliest = field(default_factory=lambda: Earliest(_NAMED))

    def note(self, error: InputError, at: Position | None = None) -> None:
        """Leave out a request; raises the error where none is to be skipped.

        Without a position it stands after those noted before.
        """
        if self.tell is None:
            raise error
        self.named.note(str(error), at or Position(0, self.requests))
        self.requests += 1
        self.tell(str(error))

    def merge(self, other: "Skips") -> None:
        """Take in what was left out, and told, elsewhere."""
        self.requests += other.requests
        self.named.merge(other.named)
