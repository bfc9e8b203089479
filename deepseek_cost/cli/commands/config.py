"""dscost config, and the list of settings."""

import json
import os
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast

from typer.core import TyperOption

from deepseek_cost.cli import options
from deepseek_cost.cli.command import NAMES, load
from deepseek_cost.cli.groups import GROUPS
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import write
from deepseek_cost.cli.settings import (
    OF_WORDS,
    SettingsContext,
    declarations,
    name_of,
    running_context,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from deepseek_cost.reports.config import SettingEntry


MANUAL: Final = Manual(
    (
        Example("every setting here, and where it was set", "dscost config"),
        Example("the same, without files", "dscost --no-config config"),
    ),
    page="configuration.md",
    failure="",
)


def config(as_json: options.AsJson = False, plain: options.Plain = False) -> None:
    """Show every setting, its value and where it was set.

    A setting is an option that stays the same from run to run. Set it with a variable, DSCOST_MODEL
    for --model, or in a file: dscost.toml, or [tool.dscost] in pyproject.toml, the nearest first.
    """
    from deepseek_cost.reports.config import ConfigReport

    listed = settings()
    unknown = tuple(_unknown({str(one.option.envvar) for one in listed}))
    report = ConfigReport(settings=tuple(map(_entry, listed)), warnings=unknown)
    write(report, as_json=as_json, plain=plain)


def _entry(listed: "Listed") -> "SettingEntry":
    """Report a setting as the command line would read it; raises ConfigError if it is invalid."""
    from deepseek_cost.cli.command import read_setting
    from deepseek_cost.reports.config import SettingEntry

    value = read_setting(listed.context, listed.option)
    place = listed.context.origin(listed.option.name or "")
    source: Literal["default", "environment", "file"] = "default"
    if place is not None:
        source = "environment" if place == listed.option.envvar else "file"
    default = getattr(listed.option, "show_default", None)
    return SettingEntry(
        name=listed.name,
        value=_plain(value),
        default=default if isinstance(default, str) else None,
        source=source,
        place=place,
    )


def _plain(value: object) -> bool | int | str | tuple[str, ...] | None:
    if isinstance(value, (tuple, list)):
        return tuple(map(str, value)) or None
    return value if value is None or isinstance(value, (bool, int)) else str(value)


def _unknown(known: "Collection[str]") -> "Iterator[str]":
    """Yield a warning for each variable that looks like a setting but is not one."""
    from difflib import get_close_matches

    from deepseek_cost.cli.groups import PREFIX

    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            yield f"{name} is not a setting{f'; did you mean {near[0]}?' if near else ''}"


class Listed(NamedTuple):
    """A setting: its name, its option, and the context of a command that has it."""

    name: str
    option: TyperOption
    context: SettingsContext


def settings() -> list[Listed]:
    """Return the settings in the order of the help's groups; loads every command."""
    found: dict[str, Listed] = {}
    for listed in _declared():
        found.setdefault(listed.name, listed)
    titles = [group.title for group in GROUPS]
    return sorted(found.values(), key=lambda one: titles.index(_group(one.option)))


def json_schema() -> str:
    """Return the JSON Schema of dscost.toml and of [tool.dscost]."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dscost.toml, and [tool.dscost] of pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {one.name: _property(one.option) for one in settings()},
    }
    return json.dumps(schema, indent=2) + "\n"


def _declared() -> Iterator[Listed]:
    for command_name in NAMES:
        command = load(command_name)
        parent = running_context()
        context = SettingsContext(command, parent=parent, info_name=command_name)
        for option in command.params:
            name = name_of(option)
            if name is not None:
                yield Listed(name, cast("TyperOption", option), context)


def _group(option: TyperOption) -> str:
    return str(getattr(option, "rich_help_panel", None))


def _property(option: TyperOption) -> dict[str, Any]:
    described: dict[str, Any] = {"description": getattr(option, "help", "")}
    if option.default is not None:
        described["default"] = getattr(option.default, "value", option.default)
    if getattr(option, "multiple", False):
        items = _type(option)
        return described | {"anyOf": [items, {"type": "array", "items": items}]}
    return described | _type(option)


def _type(option: TyperOption) -> dict[str, Any]:
    """Return the JSON Schema of an option's type, as TOML; `fitted` checks the actual values."""
    declared = declarations()[name_of(option) or ""]
    if getattr(option, "is_flag", False):
        return {"type": "boolean"}
    if int in declared.types or float in declared.types:
        bounds = {"minimum": declared.info.min, "maximum": declared.info.max}
        known = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "integer" if int in declared.types else "number"} | known
    for choices in declared.types:
        if isinstance(choices, type) and issubclass(choices, Enum):
            return {"enum": [choice.value for choice in choices]}
    return {"type": "string" if option.metavar in OF_WORDS else ["string", "number"]}
