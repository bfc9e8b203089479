"""A body in the parts that its sender knows, in the order in which its prompt has them."""

import json
from collections.abc import Iterator, Sequence
from itertools import takewhile

from deepseek_recipe import Conversation, Message

from deepseek_cost.cache.misses import Cause, Item
from deepseek_cost.prices import Template
from deepseek_cost.prompt.bodies import Body, RenderedBody
from deepseek_cost.prompt.tokenized import owner_of
from deepseek_cost.requests.places import Request


def items_of(request: Request, body: Body, model: str) -> list[Item]:
    """Return the parts of a body that was read for a model."""
    items = [
        Item(Cause.MODEL, model, "the model"),
        Item(Cause.OWNER, owner_of(request.body).decode(), "user_id"),
    ]
    if isinstance(body, RenderedBody):
        return [*items, *_of_conversation(body.conversation, body.model.template)]
    texts = {key: str(request.body.get(key) or "") for key in ("prompt", "suffix")}
    return [*items, *(Item(Cause.HISTORY, text, f"the {key}") for key, text in texts.items())]


def _of_conversation(conversation: Conversation, template: Template) -> Iterator[Item]:
    effort = f"on, effort {conversation.reasoning_effort}"
    yield Item(Cause.MODE, effort if conversation.thinking_mode else "off", "thinking")
    messages = list(enumerate(conversation.messages, 1))
    if template is Template.V4:  # moves every system message to the front
        head = [pair for pair in messages if pair[1].role == "system"]
    else:
        head = list(takewhile(lambda pair: pair[1].role == "system", messages))
    for number, message in head:
        which = f" ({number})" if len(head) > 1 else ""
        yield Item(Cause.SYSTEM, message.content, f"the system message{which}")
    if conversation.tool_choice != "none":
        for tool in conversation.tools:
            text = json.dumps([tool.name, tool.description, tool.parameters])
            yield Item(Cause.TOOLS, text, f"the tool {tool.name}")
    keeps_reasoning = bool(conversation.tools) and conversation.thinking_mode
    for pair in messages:
        if pair not in head:
            yield _of_message(*pair, keeps_reasoning=keeps_reasoning)


def _of_message(number: int, message: Message, *, keeps_reasoning: bool) -> Item:
    calls = [[call.name, call.arguments] for call in message.tool_calls or ()]
    parts: Sequence[object] = (message.content, message.reasoning_content, calls)
    text = message.content if not any(parts[1:]) else json.dumps(parts, ensure_ascii=False)
    lacks = keeps_reasoning and message.role == "assistant" and not message.reasoning_content
    cause = Cause.REASONING if lacks else Cause.HISTORY
    return Item(cause, text, f"message {number} ({message.role})")
