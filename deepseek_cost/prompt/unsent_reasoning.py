"""Reasoning that a request leaves out but is still billed for, known from earlier responses.

The API looks up the reasoning of a replayed turn with tool calls. So does this, by its calls, in
whatever came before: responses, and histories that have it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.prompt.body import RenderedBody, unsent_reasoning
from deepseek_cost.prompt.template import MOST_OUTPUT

if TYPE_CHECKING:
    from deepseek_cost.prompt.body import Body
    from deepseek_cost.prompt.conversation import Message

# Texts beyond this many characters are kept as their numbers of tokens.
_KEPT_CHARACTERS: Final = 16_000_000
_WORD: Final = " a"  # one token, however many are in a row

# The id and the name of each call of a turn.
Calls = Sequence[tuple[str, str]]


def filler(tokens: int) -> str:
    """Return a text of so many tokens."""
    return (_WORD * tokens)[1:]


class KnownReasoning(Struct):
    """Reasoning by the calls that followed it: its text, or its tokens; None if ambiguous."""

    count: Callable[[str], int]
    _found: dict[Calls, str | int | None] = field(default_factory=dict)
    _characters: int = 0

    def add(self, calls: Calls, reasoning: str | int) -> None:
        """Keep the reasoning before these calls: its text, or its number of tokens.

        Calls that came with different reasoning before, by ids that are not unique, have none.
        """
        calls = tuple(calls)
        known = self._found.get(calls, reasoning)
        is_usable = calls and all(identifier for identifier, _ in calls)
        if known is None or not is_usable or self._size(reasoning) > MOST_OUTPUT:
            return
        if self._size(known) != self._size(reasoning):
            self._found[calls] = None
        elif calls not in self._found or isinstance(known, int):
            self._found[calls] = self._kept(reasoning)

    def restored(self, body: "Body") -> "Body":
        """Return a body with the reasoning that it leaves out, as far as it is known.

        What the body itself has is kept for those that follow.
        """
        if not isinstance(body, RenderedBody):
            return body
        messages = body.conversation.messages
        if self._found and unsent_reasoning(body.conversation):
            found = list(self._all_restored(messages, body.model.context_tokens))
            body = body.saying(replace(body.conversation, messages=found))
        for message in messages:
            if message.calls and message.reasoning is not None:
                self.add(_calls_of(message), message.reasoning)
        return body

    def _all_restored(self, messages: "Sequence[Message]", most: int) -> "Iterator[Message]":
        """Yield messages with their reasoning, of no more tokens than a context has."""
        for message in messages:
            known = None
            if message.calls and message.reasoning is None:
                known = self._found.get(_calls_of(message))
            if known is None or (most := most - self._size(known)) < 0:
                yield message
            else:
                text = filler(known) if isinstance(known, int) else known
                yield replace(message, reasoning=text)

    def _kept(self, reasoning: str | int) -> str | int:
        if isinstance(reasoning, str):
            self._characters += len(reasoning)
            if self._characters > _KEPT_CHARACTERS:
                return self.count(reasoning)
        return reasoning

    def _size(self, reasoning: str | int) -> int:
        return self.count(reasoning) if isinstance(reasoning, str) else reasoning


def _calls_of(message: "Message") -> Calls:
    return tuple((call.id, call.name) for call in message.calls)
