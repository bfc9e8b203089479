"""JSON Schemas of tools and responses, as the API takes them and as it rewrites strict ones.

A schema is checked against JSON Schema 2020-12, whose keywords are in a table here. For older
drafts, patterns and references, only what is certainly wrong is refused.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, cast

from deepseek_cost.prompt.checks import (
    Body,
    RefusalError,
    boolean,
    mapping,
    refuse_type,
    sequence,
    string,
    variant,
)
from deepseek_cost.prompt.common_schema import is_common

_TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")
_OBJECTS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMAS: Final = (
    *("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_STRINGS: Final = (
    *("$comment", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$schema"),
    *("contentEncoding", "contentMediaType", "description", "format", "pattern", "title"),
)
_COUNTS: Final = (
    *("maxContains", "maxItems", "maxLength", "maxProperties", "minContains", "minItems"),
    *("minLength", "minProperties"),
)
_NUMBERS: Final = ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf")
_BOOLEANS: Final = ("deprecated", "readOnly", "uniqueItems", "writeOnly")
_ARRAYS: Final = ("enum", "examples")
_ANCHOR: Final = r"[A-Za-z_][-A-Za-z0-9._]*"
_CURRENT: Final = "https://json-schema.org/draft/2020-12/schema"
_OLDER: Final = r"https?://json-schema\.org/draft(-0[4-7]|/2019-09)/schema#?"


def refuse_invalid(schema: object, place: str) -> None:
    """Raise RefusalError for an invalid JSON Schema."""
    if isinstance(schema, dict) and "$schema" in schema:
        named = schema["$schema"]
        if isinstance(named, str):
            if re.fullmatch(_OLDER, named):
                return
            if named.rstrip("#") != _CURRENT:
                raise RefusalError(
                    f"Unknown meta-schema: '{named}'. Custom meta-schemas must be registered in "
                    "the registry before use",
                    f"{place}.$schema",
                )
    if not is_common(schema):
        _check(schema, place)
        _refuse_lost(schema, schema, place)


def _check(schema: object, place: str) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        raise RefusalError(f'{_shown(schema)} is not of types "boolean", "object"', place)
    for key, value in schema.items():
        check = _KEYWORDS.get(key)
        if check is not None:
            check(value, f"{place}.{key}")


def _of_type(value: object, name: str, place: str) -> None:
    raise RefusalError(f'{_shown(value)} is not of type "{name}"', place)


def _objects(value: object, place: str) -> None:
    if not isinstance(value, dict):
        _of_type(value, "object", place)
    for key, schema in cast("dict[str, object]", value).items():
        _check(schema, f"{place}.{key}")


def _patterns(value: object, place: str) -> None:
    _objects(value, place)
    for key, schema in cast("dict[str, object]", value).items():
        if _is_no_regex(key):
            raise RefusalError(f'{_shown(schema)} is not a "regex"', f"{place}.{key}")


def _list(value: object, place: str) -> None:
    if not isinstance(value, list):
        _of_type(value, "array", place)
    items = cast("list[object]", value)
    if not items:
        raise RefusalError("[] has less than 1 item", place)
    for at, schema in enumerate(items):
        _check(schema, f"{place}[{at}]")


def _string(value: object, place: str) -> None:
    if not isinstance(value, str):
        _of_type(value, "string", place)


def _pattern(value: object, place: str) -> None:
    _string(value, place)
    if _is_no_regex(cast("str", value)):
        raise RefusalError(f'{_shown(value)} is not a "regex"', place)


def _anchor(value: object, place: str) -> None:
    _string(value, place)
    if not re.fullmatch(_ANCHOR, cast("str", value)):
        raise RefusalError(f'{_shown(value)} does not match "^{_ANCHOR}$"', place)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: object, place: str) -> None:
    if not _is_number(value) or value != int(cast("float", value)):
        _of_type(value, "integer", place)
    if cast("float", value) < 0:
        raise RefusalError(f"{_shown(value)} is less than the minimum of 0", place)


def _number(value: object, place: str) -> None:
    if not _is_number(value):
        _of_type(value, "number", place)


def _divisor(value: object, place: str) -> None:
    _number(value, place)
    if cast("float", value) <= 0:
        raise RefusalError(f"{_shown(value)} is less than or equal to the minimum of 0", place)


def _boolean(value: object, place: str) -> None:
    if not isinstance(value, bool):
        _of_type(value, "boolean", place)


def _array(value: object, place: str) -> None:
    if not isinstance(value, list):
        _of_type(value, "array", place)


def _names(value: object, place: str) -> None:
    _array(value, place)
    names = cast("list[object]", value)
    for at, name in enumerate(names):
        _string(name, f"{place}[{at}]")
    if len(set(cast("list[str]", names))) < len(names):
        raise RefusalError(f"{_shown(value)} has non-unique elements", place)


def _type(value: object, place: str) -> None:
    names = value if isinstance(value, list) and value else [value]
    known = all(isinstance(name, str) and name in _TYPES for name in names)
    if not known or len(set(names)) < len(names):
        raise RefusalError(
            f"{_shown(value)} is not valid under any of the schemas listed in the 'anyOf' keyword",
            place,
        )


def _dependencies(value: object, place: str) -> None:
    if not isinstance(value, dict):
        _of_type(value, "object", place)
    for key, names in cast("dict[str, object]", value).items():
        _names(names, f"{place}.{key}")


_KEYWORDS: Final[Mapping[str, Callable[[object, str], None]]] = {
    **dict.fromkeys(_OBJECTS, _objects),
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(_SCHEMAS, _check),
    **dict.fromkeys(_STRINGS, _string),
    **dict.fromkeys(_COUNTS, _count),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(_BOOLEANS, _boolean),
    **dict.fromkeys(_ARRAYS, _array),
    "patternProperties": _patterns,
    "pattern": _pattern,
    "$anchor": _anchor,
    "$dynamicAnchor": _anchor,
    "multipleOf": _divisor,
    "required": _names,
    "type": _type,
    "dependentRequired": _dependencies,
}


def _is_no_regex(pattern: str) -> bool:
    """Return whether a pattern is invalid in every dialect: its brackets do not match."""
    depth = 0
    in_class = False
    at = 0
    while at < len(pattern):
        mark = pattern[at]
        if mark == "\\":
            at += 1
        elif in_class:
            in_class = mark != "]"
        elif mark == "[":
            in_class = True
        elif mark in "()":
            depth += 1 if mark == "(" else -1
            if depth < 0:
                return True
        at += 1
    return depth != 0 or in_class


def _refuse_lost(schema: object, root: object, place: str) -> None:
    """Refuse references that lead nowhere in the schema, and those that leave it."""
    if isinstance(schema, dict):
        target = schema.get("$ref")
        if isinstance(target, str):
            _follow(target, root, f"{place}.$ref")
        for key, value in schema.items():
            if key in _SCHEMAS or key in _LISTS or key in _OBJECTS:
                _refuse_lost_in(value, root, f"{place}.{key}", is_object=key in _OBJECTS)


def _refuse_lost_in(value: object, root: object, place: str, *, is_object: bool) -> None:
    if is_object and isinstance(value, dict):
        for key, item in value.items():
            _refuse_lost(item, root, f"{place}.{key}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _refuse_lost(item, root, f"{place}[{at}]")
    else:
        _refuse_lost(value, root, place)


def _follow(target: str, root: object, place: str) -> None:
    if target.startswith(("http://", "https://")) and not target.startswith(_CURRENT):
        raise RefusalError(
            f"Resource '{target}' is not present in a registry and retrieving it failed: "
            f"Retrieval is disabled, cannot fetch {target}",
            place,
        )
    if not target.startswith("#/"):
        return
    from urllib.parse import unquote  # noqa: PLC0415 - for references alone

    pointer = unquote(target[1:])
    at = root
    for step in pointer[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(at, dict) and name in at:
            at = at[name]
        elif isinstance(at, list) and name.isdecimal() and int(name) < len(at):
            at = at[int(name)]
        else:
            raise RefusalError(f"Pointer '{pointer}' does not exist", place)


_KINDS: Final = ("object", "string", "number", "integer", "boolean", "array", "null")
_SIMPLE: Final = ("string", "number", "integer", "boolean", "null")
_FORMATS: Final = ("email", "hostname", "ipv4", "ipv6", "uuid")
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def strict_object(schema: object, place: str, what: str, *, may_be_empty: bool = False) -> object:
    """Return a strict schema of an object as the API rewrites it; raises RefusalError.

    `what` names the schema in the reason for which another one is refused.
    """
    top = f"The top level of the {what} schema must be an object."
    if (
        isinstance(schema, dict)
        and "type" not in schema
        and ("anyOf" in schema or "$ref" in schema)
    ):
        raise RefusalError(top, place)
    written = strict_schema(schema, place, is_top=may_be_empty)
    if written.get("type") != "object":
        raise RefusalError(top, place)
    return written


def strict_schema(schema: object, place: str, *, is_top: bool = False) -> dict[str, object]:
    """Return a strict schema with what the API keeps of it, in its order; raises RefusalError."""
    if not isinstance(schema, dict) or not any(k in schema for k in ("type", "anyOf", "$ref")):
        raise RefusalError("one of `type`, `anyOf`, `$ref` field is required", place)
    if "type" in schema:
        return _typed(schema, place, is_top=is_top)
    if "anyOf" in schema:
        at = f"{place}.anyOf"
        items = sequence(schema["anyOf"], at)
        choices = [strict_schema(item, f"{at}[{n}]") for n, item in enumerate(items)]
        return {"anyOf": choices, **_described(schema, place)}
    return {"$ref": string(schema["$ref"], f"{place}.$ref")}


def _typed(schema: Body, place: str, *, is_top: bool) -> dict[str, object]:
    kind = schema["type"]
    if isinstance(kind, list):
        kinds = [variant(name, _SIMPLE, f"{place}.type[{n}]") for n, name in enumerate(kind)]
        return {"type": kinds, **_described(schema, place)}
    if not isinstance(kind, str):
        refuse_type(kind, "variant identifier", f"{place}.type")
    kind = variant(kind, _KINDS, f"{place}.type")
    if kind == "object":
        return _object(schema, place, is_top=is_top)
    if kind == "array":
        if "items" not in schema:
            raise RefusalError("missing field `items`", place)
        items = strict_schema(schema["items"], f"{place}.items")
        return {"type": kind, "items": items, **_described(schema, place)}
    found: dict[str, object] = {"type": kind, **_described(schema, place)}
    if kind == "string":
        return found | _of_string(schema, place)
    if kind in {"number", "integer"}:
        return found | _of_number(schema, kind, place)
    return found


def _object(schema: Body, place: str, *, is_top: bool) -> dict[str, object]:
    properties = schema.get("properties")
    if properties is None:
        properties = {}
    elif not isinstance(properties, dict):
        refuse_type(properties, "a map", f"{place}.properties")
    fields = (
        {
            name: strict_schema(field, f"{place}.properties.{name}")
            for name, field in mapping(properties, "a map", place).items()
        }
        if properties
        else {}
    )
    if schema.get("additionalProperties") is not None and boolean(
        schema["additionalProperties"], f"{place}.additionalProperties"
    ):
        raise RefusalError("additionalProperties should not be true", place)
    if schema.get("required") is not None:
        _match_required(schema["required"], fields, f"{place}.required")
    if not fields and not is_top:
        raise RefusalError("An object with no properties is not allowed.", place)
    return {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "required": list(fields),
        **_described(schema, place),
    }


def _match_required(value: object, fields: Mapping[str, object], place: str) -> None:
    names = [string(name, f"{place}[{n}]") for n, name in enumerate(sequence(value, place))]
    for name in names:
        if name not in fields:
            raise RefusalError(f"Required property '{name}' not found in object", place)
    if len(set(names)) != len(fields):
        raise RefusalError("Required properties must match all properties in the object", place)


def _described(schema: Body, place: str) -> dict[str, object]:
    about = schema.get("description")
    return {} if about is None else {"description": string(about, f"{place}.description")}


def _of_string(schema: Body, place: str) -> dict[str, object]:
    found: dict[str, object] = {}
    if schema.get("pattern") is not None:
        found["pattern"] = string(schema["pattern"], f"{place}.pattern")
    if schema.get("format") is not None:
        found["format"] = variant(schema["format"], _FORMATS, f"{place}.format")
    if schema.get("enum") is not None:
        at = f"{place}.enum"
        items = sequence(schema["enum"], at)
        found["enum"] = [string(item, f"{at}[{n}]") for n, item in enumerate(items)]
    return found


def _of_number(schema: Body, kind: str, place: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for key in ("default", *_BOUNDS):
        value = schema.get(key)
        if value is None:
            continue
        at = f"{place}.{key}"
        if kind == "integer":
            if isinstance(value, bool) or not isinstance(value, int):
                refuse_type(value, "i64", at)
        elif not _is_number(value):
            refuse_type(value, "a JSON number", at)
        found[key] = value
    return found


def _shown(value: object) -> str:
    from json import dumps  # noqa: PLC0415 - for a refusal alone

    return dumps(value, ensure_ascii=False, separators=(",", ":"))
