"""HAR (1.2), as recorded by browsers and proxies: API calls, streamed or not."""

import binascii
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from deepseek_cost.billing.formats.api import is_response, items, response_of, utc_seconds
from deepseek_cost.billing.formats.base import (
    Costless,
    Found,
    Reason,
    Records,
    Response,
    Unreadable,
)
from deepseek_cost.billing.formats.log import Log
from deepseek_cost.billing.formats.stream import Streams
from deepseek_cost.billing.formats.values import as_object, at, count
from deepseek_cost.errors import placed

_ENDPOINTS: Final = ("/chat/completions", "/completions", "/messages", "/responses")
_EVENTS: Final = ("data:", "event:", ": ")
_OK: Final = 200


def read(log: Log) -> Records:
    """Yield the calls of a HAR file."""
    return log.each(lambda number, value: _records(log, number, value))


def _records(log: Log, number: int, value: object) -> Iterator[Found]:
    for index, entry in enumerate(items(at(value, "log.entries")), 1):
        try:
            yield from _calls(log, number, as_object(entry))
        except Unreadable as error:
            yield log.fault(number, placed(f"entry {index}: ", error.reason))


def _calls(log: Log, number: int, entry: Mapping[str, object]) -> Iterator[Found]:
    url = str(at(entry, "request.url") or "")
    if not _path(url).endswith(_ENDPOINTS) or at(entry, "request.method") == "OPTIONS":
        yield Costless(Reason.NO_RESPONSE)
        return
    if count(at(entry, "response.status")) != _OK:
        yield Costless(Reason.FAILED)
        return
    start = utc_seconds(entry.get("startedDateTime"))
    duration = entry.get("time")
    for found in _responses(log, number, _text(entry)):
        if isinstance(found, Response):
            found.provider = url
            found.start = start or found.start
            if start is not None and isinstance(duration, int | float):
                found.end = start + max(0, duration) / 1000
            found.request = dict(as_object(at(entry, "request.postData.text"))) or None
        yield found


def _responses(log: Log, number: int, text: str) -> Iterator[Found]:
    if text.lstrip().startswith(_EVENTS):
        yield from Streams(log).add_events(number, text)
        return
    body = as_object(text)
    if not is_response(body):
        raise Unreadable("no response with a usage is recorded for it; export with the contents")
    yield response_of(log, number, body)


def _text(entry: Mapping[str, object]) -> str:
    text = _as_text(at(entry, "response.content.text"))
    if at(entry, "response.content.encoding") != "base64":
        return text
    try:
        return b64decode(text).decode(errors="replace")
    except (binascii.Error, ValueError):
        raise Unreadable("its contents are not base64") from None


def _as_text(value: object) -> str:
    """Return the value if it is text, else an empty string."""
    return value if isinstance(value, str) else ""


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
