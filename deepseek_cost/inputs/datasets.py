"""Lines of data sets as request bodies: bare messages, prompts, ShareGPT and Alpaca."""

from collections.abc import Mapping
from typing import Final

_ROLES: Final = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
    "system": "system",
}
_PROMPTS: Final = ("prompt", "text")


def messages_of(value: object) -> list[object] | None:
    """Return the messages of a data set's line; None if the value is not such a line.

    The expected response in a data set is not part of the request.
    """
    if isinstance(value, str):
        return _asked(value) if value else None
    if isinstance(value, list):
        return value if is_messages(value) else _share_gpt(value)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("conversations"), list):
        return _share_gpt(value["conversations"])
    instruction, more = value.get("instruction"), value.get("input")
    if isinstance(instruction, str) and isinstance(more, str | None):
        return _asked(f"{instruction}\n\n{more}" if more else instruction)
    texts = [value[name] for name in _PROMPTS if isinstance(value.get(name), str)]
    return _asked(texts[0]) if texts and "model" not in value else None


def is_messages(value: list[object]) -> bool:
    """Return whether a list consists only of messages."""
    return bool(value) and all(isinstance(one, dict) and "role" in one for one in value)


def _asked(text: str) -> list[object]:
    return [{"role": "user", "content": text}]


def _share_gpt(turns: list[object]) -> list[object] | None:
    found: list[object] = []
    for turn in turns:
        if not isinstance(turn, Mapping):
            return None
        role, text = _ROLES.get(str(turn.get("from"))), turn.get("value")
        if role is None or not isinstance(text, str):
            return None
        found.append({"role": role, "content": text})
    last = found[-1] if found else None
    if isinstance(last, dict) and last["role"] == "assistant":
        found.pop()
    return found or None
