"""What reports share: amounts, instants, inputs, assumptions, where prices come from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast, dataclass_transform

from deepseek_cost.prices import Period, Rates
from deepseek_cost.provenance import Confidence, Precision
from deepseek_cost.requests.kinds import Kind

if TYPE_CHECKING:
    from deepseek_cost.assumptions import Assumption
    from deepseek_cost.batch import TalliedSource
    from deepseek_cost.report.contract import Report


def exact(amount: Decimal) -> str:
    """Write an amount with every digit it has, no exponent and no trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, eq=False)
class Written:
    """Tells pydantic, which is not loaded here, how the schema describes what `plain` writes."""

    schema: Mapping[str, str]

    def __get_pydantic_json_schema__(self, _core: object, _handler: object) -> dict[str, str]:
        return dict(self.schema)


Amount = Annotated[Decimal, Written({"type": "string", "pattern": r"^\d+(\.\d*[1-9])?$"})]
Instant = Annotated[datetime, Written({"type": "string", "format": "date-time"})]


def described(description: str | None = None, **more: Any) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field with what the schema says of it: its description, its bounds."""
    default = more.pop("default", MISSING)
    told = {"description": description} if description else {}
    return field(default=default, metadata=told | more)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(described,))
class Part:
    """A part of a report: a dataclass, whose fields the contract takes for JSON's.

    No library is loaded for it: `plain` writes it, and pydantic makes the schema from it. The type
    checker keeps it frozen and right; methods that say so again would cost each start 10 ms.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    def __init_subclass__(cls) -> None:
        """Make the dataclass."""
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def _repr_html_(self) -> str | None:
        """Show a whole report as a notebook does; a part of one has no page."""
        if not hasattr(self, "command"):
            return None
        # For notebooks alone, which load whatever shows a value.
        from deepseek_cost.page import describe  # noqa: PLC0415
        from deepseek_cost.render.html import fragment  # noqa: PLC0415

        return fragment(describe(cast("Report", self)))

    def __hash__(self) -> int:
        return hash(tuple(vars(self).items()))


def plain(value: object) -> Any:  # noqa: ANN401 - what JSON has
    """Return a part as JSON has it: amounts as exact strings, instants in UTC, null for None."""
    if isinstance(value, Part):
        return plain(vars(value))
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def to_json(report: Part) -> str:
    """Write a report as JSON in ASCII, so that nothing in a file's name can move a terminal."""
    import json  # noqa: PLC0415 - tables need it not

    document = plain(report)
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


def input_entries(tallied: "Sequence[TalliedSource]") -> tuple[Input, ...]:
    """Report the sources."""
    return tuple(
        Input(source=source.source, kind=source.kind, requests=source.requests)
        for source in tallied
    )


def assumption_entries(assumptions: "Sequence[Assumption]") -> tuple[AssumptionEntry, ...]:
    """Report the assumptions."""
    return tuple(
        AssumptionEntry(about=one.about, value=one.value, set_by=one.set_by) for one in assumptions
    )


def source_warnings(tallied: "Sequence[TalliedSource]", skipped: Sequence[str]) -> Iterable[str]:
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
