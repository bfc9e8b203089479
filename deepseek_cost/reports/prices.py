"""The report of `dscost prices`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct

from deepseek_cost.pricing.book import Change, Chapter, PriceBook, chapters
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Features, Fee, RateList, Rates, stamp
from deepseek_cost.pricing.provenance import Confidence
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import (
    MARKERS,
    Chart,
    Column,
    Drawing,
    Page,
    Table,
    grid,
    page_of,
    short,
    words,
)
from deepseek_cost.reports.parts import (
    Instant,
    Json,
    Part,
    PeriodNote,
    PriceTable,
    Report,
    exact,
    period_note,
    price_sources,
)
from deepseek_cost.text import unicode_name


class Limits(Part):
    """What a model takes and gives, and how many requests an account may have in flight."""

    context_tokens: int
    max_output_tokens: int
    concurrent_requests: int | None


class FeatureNotes(Part):
    """What the official page lists for a model; null: not listed."""

    thinking: str | None
    json_output: str | None
    tool_calls: str | None
    responses_api: str | None
    anthropic_api: str | None
    chat_prefix: str | None
    fim: str | None
    vision: str | None


class FeeEntry(Part):
    """A flat price for something else than tokens; null: unknown."""

    id: str
    unit: str
    price: Decimal | None
    list_price: Decimal | None
    since: Instant
    confidence: Confidence
    checked: date
    source: tuple[str, ...]
    note: str


class ListedPrice(Part):
    """The prices of a model's name at an instant, all tiers; `list` is the undiscounted price."""

    model: str
    billed_as: str
    version: str
    status: str
    names: tuple[str, ...]
    note: str
    tier: Tier
    rates_per_million: dict[Tier, Rates]
    list_rates_per_million: dict[Tier, Rates] | None
    limits: Limits
    features: FeatureNotes | None
    period: PeriodNote


class PricesReport(Report):
    """`dscost prices --json`."""

    command: Literal["prices"] = "prices"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    prices: tuple[ListedPrice, ...]
    fees: tuple[FeeEntry, ...]
    endpoints: dict[str, str]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe the prices; models billed alike are listed once."""
        features = _features_table(self)
        return page_of(
            f"{self.currency} per 1,000,000 tokens at {stamp(self.priced_at)}",
            _prices(self),
            words(_billed_alike(self)),
            *([_fees(self)] if self.fees else ()),
            details=(
                _limits(self),
                *([features] if features.sections[0] else ()),
                price_sources(self.prices, self.price_table),
            ),
            basis=f"Price table: {self.price_table.source}, checked {self.price_table.checked}.",
            warnings=self.warnings,
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row a model and rate, with where it comes from; amounts are exact."""
        return _COLUMNS, _price_rows(self)


def prices_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> PricesReport:
    """Report the price list in force: of the names given, or of every name accepted then.

    Raises UnpricedError for a name without a price, or if no name has one.
    """
    chosen = names or [model.name for model in book.model if model.is_accepted(at)]
    if not chosen:
        chosen = [book.model[0].name]  # its error says when prices begin
    return PricesReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        prices=tuple(listed_price(book, name, at, currency) for name in chosen),
        fees=tuple(_fee(fee, currency) for fee in book.fees_at(at)),
        endpoints=dict(book.endpoints),
        warnings=tuple(book.warnings_at(at)),
    )


def listed_price(book: PriceBook, name: str, at: datetime, currency: Currency) -> ListedPrice:
    """Report the prices of a model's name at an instant; raises UnpricedError."""
    price = book.price(name, at, currency)
    return ListedPrice(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        status=price.model.status,
        names=price.model.names,
        note=price.model.note,
        tier=price.tier,
        rates_per_million=_all_tiers(price.period.rates, currency) or {},
        list_rates_per_million=_all_tiers(price.period.list, currency),
        limits=Limits(
            context_tokens=price.model.context_tokens,
            max_output_tokens=price.model.max_output_tokens,
            concurrent_requests=price.model.concurrent_requests,
        ),
        features=_features(book.features_of(price.model, at)),
        period=period_note(price.period, price.period_until),
    )


def _all_tiers(rates: RateList, currency: Currency) -> dict[Tier, Rates] | None:
    tiers = rates.get(currency)
    return dict(tiers) if tiers else None


def _features(features: Features | None) -> FeatureNotes | None:
    if features is None:
        return None
    return FeatureNotes(
        **{name: getattr(features, name) for name in FeatureNotes.__struct_fields__}
    )


def _fee(fee: Fee, currency: Currency) -> FeeEntry:
    return FeeEntry(
        id=fee.id,
        unit=fee.unit,
        price=fee.price.get(currency),
        list_price=fee.list.get(currency),
        since=fee.since,
        confidence=fee.confidence,
        checked=fee.checked,
        source=fee.source,
        note=fee.note,
    )


def _prices(report: PricesReport) -> Table:
    """Return a row per rate; models with the same prices share it, the current one first."""
    table = grid("model", "rate", "cache hit", "cache miss", "output", left=2)
    lists: dict[str, list[ListedPrice]] = {}
    for price in report.prices:
        lists.setdefault(price.period.id, []).append(price)
    for prices in lists.values():
        first = min(prices, key=lambda price: price.status != "current")
        table.add_section()
        for (name, label), rates in _listed(first):
            cells = (rates.cache_hit, rates.cache_miss, rates.output)
            shown = short(name) if name else ""
            table.add_row(shown, label, *(money(cell, report.currency) for cell in cells))
    return table


def _billed_alike(report: PricesReport) -> Iterable[str]:
    """Yield the models whose prices are those of another one."""
    lists: dict[str, list[ListedPrice]] = {}
    for price in report.prices:
        lists.setdefault(price.period.id, []).append(price)
    for prices in lists.values():
        first, *others = sorted(prices, key=lambda price: price.status != "current")
        if others:
            names = ", ".join(short(other.model) for other in others)
            yield f"billed as {short(first.model)}: {names}"


def _limits(report: PricesReport) -> Table:
    table = Table(
        Column("model", "words"),
        Column("context", "figure"),
        Column("max output", "figure"),
        Column("concurrency", "figure"),
        Column("also called", "words"),
        Column("status", "words"),
    )
    for price in report.prices:
        limits = price.limits
        parallel = limits.concurrent_requests
        table.add_row(
            short(price.model),
            f"{limits.context_tokens:,}",
            f"{limits.max_output_tokens:,}",
            f"{parallel:,}" if parallel else "unknown",
            ", ".join(price.names[1:]),
            price.status,
        )
    return table


def _features_table(report: PricesReport) -> Table:
    """Return what the official page lists of the models, a line a feature."""
    table = grid("feature", "", left=2)
    for name in FeatureNotes.__struct_fields__:
        models: dict[str, list[str]] = {}
        for price in report.prices:
            note = getattr(price.features, name, None) or "not listed"
            models.setdefault(note, []).append(short(price.model))
        if set(models) != {"not listed"}:
            table.add_row(name.replace("_", " "), _opened(models))
    return table


def _opened(models: Mapping[str, Sequence[str]]) -> str:
    if len(models) == 1:
        return next(iter(models))
    return "; ".join(f"{', '.join(named)}: {note}" for note, named in models.items())


def _fees(report: PricesReport) -> Table:
    table = grid("fee", "each", "price", "list price", left=2)
    for fee in report.fees:
        price = "unknown" if fee.price is None else money(fee.price, report.currency)
        listed = "" if fee.list_price is None else money(fee.list_price, report.currency)
        table.add_row(fee.id, fee.unit, price, listed)
    return table


def _listed(price: ListedPrice) -> Iterable[tuple[tuple[str, str], Rates]]:
    """Yield the tiers of a model, the one in force marked, and the list price beside a discount."""
    name = price.model
    for tier in sorted(price.rates_per_million):
        now = " (now)" if tier is price.tier and tier is not Tier.FLAT else ""
        yield (name, tier.label + now), price.rates_per_million[tier]
        name = ""
    for tier, rates in (price.list_rates_per_million or {}).items():
        yield ("", f"{tier.label}, list price"), rates


class ChangePercent(Part):
    """By how many percent each price changed, rounded to a tenth; negative: it fell."""

    cache_hit: str
    cache_miss: str
    output: str


class HistoryEntry(Part):
    """The rates of a name in a tier from `since` on."""

    model: str
    since: Instant
    tier: Tier
    rates_per_million: Rates
    change_percent: ChangePercent | None
    list_rates_per_million: Rates | None
    period: PeriodNote


class CancelledEntry(Part):
    """A change that was announced and never took effect."""

    what: str
    planned: str
    announced: date
    cancelled: str
    confidence: Confidence
    source: tuple[str, ...]


class HistoryReport(Report):
    """`dscost prices --history --json`."""

    command: Literal["prices --history"] = "prices --history"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    history: tuple[HistoryEntry, ...]
    cancelled: tuple[CancelledEntry, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Return every list with its change in percent, its sources, what was cancelled."""
        return page_of(
            f"{self.currency} per 1,000,000 tokens until {stamp(self.priced_at)}",
            _lists(self),
            *([Drawing(chart, _legend(chart))] if (chart := self.chart()) else ()),
            words(_periods(self), is_quiet=True),
            words(_cancelled(self)),
            warnings=self.warnings,
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row a model and rate, with where it comes from; amounts are exact."""
        return _COLUMNS, _history_rows(self)

    def chart(self) -> Chart | None:
        """Return what one request has cost since the first list, a line a model and rate.

        10,000 input tokens, 8,000 of them cache hits, and 1,000 output tokens. Flat prices are on
        the lines of both rates.
        """
        starts = [entry.since for entry in self.history]
        if not starts or min(starts) >= self.priced_at:
            return None
        first = min(starts)
        days = (self.priced_at - first).total_seconds() / _DAY_SECONDS
        lines = [
            (f"{short(model)} {tier.label}", points)
            for model in dict.fromkeys(entry.model for entry in self.history)
            for tier in (Tier.PEAK, Tier.OFF_PEAK)
            if (points := _steps(self, model, tier, first))
        ]
        return Chart(
            title="one request: 10,000 input tokens, 80% of them cache hits, 1,000 output tokens",
            x_title="since launch",
            lines=lines,
            x_ticks=[days * (tick / _TICKS) for tick in range(_TICKS + 1)],
            x_label=lambda day: f"{first + timedelta(days=day):%m-%d}",
            currency=self.currency,
        )


_TICKS = 5
_DAY_SECONDS = 86_400
_EXAMPLE = TokenUsage(cache_hit=8_000, cache_miss=2_000, output=1_000)


def _legend(chart: Chart) -> str:
    lines = (f"{mark} {name}" for (name, _), mark in zip(chart.lines, MARKERS, strict=False))
    return f"{chart.title}: {', '.join(lines)}"


def _steps(
    report: HistoryReport, model: str, tier: Tier, first: datetime
) -> list[tuple[float, float]]:
    """Return the cost at each change of a rate, and just before it: a line of steps."""
    points: list[tuple[float, float]] = []
    for entry in report.history:
        if entry.model != model or entry.tier not in (tier, Tier.FLAT):
            continue
        rates = entry.rates_per_million
        priced = Rates(rates.cache_hit, rates.cache_miss, rates.output)
        cost = float(cost_of(_EXAMPLE, priced).total)
        at = (entry.since - first).total_seconds() / _DAY_SECONDS
        points += [(at, points[-1][1])] if points else []
        points.append((at, cost))
    if points:
        end = (report.priced_at - first).total_seconds() / _DAY_SECONDS
        points.append((end, points[-1][1]))
    return points


def history_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> HistoryReport:
    """Report every list of the names given, up to an instant."""
    models = [book.find(name) for name in names]
    listed = [
        chapter for model in models for chapter in chapters(book, model) if chapter.since <= at
    ]
    return HistoryReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        history=tuple(
            _entry(chapter, currency, tier, rates)
            for chapter in listed
            for tier, rates in sorted(chapter.period.rates.get(currency, {}).items())
        ),
        cancelled=tuple(
            CancelledEntry(
                what=change.what,
                planned=change.planned,
                announced=change.announced,
                cancelled=change.cancelled,
                confidence=change.confidence,
                source=change.source,
            )
            for change in book.cancelled
            if change.announced <= at.date()
        ),
        warnings=tuple(book.warnings_at(at)),
    )


def _entry(chapter: Chapter, currency: Currency, tier: Tier, rates: Rates) -> HistoryEntry:
    change = chapter.change(currency, tier)
    listed = chapter.period.list.get(currency, {}).get(tier)
    return HistoryEntry(
        model=chapter.model.name,
        since=chapter.since,
        tier=tier,
        rates_per_million=rates,
        change_percent=_percent(change) if change else None,
        list_rates_per_million=listed,
        period=period_note(chapter.period, None),
    )


def _percent(change: Change) -> ChangePercent:
    return ChangePercent(
        cache_hit=f"{change.cache_hit:+f}",
        cache_miss=f"{change.cache_miss:+f}",
        output=f"{change.output:+f}",
    )


_LARGE = 100


def _lists(report: HistoryReport) -> Table:
    figures = (Column(name, "figure") for name in ("cache hit", "cache miss", "output"))
    table = Table(Column("since (UTC)", "time"), Column("tier", "words"), *figures)
    model = ""
    for entry in report.history:
        if entry.model != model:
            table.add_section()
            table.add_row(entry.model)
        model = entry.model
        table.add_row(*_row(entry, report))
    return table


def _periods(report: HistoryReport) -> Iterable[str]:
    for entry in {entry.period.id: entry for entry in report.history}.values():
        yield f"{entry.period.id}: {entry.period.source[0]}"
        yield from (f"  {line}" for line in entry.period.note.splitlines())


def _cancelled(report: HistoryReport) -> Iterable[str]:
    for change in report.cancelled:
        yield f"cancelled: {change.what}, planned for {change.planned}, {change.cancelled}"
        yield f"  {change.source[0]}"


def _row(entry: HistoryEntry, report: HistoryReport) -> list[str]:
    change = entry.change_percent
    cells = []
    for kind in ("cache_hit", "cache_miss", "output"):
        percent = getattr(change, kind) if change else ""
        changed = f" ({_short(percent)}%)" if percent and float(percent) else ""
        cells.append(money(getattr(entry.rates_per_million, kind), report.currency) + changed)
    return [f"{entry.since:%Y-%m-%d %H:%M}", entry.tier.label, *cells]


def _short(percent: str) -> str:
    """Round to whole percents where a tenth says nothing."""
    return f"{float(percent):+.0f}" if abs(float(percent)) >= _LARGE else percent.removesuffix(".0")


class Difference(Part):
    """A value that differs; null where one of the tables has none."""

    entry: str
    bundled: str | None
    checked: str | None


class CheckReport(Report):
    """`dscost prices --check --json`: the table is valid."""

    command: Literal["prices --check"] = "prices --check"
    file: str
    compared: Annotated[
        bool,
        Meta(
            description="false: this is the bundled table itself, and no older copy of it is here"
        ),
    ] = True
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...] = ()

    def page(self) -> Page:
        """Describe that a price table is valid, and each value that differs."""
        number = len(self.differences)
        if not self.compared:
            line = "the bundled table itself"
        elif number:
            line = (
                f"{number:,} value{'s differ' if number > 1 else ' differs'} from the bundled table"
            )
        else:
            line = "same as the bundled table"
        head = f"{self.file}: valid, {line}"
        lines = (f"{entry.entry}: {_difference(entry)}" for entry in self.differences)
        return page_of(head, words(lines), warnings=self.warnings)

    def records(self, document: Json) -> Iterable[Json]:
        """Return what differs."""
        return cast("Iterable[Json]", document["differences"])


def check_report(bundled: PriceBook | None, checked: PriceBook, name: str) -> CheckReport:
    """Report where two valid tables differ, entry by entry; None: there is none to compare with."""
    old, new = dict(_leaves(bundled or checked)), dict(_leaves(checked))
    differ = (entry for entry in dict.fromkeys([*old, *new]) if old.get(entry) != new.get(entry))
    return CheckReport(
        file=unicode_name(name),
        compared=bundled is not None,
        differences=tuple(
            Difference(entry=entry, bundled=old.get(entry), checked=new.get(entry))
            for entry in differ
        ),
    )


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each value of a table with the path to it; entries go by their own names."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, tuple) and any(isinstance(inner, Struct) for inner in value):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{_label(inner, number)}]")
    elif value not in (None, "", ()):
        yield path, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _label(entry: object, number: int) -> str:
    keys = ("id", "name", "year", "what", "version")
    found = (getattr(entry, key, None) for key in keys)
    return next((str(name) for name in found if name), str(number))


def _difference(entry: Difference) -> str:
    old, new = entry.bundled, entry.checked
    if old is None:
        return f"only here: {new}"
    return f"only in the bundled table: {old}" if new is None else f"{old} -> {new}"


_COLUMNS = (
    *("model", "tier", "currency", "cache_hit", "cache_miss", "output"),
    *("since", "until", "period", "confidence", "checked", "source"),
)


def _history_rows(report: HistoryReport) -> Iterator[list[str]]:
    for entry in report.history:
        rates = _exact_rates(entry.rates_per_million)
        since = [f"{entry.since:%Y-%m-%dT%H:%M:%SZ}", ""]
        yield [entry.model, entry.tier, report.currency, *rates, *since, *_origin(entry.period)]


def _price_rows(report: PricesReport) -> Iterator[list[str]]:
    for price in report.prices:
        for tier, per_million in sorted(price.rates_per_million.items()):
            yield [
                *(price.model, tier, report.currency, *_exact_rates(per_million)),
                *_interval(price.period),
                *_origin(price.period),
            ]


def _exact_rates(rates: Rates) -> tuple[str, str, str]:
    return exact(rates.cache_hit), exact(rates.cache_miss), exact(rates.output)


def _interval(period: PeriodNote) -> tuple[str, str]:
    until = f"{period.until:%Y-%m-%dT%H:%M:%SZ}" if period.until else ""
    return f"{period.since:%Y-%m-%dT%H:%M:%SZ}", until


def _origin(period: PeriodNote) -> tuple[str, str, str, str]:
    return period.id, period.confidence, period.checked.isoformat(), period.source[0]
