"""What a JSON object is: a request body for an endpoint, or a line of a batch."""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What a source holds, or which endpoint a body is for."""

    TEXT = "text"
    CHAT = "chat"
    MESSAGES = "messages"
    RESPONSES = "responses"
    FIM = "fim"
    BATCH = "batch"
    MIXED = "mixed"


# Matched by the end of the path, so that /v1, /beta and /anthropic may precede it.
_ENDPOINTS = {
    "/chat/completions": Kind.CHAT,
    "/messages": Kind.MESSAGES,
    "/responses": Kind.RESPONSES,
    "/completions": Kind.FIM,
}
# The fields of a batch line with its body: in OpenAI's batches, and in Anthropic's.
BATCH_BODIES = ("body", "params")
# Where a record has the time at which it was sent, which is nothing of the request itself.
TIME_FIELDS = ("timestamp", "created_at", "created", "time")
# Top-level keys that Messages has but Chat Completions does not.
_OF_MESSAGES = ("system", "anthropic_version", "stop_sequences", "top_k", "output_config")
# Types of tool_choice that only Messages has; Chat Completions writes them as plain words.
_CHOICES_OF_MESSAGES = ("auto", "any", "tool", "none")
_BLOCKS_OF_MESSAGES = ("tool_use", "tool_result", "thinking", "image", "document")


def kind_of(body: Mapping[str, object]) -> Kind | None:
    """Return which endpoint a body is for; None if it is not a request body."""
    if isinstance(body.get("messages"), list):
        return Kind.MESSAGES if _is_anthropic(body) else Kind.CHAT
    if "input" in body and "model" in body:
        return Kind.RESPONSES
    return Kind.FIM if "prompt" in body and "model" in body else None


def kind_of_url(url: object) -> Kind | None:
    """Return the endpoint of a batch line's `url`; None if it is unknown."""
    path = url.partition("?")[0].rstrip("/") if isinstance(url, str) else ""
    return next((kind for end, kind in _ENDPOINTS.items() if path.endswith(end)), None)


def is_batch_line(document: Mapping[str, object]) -> bool:
    """Return whether an object is a line of a batch, with the body inside."""
    return "messages" not in document and any(
        isinstance(document.get(name), dict) for name in BATCH_BODIES
    )


def is_request(document: Mapping[str, object]) -> bool:
    """Return whether an object is a request body or a line of a batch."""
    return is_batch_line(document) or kind_of(document) is not None


def is_exchange(document: Mapping[str, object]) -> bool:
    """Return whether an object is a log line of a request together with its response."""
    request, response = document.get("request"), document.get("response")
    return isinstance(request, dict) and isinstance(response, dict) and kind_of(request) is not None


def is_response_line(document: Mapping[str, object]) -> bool:
    """Return whether an object that is not a request is a response, or a log line with one."""
    return any(isinstance(document.get(name), dict) for name in ("usage", "response"))


def _is_anthropic(body: Mapping[str, object]) -> bool:
    if any(key in body for key in _OF_MESSAGES):
        return True
    model, choice = body.get("model"), body.get("tool_choice")
    if isinstance(model, str) and model.startswith("claude"):
        return True
    if isinstance(choice, dict) and choice.get("type") in _CHOICES_OF_MESSAGES:
        return True
    tools = body.get("tools")
    if any("input_schema" in tool or _names_itself(tool) for tool in _objects(tools)):
        return True
    return any(
        block.get("type") in _BLOCKS_OF_MESSAGES
        for message in _objects(body["messages"])
        for block in _objects(message.get("content"))
    )


def _names_itself(tool: Mapping[str, object]) -> bool:
    """Return whether a server tool is declared as in Messages: with both a type and a name."""
    kind = tool.get("type")
    return "name" in tool and isinstance(kind, str) and kind != "function"


def _objects(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
