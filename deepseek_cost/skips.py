"""Requests that cannot be counted: told and left out, or the end of it."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import InputError

# Those that the report names; all are told as they go by, and all are counted.
_NAMED: Final = 100


class Skips(Struct):
    """The requests that were left out; with nobody to tell, none may be."""

    tell: Callable[[str], None] | None = None
    requests: int = 0
    named: list[str] = field(default_factory=list)

    def note(self, error: InputError) -> None:
        """Leave out a request; raises the error where none is to be skipped."""
        if self.tell is None:
            raise error
        self.requests += 1
        if len(self.named) < _NAMED:
            self.named.append(str(error))
        self.tell(str(error))
