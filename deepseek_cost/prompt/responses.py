"""A Responses body as a conversation: items of a model's turn form one message."""

from collections.abc import Sequence
from typing import Final, cast

from deepseek_cost.prompt import settings
from deepseek_cost.prompt.arguments import arguments_of, written
from deepseek_cost.prompt.chat_completions import says_json, schema_of
from deepseek_cost.prompt.checks import (
    Body,
    RefusalError,
    boolean,
    inner_tag,
    joined,
    mapping,
    optional,
    refuse_type,
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
    DEVELOPER,
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
from deepseek_cost.prompt.image_faults import image_fault
from deepseek_cost.prompt.thinking import effort_of

_ROLES: Final = (USER, ASSISTANT, SYSTEM, DEVELOPER)
_BLOCKS: Final = ("input_text", "output_text", "input_image", "input_file")
_OUTPUT_BLOCKS: Final = ("input_text", "input_image", "input_file")
_DETAILS: Final = ("low", "high", "original", "auto")
_SUMMARIES: Final = ("auto", "concise", "detailed")
_CHOICES: Final = ("function", "web_search", "web_search_2025_08_26", "custom")
_PATCH: Final = "apply_patch"
_UNSEEN_FILE: Final = "[Unsupported Document]"
_SETTINGS: Final[dict[str, settings.Setting]] = {
    "max_output_tokens": settings.max_tokens,
    "temperature": settings.temperature,
    "top_p": settings.top_p,
    "stream": boolean,
    "top_logprobs": settings.top_logprobs,
    "user": string,
}


def read_responses(body: Body, *, thinks: bool = True) -> Conversation:
    """Read a body; `thinks` is what its model does if the body does not say.

    Raises RefusalError for what the API refuses.
    """
    refused = settings.first_refusal(body, _SETTINGS)
    effort = _effort(body, thinks=thinks)
    reader = _Reader()
    tools, searches = reader.tools(body)
    messages = _messages(body, reader)
    choice, name, refusal = _choice(body, tools, searches, thinking=effort is not None)
    refused = refused or refusal or mixed(offered(tools, choice, name))
    json_mode, has_schema, schema, refusal = _format(body, messages)
    refused = refused or refusal
    asked = body.get("max_output_tokens")
    reader.hidden(body)
    return Conversation(
        messages=messages,
        effort=effort,
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


def _effort(body: Body, *, thinks: bool) -> str | None:
    value = body.get("reasoning")
    effort = None
    if value is not None:
        reasoning = mapping(value, "struct ResponsesReasoningConfig", "reasoning")
        effort = reasoning.get("effort")
        for key in ("summary", "generate_summary"):
            if reasoning.get(key) is not None:
                variant(reasoning[key], _SUMMARIES, joined("reasoning", key))
    return effort_of(effort, None, "reasoning.effort", thinks=thinks)


def _messages(body: Body, reader: "_Reader") -> list[Message]:
    instructions = cast("str | None", optional(body, "instructions", string, ""))
    value = body.get("input")
    if value is None and not instructions:
        raise RefusalError("Either input or instructions must be provided", "input")
    messages = [Message(SYSTEM, instructions)] if instructions else []
    if isinstance(value, str):
        return [*messages, Message(USER, value)]
    if value is None:
        return messages
    if not isinstance(value, list):
        raise RefusalError("input should be a string or a list of input items", "input")
    if not value:
        raise RefusalError("Input items array must not be empty", "input")
    for at, item in enumerate(value):
        reader.item(item, f"input[{at}]")
    reader.end()
    return [*messages, *reader.messages]


class _Reader:
    """Reads the items of one body; a response is open until something ends it."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.unknown: list[Unknown] = []
        self.vision_refused: RefusalError | None = None
        self._is_open = False
        self._reasoning: list[str] = []
        self._thought = False
        self._parts: list[str | Image] = []
        self._calls: list[Call] = []
        self._ids: set[str] = set()
        self._waiting: dict[str, str] = {}
        self._with_output: set[str] = set()

    def hidden(self, body: Body) -> None:
        """Note what a body names as history without showing it."""
        for key in ("previous_response_id", "conversation", "prompt"):
            if body.get(key) is not None:
                self.unknown.append(Unknown(Hidden.HISTORY, key))

    def tools(self, body: Body) -> tuple[list[Tool], bool]:
        """Return the tools on offer, and whether a search of the web is among them."""
        items = body.get("tools")
        if items is None:
            return [], False
        tools: list[Tool] = []
        searches = False
        is_used = body.get("tool_choice") != "none"
        for at, item in enumerate(sequence(items, "tools")):
            place = f"tools[{at}]"
            tool = mapping(item, "internally tagged enum ResponsesTool", place)
            kind = required(tool, "type", place)
            if not isinstance(kind, str):
                refuse_type(kind, "variant identifier", joined(place, "type"))
            if kind == "function":
                tools.append(_function(tool, place, is_used=is_used))
            elif kind == "custom":
                tools.append(_custom(tool, place))
            elif kind == "namespace":
                tools += _namespace(tool, place, is_used=is_used)
            else:
                searches |= kind.startswith("web_search")
                self.unknown.append(server_tool(tool, place))
        if is_used:
            refuse_duplicates(tools)
        return tools, searches

    def item(self, value: object, place: str) -> None:
        """Read one item."""
        if not isinstance(value, dict):
            raise RefusalError("invalid input item", place)
        if "type" not in value:
            if "role" not in value:
                raise RefusalError("invalid input item", place)
            self._message(value, place)
            return
        kind = value["type"]
        if not isinstance(kind, str):
            refuse_type(kind, "variant identifier", joined(place, "type"))
        read = {
            "message": self._message,
            "reasoning": self._think,
            "function_call": self._call,
            "custom_tool_call": self._call,
            "function_call_output": self._output,
            "custom_tool_call_output": self._output,
        }.get(kind)
        if read is None:
            self.unknown.append(Unknown(Hidden.ITEM, place))
        else:
            read(value, place)

    def end(self) -> None:
        """End the last response; its calls must have had their outputs."""
        self._close()
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        for identifier, place in self._waiting.items():
            raise RefusalError(f"No tool output found for tool call {identifier}.", place)

    def _close(self) -> None:
        """End the open response, if there is one."""
        if self._is_open:
            reasoning = "\n".join(self._reasoning) if self._thought else None
            content = _joined(self._parts)
            self.messages.append(Message(ASSISTANT, content, reasoning, self._calls))
        self._is_open = self._thought = False
        self._reasoning, self._parts, self._calls = [], [], []

    def _message(self, value: Body, place: str) -> None:
        role = variant(required(value, "role", place), _ROLES, joined(place, "role"))
        parts = self._content(required(value, "content", place), place, role)
        if role != ASSISTANT:
            self._close()
            self._refuse_waiting()
            self.messages.append(Message(role, _joined(parts)))
            return
        if self._calls:
            self._close()
            self._refuse_waiting()
        if self._waiting:
            self._refuse_waiting()
        self._is_open = True
        if any(parts) or len(parts) > 1:  # two empty texts have a blank line between them
            self._parts += parts

    def _content(self, value: object, place: str, role: str) -> list[str | Image]:
        if isinstance(value, str):
            return [value]
        at = joined(place, "content")
        if not isinstance(value, list):
            raise RefusalError("content should be a string or a list of content blocks", at)
        parts = [
            self._block(block, f"{at}[{n}]", _BLOCKS, "ResponsesContentBlock")
            for n, block in enumerate(value)
        ]
        if role == ASSISTANT and not all(isinstance(part, str) for part in parts):
            reason = "Image in assistant message is unsupported"
            self.vision_refused = self.vision_refused or RefusalError(reason, place)
        return parts

    def _block(self, value: object, place: str, kinds: Sequence[str], expected: str) -> str | Image:
        block = mapping(value, f"internally tagged enum {expected}", place)
        kind = tag(block, "type", kinds, place)
        if kind in {"input_text", "output_text"}:
            return text_of(block, "text", place)
        if kind == "input_file":
            self.unknown.append(Unknown(Hidden.FILE, place))
            return _UNSEEN_FILE
        return self._image(block, place)

    def _image(self, block: Body, place: str) -> Image:
        url = optional(block, "image_url", string, place) or None
        has_id = optional(block, "file_id", string, place) is not None
        detail = block.get("detail")
        if detail is not None:
            detail = variant(detail, _DETAILS, joined(place, "detail"))
        if isinstance(url, str):
            both = "input_image cannot have both image_url and file_id"
            fault = both if has_id else image_fault(url)
        else:
            url, fault = None, None if has_id else "input_image must have image_url or file_id"
        if fault and self.vision_refused is None:
            self.vision_refused = RefusalError(fault, place)
        return Image(url, place, detail, fault)

    def _think(self, value: Body, place: str) -> None:
        content = value.get("content")
        at = joined(place, "content")
        texts = []
        if content is not None:
            for n, item in enumerate(sequence(content, at)):
                block = mapping(item, "struct ResponsesReasoningContent", f"{at}[{n}]")
                texts.append(text_of(block, "text", f"{at}[{n}]"))
        if value.get("encrypted_content") is not None:
            self.unknown.append(Unknown(Hidden.ENCRYPTED, place))
        text = "\n".join(texts)
        if self._calls or (text and self._parts):
            self._close()
            self._refuse_waiting()
        self._thought = True
        if text:  # without one, it neither ends a response nor begins one
            self._is_open = True
            self._reasoning.append(text)

    def _call(self, value: Body, place: str) -> None:
        identifier = text_of(value, "call_id", place)
        name = text_of(value, "name", place)
        namespace = cast("str | None", optional(value, "namespace", string, place))
        if value["type"] == "custom_tool_call":
            namespace = None
            arguments = {"input": text_of(value, "input", place)}
        else:
            arguments = arguments_of(text_of(value, "arguments", place))  # type: ignore[assignment]
        if identifier in self._ids:
            raise RefusalError(f"Duplicate 'call_id': {identifier}.", place)
        self._ids.add(identifier)
        if not self._is_open and self._waiting:
            self._refuse_waiting()
        self._is_open = True
        self._calls.append(Call(identifier, name, arguments, namespace))
        self._waiting[identifier] = place

    def _output(self, value: Body, place: str) -> None:
        identifier = text_of(value, "call_id", place)
        content = self._output_content(required(value, "output", place), place)
        if identifier in self._with_output:
            raise RefusalError(f"Duplicate tool output for call_id: {identifier}.", place)
        if identifier not in self._waiting:
            raise RefusalError(
                f"No tool call found for tool output with call_id {identifier}.", place
            )
        self._close()
        self._with_output.add(identifier)
        del self._waiting[identifier]
        self.messages.append(Message(TOOL, content, call_id=identifier))

    def _output_content(self, value: object, place: str) -> Content:
        if isinstance(value, str):
            return value
        at = joined(place, "output")
        if not isinstance(value, list):
            raise RefusalError("output should be a string or a list of output content parts", at)
        return _joined(
            [
                self._block(block, f"{at}[{n}]", _OUTPUT_BLOCKS, "ResponsesOutputContentPart")
                for n, block in enumerate(value)
            ]
        )


def _joined(parts: Sequence[str | Image]) -> Content:
    if all(isinstance(part, str) for part in parts):
        return "\n\n".join(cast("Sequence[str]", parts))
    return in_pieces(parts)


def _function(
    tool: Body,
    place: str,
    namespace: str | None = None,
    about: str | None = None,
    *,
    is_used: bool,
) -> Tool:
    name = text_of(tool, "name", place)
    description = cast("str | None", optional(tool, "description", string, place))
    strict = bool(optional(tool, "strict", boolean, place))
    named(name, joined(place, "name"))
    at = joined(place, "parameters")
    parameters = parameters_of(tool.get("parameters"), name, at, strict=strict, is_used=is_used)
    return Tool(name, description or "", written(parameters), namespace, about, strict=strict)


def _custom(tool: Body, place: str) -> Tool:
    name = text_of(tool, "name", place)
    if name != _PATCH:
        raise RefusalError(
            f"Unsupported custom tool: '{name}'. Only '{_PATCH}' is supported.",
            joined(place, "name"),
        )
    return Tool(name, patch=True)


def _namespace(tool: Body, place: str, *, is_used: bool) -> Sequence[Tool]:
    name = text_of(tool, "name", place)
    about = cast("str | None", optional(tool, "description", string, place))
    at = joined(place, "tools")
    items = sequence(required(tool, "tools", place), at)
    found = []
    for n, item in enumerate(items):
        here = f"{at}[{n}]"
        inner = mapping(item, "struct ResponsesNamespaceTool", here)
        if inner_tag(inner, "type", ("function", "custom"), here) == "custom":
            raise RefusalError(
                "Currently custom tools are not allowed inside a namespace. "
                f"Found custom tool '{inner.get('name')}' in {here}.",
                here,
            )
        named(name, joined(place, "name"))
        found.append(_function(inner, here, name, about, is_used=is_used))
    return found


def _choice(
    body: Body,
    tools: Sequence[Tool],
    searches: bool,  # noqa: ARG001, FBT001
    *,
    thinking: bool,
) -> tuple[str | None, str | None, RefusalError | None]:
    """Return what a response may call: "none", "forced" or anything; a name; and any refusal."""
    value = body.get("tool_choice")
    if value is None or value == "auto":
        return None, None, None
    if value == "none":
        return "none", None, None
    try:
        name = None
        if value != "required":
            if not isinstance(value, dict) or "type" not in value:
                raise RefusalError(  # noqa: TRY301
                    "expected one of `none`, `auto`, `required` or a tool choice object",
                    "tool_choice",
                )
            kind = variant(value["type"], _CHOICES, "tool_choice.type")
            if kind.startswith("web_search"):
                return None, None, None
            name = text_of(value, "name", "tool_choice")
        names = [tool.name for tool in tools if tool.namespace is None]
        is_forced = forced(value == "required", name, names, thinking=thinking)
    except RefusalError as refusal:
        return None, None, refusal
    return ("forced" if is_forced else None), name, None


def _format(
    body: Body, messages: Sequence[Message]
) -> tuple[bool, bool, object, RefusalError | None]:
    """Return whether the response must be JSON and has a schema, the schema, and any refusal."""
    value = body.get("text")
    if value is None:
        return False, False, None, None
    try:
        text = mapping(value, "struct ResponsesTextConfig", "text")
        if text.get("verbosity") is not None:
            variant(text["verbosity"], ("low", "medium", "high"), "text.verbosity")
        if "format" not in text:
            return False, False, None, None
        chosen = mapping(
            text["format"], "internally tagged enum ResponsesTextFormat", "text.format"
        )
        kind = tag(chosen, "type", ("text", "json_schema", "json_object"), "text.format")
        if kind == "json_schema":
            text_of(chosen, "name", "text.format")
            optional(chosen, "description", string, "text.format")
            return False, True, schema_of(chosen, "text.format"), None
        if kind == "text":
            return False, False, None, None
        if not says_json(messages):
            raise RefusalError(  # noqa: TRY301
                "Response input messages must contain the word 'json' in some form to use "
                "'text.format' of type 'json_object'.",
                "text.format",
            )
    except RefusalError as refusal:
        return False, False, None, refusal
    return True, False, None, None
