"""A request body as a conversation, the same for every protocol: the input of a template."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import is_not
from typing import Final

from msgspec import Struct

from deepseek_cost.inputs.request import TextStream

SYSTEM: Final = "system"
# Roles that a template renders differently: Responses has one, Messages the other.
DEVELOPER: Final = "developer"
INLINE_SYSTEM: Final = "inline_system"
USER: Final = "user"
ASSISTANT: Final = "assistant"
TOOL: Final = "tool"
REMINDER: Final = "latest_reminder"


class Image(Struct, frozen=True):
    """An image: its address, None for what is named by an id, and where the body has it.

    `fault` is why a model that sees images refuses it.
    """

    url: str | None
    place: str
    detail: str | None = None
    fault: str | None = None


# Text, or texts and images by turns, each joined as the template has them.
Content = str | Sequence[str | Image]


class Call(Struct, frozen=True):
    """A tool call in a response; `arguments` are read, or a text that is no JSON object."""

    id: str
    name: str
    arguments: Mapping[str, object] | str
    namespace: str | None = None


class Message(Struct, frozen=True):
    """One message; `stream` is its text if that is read as it is counted."""

    role: str
    content: Content
    reasoning: str | None = None
    calls: Sequence[Call] = ()
    call_id: str | None = None
    prefix: bool = False
    stream: TextStream | None = None


class Tool(Struct, frozen=True):
    """A tool on offer; its parameters as a template writes them.

    `patch` marks the built-in one.
    """

    name: str
    description: str = ""
    parameters: str = "null"
    namespace: str | None = None
    namespace_description: str | None = None
    patch: bool = False
    strict: bool = False


class Hidden(StrEnum):
    """Kinds of input that the API adds and a body does not show."""

    IMAGE = "image"
    FILE = "file"
    HISTORY = "history"
    SERVER_TOOL = "server_tool"
    FOUND_TOOL = "found_tool"
    ITEM = "item"
    ENCRYPTED = "encrypted_reasoning"
    REASONING = "unsent_reasoning"


class Unknown(Struct, frozen=True):
    """Input that the API has and a body does not show: what it is, and where it is named.

    `calls` are the most that a server tool may be called; None where the body sets no limit.
    """

    what: Hidden
    place: str
    calls: int | None = 0


class Conversation(Struct, frozen=True):
    """What determines the prompt, and what the body requires of the output.

    `effort` is None without thinking. `forced`: the response must begin with a call.
    `json_mode`: the response is any JSON object. `schema` is what it has to match if `has_schema`.
    `numbers` are those of the messages as they were written, from 1; 0 for one that is none, such
    as a system text of its own. Empty: each message is as written.
    `refused` is why the API refuses the body for what does not change its prompt, and where.
    """

    messages: Sequence[Message]
    effort: str | None
    numbers: Sequence[int] = ()
    tools: Sequence[Tool] = ()
    forced: bool = False
    json_mode: bool = False
    schema: object = None
    has_schema: bool = False
    max_tokens: int | None = None
    unknown: Sequence[Unknown] = ()
    refused: str | None = None
    # A refusal that only some models have: of images, by those that see them.
    vision_refused: str | None = None


def alike(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many objects both sequences begin with."""
    differ = map(is_not, one, other)
    return next((at for at, differs in enumerate(differ) if differs), min(len(one), len(other)))
