"""Several files as one prompt, each after a line with its name, as people paste code."""

import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from deepseek_cost.errors import InputError
from deepseek_cost.inputs.folders import Found
from deepseek_cost.inputs.source import SkippedSource, TextSource
from deepseek_cost.inputs.streams import Advance, Produced

_BUFFER: Final = 1 << 18


class JoinedSource(TextSource, frozen=True, kw_only=True):
    """The texts of several files in order, each followed by an empty line."""

    parts: Sequence[TextSource]

    @property
    def size(self) -> int:
        """The total size of all files in bytes."""
        return sum(part.size for part in self.parts)

    @property
    def is_stdin(self) -> bool:
        """Return whether standard input is among the files."""
        return any(part.is_stdin for part in self.parts)

    @property
    def reads_once(self) -> bool:
        """Return whether any of the files can be read only once."""
        return any(part.reads_once for part in self.parts)

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the joined text as UTF-8; reading it can raise InputError."""
        texts = (text.encode() for text in self._texts(advance))
        return io.BufferedReader(Produced(texts), _BUFFER)

    def _texts(self, advance: Advance) -> Iterator[str]:
        for part in self.parts:
            yield f"{part.name}\n"
            last = ""
            for last in part.blocks(advance):
                yield last
            yield "\n" if last.endswith("\n") else "\n\n"


def as_one(found: Found) -> Found:
    """Return the found files as one text, without unreadable files in folders."""
    parts, skipped = [], list(found.skipped)
    for source in found.sources:
        try:
            if source.name in found.below:
                for _ in source.blocks():
                    pass
        except InputError as error:
            skipped.append(SkippedSource(source.name, error.message, is_failure=True))
        else:
            parts.append(source)
    if not parts:
        raise InputError(skipped[-1].reason)
    more = f" and {len(parts) - 1:,} more files" if len(parts) > 1 else ""
    joined = JoinedSource(f"{parts[0].name}{more}", parts[0].path, parts=tuple(parts))
    return Found([joined], skipped=skipped)
