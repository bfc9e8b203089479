"""The JSON contract, schema_version "1": every presenter shows a report and knows nothing else."""

import json
from typing import Annotated

from pydantic import Field, TypeAdapter

from deepseek_cost.report.bill import BillReport
from deepseek_cost.report.cache import CacheReport
from deepseek_cost.report.chat import ChatReport
from deepseek_cost.report.check import CheckReport
from deepseek_cost.report.compare import CompareReport
from deepseek_cost.report.config import ConfigReport
from deepseek_cost.report.count import CountReport
from deepseek_cost.report.diff import DiffReport
from deepseek_cost.report.estimate import EstimateReport
from deepseek_cost.report.history import HistoryReport
from deepseek_cost.report.live import LiveReport
from deepseek_cost.report.prices import PricesReport
from deepseek_cost.report.when import WhenReport

Report = (
    BillReport
    | CacheReport
    | ChatReport
    | CheckReport
    | CompareReport
    | ConfigReport
    | CountReport
    | DiffReport
    | EstimateReport
    | HistoryReport
    | LiveReport
    | PricesReport
    | WhenReport
)


def json_schema() -> str:
    """Return the JSON Schema of all reports, told apart by `command`."""
    union: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="command")])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dscost report, schema_version 1",
    } | union.json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"
