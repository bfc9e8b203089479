"""Strict JSON that reports where duplicate keys, lone surrogates and deep nesting are."""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final, cast

import msgspec

if TYPE_CHECKING:
    import json

# The maximum depth of DeepSeek's own parser.
MAX_DEPTH: Final = 127
_PIECE: Final = r'(?s)"(?:[^"\\]|\\.)*"|[{}\[\]:,]'
_ESCAPE: Final = r"(?s)\\(?:u([0-9a-fA-F]{4})|.)"
_SURROGATE: Final = r"\\u[dD][89a-fA-F]"
# Few texts are longer; those are read with as little memory as possible.
_LONG: Final = 1 << 20
# No key occurs twice in an object if the value has as many colons when it is written again. Where
# strings may spell colons: if there are as many colons after quotes as keys, and none is spaced.
_SPELT_COLON: Final = "\\u003"
_SPACED: Final = r'"[ \t\r\n]+:'
_CONTAINERS: Final = (dict, list)


class JsonFaultError(ValueError):
    """Text that is not JSON, or is ambiguous JSON; `offset` is where."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


class _DuplicateKeyError(ValueError):
    pass


def parse(text: str) -> object:
    """Parse one JSON value; raises JsonFaultError."""
    if len(text) > _LONG:
        return _parse(text)
    try:
        value: object = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return _parse(text)  # which locates the fault, or accepts unusual JSON
    return value if _has_each_key_once(text, value) else _parse(text)


def _has_each_key_once(text: str, value: object) -> bool:
    """Return whether no key occurs twice in an object, for sure."""
    if _SPELT_COLON in text:
        return text.count('":') == _keys(value) and not re.search(_SPACED, text)
    return text.count(":") == msgspec.json.encode(value).count(b":")


def _keys(value: object) -> int:
    """Return the number of keys in a value."""
    found = 0
    waiting = [value]
    for one in waiting:
        if type(one) is dict:
            found += len(one)
            waiting += one.values()
        elif type(one) is list:
            waiting += one
    return found


def _parse(text: str) -> object:
    """Parse one JSON value and locate its faults; see `parse`."""
    from json import JSONDecodeError  # noqa: PLC0415 - as below

    try:
        value: object = _decoder().decode(text)
    except JSONDecodeError as error:
        reason = error.msg.removesuffix(" starting at")
        raise JsonFaultError(f"not valid JSON: {reason}", error.pos) from None
    except RecursionError:
        raise JsonFaultError(f"nested more than {MAX_DEPTH} deep", _too_deep(text)) from None
    except _DuplicateKeyError:
        key, offset = _duplicate(text)
        raise JsonFaultError(f"the key {key} occurs twice in one object", offset) from None
    except ValueError as error:  # a number of thousands of digits
        raise JsonFaultError(_reason(error), 0) from None
    if re.search(_SURROGATE, text):
        _refuse_lone_surrogate(text)
    return value


def is_deeper(value: object, most: int) -> bool:
    """Return whether a value has more than so many levels of objects and arrays."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(most):
        level = [item for one in level for item in _items(one) if type(item) in _CONTAINERS]
        if not level:
            return False
    return True


def _items(container: object) -> Iterable[object]:
    if type(container) is dict:
        return container.values()
    return cast("list[object]", container)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"not valid JSON: {name} is no number")


@cache
def _decoder() -> "json.JSONDecoder":
    import json  # noqa: PLC0415 - for what msgspec does not accept

    return json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _duplicate(text: str) -> tuple[str, int]:
    """Find the first duplicate key in an object; the JSON is valid otherwise."""
    open_objects: list[set[str] | None] = []
    string, offset = "", 0
    for match in re.finditer(_PIECE, text):
        mark = match.group()
        keys = open_objects[-1] if open_objects else None
        if mark == "{":
            open_objects.append(set())
        elif mark == "[":
            open_objects.append(None)
        elif mark in "}]":
            open_objects.pop()
        elif mark == ":" and keys is not None:
            key = _decoder().decode(string)
            if key in keys:
                return string, offset
            keys.add(key)
        elif mark.startswith('"'):
            string, offset = mark, match.start()
    return '"?"', 0


def _reason(error: ValueError) -> str:
    return "not valid JSON: a number is too long" if "digits" in str(error) else f"{error}"


def _too_deep(text: str) -> int:
    depth = 0
    for match in re.finditer(_PIECE, text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(match.group(), 0)
        if depth > MAX_DEPTH:
            return match.start()
    return 0


def _refuse_lone_surrogate(text: str) -> None:
    high = -1
    for match in re.finditer(_ESCAPE, text):
        code = int(match.group(1) or "0", 16)
        is_low = 0xDC00 <= code < 0xE000  # noqa: PLR2004 - Unicode's own
        paired = is_low and high == match.start()
        if high >= 0 and not paired:
            raise JsonFaultError("a lone surrogate, which no request can carry", high - 6)
        if is_low and not paired:
            raise JsonFaultError("a lone surrogate, which no request can carry", match.start())
        high = match.end() if 0xD800 <= code < 0xDC00 else -1  # noqa: PLR2004 - likewise
    if high >= 0:
        raise JsonFaultError("a lone surrogate, which no request can carry", high - 6)
