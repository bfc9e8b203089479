"""What an answer says, out of the three formats: its texts, whether it calls tools, its end."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

_CUT: Final = ("length", "max_tokens", "incomplete")


class Answer(Struct, frozen=True):
    """The texts of an answer; `is_cut`: it ran into its limit of tokens."""

    reasoning: str
    content: str
    calls_tools: bool
    is_cut: bool

    def tokens(self, count: Callable[[str], int], *, thinking: bool) -> int | None:
        """Return its completion tokens; None where it calls tools, whose markup is not kept.

        Thinking is closed by a token of its own, unless the answer was cut before.
        """
        if self.calls_tools:
            return None
        closes = thinking and not (self.is_cut and not self.content)
        return count(self.reasoning) + closes + count(self.content)


def answer_of(response: Mapping[str, object]) -> Answer | None:
    """Read an answer; None for what holds none, or several."""
    if isinstance(response.get("choices"), list):
        return _of_chat(response)
    if isinstance(response.get("output"), list):
        return _of_blocks(response, "output", response.get("status"))
    if response.get("type") == "message":
        return _of_blocks(response, "content", response.get("stop_reason"))
    return None


def _of_chat(response: Mapping[str, object]) -> Answer | None:
    choices = list(_objects(response.get("choices")))
    message = choices[0].get("message") if len(choices) == 1 else None
    if not isinstance(message, dict):
        return None
    return Answer(
        reasoning=_text(message.get("reasoning_content")),
        content=_text(message.get("content")),
        calls_tools=bool(message.get("tool_calls")),
        is_cut=choices[0].get("finish_reason") in _CUT,
    )


def _of_blocks(response: Mapping[str, object], name: str, end: object) -> Answer:
    reasoning, content, calls_tools = "", "", False
    for block in _objects(response.get(name)):
        match block.get("type"):
            case "thinking":
                reasoning += _text(block.get("thinking"))
            case "reasoning":
                reasoning += "".join(_texts(block.get("content")))
            case "text":
                content += _text(block.get("text"))
            case "message":
                content += "".join(_texts(block.get("content")))
            case _:
                calls_tools = True
    return Answer(reasoning, content, calls_tools, end in _CUT)


def _texts(value: object) -> Iterator[str]:
    for block in _objects(value):
        yield _text(block.get("text"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
