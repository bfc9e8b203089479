"""Logs read one after another: by this process, or ahead of it by a second one.

The second process finds the responses, and this one prices and adds them up. They come in the same
order, so the bill is the same.
"""

import pickle
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

import msgspec
from msgspec import Struct

from deepseek_cost.billing.formats.base import Found, Records, Response, Series
from deepseek_cost.billing.logs import Copies, OpenedLog, open_log
from deepseek_cost.billing.records import Reading
from deepseek_cost.errors import DscostError, WorkerError
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import Advance

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# Below this, a second process would start for longer than it saves; with small files, which are
# sent one by one, it saves nothing: 1 GB took as long in 2,000 files, and a quarter less in 20.
_WORTH_BYTES: Final = 64_000_000
_WORTH_BYTES_EACH: Final = 4_000_000
# So many records are sent at once; a pipe holds a few times as many.
_BATCH: Final = 200
# What a message has after the bytes read since the one before.
_RESPONSES: Final = b"r"
_OTHERS: Final = b"o"
_COUNT_BYTES: Final = 8

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Response]).decode


class ReadLog(Struct):
    """A log whose records are read once, by `records`.

    `title` and `caveat`: its format's. `is_copy`: its contents were read before, under another
    name; it has no records. `refusal` is set after the records: why it is not a log of responses.
    """

    name: str
    title: str | None
    caveat: str
    is_copy: bool
    records: Records = iter(())
    refusal: str | None = None


def logs_in(
    sources: Sequence[TextSource], how: Reading, advance: Advance, cores: int
) -> Generator[ReadLog]:
    """Yield each log, to be read before the next; raises InputError if one cannot be read.

    With more than one core, large logs are read by a second process. Raises WorkerError if that
    ends before its work is done.
    """
    size = sum(source.size for source in sources)
    is_large = size >= max(_WORTH_BYTES, len(sources) * _WORTH_BYTES_EACH)
    if cores > 1 and is_large and not any(source.reads_once for source in sources):
        from deepseek_cost.inputs.processes import start  # noqa: PLC0415 - few logs are so large

        with suppress(OSError):  # the system has no room for another process
            connection, _ = start(_send, sources, how)
            return _received(connection, advance)
    return _read(sources, how, advance)


def _read(sources: Sequence[TextSource], how: Reading, advance: Advance) -> Generator[ReadLog]:
    copies = Copies()
    for source in sources:
        opened = open_log(source, how.zone, advance)
        known = opened.format
        title, caveat = (known.title, known.caveat) if known else (None, "")
        log = ReadLog(source.name, title, caveat, is_copy=copies.add(opened.log))
        if not log.is_copy:
            log.records = _records(opened, how, log)
        yield log


def _records(opened: OpenedLog, how: Reading, log: ReadLog) -> Records:
    yield from opened.read(how)
    log.refusal = opened.refusal
    opened.log.forget()


def _send(connection: "Connection", sources: Sequence[TextSource], how: Reading) -> None:
    """Read logs and send them: each without its records, then these, then why it is refused."""
    read = 0

    def advance(size: int) -> None:
        nonlocal read
        read += size

    def send(kind: bytes, data: bytes) -> None:
        nonlocal read
        connection.send_bytes(kind + read.to_bytes(_COUNT_BYTES, "little") + data)
        read = 0

    with suppress(BrokenPipeError, ConnectionResetError):  # nobody reads on
        try:
            for log in _read(sources, how, advance):
                records, log.records = log.records, iter(())
                send(_OTHERS, pickle.dumps(log))
                while batch := list(islice(records, _BATCH)):
                    send(*_packed(batch))
                send(_OTHERS, pickle.dumps(_End(log.refusal)))
            send(_OTHERS, pickle.dumps(None))
        except (DscostError, MemoryError) as error:
            send(_OTHERS, pickle.dumps(error))


class _End(Struct):
    """The end of a log's records, and why it is not a log of responses."""

    refusal: str | None


def _packed(batch: list[Found | Series]) -> tuple[bytes, bytes]:
    if all(type(found) is Response for found in batch):
        with suppress(OverflowError, UnicodeError, msgspec.MsgspecError):  # a number of 30 digits
            return _RESPONSES, _encode(batch)
    return _OTHERS, pickle.dumps(batch)


def _received(connection: "Connection", advance: Advance) -> Generator[ReadLog]:
    with closing(connection):
        while (log := _next(connection, advance)) is not None:
            log = cast("ReadLog", log)
            log.records = _received_records(connection, advance, log)
            yield log
            for _ in log.records:  # those that were left unread
                pass


def _received_records(connection: "Connection", advance: Advance, log: ReadLog) -> Records:
    while not isinstance(found := _next(connection, advance), _End):
        yield from cast("list[Found | Series]", found)
    log.refusal = found.refusal


def _next(connection: "Connection", advance: Advance) -> object:
    """Return what was sent next; raises what the other process did."""
    try:
        message = connection.recv_bytes()
    except (EOFError, OSError) as error:
        raise WorkerError(
            "the process that reads the logs ended before its work was done, so there is no "
            "total; it was killed, or the memory was not enough"
        ) from error
    begin = 1 + _COUNT_BYTES
    advance(int.from_bytes(message[1:begin], "little"))
    data = memoryview(message)[begin:]
    if message[:1] == _RESPONSES:
        return _decode(data)
    found: object = pickle.loads(data)  # noqa: S301 - our own process wrote it
    if isinstance(found, Exception):
        raise found
    return found
