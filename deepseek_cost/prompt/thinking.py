"""Whether a body asks for thinking, and how much: the same words in every protocol."""

from typing import Final

from deepseek_cost.prompt.checks import (
    Body,
    integer,
    joined,
    mapping,
    required,
    variant,
)

_TYPES: Final = ("adaptive", "enabled", "disabled")
# What each word for an effort means to the templates; None is no thinking.
_EFFORTS: Final = {
    "none": None,
    "minimal": "low",
    "low": "low",
    "medium": "high",
    "high": "high",
    "xhigh": "high",
    "ultra": "max",
    "max": "max",
}
_DEFAULT: Final = "high"


def thinking_of(body: Body, expected: str) -> bool | None:
    """Return whether `thinking` is on; None if the body does not set it."""
    value = body.get("thinking")
    if value is None:
        return None
    thinking = mapping(value, expected, "thinking")
    kind = variant(required(thinking, "type", "thinking"), _TYPES, "thinking.type")
    budget = thinking.get("budget_tokens")
    if budget is not None:
        integer(budget, joined("thinking", "budget_tokens"), "u64", 1 << 64)
    return kind != "disabled"


def effort_of(value: object, thinking: bool | None, place: str, *, thinks: bool) -> str | None:  # noqa: FBT001 - as found
    """Return the effort that is rendered, None for no thinking; `thinks` is the model's default."""
    if value is None:
        on = thinks if thinking is None else thinking
        return _DEFAULT if on else None
    word = value if type(value) is str and value in _EFFORTS else None
    if word is None:
        word = variant(value, tuple(_EFFORTS), place)
    if thinking is None:
        return _EFFORTS[word]
    return (_EFFORTS[word] or _DEFAULT) if thinking else None
