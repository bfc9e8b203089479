"""A rendered prompt taken apart: every token counted once, then told by what brought it along."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from deepseek_cost.prompt.breakdown import ROLES, Breakdown, tools_of
from deepseek_cost.tokenizer.base import ID_BYTES

if TYPE_CHECKING:
    from deepseek_recipe import Conversation, Message, RenderedPrompt

    from deepseek_cost.tokenizer.base import TextCounter, TextEncoder

# Texts kept to be found again: some of the largest requests, or many small ones.
_KEPT_CHARACTERS: Final = 4_000_000
_DSML: Final = "｜DSML｜"
_IMAGE: Final = "<｜image｜>"
_SPEAKERS: Final = {"<｜Assistant｜>": "assistant", "<｜latest_reminder｜>": "latest_reminder"}
# These end what was said before; all other special tokens may stand inside of it.
_SPEAKING: Final = ("<｜User｜>", "<｜System｜>", *_SPEAKERS)
TOOLS_BEGIN: Final = "### Available Tool Schemas\n\n"


class SegmentCounter:
    """Counts texts; what a batch repeats, system texts and tools above all, is counted once."""

    def __init__(self, counter: "TextCounter") -> None:
        self._counter = counter
        self._known: dict[str, int] = {}
        self._characters = 0

    def count(self, text: str) -> int:
        """Return the tokens of a plain text."""
        if text in self._known:
            return self._known[text]
        self._characters += len(text)
        if self._characters > _KEPT_CHARACTERS:
            self._known.clear()
            self._characters = len(text)
        tokens = self._known[text] = self._counter.count([text])
        return tokens

    def count_each(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of many texts."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._counter.count_each(new), strict=True))
        tokens = [self._known[text] for text in texts]
        self._characters += sum(map(len, new))
        if self._characters > _KEPT_CHARACTERS:
            self._known.clear()
            self._characters = 0
        return tokens


class SegmentEncoder(SegmentCounter):
    """Counts texts by their tokens, and keeps these for whoever asks for them."""

    def __init__(self, encoder: "TextEncoder") -> None:
        super().__init__(encoder)
        self._encoder = encoder
        self._ids: dict[str, bytes] = {}

    def count(self, text: str) -> int:
        """Return the tokens of a plain text."""
        return len(self.ids(text)) // ID_BYTES

    def ids(self, text: str) -> bytes:
        """Return the tokens themselves, four bytes each."""
        if text in self._ids:
            return self._ids[text]
        self._characters += len(text)
        if self._characters > _KEPT_CHARACTERS:
            self._ids.clear()
            self._characters = len(text)
        ids = self._ids[text] = self._encoder.ids(text)
        return ids


def segments(rendered: "RenderedPrompt") -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a prompt in order, each with whether it is a special token."""
    text, at = rendered.prompt, 0
    for begin, end in rendered.special_ranges:
        if at < begin:
            yield text[at:begin], False
        yield text[begin:end], True
        at = end
    if at < len(text):
        yield text[at:], False


def break_down(
    rendered: "RenderedPrompt",
    conversation: "Conversation",
    images: Sequence[int],
    counter: SegmentCounter,
) -> Breakdown:
    """Count a prompt and tell what each token is of; `images` are the tokens of each image.

    What stands alone between special tokens is counted there. What the template surrounds in one
    piece, as system texts and tool definitions, is counted by itself; the template has the rest.
    """
    total, spoken = _totals(rendered, counter)
    user, history = _user_and_history(conversation.messages, counter)
    parts = Breakdown(
        system=_of_roles(conversation.messages, ("system",), counter)["system"],
        tools=tools_of(_tools(rendered, conversation, counter)),
        history={role: tokens for role in ROLES if (tokens := (history + spoken)[role])},
        user=user,
        images=sum(images),
    )
    return _fitted(parts, total + sum(images) - len(images))


def _totals(rendered: "RenderedPrompt", counter: SegmentCounter) -> tuple[int, Counter[str]]:
    """Return all tokens, an image being one, and those of words and calls by who spoke them.

    Of reasoning and reminders the template may leave some out; what it has is what counts.
    """
    total = 0
    spoken: Counter[str] = Counter()
    speaker: str | None = None
    for text, special in segments(rendered):
        tokens = 1 if special else counter.count(text)
        total += tokens
        if special and text in _SPEAKING:
            speaker = _SPEAKERS.get(text)
        elif speaker and (not special or text == _DSML):
            spoken[speaker] += tokens
    return total, spoken


def _user_and_history(
    messages: "Sequence[Message]", counter: SegmentCounter
) -> tuple[int, Counter[str]]:
    """Return the tokens that no answer follows of the user, and all others by role."""
    responses = [
        index
        for index, message in enumerate(messages)
        if message.role == "assistant" and not message.prefix
    ]
    new = responses[-1] + 1 if responses else 0
    user = _of_roles(messages[new:], ("user",), counter)["user"]
    history = _of_roles(messages[:new], ("user",), counter)
    return user, history + _of_roles(messages, ("tool",), counter)


def _of_roles(
    messages: "Sequence[Message]", roles: Sequence[str], counter: SegmentCounter
) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in messages:
        if message.role in roles:
            pieces = message.content.split(_IMAGE, len(message.image_sources))
            found[message.role] += sum(counter.count(piece) for piece in pieces if piece)
    return found


def _tools(
    rendered: "RenderedPrompt", conversation: "Conversation", counter: SegmentCounter
) -> Iterator[tuple[str, int]]:
    """Yield each tool's name with the tokens of its line, where the prompt has tools."""
    names = [tool.name for tool in conversation.tools]
    if not names or conversation.tool_choice == "none":
        return
    head = rendered.prompt[: _end_of_head(rendered)]
    at = head.rfind(TOOLS_BEGIN)
    if at >= 0:
        lines = head[at + len(TOOLS_BEGIN) :].split("\n", len(names))
        for name, line in zip(names, lines, strict=False):
            yield name, counter.count(line)


def _end_of_head(rendered: "RenderedPrompt") -> int:
    """Return where the first message begins: the head has system texts and tools."""
    text = rendered.prompt  # the renderer makes a new one whenever it is asked
    for begin, end in rendered.special_ranges:
        if text[begin:end] in _SPEAKING and text[begin:end] != "<｜System｜>":
            return begin
    return len(text)


def _fitted(parts: Breakdown, total: int) -> Breakdown:
    """Give the template what the parts leave; parts that joined to less are cut to fit."""
    left = total
    cut: dict[str, int] = {}
    for name in ("images", "system", "user"):
        cut[name] = min(getattr(parts, name), left)
        left -= cut[name]
    tools = []
    for name, tool in parts.tools.items():
        tools.append((name, min(tool.tokens, left)))
        left -= tools[-1][1]
    history = {}
    for role, tokens in parts.history.items():
        history[role] = min(tokens, left)
        left -= history[role]
    return Breakdown(tools=tools_of(tools), history=history, template=left, **cut)
