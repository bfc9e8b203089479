"""References generated from the tool itself: its commands, and the fields of its JSON.

They are generated when the pages are built, so they are never out of date, and are not committed.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typer import Context
from typer.cli import get_docs_for_click
from typer.main import get_command

from deepseek_cost.cli.app import application
from deepseek_cost.cli.command import manual_of
from deepseek_cost.cli.commands import config
from deepseek_cost.cli.manual import Manual
from deepseek_cost.reports import contract

Schema = Mapping[str, Any]

# A command's section in the page, from its heading to the next.
_SECTION = re.compile(r"^## `dscost (?P<name>\w+)`\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)

_HEAD = """# Fields of the JSON

Made from [report.schema.json](report.schema.json). Amounts are strings, exact to the
last digit; times are UTC. What is not known or not there is `null`; an optional field may be
left out instead.""".splitlines()


def write(folder: Path) -> None:
    """Write the pages into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "commands.md").write_text(commands(), encoding="utf-8")
    schema = contract.json_schema()
    (folder / "json.md").write_text(json_fields(json.loads(schema)), encoding="utf-8")
    (folder / "report.schema.json").write_text(schema, encoding="utf-8")
    (folder / "config.schema.json").write_text(config.json_schema(), encoding="utf-8")


def commands() -> str:
    """Return the page of commands with their options, examples and exit codes, as in `--help`."""
    command = get_command(application())
    context = Context(command, info_name="dscost")
    page = get_docs_for_click(obj=command, ctx=context, name="dscost", title="Commands")
    return _SECTION.sub(lambda section: section[0] + _manual(manual_of(section["name"])), page)


def _manual(manual: Manual) -> str:
    examples = [line for one in manual.examples for line in (f"# {one.purpose}", one.command)]
    codes = [f"* `{code}`: {meaning}" for code, meaning in manual.exit_codes.items()]
    lines = ["**Examples**:", "", "```sh", *examples, "```", "", "**Exit codes**:", "", *codes]
    return "\n".join(lines) + "\n\n"


def json_fields(schema: Schema) -> str:
    """Return the page of all JSON types with their fields, starting with what commands print."""
    definitions: Schema = schema["$defs"]
    reports = [_name(choice) for choice in schema["oneOf"]]
    parts = [name for name in definitions if name not in reports]
    lines = [*_HEAD, "", "## What the commands print"]
    for name in reports:
        lines += _definition(name, definitions[name])
    lines += ["", "## What it is made of"]
    for name in parts:
        lines += _definition(name, definitions[name])
    return "\n".join(lines) + "\n"


def _definition(name: str, schema: Schema) -> Iterator[str]:
    yield from ("", f"### {name}", "", schema.get("description", ""), "")
    if "enum" in schema:
        yield _type(schema)
    if "properties" in schema:
        yield from ("| field | type | |", "| --- | --- | --- |")
    required = schema.get("required", [])
    for field, value in schema.get("properties", {}).items():
        about = value.get("description", "").replace("|", "\\|")
        left_out = "" if field in required or "const" in value else ", optional"
        yield f"| `{field}` | {_type(value)}{left_out} | {about} |"


def _type(schema: Schema) -> str:
    for key, shown in _SHOWN.items():
        if key in schema:
            return shown(schema)
    return str(schema.get("format", schema.get("type", "anything")))


def _choice(schemas: list[Schema]) -> str:
    return " or ".join(_type(schema) for schema in schemas)


def _by_name(schema: Schema) -> str:
    of = schema["additionalProperties"]
    return f"object of {_type(of)} by name" if of else "object"


def _name(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


# How to show a type, by the schema key that defines it.
_SHOWN: dict[str, Callable[[Schema], str]] = {
    "$ref": lambda schema: f"[{_name(schema)}](#{_name(schema).lower()})",
    "anyOf": lambda schema: _choice(schema["anyOf"]),
    "oneOf": lambda schema: _choice(schema["oneOf"]),
    "const": lambda schema: f"`{json.dumps(schema['const'])}`",
    "enum": lambda schema: ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"]),
    "items": lambda schema: f"list of {_type(schema['items'])}",
    "additionalProperties": _by_name,
    "pattern": lambda _: "amount",
}
