"""What reports have in common: parts, amounts, inputs, notes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    Protocol,
    TypeVar,
    dataclass_transform,
)

import msgspec
from msgspec import Meta, Struct, StructMeta, field, to_builtins

from deepseek_cost.errors import Advised, placed
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.source import (
    BINARY,
    BROKEN_LINK,
    LINK_TO_FOLDER,
    SUBMODULE,
    UNASKED,
    SkippedSource,
)
from deepseek_cost.pricing.entries import Period, stamp
from deepseek_cost.pricing.provenance import Assumption, Confidence, Precision, is_noticeable
from deepseek_cost.render.page import Note, Notes
from deepseek_cost.text import quiet_json

if TYPE_CHECKING:
    from deepseek_cost.estimates.partial_result import TalliedSource
    from deepseek_cost.render.page import Page

# Line and column, after the name of a file.
_POSITION: Final = r"\A(:\d+)*: "
_BYTE: Final = r" at byte [\d,]+"
_A_COUNT: Final = r"[\d,]+ input tokens"
# The number of files that a warning names.
_NAMED: Final = 5


Timestamp = Annotated[datetime, Meta(tz=True)]
AnyMeta = TypeVar("AnyMeta", bound="_KeywordsOnly")


def exact(amount: Decimal) -> str:
    """Format an amount with all its digits, no exponent and no trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class _KeywordsOnly(StructMeta):
    """Make structs whose fields keep the order of the JSON, with or without defaults."""

    def __new__(  # noqa: PYI019 - a metaclass has no Self
        cls: type[AnyMeta],
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        **config: Any,  # noqa: ANN401 - as msgspec has them
    ) -> AnyMeta:
        return super().__new__(cls, name, bases, namespace, kw_only=True, **config)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Part(Struct, frozen=True, forbid_unknown_fields=True, metaclass=_KeywordsOnly):
    """A part of a report: its fields are those of the JSON contract, in the same order."""


# A report or a part of one, as a JSON object.
Json = Mapping[str, Any]


class Report(Part):
    """The report of a command, which can be shown as JSON, a page, or spreadsheet rows."""

    # The first columns of a spreadsheet of its records.
    first_columns: ClassVar[tuple[str, ...]] = ()

    schema_version: Literal["1"] = "1"
    command: str

    if TYPE_CHECKING:
        # Every report has them, each in its own place among its fields.
        @property
        def warnings(self) -> tuple[str, ...]:
            """The warnings for the user."""

    def page(self) -> "Page":
        """Return the page of the report, amounts rounded."""
        raise NotImplementedError

    def records(self, document: Json) -> Iterable[Json]:
        """Return the records for a spreadsheet, from the report as JSON."""
        raise NotImplementedError

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]] | None:
        """Return the columns and rows of a spreadsheet; None if its rows are the records."""
        return None

    def _repr_html_(self) -> str:
        # Only for notebooks, which load whatever displays a value.
        from deepseek_cost.render.html import fragment  # noqa: PLC0415

        return fragment(self.page())


def without(record: Json, *names: str) -> dict[str, Any]:
    """Return a copy of a record without the named fields."""
    return {name: value for name, value in record.items() if name not in names}


def records_by_source(report: Json) -> Iterable[Json]:
    """Yield the entries per source if a report has them, otherwise those for all sources."""
    for file in report.get("files") or [{"estimates": report["estimates"]}]:
        source = {"source": file["source"]} if "source" in file else {}
        for entry in file["estimates"]:
            yield source | with_named_input(entry)


def with_named_input(entry: Json) -> dict[str, Any]:
    """Return an entry with its unknown input in words, such as `1 image`, for a cell."""
    named = [f"{one['count']} {one['what']}" for one in entry["unknown_input"]]
    return {**entry, "unknown_input": named}


def to_json(report: Struct, *, indent: int | None = 2) -> str:
    """Return a report or a part of one as JSON.

    It is ASCII, so nothing in a file name can control the terminal.
    """
    import json  # noqa: PLC0415 - tables do not need it

    document = to_builtins(report, builtin_types=(Decimal, datetime), enc_hook=_written)
    text = json.dumps(document, default=_written)  # indented by itself, which is much faster
    return quiet_json(text if indent is None else msgspec.json.format(text, indent=indent))


def _written(value: object) -> str:
    """Return the JSON form of values that msgspec formats differently.

    Amounts are in full, times are in UTC, and subclasses of `str` are plain text.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


class InputEntry(Part):
    """A source of requests; `-` is standard input."""

    source: str
    kind: Kind = Kind.TEXT
    requests: int


class PeriodNote(Part):
    """Where the prices come from, and when they apply."""

    id: str
    since: Timestamp
    until: Timestamp | None
    precision: Precision
    confidence: Confidence
    checked: date
    last_shown: date | None
    source: tuple[str, ...]
    note: str


class PriceTable(Part):
    """The price table used: where it is, how it was chosen, when it was last checked."""

    source: str
    chosen_by: str
    checked: date


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


def input_entries(tallied: "Sequence[TalliedSource]") -> tuple[InputEntry, ...]:
    """Report the sources that were read."""
    return tuple(
        InputEntry(source=source.source, kind=source.kind, requests=source.requests)
        for source in tallied
    )


def source_warnings(
    tallied: "Sequence[TalliedSource]", skipped: Sequence[SkippedSource]
) -> Iterable[str]:
    """Yield a warning for empty sources and for files left out."""
    empty = [one.source for one in tallied if one.is_empty]
    if is_noticeable(len(empty), len(tallied)):
        yield _empty(empty)
    yield from left_out(skipped)


def source_assumptions(
    tallied: "Sequence[TalliedSource]", skipped: Sequence[SkippedSource]
) -> Iterable[Assumption]:
    """Yield what is too little for a warning about sources, and names that a warning leaves out."""
    empty = [one.source for one in tallied if one.is_empty]
    if empty and not is_noticeable(len(empty), len(tallied)):
        yield Assumption("empty_files", _empty(empty))
    for reason, names in _by_reason(skipped).items():
        if len(names) > _NAMED:
            yield Assumption("left_out", f"{_what(reason, names)}: {', '.join(names)}")
    for its in _by_fault(skipped).values():
        if len(its) > _NAMED:
            yield Assumption("left_out", f"{len(its):,} files: {', '.join(map(_place, its))}")


def _empty(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"{names[0]}: empty, but the template around it is still billed"
    return f"{len(names):,} files are empty ({listed(names)}), but the template is still billed"


def left_out(skipped: Sequence[SkippedSource]) -> Iterable[str]:
    """Yield warnings about files left out, with the reason for each that cannot be read."""
    for reason, names in _by_reason(skipped).items():
        if reason.startswith(UNASKED):
            yield f"{listed(names)}: {reason}"
        else:
            yield f"left out {_what(reason, names)}: {listed(names)}"
    yield from _failures(skipped)


def _by_reason(skipped: Sequence[SkippedSource]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in skipped:
        if not one.is_failure:
            found.setdefault(one.reason, []).append(one.name)
    return found


def _what(reason: str, names: Sequence[str]) -> str:
    """Return how many files of a kind were left out, in words."""
    s = "" if len(names) == 1 else "s"
    what = {
        BINARY: f"binary file{s}",
        SUBMODULE: f"submodule{s}",
        LINK_TO_FOLDER: f"symbolic link{s} to a folder",
        BROKEN_LINK: f"symbolic link{s} to nothing",
    }.get(reason, f"file{s} {reason}")
    return f"{len(names):,} {what}"


def listed(names: Sequence[str]) -> str:
    """List names; if there are many, only the first ones."""
    more = f", and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _failures(skipped: Sequence[SkippedSource]) -> Iterable[str]:
    """Yield a warning for each reason, with the files that it is of."""
    for reason, its in _by_fault(skipped).items():
        if len(its) == 1:
            yield placed("left out ", its[0].reason)
        else:
            names = [_place(one) for one in its]
            yield placed(f"left out {len(its):,} files ({listed(names)}): ", reason)


def _by_fault(skipped: Sequence[SkippedSource]) -> dict[str, list[SkippedSource]]:
    found: dict[str, list[SkippedSource]] = {}
    for one in skipped:
        if one.is_failure:
            found.setdefault(_unplaced(one.name, one.reason), []).append(one)
    return found


def _place(one: SkippedSource) -> str:
    """Return a file's name, with the line and column if its message begins with them."""
    message = str(one.reason)
    if not message.startswith(one.name):
        return one.name
    found = re.match(_POSITION, message[len(one.name) :])
    return one.name + (found[0].removesuffix(": ") if found else "")


def _unplaced(name: str, message: str) -> str:
    """Return a message without its position in a file; it keeps its next step."""
    if isinstance(message, Advised):
        return Advised(_unplaced(name, message.reason), message.advice, *message.values)
    if not message.startswith(name):
        return message
    return re.sub(_BYTE, "", re.sub(_POSITION, "", message[len(name) :], count=1))


def assumed(assumptions: Sequence[Assumption]) -> Notes:
    """Return the assumptions as notes, each with the option that changes it."""
    return Notes(
        "Assumptions",
        tuple(Note(_in_words(one), one.set_by or "") for one in assumptions),
    )


# What is assumed, where the name in the JSON is not what people call it.
_LABELS: Final = {
    "answers": "responses",
    "cache_hit_ratio": "cache hit rate",
    "ceiling": "most output tokens",
    "ignored_by_the_api": "ignored by the API",
    "tier": "peak or off-peak",
}


def _in_words(one: Assumption) -> str:
    label = _LABELS.get(one.about, one.about.replace("_", " "))
    value = re.sub(r"^\d+(?=,|$)", lambda count: f"{int(count[0]):,}", one.value)
    return f"{label}: {value}"


def thinking_of(assumptions: Sequence[Assumption]) -> str:
    """Return the assumption about thinking in words; empty if the requests decide it."""
    values = {one.value for one in assumptions if one.about == "thinking"}
    return f"Assumes thinking {values.pop()}." if values in ({"on"}, {"off"}) else ""


def name_of(inputs: Sequence[InputEntry]) -> str:
    """Return the name of the first input and the number of others."""
    first = inputs[0].source
    name = {"-": "standard input"}.get(first, first)
    return name if len(inputs) == 1 else f"{name} and {len(inputs) - 1:,} more"


def subject_of(inputs: Sequence[InputEntry], requests: int) -> str:
    """Return what a sentence says something of: an input, or the requests from it."""
    name = name_of(inputs) if inputs else "The request"
    is_count = name.endswith("tokens") and re.fullmatch(_A_COUNT, name) is not None
    if requests > 1:
        return f"{requests:,} requests {'of' if is_count else 'from'} {name}"
    return f"A request of {name}" if is_count else name


def inputs(inputs: Sequence[InputEntry]) -> str:
    """Return what was read and its number of requests, for the start of a line."""
    requests = sum(entry.requests for entry in inputs)
    kinds = ", ".join(sorted({entry.kind.value for entry in inputs} - {"text"}))
    suffix = f" ({kinds})" if kinds else ""
    return f"{name_of(inputs)} · {requests:,} request{'s' if requests > 1 else ''}{suffix}"


class PricedEntry(Protocol):
    """A part of a report that says which price it is based on."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def version(self) -> str:
        """The version that serves the model."""

    @property
    def billed_as(self) -> str:
        """The name under which the model is billed."""

    @property
    def period(self) -> PeriodNote:
        """The period of the price, and its source."""


def price_sources(entries: Sequence[PricedEntry], table: PriceTable | None = None) -> Notes:
    """Return notes on what serves each model and where its price comes from."""
    lines = [*sources(entries)]
    if table:
        lines.append(f"price table: {table.source}, checked {table.checked}")
    return Notes("Prices", tuple(map(Note, lines)))


def sources(entries: Sequence[PricedEntry]) -> Iterable[str]:
    """Yield what serves and bills each model, and where its price comes from, each period once."""
    shown: set[str] = set()
    for entry in {entry.model: entry for entry in entries}.values():
        billed = f", billed as {entry.billed_as}" if entry.billed_as != entry.model else ""
        yield f"{entry.model}: served by {entry.version}{billed}"
        if entry.period.id not in shown:
            yield from _period(entry.period)
        shown.add(entry.period.id)


def _period(period: PeriodNote) -> Iterable[str]:
    known = "" if period.precision == "instant" else f" (known to the {period.precision})"
    until = f" until {stamp(period.until)}" if period.until else ""
    yield f"  price {period.id}: since {stamp(period.since)}{known}{until}"
    shown = f", on the official page of {period.last_shown}" if period.last_shown else ""
    yield f"  checked {period.checked}{shown}"
    yield f"  {period.source[0]}"
