"""Tool definitions: names, JSON Schemas, and which tools a response may or must call."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from deepseek_cost.prompt.checks import Body, RefusalError
from deepseek_cost.prompt.conversation import Hidden, Tool, Unknown
from deepseek_cost.prompt.json_schema import refuse_invalid, strict_object

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+")
_PATTERN: Final = "^[a-zA-Z0-9_-]+$"
_FORCED_WHILE_THINKING: Final = "Thinking mode does not support this tool_choice"


def named(name: str, place: str) -> str:
    """Check the name of a tool."""
    if not name:
        raise RefusalError(
            f"Invalid '{place}': empty string. "
            "Expected a string with minimum length 1, but got an empty string instead.",
            place,
        )
    if not _NAME.fullmatch(name):
        raise RefusalError(
            f"Invalid '{place}': string does not match pattern. "
            f"Expected a string that matches the pattern '{_PATTERN}'.",
            place,
        )
    return name


def parameters_of(
    schema: object, name: str, place: str, *, strict: bool = False, is_used: bool = True
) -> object:
    """Check the schema of a function's parameters; strict ones are rewritten, as the API does.

    A function without any has an empty object. Nobody checks those that a response may not call.
    """
    if not is_used:
        return {}
    if strict:
        try:
            given = {"type": "object"} if schema is None else schema
            return strict_object(given, place, "function parameters", may_be_empty=True)
        except RefusalError as refusal:
            reason = f"Invalid tool parameters schema : {refusal.reason}"
            raise RefusalError(reason, refusal.place) from None
    if schema is None:
        return {}
    try:
        refuse_invalid(schema, place)
        kind = schema.get("type") if isinstance(schema, Mapping) else None
        if kind != "object":
            from json import dumps  # noqa: PLC0415 - for a refusal alone

            found = dumps(kind, ensure_ascii=False, separators=(",", ":"))
            raise RefusalError(  # noqa: TRY301
                f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {found}'.", place
            )
    except RefusalError as refusal:
        reason = f"Invalid schema for function '{name}': {refusal.reason}"
        raise RefusalError(reason, refusal.place) from None
    return schema


def refuse_duplicates(tools: Sequence[Tool], place: str = "tools") -> None:
    """Refuse names that appear twice."""
    if len({(tool.namespace, tool.name) for tool in tools}) < len(tools):
        raise RefusalError("Tool names must be unique.", place)


def mixed(tools: Sequence[Tool]) -> RefusalError | None:
    """Return the refusal of strict functions mixed with others; None if not mixed."""
    strict = [tool.strict for tool in tools]
    if any(strict) and not all(strict):
        reason = "Cannot use strict tool with non-strict tool in the same request"
        return RefusalError(reason, "tools")
    return None


def server_tool(tool: Body, place: str) -> Unknown:
    """Return a tool that the API runs itself, with the most calls that `max_uses` allows."""
    most = tool.get("max_uses")
    is_limit = isinstance(most, int) and not isinstance(most, bool) and most >= 0
    return Unknown(Hidden.SERVER_TOOL, place, most if is_limit else None)  # type: ignore[arg-type]


def used(unknown: Sequence[Unknown], choice: str | None) -> Sequence[Unknown]:
    """Return the unknown input of a body; if no tool may be called, tools add none."""
    if choice != "none":
        return unknown
    return [one for one in unknown if one.what is not Hidden.SERVER_TOOL]


def offered(tools: Sequence[Tool], choice: str | None, name: str | None) -> Sequence[Tool]:
    """Return the tools that are rendered: none, the one that must be called, or all."""
    if choice == "none":
        return ()
    if choice == "forced" and name is not None:
        return [tool for tool in tools if tool.name == name and tool.namespace is None]
    return tools


def forced(
    required: bool,  # noqa: FBT001 - with what it is required of
    name: str | None,
    names: Iterable[str],
    *,
    thinking: bool,
) -> bool:
    """Return whether a response must begin with a call: of any function, or of a named one.

    Raises RefusalError for one that is not on offer, and where thinking goes before.
    """
    names = set(names)
    if not names or not (required or name is not None):
        return False
    if name is not None and name not in names:
        raise RefusalError(
            f"Invalid value for 'tool_call': no function named '{name}' "
            "was specified in the 'tools' parameter.",
            "tool_choice",
        )
    if thinking:
        raise RefusalError(_FORCED_WHILE_THINKING, "tool_choice")
    return True
