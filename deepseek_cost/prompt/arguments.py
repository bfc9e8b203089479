"""Arguments of tool calls, and JSON as a template writes it."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

from deepseek_cost.inputs.strict_json import MAX_DEPTH

if TYPE_CHECKING:
    import json

_MOST_U64: Final = (1 << 64) - 1
_LEAST_I64: Final = -(1 << 63)
# No whole number of fewer digits is beyond 64 bits.
_LONG: Final = 18


def _whole(digits: str) -> int | float:
    if digits == "-0":
        return -0.0
    if len(digits) <= _LONG:
        return int(digits)
    if len(digits) <= _LONG + 2 and _LEAST_I64 <= (number := int(digits)) <= _MOST_U64:
        return number
    return _decimal(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("number out of range")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


_LONG_NUMBER: Final = re.compile(rf"\d{{{_LONG + 1}}}")

# What may be a float, which msgspec formats differently, or a whole number beyond 64 bits.
_ODD_NUMBER: Final = re.compile(rb"[0-9](?:[.e]|[0-9]{18})")


@cache
def _decoder() -> "json.JSONDecoder":
    import json  # noqa: PLC0415 - most chats have no JSON

    return json.JSONDecoder(parse_int=_whole, parse_float=_decimal, parse_constant=_refuse_constant)


@cache
def _encoder() -> "json.JSONEncoder":
    import json  # noqa: PLC0415 - likewise

    return json.JSONEncoder(ensure_ascii=False, check_circular=False)


@cache
def _quoter() -> Callable[[str], str]:
    from json.encoder import encode_basestring  # noqa: PLC0415 - likewise

    return encode_basestring


def arguments_of(text: str) -> Mapping[str, object] | str:
    """Return the arguments in a text; the text itself if it is not a JSON object."""
    if text == "{}":
        return {}
    try:
        value = _decoder().decode(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(value, dict) or _is_too_deep(text) or _has_lone_surrogates(text):
        return text
    return value


def written(value: object) -> str:
    """Return JSON as a template has it: Python's spacing, and only control characters escaped."""
    if type(value) is str:
        return _quoter()(value)
    try:
        data = msgspec.json.encode(value)
    except (ValueError, RecursionError):
        return _written(value)
    if b"\\" in data or _ODD_NUMBER.search(data):
        return _written(value)
    return msgspec.json.format(data, indent=0).decode()


def _written(value: object) -> str:
    text = _encoder().encode(value)
    if not _LONG_NUMBER.search(text):
        return text
    return _encoder().encode(_rounded(value))


def _rounded(value: object) -> object:
    """Return JSON with its numbers rounded to 64 bits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, int) and not _LEAST_I64 <= value <= _MOST_U64:
        return float(value)
    return value


def _is_too_deep(text: str) -> bool:
    """Return whether JSON is nested deeper than the API reads."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return False
    depth = deepest = 0
    for mark in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark.group(), 0)
        deepest = max(deepest, depth)
    return deepest > MAX_DEPTH


def _has_lone_surrogates(text: str) -> bool:
    if "\\u" not in text:
        return False
    import json  # noqa: PLC0415 - likewise

    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
