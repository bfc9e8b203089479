"""Check the fields of a body as the API does; a refusal has the API's reason and the place.

The reasons are those of DeepSeek's own renderer. A place is written as a path: `messages[2].role`.
"""

from collections.abc import Callable, Mapping, Sequence
from struct import error as struct_error
from struct import pack
from typing import Final, NoReturn, cast

Body = Mapping[str, object]
Check = Callable[[object, str], object]

_U8: Final = 1 << 8
_U32: Final = 1 << 32
_U64: Final = 1 << 64
_LEAST_I64: Final = -(1 << 63)


class RefusalError(ValueError):
    """The API refuses the body: its reason, and the place in the body."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(_printable(f"{place}: {reason}" if place else reason))
        self.reason = reason
        self.place = place


class UncountedError(ValueError):
    """The API may accept this, but it cannot be counted here; with its place."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)


def _printable(text: str) -> str:
    """Return a reason as one printable line, whatever it quotes from a body."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)


def refuse_type(value: object, expected: str, place: str) -> NoReturn:
    """Refuse a value of another type."""
    raise RefusalError(f"invalid type: {_named(value)}, expected {expected}", place)


def _named(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int) and _LEAST_I64 <= value < _U64:
        return f"integer `{value}`"
    if isinstance(value, int | float):
        return f"floating point `{float(value)!r}`"
    if isinstance(value, str):
        from json import dumps  # noqa: PLC0415 - for a refusal alone

        return f"string {dumps(value, ensure_ascii=False)}"
    return "sequence" if isinstance(value, list) else "map"


def string(value: object, place: str) -> str:
    """Return a string."""
    return value if isinstance(value, str) else refuse_type(value, "a string", place)


def boolean(value: object, place: str) -> bool:
    """Return a boolean."""
    return value if isinstance(value, bool) else refuse_type(value, "a boolean", place)


def sequence(value: object, place: str) -> list[object]:
    """Return a list."""
    return value if isinstance(value, list) else refuse_type(value, "a sequence", place)


def mapping(value: object, expected: str, place: str) -> Body:
    """Return an object."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value:
        raise UncountedError(f"{expected} written as a list is not counted", place)
    return refuse_type(value, expected, place)


def optional(body: Body, key: str, check: Check, place: str) -> object:
    """Check a field that may be missing or null; return None then."""
    value = body.get(key)
    return None if value is None else check(value, joined(place, key))


def required(body: Body, key: str, place: str) -> object:
    """Return a field that must be there."""
    if key not in body:
        raise RefusalError(f"missing field `{key}`", place)
    return body[key]


def text_of(body: Body, key: str, place: str) -> str:
    """Return a string that must be there."""
    value = body.get(key)
    if type(value) is str:
        return value
    return string(required(body, key, place), joined(place, key))


def joined(place: str, key: str) -> str:
    """Return the place of a field."""
    return f"{place}.{key}" if place else key


def variant(value: object, choices: Sequence[str], place: str) -> str:
    """Return one of several words; an object with the word as its only key means the same."""
    if isinstance(value, dict):
        if len(value) != 1:
            raise RefusalError("invalid value: map, expected map with a single key", place)
        word, rest = next(iter(value.items()))
        if word in choices and rest is not None:
            refuse_type(rest, "unit", place)
        value = word
    if not isinstance(value, str):
        refuse_type(value, "string or map", place)
    return _one_of(value, choices, place)


def tag(body: Body, key: str, choices: Sequence[str], place: str) -> str:
    """Return the word that names an object's type."""
    value = required(body, key, place)
    if not isinstance(value, str):
        refuse_type(value, "variant identifier", joined(place, key))
    return _one_of(value, choices, joined(place, key))


def inner_tag(body: Body, key: str, choices: Sequence[str], place: str) -> str:
    """Return the word for what an object inside a tagged one is; its number means the same."""
    value = required(body, key, place)
    if type(value) is int and 0 <= value < len(choices):
        return choices[value]
    return tag(body, key, choices, place)


def _one_of(word: str, choices: Sequence[str], place: str) -> str:
    if word in choices:
        return word
    named = [f"`{choice}`" for choice in choices]
    few = " or ".join(named) if len(named) <= 2 else f"one of {', '.join(named)}"  # noqa: PLR2004
    raise RefusalError(f"unknown variant `{word}`, expected {few}", place)


def integer(value: object, place: str, kind: str, bound: int) -> int:
    """Return a whole number that is not negative and below a bound."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse_type(value, kind, place)
    number = value
    if not _LEAST_I64 <= number < _U64:
        refuse_type(float(number), kind, place)
    if not 0 <= number < bound:
        raise RefusalError(f"invalid value: integer `{number}`, expected {kind}", place)
    return number


def u8(value: object, place: str) -> int:
    """Return a whole number up to 255."""
    return integer(value, place, "u8", _U8)


def u32(value: object, place: str) -> int:
    """Return a whole number of 32 bits."""
    return integer(value, place, "u32", _U32)


def u64(value: object, place: str) -> int:
    """Return a whole number of 64 bits."""
    return integer(value, place, "u64", _U64)


def f32(value: object, place: str) -> float:
    """Return a number, rounded to 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse_type(value, "f32", place)
    number = float(cast("float", value))
    try:
        pack("f", number)
    except (OverflowError, struct_error):
        return float("inf") if number > 0 else float("-inf")
    return number


def as_f32(number: float) -> float:
    """Round to 32 bits; too small becomes 0."""
    from struct import unpack  # noqa: PLC0415 - for limits alone

    try:
        return cast("float", unpack("f", pack("f", number))[0])
    except OverflowError:
        return number
