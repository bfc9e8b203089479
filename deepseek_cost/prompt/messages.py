"""A Messages body (Anthropic's protocol) as a conversation."""

from collections.abc import Iterable, Sequence
from typing import Final, cast

from deepseek_cost.prompt import settings
from deepseek_cost.prompt.arguments import arguments_of, written
from deepseek_cost.prompt.checks import (
    Body,
    RefusalError,
    boolean,
    inner_tag,
    joined,
    mapping,
    optional,
    required,
    sequence,
    string,
    tag,
    text_of,
)
from deepseek_cost.prompt.content import in_pieces
from deepseek_cost.prompt.conversation import (
    ASSISTANT,
    INLINE_SYSTEM,
    SYSTEM,
    TOOL,
    USER,
    Call,
    Content,
    Conversation,
    Hidden,
    Image,
    Message,
    Tool,
    Unknown,
)
from deepseek_cost.prompt.definitions import (
    forced,
    named,
    offered,
    parameters_of,
    refuse_duplicates,
    server_tool,
    used,
)
from deepseek_cost.prompt.image_faults import base64_fault, url_fault
from deepseek_cost.prompt.template import MOST_OUTPUT
from deepseek_cost.prompt.thinking import effort_of, thinking_of

_ROLES: Final = (USER, ASSISTANT, SYSTEM)
_BLOCKS: Final = (
    *("text", "image", "document", "thinking", "server_tool_use", "tool_use", "tool_result"),
    *("web_search_tool_result", "tool_addition"),
)
# What a server tool left in a response: billed when it is sent again, in no known form.
_OF_SERVER: Final = ("server_tool_use", "web_search_tool_result", "tool_addition")
_RESULT_BLOCKS: Final = ("text", "image", "document", "tool_reference")
_CHOICES: Final = ("auto", "any", "tool", "none")
_MEDIA: Final = ("image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp")
# Claude Code puts its version there, which is no part of the prompt.
_BILLING_HEADER: Final = "x-anthropic-billing-header:"
_WEB_SEARCH: Final = "web_search_"
_SETTINGS: Final[dict[str, settings.Setting]] = {
    "max_tokens": settings.at_least_one,
    "temperature": settings.temperature,
    "top_p": settings.top_p,
    "stream": boolean,
    "metadata": settings.user_id,
    "stop_sequences": settings.stops,
}


def read_messages(body: Body, *, thinks: bool = True) -> Conversation:
    """Read a body; `thinks` is what its model does if the body does not say.

    Raises RefusalError for what the API refuses.
    """
    refused = settings.first_refusal(body, _SETTINGS)
    effort = _effort(body, thinks=thinks)
    reader = _Reader()
    tools, searches = reader.tools(body)
    messages = list(_system(body))
    numbers = [0] * len(messages)
    items = sequence(required(body, "messages", ""), "messages")
    if not items:
        raise RefusalError("messages: at least one message is required", "messages")
    for at, item in enumerate(items):
        found = reader.message(item, at)
        messages += found
        numbers += [at + 1] * len(found)
    reader.end()
    choice, name, refusal = _choice(body, tools, searches, thinking=effort is not None)
    refused = refused or refusal
    asked = body.get("max_tokens")
    most = MOST_OUTPUT
    return Conversation(
        messages=messages,
        effort=effort,
        numbers=numbers,
        tools=offered(tools, choice, name),
        forced=choice == "forced",
        max_tokens=min(asked, most) if type(asked) is int else None,
        unknown=used(reader.unknown, choice),
        refused=str(refused) if refused else None,
        vision_refused=str(reader.vision_refused) if reader.vision_refused else None,
    )


def _effort(body: Body, *, thinks: bool) -> str | None:
    thinking = thinking_of(body, "struct MessagesThinking")
    value = body.get("output_config")
    effort = None
    if value is not None:
        effort = mapping(value, "struct MessagesOutputConfig", "output_config").get("effort")
    return effort_of(effort, thinking, "output_config.effort", thinks=thinks)


def _system(body: Body) -> Sequence[Message]:
    value = body.get("system")
    if value is None:
        return []
    if isinstance(value, str):
        texts = [value]
    elif isinstance(value, list):
        texts = [_system_text(block, f"system[{at}]") for at, block in enumerate(value)]
        texts = [text for text in texts if not text.startswith(_BILLING_HEADER)]
    else:
        raise RefusalError("expected a string or a list", "system")
    return [Message(SYSTEM, "\n\n".join(texts))]


def _system_text(value: object, place: str) -> str:
    block = mapping(value, "internally tagged enum MessagesSystemBlock", place)
    tag(block, "type", ("text",), place)
    return text_of(block, "text", place)


class _Reader:
    """Reads the messages of one body, and remembers which calls wait for results."""

    def __init__(self) -> None:
        self.unknown: list[Unknown] = []
        self.vision_refused: RefusalError | None = None
        # The calls of the last response, and those of them that have no result yet.
        self._asked: list[str] = []
        self._waiting: set[str] = set()
        self._asked_at = 0

    def tools(self, body: Body) -> tuple[list[Tool], bool]:
        """Return the tools on offer, and whether a search of the web is among them."""
        items = body.get("tools")
        if items is None:
            return [], False
        tools = []
        searches = False
        choice = body.get("tool_choice")
        is_used = not (isinstance(choice, dict) and choice.get("type") == "none")
        for at, item in enumerate(sequence(items, "tools")):
            place = f"tools[{at}]"
            tool = mapping(item, "struct MessagesTool", place)
            if "type" in tool:
                kind = string(tool["type"], joined(place, "type"))
                searches |= kind.startswith(_WEB_SEARCH)
                if kind != "custom":
                    text_of(tool, "name", place)
                    self.unknown.append(server_tool(tool, place))
                    continue
            tools.append(_tool(tool, place, is_used=is_used))
        if is_used:
            refuse_duplicates(tools)
        return tools, searches

    def message(self, value: object, number: int) -> Sequence[Message]:
        """Read a message, which may become several."""
        place = f"messages[{number}]"
        message = mapping(value, "adjacently tagged enum MessagesMessage", place)
        role = tag(message, "role", _ROLES, place)
        content = required(message, "content", place)
        at = joined(place, "content")
        if isinstance(content, str):
            self._refuse_waiting(number)
            self._asked = []
            return [Message(INLINE_SYSTEM if role == SYSTEM else role, content)]
        if not isinstance(content, list):
            raise RefusalError("expected a string or a list", at)
        blocks = [_block(block, f"{at}[{n}]") for n, block in enumerate(content)]
        if not blocks and role != SYSTEM:
            raise RefusalError(
                f"messages.{number}: all messages must have non-empty content", place
            )
        if role == USER:
            return self._user(blocks, number)
        self._refuse_waiting(number)
        if role == ASSISTANT:
            return [self._response(blocks, number)]
        return [self._inline_system(blocks, number)]

    def end(self) -> None:
        """Refuse calls that are left without results."""
        if self._waiting:
            place = f"messages[{self._asked_at}]"
            raise _missing(self._waiting, f"messages.{self._asked_at}:", place)

    def _refuse_waiting(self, number: int, place: str | None = None) -> None:
        """Refuse what comes before the results of all calls; it is at `place`."""
        if self._waiting:
            raise _missing(
                self._waiting, f"messages.{number}: ", place or f"messages[{self._asked_at}]"
            )

    def _user(self, blocks: Sequence[tuple[str, Body, str]], number: int) -> Sequence[Message]:
        """Return a user's message, in which each block is as if it were a message of its own."""
        found: list[Message] = []
        for at, (kind, block, place) in enumerate(blocks):
            if kind == "tool_result":
                found.append(self._result(block, place, (number, at)))
            else:
                found.append(Message(USER, _joined([self._part(kind, block, place, number)])))
                self._refuse_waiting(number, place)
        self.end()
        self._asked = []
        return found

    def _inline_system(self, blocks: Sequence[tuple[str, Body, str]], number: int) -> Message:
        self._asked = []
        parts = [self._part(kind, block, place, number) for kind, block, place in blocks]
        return Message(INLINE_SYSTEM, _joined(parts))

    def _part(self, kind: str, block: Body, place: str, number: int) -> str | Image:
        if kind == "text":
            return text_of(block, "text", place)
        if kind == "image":
            return self._image(block, place)
        if kind == "document":
            return self._document(block, place)
        if kind == "thinking":
            raise RefusalError(
                f"messages.{number}.content: thinking blocks may only be in `assistant` messages",
                place,
            )
        if kind == "tool_result":
            raise RefusalError(
                f"messages.{number}: `tool_result` blocks can only be in `user` messages", place
            )
        raise RefusalError(
            f"messages.{number}: `tool_use` blocks can only be in `assistant` messages", place
        )

    def _result(self, block: Body, place: str, where: tuple[int, int]) -> Message:
        identifier = text_of(block, "tool_use_id", place)
        optional(block, "is_error", boolean, place)
        number, at = where
        if identifier not in self._asked:
            raise RefusalError(
                f"unexpected `messages.{number}.content.{at}: tool_use_id` found in `tool_result` "
                f"blocks: {identifier}. Each `tool_result` block must have a corresponding "
                "`tool_use` block in the previous message.",
                place,
            )
        if identifier not in self._waiting:
            raise RefusalError(
                f"messages.{number}.content.{at}: each tool_use must have a single result. "
                f"Found multiple `tool_result` blocks with id: {identifier}",
                place,
            )
        self._waiting.remove(identifier)
        return Message(TOOL, self._result_content(block, place), call_id=identifier)

    def _result_content(self, block: Body, place: str) -> Content:
        content = block.get("content")
        if content is None or isinstance(content, str):
            return content or ""
        at = joined(place, "content")
        if not isinstance(content, list):
            raise RefusalError("expected a string or a list", at)
        parts: list[str | Image] = []
        for n, value in enumerate(content):
            here = f"{at}[{n}]"
            item = mapping(value, "internally tagged enum MessagesToolResultBlock", here)
            kind = tag(item, "type", _RESULT_BLOCKS, here)
            if kind == "text":
                parts.append(text_of(item, "text", here))
            elif kind == "image":
                parts.append(self._image(item, here))
            elif kind == "document":
                parts.append(self._document(item, here))
            else:
                parts.append(self._reference(item, here))
        return _joined(parts)

    def _reference(self, block: Body, place: str) -> str:
        text_of(block, "tool_name", place)
        self.unknown.append(Unknown(Hidden.FOUND_TOOL, place))
        return ""

    def _response(self, blocks: Sequence[tuple[str, Body, str]], number: int) -> Message:
        parts: list[str | Image] = []
        thoughts: list[str] = []
        calls: list[Call] = []
        self.unknown += [
            Unknown(Hidden.ITEM, place) for kind, _, place in blocks if kind in _OF_SERVER
        ]
        for at, (kind, block, place) in enumerate(blocks):
            if kind == "thinking":
                thoughts.append(text_of(block, "thinking", place))
                optional(block, "signature", string, place)
            elif kind == "tool_use":
                calls.append(self._call(block, place, number, at, calls))
            elif kind in {"text", "image", "document"}:
                if calls:
                    ids = [call.id for call in calls]
                    raise _missing(ids, f"messages.{number}.{at}: ", place)
                part = self._response_part(kind, block, place)
                if parts or part:
                    parts.append(part)
            elif kind == "tool_result":
                raise RefusalError(
                    f"messages.{number}: `tool_result` blocks can only be in `user` messages", place
                )
        self._asked = [call.id for call in calls]
        self._waiting = set(self._asked)
        self._asked_at = number
        reasoning = "\n\n".join(thoughts) if thoughts else None
        return Message(ASSISTANT, _joined(parts), reasoning, calls)

    def _response_part(self, kind: str, block: Body, place: str) -> str | Image:
        if kind == "text":
            return text_of(block, "text", place)
        if kind == "document":
            return self._document(block, place)
        image = self._image(block, place)
        reason = "Image in assistant message is unsupported"
        self.vision_refused = self.vision_refused or RefusalError(reason, place)
        return image

    def _call(self, block: Body, place: str, number: int, at: int, calls: Sequence[Call]) -> Call:
        identifier = text_of(block, "id", place)
        name = text_of(block, "name", place)
        given = required(block, "input", place)
        if any(call.id == identifier for call in calls):
            raise RefusalError(
                f"messages.{number}.content.{at}: `tool_use` ids must be unique", place
            )
        if isinstance(given, dict):
            return Call(identifier, name, given)
        return Call(identifier, name, arguments_of(written(given)))

    def _image(self, block: Body, place: str) -> Image:
        at = joined(place, "source")
        source = mapping(
            required(block, "source", place), "internally tagged enum MessagesImageSource", at
        )
        kind = inner_tag(source, "type", ("base64", "url", "file"), at)
        if kind == "file":
            text_of(source, "file_id", at)
            return Image(None, place)
        if kind == "url":
            url = text_of(source, "url", at)
            fault = url_fault(url)
        else:
            media = tag(source, "media_type", _MEDIA, at)
            data = text_of(source, "data", at)
            url, fault = f"data:{media};base64,{data}", base64_fault(data)
        if fault and self.vision_refused is None:
            self.vision_refused = RefusalError(fault, place)
        return Image(url, place, None, fault)

    def _document(self, block: Body, place: str) -> str:
        at = joined(place, "source")
        source = mapping(required(block, "source", place), "struct MessagesDocumentSource", at)
        self.unknown.append(Unknown(Hidden.FILE, place))
        media = source.get("media_type")
        return f"[Unsupported document type: {media}]"


def _block(value: object, place: str) -> tuple[str, Body, str]:
    block = mapping(value, "internally tagged enum MessagesContentBlock", place)
    return tag(block, "type", _BLOCKS, place), block, place


def _missing(ids: Iterable[str], where: str, place: str) -> RefusalError:
    """Return the refusal of calls without results; DeepSeek's reason has the ids in order."""
    return RefusalError(
        f"{where}`tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(sorted(ids))}. Each `tool_use` block must have a corresponding "
        "`tool_result` block in the next message.",
        place,
    )


def _joined(parts: Sequence[str | Image]) -> Content:
    if all(isinstance(part, str) for part in parts):
        return "\n\n".join(cast("Sequence[str]", parts))
    return in_pieces(parts)


def _tool(tool: Body, place: str, *, is_used: bool) -> Tool:
    name = text_of(tool, "name", place)
    description = cast("str | None", optional(tool, "description", string, place))
    named(name, joined(place, "name"))
    schema = tool.get("input_schema")
    at = joined(place, "input_schema")
    if schema is None and is_used:
        raise RefusalError(
            f'Invalid schema for function \'{name}\': null is not of types "boolean", "object"',
            at,
        )
    parameters = parameters_of(schema, name, at, is_used=is_used)
    return Tool(name, description or "", written(parameters))


def _choice(
    body: Body,
    tools: Sequence[Tool],
    searches: bool,  # noqa: FBT001
    *,
    thinking: bool,
) -> tuple[str | None, str | None, RefusalError | None]:
    """Return what a response may call: "none", "forced" or anything; a name; and any refusal."""
    value = body.get("tool_choice")
    if value is None:
        return None, None, None
    try:
        choice = mapping(value, "internally tagged enum MessagesToolChoice", "tool_choice")
        kind = tag(choice, "type", _CHOICES, "tool_choice")
        if kind == "tool":
            name = text_of(choice, "name", "tool_choice")
            if searches and name == "web_search":
                return None, None, None
            names = [tool.name for tool in tools]
            is_forced = forced(False, name, names, thinking=thinking)  # noqa: FBT003
            return ("forced" if is_forced else None), name, None
    except RefusalError as refusal:
        return None, None, refusal
    return ("none" if kind == "none" else None), None, None
