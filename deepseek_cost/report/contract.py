"""The JSON contract, schema_version "1": every presenter shows a report and knows nothing else."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, TypeAdapter
from pydantic import WithJsonSchema as JsonSchema

from deepseek_cost.prices import Currency
from deepseek_cost.provenance import Confidence, Precision
from deepseek_cost.schedule import Tier


def exact(amount: Decimal) -> str:
    """Write an amount with every digit it has, no exponent and no trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


Amount = Annotated[
    Decimal,
    PlainSerializer(exact, return_type=str),
    JsonSchema({"type": "string", "pattern": r"^\d+(\.\d*[1-9])?$"}),
]
Instant = Annotated[
    datetime,
    AfterValidator(lambda at: at.astimezone(UTC)),
    PlainSerializer(lambda at: at.isoformat().replace("+00:00", "Z"), return_type=str),
    JsonSchema({"type": "string", "format": "date-time"}),
]


class Part(BaseModel):
    """A part of a report: immutable, and closed to fields it does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Input(Part):
    """A source of requests; `-` is standard input."""

    source: str
    kind: Literal["text"] = "text"
    requests: int


class PromptTokenCounts(Part):
    """Prompt tokens summed over requests: what the user wrote, and what the template adds."""

    input: int
    text: int
    template: int


class TokenCounts(PromptTokenCounts):
    """Billed tokens summed over requests; output is null while it is unknown."""

    cache_hit: int
    cache_miss: int
    output: int | None
    output_ceiling: int = Field(description="the most output that the requests allow")


class RatesPerMillion(Part):
    """Prices per 1,000,000 tokens."""

    cache_hit: Amount
    cache_miss: Amount
    output: Amount


class Costs(Part):
    """Money in the report's currency; output and total are null while the output is unknown."""

    cache_hit: Amount
    cache_miss: Amount
    output: Amount | None
    total: Amount | None
    floor: Amount = Field(description="the cost with no output")
    ceiling: Amount = Field(description="the cost with the most output that the requests allow")


class OtherTier(Part):
    """What the same requests cost in the other tier of the same price list."""

    tier: Tier
    total: Amount | None
    floor: Amount
    ceiling: Amount


class PeriodNote(Part):
    """Where the prices come from, and from when on they hold."""

    id: str
    since: Instant
    until: Instant | None
    precision: Precision
    confidence: Confidence
    checked: date
    last_shown: date | None
    source: tuple[str, ...]
    note: str


class CountEntry(Part):
    """The prompt tokens of all requests for one model."""

    model: str
    requests: int
    tokens: PromptTokenCounts


class EstimateEntry(Part):
    """The tokens and the cost of all requests for one model."""

    model: str
    billed_as: str
    version: str
    tier: Tier
    tier_until: Instant | None
    requests: int
    tokens: TokenCounts
    rates_per_million: RatesPerMillion
    cost: Costs
    other_tier: OtherTier | None
    period: PeriodNote
    over_context: int = Field(
        description="by how many tokens the largest request is longer than the API accepts"
    )


class AssumptionEntry(Part):
    """What figures rest on, and the flag that changes it; null: nothing does."""

    about: str
    value: str
    set_by: str | None


class PriceTable(Part):
    """The price table used: where it is, what chose it, when it was last checked."""

    source: str
    chosen_by: str
    checked: date


class FileCounts(Part):
    """The counts of one source."""

    source: str
    requests: int
    estimates: tuple[CountEntry, ...]


class FileEstimates(Part):
    """The estimates of one source."""

    source: str
    requests: int
    estimates: tuple[EstimateEntry, ...]


class CountReport(Part):
    """`dscost count --json`; `files` is there with --per-file."""

    schema_version: Literal["1"] = "1"
    command: Literal["count"] = "count"
    inputs: tuple[Input, ...]
    estimates: tuple[CountEntry, ...]
    files: tuple[FileCounts, ...] | None = None
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


class EstimateReport(Part):
    """`dscost estimate --json`; `files` is there with --per-file."""

    schema_version: Literal["1"] = "1"
    command: Literal["estimate"] = "estimate"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    inputs: tuple[Input, ...]
    estimates: tuple[EstimateEntry, ...]
    files: tuple[FileEstimates, ...] | None = None
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


class ListedPrice(Part):
    """The prices of a model's name at an instant, all tiers; `list` is the undiscounted price."""

    model: str
    billed_as: str
    version: str
    status: str
    tier: Tier
    rates_per_million: dict[Tier, RatesPerMillion]
    list_rates_per_million: dict[Tier, RatesPerMillion] | None
    period: PeriodNote


class PricesReport(Part):
    """`dscost prices --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["prices"] = "prices"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    prices: tuple[ListedPrice, ...]
    warnings: tuple[str, ...]


Report = CountReport | EstimateReport | PricesReport


def to_json(report: Report) -> str:
    """Write a report as JSON in ASCII, so that nothing in a file's name can move a terminal."""
    document = report.model_dump(mode="json")
    if document.get("files", ...) is None:
        del document["files"]
    return json.dumps(document, indent=2)


def json_schema() -> str:
    """Return the JSON Schema of all reports, told apart by `command`."""
    union: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="command")])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dscost report, schema_version 1",
    } | union.json_schema(mode="serialization")
    return json.dumps(schema, indent=2) + "\n"
