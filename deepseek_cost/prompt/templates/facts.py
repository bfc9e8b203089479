"""The types that describe a template as data: its pieces, their order, what it merges.

Constant pieces are DeepSeek's token ids: they are what is billed, and need no encoding. Only the
characters that can join with a user's text into one token stay text. Each piece of ids begins and
ends where the pre-tokenizer always cuts, so ids and encoded text may be side by side.
"""

from array import array
from collections.abc import Mapping
from functools import cache

from msgspec import Struct


@cache
def ids(numbers: str) -> bytes:
    """Return token ids, written as decimal numbers, as four bytes each."""
    return array("I", map(int, numbers.split())).tobytes()


class Piece(Struct, frozen=True):
    """Text that joins what comes before, token ids as numbers, and text that joins what follows."""

    head: str
    numbers: str
    tail: str

    @property
    def ids(self) -> bytes:
        """The token ids, four bytes each; most requests need few of the pieces."""
        return ids(self.numbers)


class Calls(Struct, frozen=True):
    """How tool calls of a response are written; all but names and values are constant.

    Ids end with the special token after which the next text begins.
    """

    open: bytes  # after the response's text, up to the first name
    name: tuple[str, str]  # text around a function's name
    parameter: bytes  # after a name, or after a parameter, up to a parameter
    key: tuple[str, str, str]  # text around a parameter's name, a string's mark, the end
    no_parameters: str  # follows the name in the place of parameters
    close: bytes  # after a name or parameter, up to the end of the call
    following: bytes  # from one call to the next
    end: bytes  # after the last call
    forced: bytes  # what the response begins with if a call is required
    close_parameter: tuple[bytes, bytes]  # before another parameter, and before the end


class TemplateFacts(Struct, frozen=True):
    """The facts of one template."""

    begin: bytes
    system: bytes | None  # opens a system text; None if these are bare at the start
    user: bytes
    assistant: bytes
    reminder: bytes
    end: bytes
    think: bytes
    end_think: bytes
    image: bytes | None  # None where an image becomes a line of text
    efforts: Mapping[str, Piece | None]
    tools: Piece
    after_tools: Piece
    json_object: Piece | None  # None where it is written as a schema
    json_schema: Piece
    apply_patch: Piece
    calls: Calls
    system_first: bool  # all system texts go to the start
    between_systems: str  # and have this between them
    drops_empty: bool  # empty user and system texts are left out where texts are joined
    sorts_calls: bool  # the calls of a response, and so their results, go by their ids
    joins_reminders: bool  # of reminders in a row, the first represents all
    developer_role: str  # what the role developer (Responses) is
    inline_system: tuple[str, str] | None  # around a system message (Messages); it becomes a user's
    namespace: str  # between a namespace and a name
    namespace_description: bool  # a namespace's description goes before its tools' own
