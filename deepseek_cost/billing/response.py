"""The texts of a response, and streamed chunks."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.fields import as_object
from deepseek_cost.inputs.jsonl import Document
from deepseek_cost.inputs.request import Fault, Line

_CUT: Final = ("length", "max_tokens", "incomplete")


class ResponseText(Struct, frozen=True):
    """The texts of a response. `is_cut`: it reached its token limit."""

    reasoning: str
    content: str
    calls_tools: bool
    is_cut: bool

    def tokens(
        self, count: Callable[[str], int], *, thinking: bool, reported: int | None = None
    ) -> int | None:
        """Return the completion tokens, or None if it calls tools, whose markup is not kept.

        Thinking ends with a token of its own, unless the response was cut off before it. If the
        reasoning text was not kept, `reported` is its number of tokens.
        """
        if self.calls_tools:
            return None
        closes = thinking and not (self.is_cut and not self.content)
        return self.reasoning_tokens(count, reported) + closes + count(self.content)

    def reasoning_tokens(self, count: Callable[[str], int], reported: int | None) -> int:
        """Return the reasoning tokens, counted from the text if there is any, else `reported`."""
        return count(self.reasoning) if self.reasoning else reported or 0


def parse_response(response: Mapping[str, object]) -> ResponseText | None:
    """Return the texts of a response, or None if there is no message in it, or several."""
    if isinstance(response.get("choices"), list):
        return _of_chat(response)
    if isinstance(response.get("output"), list):
        return _of_blocks(response, "output", response.get("status"))
    if response.get("type") == "message":
        return _of_blocks(response, "content", response.get("stop_reason"))
    return None


def reasoning_before_calls(
    response: Mapping[str, object], reported: int | None
) -> tuple[list[tuple[str, str]], str | int] | None:
    """Return the id and name of each tool call of a response, and the reasoning before them.

    That is its text, or if it was not kept, `reported`, its number of tokens. None if the response
    calls no tools, or says nothing of its reasoning.
    """
    parsed = parse_response(response)
    if parsed is None or not parsed.calls_tools:
        return None
    reasoning = parsed.reasoning or reported
    calls = list(_calls(response))
    return None if reasoning is None or not calls else (calls, reasoning)


def reported_reasoning(response: Mapping[str, object]) -> int | None:
    """Return the reasoning tokens that a response's usage reports; None if it reports none."""
    usage = as_object(response.get("usage")) or {}
    for name in ("completion_tokens_details", "output_tokens_details"):
        found = (as_object(usage.get(name)) or {}).get("reasoning_tokens")
        if type(found) is int and found >= 0:
            return found
    return None


def _calls(response: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the id and the name of each tool call, of any protocol."""
    message = first_message(response) or {}
    for call in _objects(message.get("tool_calls")):
        yield _text(call.get("id")), _text((as_object(call.get("function")) or {}).get("name"))
    for name, kind, key in (("content", "tool_use", "id"), ("output", "function_call", "call_id")):
        for block in _objects(response.get(name)):
            if block.get("type") == kind:
                yield _text(block.get(key)), _text(block.get("name"))


def first_message(response: Mapping[str, object]) -> dict[str, object] | None:
    """Return the message of a chat completion, or None if there is none, or several."""
    choices = list(_objects(response.get("choices")))
    message = choices[0].get("message") if len(choices) == 1 else None
    return message if isinstance(message, dict) else None


def _of_chat(response: Mapping[str, object]) -> ResponseText | None:
    message = first_message(response)
    if message is None:
        return None
    (choice,) = _objects(response.get("choices"))
    return ResponseText(
        reasoning=_text(message.get("reasoning_content")),
        content=_text(message.get("content")),
        calls_tools=bool(message.get("tool_calls")),
        is_cut=choice.get("finish_reason") in _CUT,
    )


def _of_blocks(response: Mapping[str, object], name: str, end: object) -> ResponseText:
    reasoning, content, calls_tools = "", "", False
    for block in _objects(response.get(name)):
        match block.get("type"):
            case "thinking":
                reasoning += _text(block.get("thinking"))
            case "reasoning":
                reasoning += "".join(_texts(block.get("content")))
            case "text":
                content += _text(block.get("text"))
            case "message":
                content += "".join(_texts(block.get("content")))
            case _:
                calls_tools = True
    return ResponseText(reasoning, content, calls_tools, end in _CUT)


def _texts(value: object) -> Iterator[str]:
    for block in _objects(value):
        yield _text(block.get("text"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


# The maximum of open streams in one log. Beyond it, the oldest counts as broken off.
_MOST_OPEN: Final = 10_000
_LONGEST_ID: Final = 256
_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")


class Chunks(Struct):
    """Passes on everything but chunks, and those chunks that have a response's whole usage.

    Gateways send the usage more than once; it comes with the response's id, so it counts once.
    """

    _open: dict[str, Document] = field(default_factory=dict)
    _begun: dict[str, object] | None = None  # a message of the Anthropic format

    def add(self, document: Document) -> Iterator[Document | Fault]:
        """Yield the document if it represents a response, or whatever replaces it."""
        outer = as_object(document.value) or {}
        event = outer.get("type")
        if outer.get("object") == "chat.completion.chunk":
            yield from self._chat(document, outer)
        elif isinstance(event, str) and event.startswith("response."):
            yield from self._responses(document, outer, event)
        elif event == "message_start" and (message := as_object(outer.get("message"))):
            if former := self._open.pop("message_start", None):  # events name no stream
                yield _broken_off(former.line)
            yield from self._opened("message_start", document)
            line = document.line
            self._begun = {"id": f"{line.source}:{line.line}"} | message
        elif self._begun is not None and event in ("message_delta", "message_stop"):
            if as_object(outer.get("usage")):
                self._open.pop("message_start", None)
                self._begun = _message(self._begun, outer)
                yield Document(document.line, self._begun)
        elif not (isinstance(event, str) and _is_of_stream(event, outer)):
            yield document

    def end(self) -> Iterator[Document | Fault]:
        """Yield what is known about the streams that did not finish."""
        for document in self._open.values():
            yield document if _has_counts(document.value) else _broken_off(document.line)
        self._open.clear()

    def _chat(self, document: Document, outer: dict[str, object]) -> Iterator[Document | Fault]:
        name = str(outer.get("id"))[:_LONGEST_ID]
        if as_object(outer.get("usage")) is None:
            yield from self._opened(name, document)
        elif not outer.get("choices") or _has_finished(outer["choices"]):
            self._open.pop(name, None)
            yield document
        elif _has_counts(outer):  # so far; the last chunk has all
            self._open[name] = document
        else:
            yield from self._opened(name, document)

    def _responses(
        self, document: Document, outer: dict[str, object], event: str
    ) -> Iterator[Document | Fault]:
        name = str((as_object(outer.get("response")) or {}).get("id"))[:_LONGEST_ID]
        if event in _ENDS:
            self._open.pop(name, None)
            yield document
        elif event == "response.created":
            yield from self._opened(name, document)

    def _opened(self, name: str, document: Document) -> Iterator[Fault]:
        """Remember the place of an open stream, without its text."""
        line = document.line
        place = Document(Line(line.source, "", line.line, line.column), None)
        self._open.setdefault(name, place)
        if len(self._open) > _MOST_OPEN:
            yield _broken_off(self._open.pop(next(iter(self._open))).line)


def _has_counts(value: object) -> bool:
    usage = as_object((as_object(value) or {}).get("usage")) or {}
    return any(isinstance(count, int) and count > 0 for count in usage.values())


def _has_finished(choices: object) -> bool:
    return isinstance(choices, list) and any(
        isinstance(choice, dict) and choice.get("finish_reason") for choice in choices
    )


def _message(begun: dict[str, object], delta: dict[str, object]) -> dict[str, object]:
    """Return a message with its counts replaced by those of an event; it keeps the log's time.

    If an event repeats a count as 0, the count is not reported and the earlier value stays.
    """
    usage = as_object(begun.get("usage")) or {}
    found = as_object(delta.get("usage")) or {}
    usage |= {key: count for key, count in found.items() if count or not usage.get(key)}
    return {key: value for key, value in delta.items() if key not in ("type", "delta")} | {
        **begun,
        "usage": usage,
    }


def _is_of_stream(event: str, outer: dict[str, object]) -> bool:
    between = ("content_block_start", "content_block_delta", "content_block_stop", "ping")
    return event in (*between, "message_stop") and "usage" not in outer


def _broken_off(line: Line) -> Fault:
    return line.fault("a stream without a usage; send stream_options.include_usage")
