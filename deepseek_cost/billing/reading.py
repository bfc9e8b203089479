"""Logs read one after another, large ones by two processes.

The second process reads most of them, while this one reads the others and adds up all. The records
come in the order of the logs, so the bill is the same.
"""

import pickle
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, suppress
from threading import Condition, Thread
from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec import Struct, field

from deepseek_cost.billing.formats.base import Found, Records, Response, Series
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.logs import Copies, OpenedLog, head_of, open_log
from deepseek_cost.billing.records import Reading
from deepseek_cost.errors import Advice, Advised, DscostError, WorkerError
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Below this, a second process would start for longer than it saves.
_WORTH_BYTES: Final = 64_000_000
# The second process reads this share of the bytes, because this one adds up all responses.
_SHARE: Final = 2 / 3
# A message has so many responses, which may come with their bodies, or ten times as many rows.
_BATCH: Final = 200
_ROWS: Final = 10
# Bytes of messages that may wait until they are received.
_AHEAD: Final = 16_000_000

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Response]).decode


class ReadLog(Struct):
    """A log whose records are read once, by `records`.

    `title` and `caveat`: its format's. `head`: a checksum of its first bytes. `is_copy`: its
    contents were read before, under another name; its records do not count. `refusal` is set
    after the records: why it is not a log of responses.
    """

    name: str
    title: str | None
    caveat: str
    head: int
    is_copy: bool = False
    records: Records = iter(())
    refusal: str | None = None


def logs_in(
    sources: Sequence[TextSource], how: Reading, advance: Advance, cores: int
) -> Generator[ReadLog]:
    """Yield each log, to be read before the next; raises InputError if one cannot be read.

    With more than one core, a second process reads a part of large logs. Raises WorkerError if
    that ends before its work is done.
    """
    is_large = sum(source.size for source in sources) >= _WORTH_BYTES
    if cores > 1 and is_large and not any(source.reads_once for source in sources):
        from deepseek_cost.inputs.processes import start  # noqa: PLC0415 - few logs are so large

        theirs = _shared(sources)
        part = [source for source, is_theirs in zip(sources, theirs, strict=True) if is_theirs]
        with suppress(OSError):  # the system has no room for another process
            connection, _ = start(_send, part, how)
            return _in_order(sources, theirs, how, advance, connection)
    return _read(sources, how, advance)


def _shared(sources: Sequence[TextSource]) -> list[bool]:
    """Return for each source whether the second process reads it.

    The first one is read here, while that process starts, unless it is most of them.
    """
    total = sum(source.size for source in sources)
    ours = theirs = 0
    found = []
    for source in sources:
        is_theirs = 2 * source.size > total or theirs * (1 - _SHARE) < ours * _SHARE
        found.append(is_theirs)
        if is_theirs:
            theirs += source.size
        else:
            ours += source.size
    return found


def _in_order(
    sources: Sequence[TextSource],
    theirs: Sequence[bool],
    how: Reading,
    advance: Advance,
    connection: "Connection",
) -> Generator[ReadLog]:
    """Yield the logs that either process reads, in the order of the sources."""
    copies = Copies()
    items = _items(connection, advance)
    with closing(connection):
        for source, is_theirs in zip(sources, theirs, strict=True):
            if not is_theirs:
                yield _opened(source, how, advance, copies)
                continue
            log = _received(items)
            whole = Log(source.name, source.open, encoding=source.encoding)
            log.is_copy = copies.add(whole, log.head)
            yield log
            for _ in log.records:  # those that were left unread
                pass


def _read(sources: Sequence[TextSource], how: Reading, advance: Advance) -> Generator[ReadLog]:
    copies = Copies()
    for source in sources:
        yield _opened(source, how, advance, copies)


def _opened(source: TextSource, how: Reading, advance: Advance, copies: Copies | None) -> ReadLog:
    """Return a log with its records, unless it is a copy of one before."""
    opened = open_log(source, how.zone, advance)
    known = opened.format
    title, caveat = (known.title, known.caveat) if known else (None, "")
    log = ReadLog(source.name, title, caveat, head=head_of(opened.log))
    log.is_copy = copies is not None and copies.add(opened.log, log.head)
    if not log.is_copy:
        log.records = _records(opened, how, log)
    return log


def _records(opened: OpenedLog, how: Reading, log: ReadLog) -> Records:
    yield from opened.read(how)
    log.refusal = opened.refusal
    opened.log.forget()


class _Sender:
    """Sends messages from a thread, so that this process reads on until they are received."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._messages: deque[bytes] = deque()
        self._waiting = 0  # bytes
        self._is_ended = self._is_broken = False
        self._changed = Condition()
        self._thread = Thread(target=self._send, daemon=True)
        self._thread.start()

    def add(self, message: bytes) -> None:
        """Send a message after those before; raises BrokenPipeError if nobody receives any."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_broken or self._waiting < _AHEAD)
            if self._is_broken:
                raise BrokenPipeError
            self._messages.append(message)
            self._waiting += len(message)
            self._changed.notify()

    def end(self) -> None:
        """Return once everything is sent."""
        with self._changed:
            self._is_ended = True
            self._changed.notify()
        self._thread.join()

    def _send(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._connection.send_bytes(message)
            except OSError:
                with self._changed:
                    self._is_broken = True
                    self._changed.notify()
                return
            with self._changed:
                self._waiting -= len(message)
                self._changed.notify()

    def _next(self) -> bytes | None:
        """Wait for a message; None once there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._is_ended)
            return self._messages.popleft() if self._messages else None


class _Outbox(Struct):
    """Gathers what is sent, since a message for each of many small logs would take longer."""

    sender: _Sender
    items: list[object] = field(default_factory=list)
    size: int = 0  # about so many rows
    read: int = 0  # bytes of logs

    def advance(self, count: int) -> None:
        """Record that more bytes of logs were read."""
        self.read += count

    def add(self, item: object, size: int = _ROWS) -> None:
        """Add an item of so many rows; raises BrokenPipeError if nobody receives any."""
        self.items.append(item)
        self.size += size
        if self.size >= _BATCH * _ROWS:
            self.flush()

    def flush(self) -> None:
        """Send what was gathered."""
        self.sender.add(pickle.dumps(_Message(self.read, self.items)))
        self.items, self.size, self.read = [], 0, 0


def _send(connection: "Connection", sources: Sequence[TextSource], how: Reading) -> None:
    """Read logs and send them: each without its records, then these, then why it is refused."""
    outbox = _Outbox(_Sender(connection))
    with suppress(BrokenPipeError):  # nobody reads on
        try:
            for source in sources:
                log = _opened(source, how, outbox.advance, copies=None)
                records, log.records = log.records, iter(())
                outbox.add(log)
                for batch, size in _batches(records):
                    outbox.add(_packed(batch), size)
                outbox.add(_End(log.refusal))
        except (DscostError, MemoryError) as error:
            outbox.add(error)
        outbox.flush()
        outbox.sender.end()


class _Message(Struct):
    """What was sent at once. `read`: bytes of logs read since the message before."""

    read: int
    items: list[object]


class _End(Struct):
    """The end of a log's records, and why it is not a log of responses."""

    refusal: str | None


def _batches(records: Records) -> Iterator[tuple[list[Found | Series], int]]:
    """Yield a log's records, many at a time, and about how many rows they are."""
    batch: list[Found | Series] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.rows) if isinstance(record, Series) else _ROWS
        if size >= _BATCH * _ROWS:
            yield batch, size
            batch, size = [], 0
    if batch:
        yield batch, size


def _packed(batch: list[Found | Series]) -> bytes | list[Found | Series]:
    if all(type(found) is Response for found in batch):
        with suppress(OverflowError, UnicodeError, msgspec.MsgspecError):  # a number of 30 digits
            return _encode(batch)
    return batch


def _received(items: Iterator[object]) -> ReadLog:
    """Return a log that the other process read, with its records."""
    log = cast("ReadLog", next(items))
    log.records = _received_records(items, log)
    return log


def _received_records(items: Iterator[object], log: ReadLog) -> Records:
    while not isinstance(found := next(items), _End):
        if isinstance(found, bytes):
            found = _decode(found)
        yield from cast("list[Found | Series]", found)
    log.refusal = found.refusal


def _items(connection: "Connection", advance: Advance) -> Iterator[object]:
    """Yield what was sent; raises what the other process did."""
    while True:
        try:
            data = connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise WorkerError(
                Advised(
                    "the process that reads the logs died before it was done, so there is no "
                    "total; it was killed or ran out of memory",
                    Advice.PIPED,
                )
            ) from error
        message: _Message = pickle.loads(data)  # noqa: S301 - our own process wrote it
        advance(message.read)
        for item in message.items:
            if isinstance(item, Exception):
                raise item
            yield item
