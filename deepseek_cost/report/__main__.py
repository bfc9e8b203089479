"""Print the JSON Schema that is published as data/report.schema.json."""

from deepseek_cost.report.contract import json_schema

print(json_schema(), end="")  # noqa: T201 - the whole purpose of this module
