"""What reports share: amounts, instants, inputs, assumptions, where prices come from."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer
from pydantic import WithJsonSchema as JsonSchema

from deepseek_cost.assumptions import Assumption
from deepseek_cost.batch import TalliedSource
from deepseek_cost.prices import Period, Rates
from deepseek_cost.provenance import Confidence, Precision
from deepseek_cost.requests.kinds import Kind


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


def to_json(report: Part) -> str:
    """Write a report as JSON in ASCII, so that nothing in a file's name can move a terminal."""
    document = report.model_dump(mode="json")
    for optional in ("files", "skipped"):
        if document.get(optional, ...) is None:
            del document[optional]
    return json.dumps(document, indent=2)


class Input(Part):
    """A source of requests; `-` is standard input."""

    source: str
    kind: Kind = Kind.TEXT
    requests: int


class RatesPerMillion(Part):
    """Prices per 1,000,000 tokens."""

    cache_hit: Amount
    cache_miss: Amount
    output: Amount


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


def rates_entry(rates: Rates) -> RatesPerMillion:
    """Report rates."""
    return RatesPerMillion(
        cache_hit=rates.cache_hit, cache_miss=rates.cache_miss, output=rates.output
    )


def period_note(period: Period, until: datetime | None) -> PeriodNote:
    """Report where a price comes from."""
    return PeriodNote(
        id=period.id,
        since=period.since,
        until=until,
        precision=period.precision,
        confidence=period.confidence,
        checked=period.checked,
        last_shown=period.last_shown,
        source=period.source,
        note=period.note,
    )


def input_entries(tallied: Sequence[TalliedSource]) -> tuple[Input, ...]:
    """Report the sources."""
    return tuple(
        Input(source=source.source, kind=Kind(source.kind), requests=source.requests)
        for source in tallied
    )


def assumption_entries(assumptions: Sequence[Assumption]) -> tuple[AssumptionEntry, ...]:
    """Report the assumptions."""
    return tuple(AssumptionEntry(**asdict(assumption)) for assumption in assumptions)


def source_warnings(tallied: Sequence[TalliedSource], skipped: Sequence[str]) -> Iterable[str]:
    """Yield what is odd about the sources: empty ones, files left out."""
    for source in tallied:
        if source.is_empty:
            yield f"{source.source}: empty; the template around it is billed all the same"
    yield from left_out(skipped)


def left_out(skipped: Sequence[str]) -> Iterable[str]:
    """Yield that files were left out, if any were."""
    if skipped:
        files = "file" if len(skipped) == 1 else "files"
        yield f"left out {len(skipped)} binary {files}: {', '.join(skipped)}"
