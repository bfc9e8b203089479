"""What a request has in common with the one before it, kept so that it is processed once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

from deepseek_cost.prompt.conversation import Message, alike

if TYPE_CHECKING:
    from deepseek_cost.pricing.entries import Template
    from deepseek_cost.prompt.renderer import Stem


class History(Struct):
    """The messages of the last request, as values and as read, and what they are in templates.

    Values are known again by identity: see `inputs.continuation`.
    """

    stems: "dict[Template, Stem | None]" = field(default_factory=dict)
    _items: Sequence[object] = ()
    _messages: Sequence[Message] = ()

    def messages_of(self, items: Sequence[object]) -> Sequence[Message]:
        """Return the known messages that items begin with."""
        return self._messages[: alike(items, self._items)]

    def keep(self, items: Sequence[object], messages: Sequence[Message]) -> None:
        """Keep messages for the next request; none of them may have more than text."""
        self._items, self._messages = items, messages
