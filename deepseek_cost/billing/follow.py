"""Follow logs as they grow: read what was added where every line is complete in itself.

If any other log changed, all of them are read anew: its responses may have no ids, and would count
twice.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.lenient_json import decoded
from deepseek_cost.billing.formats.log import Form, Log
from deepseek_cost.billing.intake import Intake
from deepseek_cost.billing.logs import Copies, OpenedLog, head_of, open_log
from deepseek_cost.billing.records import Reading
from deepseek_cost.errors import InputError
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Pieces

_BLOCK: Final = 1 << 18
_FileId = tuple[int, int]
_Present = tuple[TextSource, os.stat_result]


class _Place(Struct):
    """How far a log was read. Sizes are in bytes, `changed` is in nanoseconds since 1970.

    `log` is None if it is not read line by line.
    """

    size: int
    changed: int
    read: int = 0
    log: OpenedLog | None = None


class Follower(Struct):
    """Reads logs into an intake; `begin` returns an empty one, for when all are read anew.

    A renamed log is the same log. Logs not changed since `since` (seconds since 1970) are skipped.
    `refused` has the logs that could not be read, and why.
    """

    begin: Callable[[], Intake]
    how: Reading
    since: float
    intake: Intake
    refused: dict[str, str] = field(default_factory=dict)
    _places: dict[_FileId, _Place] = field(default_factory=dict)
    _copies: Copies = field(default_factory=Copies)

    def read(self, sources: Iterable[TextSource]) -> bool:
        """Read what is new in the logs; return whether anything is. Logs may vanish meanwhile."""
        found = list(self._present(sources))
        changed = [(source, status) for source, status in found if self._has_changed(status)]
        if not all(self._continues(status) for _, status in changed):
            self._begin_anew()
            changed = found
        for source, status in changed:
            self._read(source, status)
        return bool(changed)

    def _begin_anew(self) -> None:
        self.intake = self.begin()
        self.refused, self._places, self._copies = {}, {}, Copies()

    def _present(self, sources: Iterable[TextSource]) -> Iterator[_Present]:
        """Yield the logs that exist and have anything in them, with their state on disk."""
        for source in sources:
            try:
                status = os.stat(str(source.path))  # noqa: PTH116 - as cheap as it can be
            except OSError:
                continue
            if status.st_size and status.st_mtime >= self.since:
                yield source, status

    def _has_changed(self, status: os.stat_result) -> bool:
        place = self._places.get(_id(status))
        return place is None or (place.size, place.changed) != (status.st_size, status.st_mtime_ns)

    def _continues(self, status: os.stat_result) -> bool:
        """Return whether a log is new, or only had lines added to it."""
        place = self._places.get(_id(status))
        return place is None or (place.log is not None and status.st_size >= place.size)

    def _read(self, source: TextSource, status: os.stat_result) -> None:
        former = self._places.get(_id(status))
        place = _Place(status.st_size, status.st_mtime_ns)
        self._places[_id(status)] = place
        try:
            if former is not None:
                place.read, place.log = former.read, former.log
            elif self._begins_as_copy(source, place):
                place.read = status.st_size
                return
            self._add(source, place)
        except (InputError, OSError) as error:
            self.refused[source.name] = str(error)

    def _begins_as_copy(self, source: TextSource, place: _Place) -> bool:
        """Recognize a new log's format; return whether it has the contents of another one."""
        opened = open_log(source, self.how.zone)
        place.log = opened if _is_by_line(opened) else None
        return self._copies.add(opened.log, head_of(opened.log))

    def _add(self, source: TextSource, place: _Place) -> None:
        """Add the responses of a log, or of the lines added to it."""
        opened, begin = place.log, place.read
        if opened is None:
            opened = open_log(source, self.how.zone)
        else:
            path = Path(str(source.path))
            place.read = _end_of_lines(path, begin, place.size)
            open_part = partial(_open_part, path, begin, place.read)
            opened = OpenedLog(Log(source.name, open_part, zone=self.how.zone), opened.format)
        for record in opened.read(self.how):
            self.intake.add(source.name, record)
        if opened.refusal is not None and not begin:
            self.refused[source.name] = opened.refusal


class _Part(Pieces):
    """The bytes of a file from its position to an end."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        super().__init__(file)
        self._file = file
        self._end = end

    def next_piece(self, size: int) -> bytes:
        return self._file.read(min(size, self._end - self._file.tell()))


def _open_part(path: Path, begin: int, end: int) -> BinaryIO:
    file = path.open("rb")
    file.seek(begin)
    return io.BufferedReader(_Part(file, end), _BLOCK)


def _end_of_lines(path: Path, begin: int, end: int) -> int:
    """Return where the last complete line ends: in a line break, or else in a JSON value."""
    blocks: list[bytes] = []
    at = end
    with path.open("rb") as file:
        while at > begin and not (blocks and b"\n" in blocks[0]):
            start = max(begin, at - _BLOCK)
            file.seek(start)
            blocks.insert(0, file.read(at - start))
            at = start
    rest = b"".join(blocks)
    last = rest[rest.rfind(b"\n") + 1 :]
    return end if decoded(last) is not None else end - len(last)


def _is_by_line(opened: OpenedLog) -> bool:
    """Return whether each line of a log can be read without the others."""
    log = opened.log
    is_known = opened.format is None or opened.format.by_line
    if not is_known or log.form is not Form.JSON or log.path is None or log.encoding != "utf-8":
        return False
    with log.path.open("rb") as file:
        is_packed = not log.head.startswith(file.read(1))
    first, newline, _ = log.head.lstrip().partition(b"\n")
    return not is_packed and bool(newline) and isinstance(decoded(first), dict)


def _id(status: os.stat_result) -> _FileId:
    return status.st_dev, status.st_ino
