"""Compare a price page with the price book at a given time."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from msgspec import Struct, field

from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Model, Period, stamp
from deepseek_cost.pricing.page.reader import Fact, Note, Reading
from deepseek_cost.pricing.page.wording import FEATURES, PATTERNS, RATES, Pattern, Row, squeezed
from deepseek_cost.pricing.provenance import Confidence, in_force
from deepseek_cost.pricing.schedule import BEIJING, Schedule

Key = tuple[str, ...]

# The sentences of a complete page.
_REQUIRED: Final = ("unit of prices", "deduction", "prices may vary")
_PEAK: Final = "peak hours"
PEAK_RULES: Final = {
    "peak hours, every day": ((1, 2, 3, 4, 5, 6, 7), False),
    "peak hours, weekdays": ((1, 2, 3, 4, 5), False),
    "peak hours, weekdays without holidays": ((1, 2, 3, 4, 5), True),
}
_CUT_FROM: Final = 3
_TENTH: Final = 10
_QUARTER: Final = 4


class Status(StrEnum):
    """The result for one item on the page."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    ANNOUNCED = "announced"
    MISSING = "missing"
    NOT_UNDERSTOOD = "not understood"


class Verdict(StrEnum):
    """The result for the page; only the first is a success."""

    SAME = "same"
    CHANGED = "changed"
    INCOMPLETE = "incomplete"
    NOT_UNDERSTOOD = "not understood"


class Finding(Struct, frozen=True):
    """One cell, sentence or footnote; `book` or `page` is None where it has nothing."""

    status: Status
    what: str
    book: str | None = None
    page: str | None = None


class Comparison(Struct):
    """All findings, and what they need to be appended to the book.

    `changed` are the facts that differ by their keys; `announced` those that will from
    `announced_since` on, of all the `coming` ones; `peak` are the windows (Beijing) and the rule
    for weekdays of a changed sentence.
    """

    at: datetime
    currency: Currency
    models: tuple[str, ...]
    facts: Mapping[Key, str]
    findings: list[Finding] = field(default_factory=list)
    changed: dict[Key, str] = field(default_factory=dict)
    announced: dict[Key, str] = field(default_factory=dict)
    coming: dict[Key, str] = field(default_factory=dict)
    announced_since: datetime | None = None
    peak: tuple[str, str] | None = None
    is_table_alone: bool = False

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        seen = {finding.status for finding in self.findings}
        if Status.NOT_UNDERSTOOD in seen:
            return Verdict.NOT_UNDERSTOOD
        if seen & {Status.CHANGED, Status.NEW} or self.announced:
            return Verdict.CHANGED
        return Verdict.INCOMPLETE if Status.MISSING in seen else Verdict.SAME

    def add(self, status: Status, what: str, book: str | None, page: str | None) -> None:
        """Add a finding."""
        self.findings.append(Finding(status, what, book, page))


def compare(reading: Reading, book: PriceBook, at: datetime) -> Comparison:
    """Compare a page with the book at a given time; unknown items raise no error."""
    currency = reading.currency or Currency.USD
    facts = {fact.key: fact.value for fact in reading.facts}
    found = Comparison(at, currency, tuple(reading.models), facts)
    found.is_table_alone = reading.is_table_alone
    listed = list(_columns(book, at))
    names = list(dict.fromkeys([*listed, *reading.models]))
    _compare_columns(found, reading.models, listed, book)
    expected = _expected(book, names, at, currency)
    if not reading.is_table_alone:
        expected |= _fees(book, at, currency)
    _compare_facts(found, reading.facts, expected)
    _Sentences(found, reading, book).compare()
    _compare_announced(found, reading, book)
    for text in reading.unread:
        found.add(Status.NOT_UNDERSTOOD, text, None, None)
    if reading.cut is not None:
        found.add(Status.MISSING, "the rest of the page, which ends in a table", None, reading.cut)
    return found


def _compare_columns(
    found: Comparison, shown: Sequence[str], listed: Sequence[str], book: PriceBook
) -> None:
    for name in listed:
        if name not in shown:
            found.add(Status.CHANGED, f"the column of {name}", name, None)
    known = {model.name for model in book.model if model.is_accepted(found.at)}
    for name in shown:
        if name not in known:
            found.add(Status.NEW, f"the column of {name}", None, name)


def _columns(book: PriceBook, at: datetime) -> Iterator[str]:
    """Yield the models that have a column on the page: accepted, and billed by their own name."""
    for model in book.model:
        is_listed = model.is_accepted(at) and model.confidence is not Confidence.LOW
        if is_listed and _service(model, at) == model.name:
            yield model.name


def _service(model: Model, at: datetime) -> str | None:
    try:
        return model.service_at(at).billed_as
    except UnpricedError:
        return None


def _expected(
    book: PriceBook, names: Iterable[str], at: datetime, currency: Currency
) -> dict[Key, str]:
    """Return the facts that the page should have about these models, according to the book."""
    facts: dict[Key, str] = {("endpoint", name): url for name, url in book.endpoints.items()}
    for name in names:
        try:
            price = book.price(name, at, currency)
        except (UnknownModelError, UnpricedError):
            continue
        model = price.model
        facts |= {
            (name, Row.VERSION): price.service.version,
            (name, Row.CONTEXT): str(model.context_tokens),
            (name, Row.OUTPUT): str(model.max_output_tokens),
        }
        if model.concurrent_requests is not None:
            facts[name, Row.CONCURRENCY] = str(model.concurrent_requests)
        features = book.features_of(model, at)
        for row in (Row.THINKING, *sorted(FEATURES)):
            if value := getattr(features, row.value, None):
                facts[name, row] = value
        facts |= _rates(name, price.period, currency)
    return facts


def _rates(name: str, period: Period, currency: Currency) -> dict[Key, str]:
    shown = ((period.rates, ()), (period.list, ("list",)))
    return {
        (name, tier, kind, *more): f"{getattr(rates, kind.value).normalize():f}"
        for lists, more in shown
        for tier, rates in lists.get(currency, {}).items()
        for kind in RATES
    }


def _fees(book: PriceBook, at: datetime, currency: Currency) -> dict[Key, str]:
    facts: dict[Key, str] = {}
    for fee in book.fees_at(at):
        if currency in fee.price:
            facts["fee", fee.id, "unit"] = fee.unit
            facts["fee", fee.id, "price"] = f"{fee.price[currency].normalize():f}"
        if currency in fee.list:
            facts["fee", fee.id, "list"] = f"{fee.list[currency].normalize():f}"
    return facts


def _label(key: Key) -> str:
    return ", ".join(part.replace("_", " ") for part in key)


def _compare_facts(found: Comparison, facts: Sequence[Fact], expected: Mapping[Key, str]) -> None:
    for fact in facts:
        known = expected.get(fact.key)
        if known == fact.value:
            found.add(Status.SAME, _label(fact.key), known, fact.shown)
            continue
        found.changed[fact.key] = fact.value
        status = Status.NEW if known is None else Status.CHANGED
        found.add(status, _label(fact.key), known, fact.shown)
    seen = {fact.key for fact in facts}
    for key, known in expected.items():
        if key not in seen:
            found.add(Status.MISSING, _label(key), known, None)


class _Sentences:
    """Compares the sentences of a page with those that the book would have it say."""

    def __init__(self, found: Comparison, reading: Reading, book: PriceBook) -> None:
        self._found = found
        self._reading = reading
        self._book = book
        self._seen: dict[str, int | None] = {}
        self._numbers: set[int] = set()

    def compare(self) -> None:
        notes = self._reading.notes
        for note in notes:
            kind = self._compare(note, is_last=self._reading.ends_in_text and note is notes[-1])
            self._seen[kind or ""] = note.number
            if note.number is not None:
                self._check_number(note, kind)
        if self._reading.is_table_alone:
            return
        required = list(_REQUIRED)
        schedule = in_force(self._book.schedule, self._found.at)
        required += [_PEAK] if schedule else []
        for kind in required:
            if not any(seen.startswith(kind) for seen in self._seen):
                self._found.add(Status.MISSING, kind, None, None)
        for number in sorted(set(self._reading.marks) - self._numbers):
            self._found.add(Status.MISSING, f"footnote ({number})", None, None)

    def _compare(self, note: Note, *, is_last: bool) -> str | None:
        """Add a finding for a sentence, and return its kind; None if it is not understood."""
        text = squeezed(note.text)
        for pattern in PATTERNS:
            kind = pattern.sentence.kind
            for facts in self._alternatives(kind):
                written = pattern.written(facts)
                if written == text:
                    status = Status.ANNOUNCED if kind == "announcement" else Status.SAME
                    self._found.add(status, _shown(kind, note), note.text, note.text)
                    return kind
                if is_last and len(text) >= _CUT_FROM and written.startswith(text):
                    what = f"the rest of the page, which ends in: {kind}"
                    self._found.add(Status.MISSING, what, None, note.text)
                    return kind
        for pattern in PATTERNS:
            if match := pattern.pattern.fullmatch(text):
                self._changed(pattern, match, note)
                return pattern.sentence.kind
        self._found.add(Status.NOT_UNDERSTOOD, _shown("text", note), None, note.text)
        return None

    def _changed(self, pattern: Pattern, match: "re.Match[str]", note: Note) -> None:
        kind = pattern.sentence.kind
        known = next((pattern.written(facts) for facts in self._alternatives(kind)), None)
        if kind == "announcement" and (since := _announced_start(match["start"])) is not None:
            self._found.announced_since = since
            self._found.announced["announcement",] = note.text
            self._found.add(Status.ANNOUNCED, _shown(kind, note), None, note.text)
            return
        if kind in PEAK_RULES:
            zone = UTC if "utc" in pattern.pattern.pattern else BEIJING
            self._found.peak = _beijing_windows(match["windows"], zone), kind
        self._found.add(Status.CHANGED, _shown(kind, note), known, note.text)

    def _check_number(self, note: Note, kind: str | None) -> None:
        number = note.number or 0
        places = self._reading.marks.get(number)
        allowed = {
            place for p in PATTERNS if p.sentence.kind == kind for place in p.sentence.places
        }
        if number in self._numbers:
            problem = "occurs twice"
        elif places is None:
            problem = "has no mark in the table"
        elif kind is not None and not places <= allowed:
            problem = f"is marked at {', '.join(sorted(places))}, where it says nothing"
        else:
            self._numbers.add(number)
            return
        self._found.add(Status.NOT_UNDERSTOOD, f"footnote ({number}) {problem}", None, note.text)

    def _alternatives(  # noqa: PLR0911 - a case each
        self, kind: str
    ) -> list[dict[str, str]]:
        """Return what the slots of a sentence should hold by the book; empty if it is not true."""
        at, book = self._found.at, self._book
        if kind in PEAK_RULES:
            schedule = in_force(book.schedule, at)
            if schedule is None or _rule(schedule) != PEAK_RULES[kind]:
                return []
            utc, beijing = _windows(schedule, UTC), _windows(schedule, BEIJING)
            return [{"windows": utc}, {"windows": beijing}]
        if kind == "legacy names":
            return list(_legacy(book, at))
        if kind == "aliases":
            names = ("deepseek-chat", "deepseek-reasoner")
            served = {_service(book.find(name), at) for name in names}
            return [{}] if served == {"deepseek-v4-flash"} else []
        if kind in ("cache price cut", "end of promotion"):
            return list(_past_changes(book, at))
        if kind == "announcement":
            return list(_next_change(book, at))
        return [{}]


def _shown(kind: str, note: Note) -> str:
    return kind if note.number is None else f"footnote ({note.number}), {kind}"


def _rule(schedule: Schedule) -> tuple[tuple[int, ...], bool]:
    return schedule.peak_weekdays, schedule.holidays_are_off_peak


def _windows(schedule: Schedule, zone: object) -> str:
    """Write peak windows as the page of a language does: in UTC, or in Beijing time."""
    is_utc = zone is UTC
    spans = []
    for window in schedule.peak_windows:
        times = [
            datetime(2026, 1, 2, edge.hour, edge.minute, tzinfo=BEIJING).astimezone(
                UTC if is_utc else BEIJING
            )
            for edge in window
        ]
        spans.append(" - ".join(f"{time:%H:%M}" for time in times))
    return (" and " if is_utc else "、").join(spans)


def _beijing_windows(text: str, zone: object) -> str:
    """Return windows of a sentence as a TOML array in Beijing time."""
    spans = re.findall(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)", text)
    shift = 8 if zone is UTC else 0
    return ", ".join(
        f'["{(int(a) + shift) % 24:02}:{b}", "{(int(c) + shift) % 24:02}:{d}"]'
        for a, b, c, d in spans
    )


def _legacy(book: PriceBook, at: datetime) -> Iterator[dict[str, str]]:
    own = set(_columns(book, at))
    flash = next((m for m in book.model if m.name in own and m.nickname == "flash"), None)
    if flash is None:
        return
    legacy = [
        model.name
        for model in book.model
        if model.status == "legacy" and _service(model, at) == flash.name
    ]
    version = flash.service_at(at).version
    for joint in (" and ", "、"):
        yield {"legacy": joint.join(legacy), "version": version}


def _past_changes(book: PriceBook, at: datetime) -> Iterator[dict[str, str]]:
    """Yield when a cache price fell to a tenth, and when a quarter became the price."""
    for name in ("deepseek-v4-pro", "deepseek-v4-flash"):
        for old, new in pairwise(book.periods_of(name)):
            (before, *_), (now, *_) = (list(p.rates[Currency.USD].values()) for p in (old, new))
            written = f"{new.since:%Y/}{new.since.month}/{new.since.day} {new.since:%H:%M} UTC"
            padded = f"{new.since:%Y/%m/%d %H:%M} UTC"
            if now.cache_hit * _TENTH == before.cache_hit and new.since <= at:
                yield {"cut": written, "end": ""}
            listed = [rates.output for rates in old.list.get(Currency.USD, {}).values()]
            if listed and now.output * _QUARTER == listed[0]:
                yield {"cut": "", "end": padded}


def _next_change(book: PriceBook, at: datetime) -> Iterator[dict[str, str]]:
    for since in sorted({period.since for period in book.period if period.since > at}):
        schedule = in_force(book.schedule, since)
        if schedule is not None:
            written = f"{since:%H:%M} UTC on {since:%B} {since.day}, {since.year}"
            yield {"windows": _windows(schedule, UTC), "start": written}


def _announced_start(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.title(), "%H:%MUtcon%B%d,%Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _compare_announced(found: Comparison, reading: Reading, book: PriceBook) -> None:
    """Compare announced prices with the book at the time that they take effect."""
    since = found.announced_since or _known_start(found, book)
    if since is None:
        for fact in reading.announced:
            text = f"{_label(fact.key)} in a second table, from a time not stated"
            found.add(Status.NOT_UNDERSTOOD, text, None, fact.shown)
        return
    found.announced_since = since
    found.coming = {fact.key: fact.value for fact in reading.announced}
    expected = _coming(found, reading, book, since)
    for fact in reading.announced:
        what = f"{_label(fact.key)} from {stamp(since)}"
        known = expected.pop(fact.key, None)
        found.add(Status.ANNOUNCED, what, known, fact.shown)
        if known != fact.value:
            found.announced[fact.key] = fact.value
    for key, known in expected.items():
        found.add(Status.MISSING, f"{_label(key)} from {stamp(since)}", known, None)


def _known_start(found: Comparison, book: PriceBook) -> datetime | None:
    """Return when the next list begins, if the page announces what the book has."""
    if not any(finding.status is Status.ANNOUNCED for finding in found.findings):
        return None
    coming = (period.since for period in book.period if period.since > found.at)
    return min((since for since in coming if in_force(book.schedule, since)), default=None)


def _coming(
    found: Comparison, reading: Reading, book: PriceBook, since: datetime
) -> dict[Key, str]:
    """Return the book's facts from a time on; empty if the page announces something else."""
    if ("announcement",) in found.announced:
        return {}
    facts: dict[Key, str] = {}
    for name in dict.fromkeys([*reading.models, *(fact.key[0] for fact in reading.announced)]):
        period = in_force(book.periods_of(name), since)
        facts |= _rates(name, period, found.currency) if period else {}
    return facts
