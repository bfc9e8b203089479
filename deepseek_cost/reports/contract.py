"""All reports, and their JSON Schema.

Nothing here knows about a terminal, a browser or a file.
"""

import json
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any, Final

from msgspec.json import schema_components

from deepseek_cost.reports.bill import BillReport
from deepseek_cost.reports.cache import CacheReport
from deepseek_cost.reports.chat import ChatReport
from deepseek_cost.reports.compare import CompareReport
from deepseek_cost.reports.config import ConfigReport
from deepseek_cost.reports.count import CountReport
from deepseek_cost.reports.diff import DiffReport
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.invoice import InvoiceReport
from deepseek_cost.reports.parts import Report
from deepseek_cost.reports.price_check import CheckReport
from deepseek_cost.reports.price_history import HistoryReport
from deepseek_cost.reports.price_page import VerifyReport
from deepseek_cost.reports.price_tables import TableDiffReport
from deepseek_cost.reports.prices import PricesReport
from deepseek_cost.reports.proof import LiveReport
from deepseek_cost.reports.when import WhenReport

REPORTS: Final[tuple[type[Report], ...]] = (
    BillReport,
    CacheReport,
    ChatReport,
    CheckReport,
    CompareReport,
    ConfigReport,
    CountReport,
    DiffReport,
    EstimateReport,
    HistoryReport,
    InvoiceReport,
    LiveReport,
    PricesReport,
    TableDiffReport,
    VerifyReport,
    WhenReport,
)


def json_schema() -> str:
    """Return the JSON Schema of all reports, distinguished by `command`."""
    references, definitions = schema_components(REPORTS)
    for schema in _within(definitions):
        _complete(schema)
    commands = {
        definitions[report.__name__]["properties"]["command"]["default"]: reference["$ref"]
        for report, reference in zip(REPORTS, references, strict=True)
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dscost report, schema_version 1",
        "discriminator": {"propertyName": "command", "mapping": commands},
        "oneOf": references,
        "$defs": definitions,
    }
    return json.dumps(schema, indent=2) + "\n"


def _complete(schema: dict[str, Any]) -> None:
    """Complete an object of a schema with what msgspec leaves out, in place."""
    if isinstance(schema.get("description"), str):
        schema["description"] = cleandoc(schema["description"])
    if isinstance(schema.get("enum"), list) and len(schema["enum"]) == 1:
        schema["const"] = schema.pop("enum")[0]
    if schema.get("format") == "decimal":
        # The form in which `exact` writes an amount.
        schema.setdefault("pattern", r"^\d+(\.\d*[1-9])?$")
    if schema.get("type") == "object" and "properties" in schema:
        schema["additionalProperties"] = False


def _within(schema: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield every object of a schema."""
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for inner in schema:
            yield from _within(inner)
