"""The requests of a conversation, turn by turn: projected from its first one, or replayed."""

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.prompt.body import RenderedBody
from deepseek_cost.prompt.breakdown import UnknownInput
from deepseek_cost.prompt.cache import Prompt
from deepseek_cost.prompt.conversation import ASSISTANT, USER, Message
from deepseek_cost.prompt.renderer import Joined
from deepseek_cost.prompt.segments import SegmentEncoder
from deepseek_cost.prompt.template import facts_of
from deepseek_cost.prompt.unsent_reasoning import filler
from deepseek_cost.tokenizer.base import ID_BYTES


class Plan(Struct, frozen=True):
    """Tokens of each turn to come; None if unknown."""

    turns: int = 0
    user: int = 0
    answer: int | None = None
    reasoning: int | None = None


class Turn(Struct, frozen=True):
    """A request and the output tokens of its response.

    `lacks_reasoning`: it had reasoning, but the amount is unknown.
    """

    prompt: Prompt
    output: int
    lacks_reasoning: bool = False
    unknown: UnknownInput = field(default_factory=dict)


def projected(body: RenderedBody, plan: Plan, encoder: SegmentEncoder) -> Iterator[Turn]:
    """Yield the turns of a conversation that begins with a body.

    Every response and every next message of the user are made to have the tokens planned.
    """
    conversation = body.conversation
    thinks = conversation.effort is not None
    reasoning = (plan.reasoning or 0) if thinks else 0
    response = Message(ASSISTANT, filler(plan.answer or 0), filler(reasoning) or None)
    then = [response, Message(USER, filler(plan.user))]
    messages = list(conversation.messages)
    for _ in range(plan.turns):
        turn = body.saying(replace(conversation, messages=list(messages)))
        output = reasoning + thinks + (plan.answer or 0)
        lacks = thinks and plan.reasoning is None
        yield _turn(turn, output, encoder, lacks=lacks)
        messages += then


def replayed(body: RenderedBody, plan: Plan, encoder: SegmentEncoder) -> Iterator[Turn]:
    """Yield the request of each response in a body's history, with the response's tokens.

    Reasoning that did not come back has the tokens of the plan. What follows the last response is a
    request of its own where the plan says what is answered.
    """
    messages = body.conversation.messages
    for number, message in enumerate(messages):
        if number and _is_response(message):
            asked = body.saying(replace(body.conversation, messages=messages[:number]))
            with_response = body.saying(replace(body.conversation, messages=messages[: number + 1]))
            visible = _visible(with_response, encoder)
            yield _replayed_turn(asked, message.reasoning, visible, plan, encoder)
    if plan.answer is not None and not _is_response(messages[-1]):
        yield _replayed_turn(body, None, plan.answer, plan, encoder)


def _replayed_turn(
    asked: RenderedBody,
    reasoning: str | None,
    visible: int,
    plan: Plan,
    encoder: SegmentEncoder,
) -> Turn:
    """Return a turn; with thinking, its output has the reasoning and the mark at its end."""
    if asked.conversation.effort is None:
        return _turn(asked, visible, encoder)
    thought = encoder.count(reasoning) if reasoning else plan.reasoning or 0
    lacks = not reasoning and plan.reasoning is None
    return _turn(asked, thought + 1 + visible, encoder, lacks=lacks)


def _turn(body: RenderedBody, output: int, encoder: SegmentEncoder, *, lacks: bool = False) -> Turn:
    prompt = body.prompt(encoder)
    return Turn(prompt, output, lacks, body.unknown_input(prompt.tokens))


def _is_response(message: Message) -> bool:
    return message.role == ASSISTANT and not message.prefix


def _visible(body: RenderedBody, encoder: SegmentEncoder) -> int:
    """Count the tokens of the last response in a prompt, without its reasoning."""
    facts = facts_of(body.model.template)
    tokens = last = 0
    for _, value in body.segments:
        if value == facts.end:
            last = tokens
        if isinstance(value, bytes):
            tokens += len(value) // ID_BYTES
        elif isinstance(value, str | Joined):
            tokens += encoder.count(value if isinstance(value, str) else value.text)
        else:
            tokens += 1
        if value == facts.end_think:
            tokens = 0
    return last
