"""Streamed answers kept chunk by chunk: the usage comes with the last one."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from deepseek_cost.logs.fields import as_object
from deepseek_cost.requests.lines import Document
from deepseek_cost.requests.places import Fault, Line

# Streams that run beside each other in one log; of more, the oldest counts as broken off.
_MOST_OPEN: Final = 10_000
_LONGEST_ID: Final = 256
_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")


class Chunks(Struct):
    """Passes what is no chunk, and of the chunks of an answer the one that has its usage."""

    _open: dict[str, Line] = field(default_factory=dict)
    _begun: dict[str, object] | None = None  # a message of the Anthropic format

    def take(self, document: Document) -> Iterator[Document | Fault]:
        """Yield the document if it stands for an answer, or what takes its place."""
        outer = as_object(document.value) or {}
        event = outer.get("type")
        if outer.get("object") == "chat.completion.chunk":
            yield from self._chat(document, outer)
        elif isinstance(event, str) and event.startswith("response."):
            yield from self._responses(document, outer, event)
        elif event == "message_start" and (message := as_object(outer.get("message"))):
            if former := self._open.pop("message_start", None):  # events name no stream
                yield _broken_off(former)
            yield from self._noted("message_start", document.line)
            self._begun = message
        elif self._begun is not None and event == "message_delta":
            self._open.pop("message_start", None)
            yield Document(document.line, _message(self._begun, outer))
            self._begun = None
        elif not (isinstance(event, str) and _is_of_stream(event, outer)):
            yield document

    def end(self) -> Iterator[Fault]:
        """Yield the streams of which no usage came."""
        for line in self._open.values():
            yield _broken_off(line)
        self._open.clear()

    def _chat(self, document: Document, outer: dict[str, object]) -> Iterator[Document | Fault]:
        name = str(outer.get("id"))[:_LONGEST_ID]
        if as_object(outer.get("usage")) is None:
            yield from self._noted(name, document.line)
        elif not outer.get("choices") or _has_finished(outer["choices"]):
            self._open.pop(name, None)
            yield document

    def _responses(
        self, document: Document, outer: dict[str, object], event: str
    ) -> Iterator[Document | Fault]:
        name = str((as_object(outer.get("response")) or {}).get("id"))[:_LONGEST_ID]
        if event in _ENDS:
            self._open.pop(name, None)
            yield document
        elif event == "response.created":
            yield from self._noted(name, document.line)

    def _noted(self, name: str, line: Line) -> Iterator[Fault]:
        """Keep the place of an open stream, without its text."""
        self._open.setdefault(name, Line(line.source, "", line.line, line.column))
        if len(self._open) > _MOST_OPEN:
            yield _broken_off(self._open.pop(next(iter(self._open))))


def _has_finished(choices: object) -> bool:
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and choice.get("finish_reason") for choice in choices
    )


def _message(begun: dict[str, object], delta: dict[str, object]) -> dict[str, object]:
    """Put the final counts of a stream in place of those at its start, and keep the log's time."""
    usage = (as_object(begun.get("usage")) or {}) | (as_object(delta.get("usage")) or {})
    return {key: value for key, value in delta.items() if key not in ("type", "delta")} | {
        **begun,
        "usage": usage,
    }


def _is_of_stream(event: str, outer: dict[str, object]) -> bool:
    between = ("content_block_start", "content_block_delta", "content_block_stop", "ping")
    return event in (*between, "message_stop") and "usage" not in outer


def _broken_off(line: Line) -> Fault:
    return line.fault("a stream without a usage; send stream_options.include_usage")
