"""The body of a request's next turn, to count a response that calls tools by what it adds."""

from collections.abc import Mapping, Sequence
from typing import Final

from deepseek_cost.billing.response import ResponseText, first_message
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Request
from deepseek_cost.prompt.unsent_reasoning import filler

_OF_MESSAGE: Final = ("content", "reasoning_content", "tool_calls")
_BLOCKS: Final = ("thinking", "text", "tool_use")
_ITEMS: Final = ("reasoning", "message", "function_call")

_Object = dict[str, object]


def next_turn(
    request: Request, response: Mapping[str, object], parsed: ResponseText, reasoning: int
) -> tuple[_Object, int] | None:
    """Return a request's body with its response and empty tool results, and how many these are.

    A text of `reasoning` tokens takes the place of reasoning that was not kept. None if a part of
    the response is not one that a history has, such as a search on the server.
    """
    missing = 0 if parsed.reasoning else reasoning
    match request.kind:
        case Kind.CHAT:
            return _of_chat(request.body, response, missing)
        case Kind.MESSAGES:
            return _of_messages(request.body, response, missing)
        case Kind.RESPONSES:
            return _of_responses(request.body, response, missing)
        case _:
            return None


def _of_chat(
    body: _Object, response: Mapping[str, object], missing: int
) -> tuple[_Object, int] | None:
    message = first_message(response)
    if message is None:
        return None
    added: _Object = {"role": "assistant"}
    added |= {key: message[key] for key in _OF_MESSAGE if message.get(key) is not None}
    if missing:
        added["reasoning_content"] = filler(missing)
    results = [
        {"role": "tool", "tool_call_id": call.get("id", ""), "content": ""}
        for call in _objects(message.get("tool_calls"))
    ]
    messages = [*_objects(body.get("messages")), added, *results]
    return body | {"messages": messages}, len(results)


def _of_messages(
    body: _Object, response: Mapping[str, object], missing: int
) -> tuple[_Object, int] | None:
    blocks = _objects(response.get("content"))
    if not all(block.get("type") in _BLOCKS for block in blocks):
        return None
    if missing:
        thought: _Object = {"type": "thinking", "thinking": filler(missing), "signature": ""}
        blocks = [thought, *(block for block in blocks if block.get("type") != "thinking")]
    results = [
        {"type": "tool_result", "tool_use_id": block.get("id", ""), "content": ""}
        for block in blocks
        if block.get("type") == "tool_use"
    ]
    turn = {"role": "assistant", "content": blocks}, {"role": "user", "content": results}
    return body | {"messages": [*_objects(body.get("messages")), *turn]}, len(results)


def _of_responses(
    body: _Object, response: Mapping[str, object], missing: int
) -> tuple[_Object, int] | None:
    items = _objects(response.get("output"))
    if not all(item.get("type") in _ITEMS for item in items):
        return None
    if missing:
        content = [{"type": "reasoning_text", "text": filler(missing)}]
        thought: _Object = {"type": "reasoning", "summary": [], "content": content}
        items = [thought, *(item for item in items if item.get("type") != "reasoning")]
    results = [
        {"type": "function_call_output", "call_id": item.get("call_id", ""), "output": ""}
        for item in items
        if item.get("type") == "function_call"
    ]
    sent = body.get("input")
    before = [{"role": "user", "content": sent}] if isinstance(sent, str) else _objects(sent)
    return body | {"input": [*before, *items, *results]}, len(results)


def _objects(value: object) -> Sequence[_Object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
