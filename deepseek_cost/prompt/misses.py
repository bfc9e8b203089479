"""Why a request misses, and what to do.

Prompts are compared in the parts that their sender knows: mode, system messages, tools, messages.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile
from typing import Final

from deepseek_cost.inputs.request import Request
from deepseek_cost.pricing.entries import Template
from deepseek_cost.prompt.body import Body, RenderedBody
from deepseek_cost.prompt.cache import BLOCK, shared_length
from deepseek_cost.prompt.conversation import Content, Conversation, Message
from deepseek_cost.prompt.token_ids import owner_of

# More parts than these are not searched for what they still share behind a change.
_COMPARED: Final = 2_000
_SHOWN: Final = 32
# Fewer tokens in common are chance, not a prefix that was meant to be repeated.
_LEAST_SHARED: Final = 32
_DAY_SECONDS: Final = 86_400


class Cause(StrEnum):
    """What made a request miss; of two, the earlier in this order is the one."""

    MODEL = "model"
    OWNER = "user_id"
    MODE = "mode"
    SYSTEM = "system"
    TOOL_ORDER = "tool_order"
    TOOLS = "tools"
    REASONING = "reasoning"
    HISTORY = "history"
    PROMPT = "prompt"
    SHORT = "short"
    AGE = "age"
    NEW_PREFIX = "new_prefix"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ADVICE[self]


_ADVICE: Final = {
    Cause.MODEL: "models do not share caches: keep a conversation with one model",
    Cause.OWNER: "caches are kept apart by user_id: name the same one, or none",
    Cause.MODE: "thinking and effort are at the prompt's beginning: keep them as they were",
    Cause.SYSTEM: "keep the system message as it is: say what changes in the newest user message",
    Cause.TOOL_ORDER: "send the tools in one order, such as by name",
    Cause.TOOLS: "tools come before all messages: send the same ones in every request",
    Cause.REASONING: "with tools, send reasoning_content back as it was received",
    Cause.HISTORY: "append to the history instead of rewriting it, or rewrite it rarely",
    Cause.PROMPT: "put what repeats before what changes",
    Cause.SHORT: f"no prefix under {BLOCK} tokens is cached: put what repeats first",
    Cause.AGE: "send such requests sooner: DeepSeek drops what is not used for hours to days",
    Cause.NEW_PREFIX: "nothing to do: a shared prefix is cached once two requests have sent it",
}
# Not in the prompt as a text.
_OF_NO_TOKENS: Final = (Cause.MODEL, Cause.OWNER, Cause.MODE)


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a prompt: the cause it would be of a miss, its text, and what to call it."""

    cause: Cause
    text: str
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Miss:
    """Why a request missed `tokens` that an earlier one had sent, in two halves of a sentence."""

    cause: Cause
    tokens: int
    does: str
    where: str

    def message(self, request: str, other: str) -> str:
        """Return the sentence."""
        return f"{request} {self.does} {other} {self.where}"


def explain(
    before: Sequence[Item], after: Sequence[Item], unhit: int, count: Callable[[str], int]
) -> Miss | None:
    """Return why `after` misses what it has in common with `before`; None if nothing is lost.

    `unhit` are the tokens of the earlier prompt that were not hit. All are lost but those that
    changed, where both still have much the same behind their first difference.
    """
    pairs = zip(before, after, strict=False)
    at = next((n for n, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))
    old, new = before[at:], after[at:]
    if not old or not new:
        return _without_reasoning(new, count)
    behind = _shared_behind(old, new, count)
    lost = unhit - max(0, _tokens(old, count) - behind)
    if behind >= _LEAST_SHARED and lost >= BLOCK:
        return Miss(_cause(old, new), lost, "differs from", _where(old, new))
    shared = _tokens(after[:at], count)
    if old[0].name == new[0].name:
        shared += count(new[0].text[: shared_length(old[0].text, new[0].text)])
    if shared >= _LEAST_SHARED and shared + behind < BLOCK:
        return Miss(Cause.SHORT, shared, "shares with", f"only {shared} tokens")
    return None


def expired(tokens: int, unused: float) -> Miss:
    """Return the miss of tokens that were cached and unused for so many seconds."""
    days = f"comes {unused / _DAY_SECONDS:,.0f} days after"
    return Miss(Cause.AGE, tokens, days, f"whose {tokens:,} tokens are no longer cached")


def _tokens(items: Sequence[Item], count: Callable[[str], int]) -> int:
    return sum(count(item.text) for item in items if item.cause not in _OF_NO_TOKENS)


def _without_reasoning(new: Sequence[Item], count: Callable[[str], int]) -> Miss | None:
    """Return the miss if the earlier response came back without its reasoning, else None."""
    if not new or new[0].cause is not Cause.REASONING:
        return None
    where = f"in its response: {new[0].name} has no reasoning_content"
    return Miss(Cause.REASONING, count(new[0].text), "differs from", where)


def _cause(old: Sequence[Item], new: Sequence[Item]) -> Cause:
    order = list(Cause)
    cause = min((old[0].cause, new[0].cause), key=order.index)
    if cause is Cause.TOOLS and _tools(old) == _tools(new):
        return Cause.TOOL_ORDER
    return Cause.PROMPT if cause is Cause.HISTORY and len(old) == len(new) == 1 else cause


def _tools(items: Sequence[Item]) -> Counter[Item]:
    return Counter(item for item in items if item.cause is Cause.TOOLS)


def _where(old: Sequence[Item], new: Sequence[Item]) -> str:
    """Describe where the rests of two prompts first differ, with the text around that place."""
    was, now = old[0], new[0]
    if _cause(old, new) is Cause.TOOL_ORDER:
        return f"in the order of the tools: {now.name} where {was.name} was"
    if now in old:
        return f"at {was.name}, which is gone"
    if was in new:
        return f"at {now.name}, which is new"
    at = shared_length(was.text, now.text)
    texts = f"{_around(now.text, at)} against {_around(was.text, at)}"
    return f"at {now.name}, character {at + 1:,}: {texts}"


def _around(text: str, at: int) -> str:
    """Return the word at a place of a text, in quotes."""
    begin = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at), at - _SHOWN // 2 - 1) + 1
    word = text[begin : begin + _SHOWN].split(maxsplit=1)
    return repr(word[0] if word else text[begin : begin + _SHOWN])


def _shared_behind(old: Sequence[Item], new: Sequence[Item], count: Callable[[str], int]) -> int:
    """Count the tokens that the rests of two prompts share after their first difference."""
    if len(old) > _COMPARED or len(new) > _COMPARED:
        return 0
    tools = _tools(new)
    if _cause(old, new) is Cause.TOOL_ORDER:
        old, new = ([item for item in items if item not in tools] for items in (old, new))
        return sum(count(item.text) for item in tools.elements()) + _shared(old, new, count)
    ends = 0
    if old[0].name == new[0].name:
        ends = shared_length(old[0].text[::-1], new[0].text[::-1])
    ending = new[0].text[len(new[0].text) - ends :]
    return (count(ending) if ending else 0) + _shared(old, new, count)


def _shared(old: Sequence[Item], new: Sequence[Item], count: Callable[[str], int]) -> int:
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    shared = (item for block in blocks for item in new[block.b : block.b + block.size])
    return sum(count(item.text) for item in shared)


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
    effort = conversation.effort
    yield Item(Cause.MODE, "off" if effort is None else f"on, effort {effort}", "thinking")
    numbers = conversation.numbers or range(1, len(conversation.messages) + 1)
    messages = list(zip(numbers, conversation.messages, strict=True))
    if template is Template.V4:  # moves every system message to the front
        head = [pair for pair in messages if pair[1].role == "system"]
    else:
        head = list(takewhile(lambda pair: pair[1].role == "system", messages))
    for number, message in head:
        which = f" ({number})" if number and len(head) > 1 else ""
        yield Item(Cause.SYSTEM, _text(message.content), f"the system message{which}")
    for tool in conversation.tools:
        named = f"{json.dumps(tool.name)}, {json.dumps(tool.description)}"
        text = f"[{named}, {tool.parameters}]"
        yield Item(Cause.TOOLS, text, f"the tool {tool.name}")
    keeps_reasoning = bool(conversation.tools) and effort is not None
    for pair in messages:
        if pair not in head:
            yield _of_message(*pair, keeps_reasoning=keeps_reasoning)


def _of_message(number: int, message: Message, *, keeps_reasoning: bool) -> Item:
    calls = [[call.name, call.arguments] for call in message.calls]
    content = _text(message.content)
    parts: Sequence[object] = (content, message.reasoning, calls)
    text = content if not any(parts[1:]) else json.dumps(parts, ensure_ascii=False)
    lacks = keeps_reasoning and message.role == "assistant" and not message.reasoning
    cause = Cause.REASONING if lacks else Cause.HISTORY
    return Item(cause, text, f"message {number} ({message.role})")


def _text(content: Content) -> str:
    """Return a content as one text, each image by its address."""
    if isinstance(content, str):
        return content
    return "".join(piece if isinstance(piece, str) else str(piece.url) for piece in content)
