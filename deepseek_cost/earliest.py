"""The first few of many things that are said, whoever reads them in whatever order."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field


class Position(NamedTuple):
    """Where something stands in all the input: earlier ones are less."""

    source: int
    line: int
    column: int = 1


class Earliest(Struct):
    """Different texts with where each is said first: the earliest `limit` of them."""

    limit: int
    found: dict[str, Position] = field(default_factory=dict)

    def note(self, text: str, at: Position) -> None:
        """Note that a text is said here."""
        known = self.found.get(text)
        if known is None or at < known:
            self.found[text] = at
            if len(self.found) > self.limit:
                del self.found[max(self.found, key=self.found.__getitem__)]

    def merge(self, other: "Earliest") -> None:
        """Take in what another part of the input says."""
        for text, at in other.found.items():
            self.note(text, at)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.found, key=self.found.__getitem__))

    def __len__(self) -> int:
        return len(self.found)
