"""The report of `dscost prices --history`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal

from deepseek_cost.pricing.book import Change, Chapter, PriceBook, chapters
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Rates, stamp
from deepseek_cost.pricing.provenance import Confidence
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import (
    MARKERS,
    Chart,
    Drawing,
    Page,
    Table,
    grid,
    page_of,
    short,
    words,
)
from deepseek_cost.reports.parts import (
    Part,
    PeriodNote,
    PriceTable,
    Report,
    Timestamp,
    period_note,
)
from deepseek_cost.reports.prices import PRICE_COLUMNS, exact_rates, interval_of, origin


class ChangePercent(Part):
    """The change of each price in percent, rounded to a tenth; negative: it fell."""

    cache_hit: str
    cache_miss: str
    output: str


class HistoryEntry(Part):
    """The prices of a model name at a rate, in force from `since` on."""

    model: str
    since: Timestamp
    tier: Tier
    rates_per_million: Rates
    change_percent: ChangePercent | None
    list_rates_per_million: Rates | None
    period: PeriodNote


class CancelledEntry(Part):
    """A change that was announced but never took effect."""

    what: str
    planned: str
    announced: date
    cancelled: str
    confidence: Confidence
    source: tuple[str, ...]


class HistoryReport(Report):
    """The output of `dscost prices --history --json`."""

    command: Literal["prices --history"] = "prices --history"
    currency: Currency
    priced_at: Timestamp
    price_table: PriceTable
    history: tuple[HistoryEntry, ...]
    cancelled: tuple[CancelledEntry, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Return every list with its change in percent, its sources, and canceled changes."""
        return page_of(
            f"{self.currency} per 1,000,000 tokens until {stamp(self.priced_at)}",
            _lists(self),
            *([Drawing(chart, _legend(chart))] if (chart := self.chart()) else ()),
            words(_periods(self), is_quiet=True),
            words(_cancelled(self)),
            warnings=self.warnings,
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row per model and rate, with its source; amounts are exact."""
        return PRICE_COLUMNS, _history_rows(self)

    def chart(self) -> Chart | None:
        """Return the cost of one request since the first list, a line per model and rate.

        The request has 10,000 input tokens, 8,000 of them cache hits, and 1,000 output tokens.
        Flat prices are on the lines of both rates.
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
    """Return the cost at each price change and just before it, so the line has steps."""
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
    """Report every price list of the names given, up to a time."""
    models = [book.find(name) for name in names]
    listed = [
        chapter for model in models for chapter in chapters(book, model) if chapter.since <= at
    ]
    return HistoryReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        history=tuple(
            _entry(chapter, book, currency, tier, rates)
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
        warnings=tuple(book.warnings_at(at, tiered=False)),
    )


def _entry(
    chapter: Chapter, book: PriceBook, currency: Currency, tier: Tier, rates: Rates
) -> HistoryEntry:
    change = chapter.change(currency, tier)
    listed = chapter.period.list.get(currency, {}).get(tier)
    return HistoryEntry(
        model=chapter.model.name,
        since=chapter.since,
        tier=tier,
        rates_per_million=rates,
        change_percent=_percent(change) if change else None,
        list_rates_per_million=listed,
        period=period_note(chapter.period, book.period_until(chapter.model, chapter.since)),
    )


def _percent(change: Change) -> ChangePercent:
    return ChangePercent(
        cache_hit=f"{change.cache_hit:+f}",
        cache_miss=f"{change.cache_miss:+f}",
        output=f"{change.output:+f}",
    )


_LARGE = 100
_MINUTE = "%Y-%m-%d %H:%M"


def _lists(report: HistoryReport) -> Table:
    """Return a row per rate, below the model and the time in which the rate is in force."""
    table = grid("rate", "cache hit", "cache miss", "output")
    for model, entries in groupby(report.history, key=lambda entry: entry.model):
        table.add_section()
        table.add_row(model)
        for period, rates in groupby(entries, key=_interval):
            table.add_row(period)
            for entry in rates:
                table.add_row(*_row(entry, report))
    return table


def _interval(entry: HistoryEntry) -> str:
    since = f"{entry.since:{_MINUTE}}"
    until = entry.period.until
    return f"{since} until {until:{_MINUTE}}" if until else f"since {since}"


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
    return [f"  {entry.tier.label}", *cells]


def _short(percent: str) -> str:
    """Round to a whole percent if the tenth makes no difference."""
    return f"{float(percent):+.0f}" if abs(float(percent)) >= _LARGE else percent.removesuffix(".0")


def _history_rows(report: HistoryReport) -> Iterator[list[str]]:
    for entry in report.history:
        rates = exact_rates(entry.rates_per_million)
        interval = [f"{entry.since:%Y-%m-%dT%H:%M:%SZ}", interval_of(entry.period)[1]]
        yield [entry.model, entry.tier, report.currency, *rates, *interval, *origin(entry.period)]
