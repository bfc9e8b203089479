"""A Chat Completions body as a conversation."""

from collections.abc import Sequence
from typing import Final, cast

from deepseek_cost.prompt import settings
from deepseek_cost.prompt.arguments import arguments_of, written
from deepseek_cost.prompt.checks import (
    Body,
    RefusalError,
    boolean,
    joined,
    mapping,
    optional,
    required,
    sequence,
    string,
    tag,
    text_of,
    variant,
)
from deepseek_cost.prompt.content import in_pieces
from deepseek_cost.prompt.conversation import (
    ASSISTANT,
    REMINDER,
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
    mixed,
    named,
    offered,
    parameters_of,
    refuse_duplicates,
    server_tool,
    used,
)
from deepseek_cost.prompt.history import History
from deepseek_cost.prompt.image_faults import image_fault
from deepseek_cost.prompt.json_schema import refuse_invalid, strict_object
from deepseek_cost.prompt.thinking import effort_of, thinking_of

_ROLES: Final = (SYSTEM, USER, ASSISTANT, TOOL, REMINDER)
_BLOCKS: Final = ("text", "image_url", "file")
_SERVER_TOOLS: Final = ("deepseek_", "web_search")
_DETAILS: Final = ("low", "high", "original", "auto")
_FORMATS: Final = ("json_object", "json_schema", "regex", "text")
_SETTINGS: Final[dict[str, settings.Setting]] = {
    "max_tokens": settings.max_tokens,
    "temperature": settings.temperature,
    "top_p": settings.top_p,
    "n": settings.choices,
    "stop": settings.stop,
    "stream": boolean,
    "stream_options": settings.stream_options,
    "presence_penalty": settings.penalty,
    "frequency_penalty": settings.penalty,
    "logprobs": boolean,
    "top_logprobs": settings.top_logprobs,
    "parallel_tool_calls": boolean,
    "seed": settings.seed,
}


class _Reader:
    """Reads one body; keeps what is not text."""

    def __init__(self) -> None:
        self.unknown: list[Unknown] = []
        self.vision_refused: RefusalError | None = None

    def content(self, value: object, place: str, message: int) -> Content:
        """Return the content of a message: a text, or blocks joined by empty lines."""
        if type(value) is str:
            return value
        if not isinstance(value, list):
            raise RefusalError("content should be a string or a list", place)
        parts = [self._block(block, f"{place}[{at}]", message) for at, block in enumerate(value)]
        if all(type(part) is str for part in parts):
            return "\n\n".join(cast("list[str]", parts))
        return in_pieces(parts)

    def _block(self, value: object, place: str, message: int) -> str | Image:
        block = mapping(value, "internally tagged enum ChatCompletionRequestContentBlock", place)
        kind = tag(block, "type", _BLOCKS, place)
        if kind == "text":
            return text_of(block, "text", place)
        if kind == "image_url":
            source = mapping(
                required(block, "image_url", place),
                "struct ChatCompletionImageUrl",
                joined(place, "image_url"),
            )
            at = joined(place, "image_url")
            url = text_of(source, "url", at)
            detail = source.get("detail")
            if detail is not None:
                detail = variant(detail, _DETAILS, joined(at, "detail"))
            return self._image(Image(url, place, detail, image_fault(url)), message)
        self.unknown.append(Unknown(Hidden.FILE, place))
        return ""

    def _image(self, image: Image, message: int) -> Image:  # noqa: ARG002
        if image.fault and self.vision_refused is None:
            self.vision_refused = RefusalError(image.fault, image.place)
        return image


def read_chat(body: Body, *, thinks: bool = True, history: History | None = None) -> Conversation:
    """Read a body; `thinks` is what its model does if the body does not say.

    `history` has the messages of the request before, and is given these.

    Raises RefusalError for what the API refuses.
    """
    refused = refused_setting(body) or _combined(body)
    effort = _effort(body, thinks=thinks)
    reader = _Reader()
    tools = _tools(body, reader)
    items = body.get("messages")
    if type(items) is not list:
        items = sequence(required(body, "messages", ""), "messages")
    messages = _messages(reader, items, history)
    if not messages:
        raise RefusalError("Empty input messages", "messages")
    _check_calls(messages)
    _check_prefix(messages, body)
    choice, name, refusal = _choice(body, tools, thinking=effort is not None)
    refused = refused or refusal or mixed(offered(tools, choice, name))
    json_mode, has_schema, schema, refusal = _format(body, messages)
    refused = refused or refusal
    asked = body.get("max_tokens")
    kept = [at for at, one in enumerate(messages) if one.role != SYSTEM or one.content]
    return Conversation(
        messages=[messages[at] for at in kept],
        effort=effort,
        numbers=() if len(kept) == len(messages) else [at + 1 for at in kept],
        tools=offered(tools, choice, name),
        forced=choice == "forced",
        json_mode=json_mode,
        schema=schema,
        has_schema=has_schema,
        max_tokens=asked if type(asked) is int else None,
        unknown=used(reader.unknown, choice),
        refused=str(refused) if refused else None,
        vision_refused=str(reader.vision_refused) if reader.vision_refused else None,
    )


def refused_setting(body: Body) -> RefusalError | None:
    """Return the first refusal among settings that are each checked by itself."""
    return settings.first_refusal(body, _SETTINGS)


def _combined(body: Body) -> RefusalError | None:
    """Return the refusal of settings that cannot be combined."""
    if body.get("stream_options") is not None and body.get("stream") is not True:
        return RefusalError(
            "stream_options should be set along with stream = true", "stream_options"
        )
    if body.get("top_logprobs") is not None and body.get("logprobs") is not True:
        return RefusalError(
            "Invalid top_logprobs and logprobs value, "
            "logprobs must be set to true if top_logprobs is used.",
            "top_logprobs",
        )
    return None


def _effort(body: Body, *, thinks: bool) -> str | None:
    thinking = thinking_of(body, "struct ChatCompletionThinking")
    return effort_of(body.get("reasoning_effort"), thinking, "reasoning_effort", thinks=thinks)


def _messages(
    reader: _Reader, items: Sequence[object], history: History | None
) -> Sequence[Message]:
    """Read the messages; those that the request before also has are not read again."""
    known = history.messages_of(items) if history else []
    others = len(reader.unknown)
    new = enumerate(items[len(known) :], len(known))
    messages = [*known, *(_message(reader, item, at) for at, item in new)]
    if history and len(reader.unknown) == others and reader.vision_refused is None:
        history.keep(items, messages)
    return messages


def _message(reader: _Reader, value: object, number: int) -> Message:
    place = f"messages[{number}]"
    if type(value) is not dict:
        mapping(value, "internally tagged enum ChatCompletionRequestMessage", place)
    message = cast("dict[str, object]", value)
    role = message.get("role")
    if role not in _ROLES:
        role = tag(message, "role", _ROLES, place)
    if role == ASSISTANT:
        return _response(reader, message, place, number)
    at = f"{place}.content"
    content = message.get("content")
    if role == REMINDER:
        return Message(REMINDER, text_of(message, "content", place))
    if type(content) is not str:
        content = reader.content(required(message, "content", place), at, number)
    if role == TOOL:
        return Message(TOOL, content, call_id=text_of(message, "tool_call_id", place))
    if message.get("name") is not None:
        string(message["name"], joined(place, "name"))
    return Message(role, content)


def _response(reader: _Reader, message: Body, place: str, number: int) -> Message:
    content = message.get("content")
    text: Content | None = None
    if content is not None:
        text = reader.content(content, joined(place, "content"), number)
        _refuse_images(reader, text, place)
    reasoning = cast("str | None", optional(message, "reasoning_content", string, place))
    prefix = bool(optional(message, "prefix", boolean, place))
    if message.get("name") is not None:
        string(message["name"], joined(place, "name"))
    calls: list[Call] = []
    items = message.get("tool_calls")
    if items is not None:
        at = joined(place, "tool_calls")
        calls = [_call(item, f"{at}[{n}]") for n, item in enumerate(sequence(items, at))]
        if not calls:
            raise RefusalError(
                f"Invalid '{at}': empty array. "
                "Expected an array with minimum length 1, but got an empty array instead.",
                at,
            )
    if text is None and not calls:
        raise RefusalError("Invalid assistant message: content or tool_calls must be set", place)
    return Message(ASSISTANT, text or "", reasoning, calls, prefix=prefix)


def _refuse_images(reader: _Reader, content: Content, place: str) -> None:
    if not isinstance(content, str) and reader.vision_refused is None:
        reader.vision_refused = RefusalError("Image in assistant message is not supported", place)


def _call(value: object, place: str) -> Call:
    call = mapping(value, "struct ChatCompletionRequestToolCall", place)
    identifier = text_of(call, "id", place)
    variant(required(call, "type", place), ("function",), joined(place, "type"))
    at = joined(place, "function")
    function = mapping(
        required(call, "function", place), "struct ChatCompletionRequestFunctionCall", at
    )
    name = text_of(function, "name", at)
    return Call(identifier, name, arguments_of(text_of(function, "arguments", at)))


def _check_calls(messages: Sequence[Message]) -> None:
    """Refuse calls without results, and results without calls."""
    at = 0
    while at < len(messages):
        message = messages[at]
        if message.role == TOOL:
            raise RefusalError(
                "Messages with role 'tool' must be a response to a preceding message with "
                "'tool_calls'",
                f"messages[{at}]",
            )
        if message.calls:
            _check_results(messages, at)
            at += len(message.calls)
        at += 1


def _check_results(messages: Sequence[Message], at: int) -> None:
    calls = messages[at].calls
    ids: set[str] = set()
    for call in calls:
        _add_id(ids, call.id, at)
    results = messages[at + 1 : at + 1 + len(calls)]
    if len(results) < len(calls) or any(result.role != TOOL for result in results):
        raise RefusalError(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. (insufficient tool messages following tool_calls message)",
            f"messages[{at}]",
        )
    seen: set[str] = set()
    for number, result in enumerate(results, at + 1):
        identifier = result.call_id or ""
        if identifier not in ids:
            raise RefusalError(
                "An assistant message with 'tool_calls' must be followed by tool messages "
                "responding to each 'tool_call_id', The following tool_call_ids did not have "
                f"response messages: {identifier}",
                f"messages[{number}].tool_call_id",
            )
        _add_id(seen, identifier, number)


def _add_id(ids: set[str], identifier: str, message: int) -> None:
    if identifier in ids:
        raise RefusalError(
            f"Duplicate value for 'tool_call_id' of {identifier} in message[{message}]",
            f"messages[{message}]",
        )
    ids.add(identifier)


def _check_prefix(messages: Sequence[Message], body: Body) -> None:
    last = len(messages) - 1
    for at, message in enumerate(messages):
        if not message.prefix:
            continue
        if at != last:
            raise RefusalError(
                "Invalid completion message: prefix set true with message which is not final "
                "message or message role is not assistant",
                f"messages[{at}]",
            )
        if body.get("tools"):
            raise RefusalError("Function call should not be used with prefix", f"messages[{at}]")


def _tools(body: Body, reader: _Reader) -> list[Tool]:
    items = body.get("tools")
    if items is None:
        return []
    is_used = body.get("tool_choice") != "none"
    tools: list[Tool] = []
    for at, item in enumerate(sequence(items, "tools")):
        place = f"tools[{at}]"
        if _is_server_tool(item):
            reader.unknown.append(server_tool(cast("Body", item), place))
        else:
            tools.append(_tool(item, place, is_used=is_used))
    if is_used:
        refuse_duplicates(tools)
    return tools


def _is_server_tool(tool: object) -> bool:
    kind = tool.get("type") if isinstance(tool, dict) else None
    return isinstance(kind, str) and kind.startswith(_SERVER_TOOLS)


def _tool(value: object, place: str, *, is_used: bool) -> Tool:
    tool = mapping(value, "struct ChatCompletionTool", place)
    variant(required(tool, "type", place), ("function",), joined(place, "type"))
    at = joined(place, "function")
    function = mapping(
        required(tool, "function", place), "struct ChatCompletionFunctionDefinition", at
    )
    name = text_of(function, "name", at)
    description = cast("str | None", optional(function, "description", string, at))
    strict = bool(optional(function, "strict", boolean, at))
    named(name, joined(at, "name"))
    schema = function.get("parameters")
    parameters = parameters_of(
        schema, name, joined(at, "parameters"), strict=strict, is_used=is_used
    )
    return Tool(name, description or "", written(parameters), strict=strict)


def _choice(
    body: Body, tools: Sequence[Tool], *, thinking: bool
) -> tuple[str | None, str | None, RefusalError | None]:
    """Return what a response may call: "none", "forced" or anything; a name; and any refusal."""
    value = body.get("tool_choice")
    if value is None or value == "auto":
        return None, None, None
    if value == "none":
        return "none", None, None
    try:
        name = None if value == "required" else _chosen(value)
        names = [tool.name for tool in tools]
        is_forced = forced(value == "required", name, names, thinking=thinking)
    except RefusalError as refusal:
        return None, None, refusal
    return ("forced" if is_forced else None), name, None


def _chosen(value: object) -> str:
    """Return the name of the one function that a response must call."""
    if not isinstance(value, dict) or "type" not in value:
        raise RefusalError("expected one of `none`, `auto`, `required` or a tool", "tool_choice")
    try:
        variant(value["type"], ("function",), "tool_choice.type")
    except RefusalError as refusal:
        raise RefusalError(f"field `type`: {refusal.reason}", refusal.place) from None
    function = mapping(
        required(value, "function", "tool_choice"),
        "struct ChatCompletionToolChoiceFunction",
        "tool_choice.function",
    )
    return text_of(function, "name", "tool_choice.function")


def _format(
    body: Body, messages: Sequence[Message]
) -> tuple[bool, bool, object, RefusalError | None]:
    """Return whether the response must be JSON and has a schema, the schema, and any refusal."""
    value = body.get("response_format")
    if value is None:
        return False, False, None, None
    try:
        place = "response_format"
        chosen = mapping(value, "internally tagged enum ChatCompletionResponseFormat", place)
        kind = tag(chosen, "type", _FORMATS, place)
        if kind == "json_schema":
            at = joined(place, "json_schema")
            schema = mapping(
                required(chosen, "json_schema", place), "struct ChatCompletionJsonSchema", at
            )
            return False, True, schema_of(schema, at), None
        if kind == "regex":
            text_of(chosen, "regex", place)
        if kind != "json_object":
            return False, False, None, None
        if messages[-1].prefix:
            raise RefusalError("response_format json_object should not be used with prefix", place)  # noqa: TRY301
        if not says_json(messages):
            raise RefusalError(  # noqa: TRY301
                "Prompt must contain the word 'json' in some form to use 'response_format' of "
                "type 'json_object'.",
                place,
            )
    except RefusalError as refusal:
        return False, False, None, refusal
    return True, False, None, None


def schema_of(holder: Body, place: str) -> object:
    """Return the schema that a response has to follow."""
    optional(holder, "name", string, place)
    strict = bool(optional(holder, "strict", boolean, place))
    schema = required(holder, "schema", place)
    at = joined(place, "schema")
    try:
        if strict:
            strict_object(schema, at, "json")
        else:
            refuse_invalid(schema, at)
    except RefusalError as refusal:
        raise RefusalError(f"Invalid json schema: {refusal.reason}", refusal.place) from None
    return schema


def says_json(messages: Sequence[Message]) -> bool:
    """Return whether any message has the word that JSON mode requires."""
    return any("json" in text.lower() for message in messages for text in texts(message))


def texts(message: Message) -> Sequence[str]:
    """Return the texts of a message."""
    content = message.content
    return (content,) if isinstance(content, str) else [t for t in content if isinstance(t, str)]
