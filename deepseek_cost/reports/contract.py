"""Every report; the JSON Schema.

Nothing here knows of a terminal, a browser or a file.
"""

import json
from typing import Annotated

from pydantic import Field, TypeAdapter

from deepseek_cost.reports.bill import BillReport
from deepseek_cost.reports.cache import CacheReport
from deepseek_cost.reports.chat import ChatReport
from deepseek_cost.reports.compare import CompareReport
from deepseek_cost.reports.config import ConfigReport
from deepseek_cost.reports.count import CountReport
from deepseek_cost.reports.diff import DiffReport
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.invoice import InvoiceReport
from deepseek_cost.reports.price_page import VerifyReport
from deepseek_cost.reports.price_tables import TableDiffReport
from deepseek_cost.reports.prices import CheckReport, HistoryReport, PricesReport
from deepseek_cost.reports.proof import LiveReport
from deepseek_cost.reports.when import WhenReport

AnyReport = (
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
    | InvoiceReport
    | LiveReport
    | PricesReport
    | TableDiffReport
    | VerifyReport
    | WhenReport
)


def json_schema() -> str:
    """Return the JSON Schema of all reports, told apart by `command`."""
    union: TypeAdapter[AnyReport] = TypeAdapter(
        Annotated[AnyReport, Field(discriminator="command")]
    )
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dscost report, schema_version 1",
    } | union.json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"
