"""The requests of a conversation, turn by turn: projected from its first one, or replayed."""

from collections.abc import Iterator, Sequence
from typing import Final

from deepseek_recipe import AssistantMessage, Conversation, Message, RenderedPrompt, UserMessage
from msgspec import Struct

from deepseek_cost.prompt.body import RenderedBody
from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.segments import SegmentEncoder, segments
from deepseek_cost.prompt.token_ids import END, THOUGHT

_WORD: Final = " a"  # one token, however many stand in a row


class Plan(Struct, frozen=True):
    """Tokens of each turn to come; None where nobody said how many."""

    turns: int = 0
    user: int = 0
    answer: int | None = None
    reasoning: int | None = None


class Turn(Struct, frozen=True):
    """A request and the output tokens of its answer.

    `lacks_reasoning` tells that it had reasoning of which nobody said how much.
    """

    prompt: Prompt
    output: int
    lacks_reasoning: bool = False


def projected(body: RenderedBody, plan: Plan, encoder: SegmentEncoder) -> Iterator[Turn]:
    """Yield the turns of a conversation that begins with a body.

    Every answer and every next message of the user are made to have the tokens planned.
    """
    conversation = body.conversation
    reasoning = (plan.reasoning or 0) if conversation.thinking_mode else 0
    answer = AssistantMessage(_words(plan.answer or 0), _words(reasoning) or None)
    then: list[Message] = [answer, UserMessage(_words(plan.user))]
    messages = list(conversation.messages)
    for _ in range(plan.turns):
        turn = body.saying(with_messages(conversation, messages))
        output = reasoning + conversation.thinking_mode + (plan.answer or 0)
        lacks = conversation.thinking_mode and plan.reasoning is None
        yield Turn(turn.prompt(encoder), output, lacks)
        messages += then


def replayed(body: RenderedBody, plan: Plan, encoder: SegmentEncoder) -> Iterator[Turn]:
    """Yield the request of each answer in a body's history, with what was answered.

    Reasoning that did not come back has the tokens of the plan. What follows the last answer is a
    request of its own where the plan says what is answered.
    """
    messages = body.conversation.messages
    for number, message in enumerate(messages):
        if number and _is_response(message):
            asked = body.saying(with_messages(body.conversation, messages[:number]))
            answered = body.saying(with_messages(body.conversation, messages[: number + 1]))
            visible = _visible(answered.rendered, encoder)
            yield _answered(asked, message.reasoning_content, visible, plan, encoder)
    if plan.answer is not None and not _is_response(messages[-1]):
        yield _answered(body, None, plan.answer, plan, encoder)


def _answered(
    asked: RenderedBody,
    reasoning: str | None,
    visible: int,
    plan: Plan,
    encoder: SegmentEncoder,
) -> Turn:
    """Return a turn; with thinking, its output has the reasoning and the mark at its end."""
    prompt = asked.prompt(encoder)
    if not asked.conversation.thinking_mode:
        return Turn(prompt, visible)
    thought = encoder.count(reasoning) if reasoning else plan.reasoning or 0
    lacks = not reasoning and plan.reasoning is None
    return Turn(prompt, thought + 1 + visible, lacks)


def _is_response(message: Message) -> bool:
    return message.role == "assistant" and not message.prefix


def _visible(rendered: RenderedPrompt, encoder: SegmentEncoder) -> int:
    """Count the tokens of the last answer in a prompt, without what was thought before it."""
    tokens = last = 0
    for text, special in segments(rendered):
        if special and text == END:
            last = tokens
        tokens += 1 if special else encoder.count(text)
        if special and text == THOUGHT:
            tokens = 0
    return last


def with_messages(
    conversation: Conversation, messages: Sequence[Message] | None = None, *, tools: bool = True
) -> Conversation:
    """Return a conversation with other messages if given, and without tools if so wanted."""
    json_mode = conversation.response_format == "json_object"
    return Conversation(
        conversation.messages if messages is None else messages,
        thinking_mode=conversation.thinking_mode,
        tools=conversation.tools if tools else [],
        tool_choice=conversation.tool_choice,
        reasoning_effort=conversation.reasoning_effort,
        response_format="json_object" if json_mode else "text",
        response_schema=conversation.response_schema,
        response_regex=conversation.response_regex,
    )


def _words(tokens: int) -> str:
    return (_WORD * tokens)[1:]
