"""Recorded streams: server-sent events, lines of chunks, and records with a list of chunks.

A response's usage may be in its last chunk, in an empty one after it, in both, or growing in every
chunk. It is still one response, and the last usage counts; a 0 in it does not replace a count.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.api import is_response, items, response_of, times_of
from deepseek_cost.billing.formats.base import Costless, Found, Reason, Records, Unreadable
from deepseek_cost.billing.formats.lenient_json import decoded
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.usage import has_usage
from deepseek_cost.billing.formats.values import as_object, at, name

# The maximum of open streams in one log. Beyond it, the oldest counts as ended.
_MOST_OPEN: Final = 1_000
_CHUNK: Final = "chat.completion.chunk"
_COMPLETION: Final = "text_completion"
_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")
_BETWEEN: Final = ("content_block_start", "content_block_delta", "content_block_stop", "ping")
_USAGES: Final = ("message_delta", "message_stop")
_OF_MESSAGES: Final = ("message_start", *_USAGES, *_BETWEEN)
_WRAPPED: Final = ("chunk", "data", "event", "response.body", "response", "response_body", "body")
_LISTS: Final = ("chunks", "events", "stream", *_WRAPPED[3:])
_BODIES: Final = (*_WRAPPED[3:], "message", "completion", "result")
_MESSAGE: Final = "message"
_BROKEN_OFF: Final = "a stream without a usage; send stream_options.include_usage"


def read(log: Log) -> Records:
    """Yield the responses in a log of streams."""
    streams = Streams(log)
    yield from log.each(lambda number, value: streams.add(number, as_object(value)))
    yield from streams.end()


class _Open(Struct):
    """A stream that has begun. `has_failed`: it ended with an error."""

    number: int
    body: dict[str, object]
    start: float | None = None
    end: float | None = None
    has_failed: bool = False


class Streams(Struct):
    """Joins the chunks of responses. Anything else passes through."""

    log: Log
    _open: dict[str, _Open] = field(default_factory=dict)
    _last: str | None = None

    def add(self, number: int, record: Mapping[str, object]) -> Iterator[Found]:
        """Yield the responses completed by a record: its own streams', or those its chunk ends."""
        chunks = _chunks(record)
        if chunks is None:
            yield from self._add(number, _unwrapped(record), record)
            return
        own = Streams(self.log)
        for chunk in chunks:
            yield from own._add(number, as_object(chunk), record)
        yield from own.end()

    def add_events(self, number: int, text: str) -> Iterator[Found]:
        """Yield the responses in the text of one or more streams."""
        for event in events(text):
            yield from self._add(number, as_object(event), {})
        yield from self.end()

    def end(self) -> Iterator[Found]:
        """Yield the streams that are still open."""
        while self._open:
            yield from self._close(next(iter(self._open)))

    def _add(
        self, number: int, chunk: Mapping[str, object], record: Mapping[str, object]
    ) -> Iterator[Found]:
        kind = chunk.get("type")
        if chunk.get("object") == _CHUNK or (
            chunk.get("object") == _COMPLETION and not has_usage(as_object(chunk.get("usage")))
        ):
            key = name(chunk.get("id")) or self._last or ""
            yield from self._extend(key, number, chunk, as_object(chunk.get("usage")), record)
        elif isinstance(kind, str) and kind.startswith("response."):
            yield from self._of_responses(number, kind, as_object(chunk.get("response")), record)
        elif kind in _OF_MESSAGES:
            yield from self._of_messages(number, chunk, record)
        else:
            yield from self._passed(number, chunk, record)

    def _extend(
        self,
        key: str,
        number: int,
        body: Mapping[str, object],
        usage: Mapping[str, object],
        record: Mapping[str, object],
    ) -> Iterator[Found]:
        """Add a chunk to its stream. If too many are open, yield the oldest."""
        start, end = times_of(self.log, record) if record is not body else (None, None)
        stream = self._open.get(key)
        if stream is None:
            stream = self._open[key] = _Open(number, dict(body), start)
            stream.body.pop("choices", None)
            stream.body["usage"] = {}
        stream.end = end or start or stream.end
        self._last = key
        merged = as_object(stream.body["usage"])
        news = {key: value for key, value in usage.items() if value or key not in merged}
        stream.body["usage"] = {**merged, **news}
        if len(self._open) > _MOST_OPEN:
            yield from self._close(next(iter(self._open)))

    def _of_responses(
        self, number: int, kind: str, body: Mapping[str, object], record: Mapping[str, object]
    ) -> Iterator[Found]:
        key = name(body.get("id")) or ""
        if kind == "response.created":
            yield from self._extend(key, number, body, {}, record)
        elif kind in _ENDS:
            yield from self._extend(key, number, body, as_object(body.get("usage")), record)
            stream = self._open[key]
            stream.body = {**stream.body, **body, "usage": stream.body["usage"]}
            stream.has_failed = kind == "response.failed"
            yield from self._close(key)

    def _of_messages(
        self, number: int, chunk: Mapping[str, object], record: Mapping[str, object]
    ) -> Iterator[Found]:
        """Add an event. Events do not name their message, so only one can be open at a time."""
        kind = chunk.get("type")
        if kind == "message_start":
            yield from self._close(_MESSAGE)
            body = as_object(chunk.get("message"))
            yield from self._extend(_MESSAGE, number, body, as_object(body.get("usage")), record)
        elif kind in _USAGES and _MESSAGE in self._open:
            usage = as_object(chunk.get("usage"))
            yield from self._extend(_MESSAGE, number, {}, usage, record)
            if kind == "message_stop":
                yield from self._close(_MESSAGE)

    def _failed(self) -> Iterator[Found]:
        stream = self._open.get(self._last or "")
        if stream is None:
            yield Costless(Reason.FAILED)
        else:
            stream.has_failed = True

    def _passed(
        self, number: int, chunk: Mapping[str, object], record: Mapping[str, object]
    ) -> Iterator[Found]:
        """Handle a record that is not part of a stream. Yield its response, or why it has none."""
        if chunk.get("error") or chunk.get("type") == "error":
            yield from self._failed()
            return
        bodies = (chunk, *(as_object(at(record, path)) for path in _BODIES))
        body = next((body for body in bodies if is_response(body)), None)
        if body is None:
            yield Costless(Reason.NO_RESPONSE)
            return
        found = response_of(self.log, number, body)
        if found.start is None:
            found.start, found.end = times_of(self.log, record)
        yield found

    def _close(self, key: str) -> Iterator[Found]:
        stream = self._open.pop(key, None)
        if stream is None:
            return
        if not has_usage(as_object(stream.body.get("usage"))):
            if stream.has_failed:
                yield Costless(Reason.FAILED)
            else:
                yield self.log.fault(stream.number, _BROKEN_OFF)
            return
        try:
            found = response_of(self.log, stream.number, stream.body)
        except Unreadable as error:
            yield self.log.fault(stream.number, error.reason)
            return
        found.start = found.start or stream.start
        found.end = found.end or stream.end
        found.response = None  # its texts were in the chunks
        yield found


def events(text: str) -> Iterator[object]:
    """Yield the JSON of server-sent events, skipping anything else."""
    for line in text.splitlines():
        if line.startswith("data:") and (value := decoded(line[5:].strip().encode())) is not None:
            yield value


def _chunks(record: Mapping[str, object]) -> list[object] | None:
    """Return the chunks in a record, kept as a list or as text; None if it has none."""
    for path in _LISTS:
        found = at(record, path)
        if isinstance(found, str) and found.lstrip().startswith(("data:", "event:", ": ")):
            return list(events(found))
        if _is_chunk(next(iter(items(found)), None)):
            return items(found)
    return None


def _unwrapped(record: Mapping[str, object]) -> Mapping[str, object]:
    if _is_chunk(record):
        return record
    inner = (as_object(record.get(key)) for key in _WRAPPED)
    return next((found for found in inner if _is_chunk(found)), record)


def _is_chunk(value: object) -> bool:
    kind = at(value, "type")
    if at(value, "object") == _CHUNK or kind in _OF_MESSAGES:
        return True
    return isinstance(kind, str) and kind.startswith("response.")
