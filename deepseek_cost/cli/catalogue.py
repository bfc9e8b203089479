"""All settings there are, as the commands declare them: what `dscost config` and editors show."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from typer._click.globals import get_current_context
from typer._click.types import FloatRange, IntRange
from typer._types import TyperChoice

from deepseek_cost.cli.commands import NAMES, load
from deepseek_cost.cli.options.groups import GROUPS
from deepseek_cost.cli.settings import OF_WORDS, SettingsContext, name_of

if TYPE_CHECKING:
    from typer._click.core import Parameter


class Listed(NamedTuple):
    """A setting: its name, its option, and the context of a command that has it."""

    name: str
    option: "Parameter"
    context: SettingsContext


def settings() -> list[Listed]:
    """List the settings in the order of the help's groups; loads every command."""
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
        parent = get_current_context(silent=True)
        context = SettingsContext(command, parent=parent, info_name=command_name)
        for option in command.params:
            name = name_of(option)
            if name is not None:
                yield Listed(name, option, context)


def _group(option: "Parameter") -> str:
    return str(getattr(option, "rich_help_panel", None))


def _property(option: "Parameter") -> dict[str, Any]:
    described: dict[str, Any] = {"description": getattr(option, "help", "")}
    if option.default is not None:
        described["default"] = getattr(option.default, "value", option.default)
    if getattr(option, "multiple", False):
        items = _type(option)
        return described | {"anyOf": [items, {"type": "array", "items": items}]}
    return described | _type(option)


def _type(option: "Parameter") -> dict[str, Any]:
    """Return what JSON Schema says of an option's type; what TOML must have, `fitted` tells."""
    kind = option.type
    if getattr(option, "is_flag", False):
        return {"type": "boolean"}
    if isinstance(kind, (IntRange, FloatRange)):
        bounds = {"minimum": kind.min, "maximum": kind.max}
        known = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "integer" if isinstance(kind, IntRange) else "number"} | known
    if isinstance(kind, TyperChoice):
        return {"enum": [getattr(choice, "value", choice) for choice in kind.choices]}
    return {"type": "string" if option.metavar in OF_WORDS else ["string", "number"]}


if __name__ == "__main__":
    print(json_schema(), end="")  # noqa: T201 - the schema, to be published
