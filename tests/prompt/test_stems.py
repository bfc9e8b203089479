"""What a prompt begins with is rendered once, and is the same as if it were rendered again."""

from collections.abc import Iterable, Iterator
from random import Random

import pytest
from msgspec.structs import replace

from deepseek_cost.pricing.entries import Template
from deepseek_cost.prompt.conversation import (
    ASSISTANT,
    REMINDER,
    SYSTEM,
    TOOL,
    USER,
    Call,
    Conversation,
    Image,
    Message,
    Tool,
)
from deepseek_cost.prompt.renderer import Segment, Stem, render, render_on
from deepseek_cost.prompt.template import facts_of


def message(random: Random) -> Message:
    """Return a message of any role, in no sound order: rendering does not mind."""
    role = random.choice([USER, USER, ASSISTANT, ASSISTANT, TOOL, SYSTEM, REMINDER])
    text = random.choice(["", "a", "Hello.\n", "b\n\n"])
    if role == TOOL:
        return Message(TOOL, text + random.choice("xyz"), call_id=random.choice("12"))
    if role == ASSISTANT:
        calls = [
            Call(one, f"f{one}", {"p": text}) for one in random.sample("12", random.randint(0, 2))
        ]
        reasoning = random.choice([None, "Let me see."])
        return Message(ASSISTANT, text, reasoning, calls, prefix=random.random() < 0.1)
    has_image = role == USER and random.random() < 0.05
    return Message(role, [text, Image("https://example.com/a.png", "")] if has_image else text)


def flat(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield segments, in the place of a stem its own."""
    for owner, value in segments:
        if isinstance(value, Stem):
            yield from flat([(owner, value.before)] if value.before else [])
            assert not any(isinstance(part, Image) for _, part in value.segments)
            yield from flat(value.segments)
        else:
            yield owner, value


@pytest.mark.parametrize("template", list(Template))
def test_a_prompt_on_a_stem_has_the_segments_of_one_without(template: Template) -> None:
    facts, stems = facts_of(template), 0
    for seed in range(300):
        random = Random(seed)  # noqa: S311 - tests, not secrets
        messages = [message(random) for _ in range(random.randint(2, 14))]
        conversation = Conversation(messages, "high", tools=[Tool("f")])
        stem: Stem | None = None
        for _ in range(12):
            size = random.randint(1, len(messages))
            conversation = replace(conversation, messages=messages[:size])
            if random.random() < 0.3:
                tools = [Tool("f")] if random.random() < 0.5 else []
                effort = random.choice([None, "high"])
                conversation = replace(conversation, effort=effort, tools=tools)
            if random.random() < 0.3:
                messages[random.randrange(len(messages))] = message(random)
            segments, stem = render_on(stem, conversation, facts)
            stems += any(isinstance(value, Stem) for _, value in segments)
            assert list(flat(segments)) == render(conversation, facts)
    assert stems > 300
