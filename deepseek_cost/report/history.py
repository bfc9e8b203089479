"""The report of `dscost prices --history`."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from deepseek_cost.history import Change, Chapter, chapters
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Currency, Rates
from deepseek_cost.provenance import Confidence
from deepseek_cost.report.parts import (
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    RatesPerMillion,
    period_note,
    rates_entry,
)
from deepseek_cost.schedule import Tier


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
    rates_per_million: RatesPerMillion
    change_percent: ChangePercent | None
    list_rates_per_million: RatesPerMillion | None
    period: PeriodNote


class CancelledEntry(Part):
    """A change that was announced and never took effect."""

    what: str
    planned: str
    announced: date
    cancelled: str
    confidence: Confidence
    source: tuple[str, ...]


class HistoryReport(Part):
    """`dscost prices --history --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["prices --history"] = "prices --history"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    history: tuple[HistoryEntry, ...]
    cancelled: tuple[CancelledEntry, ...]
    warnings: tuple[str, ...]


def history_report(
    book: PriceBook, names: Sequence[str], at: datetime, currency: Currency, table: PriceTable
) -> HistoryReport:
    """Report every list of the names given, up to an instant."""
    models = [book.find(name) for name in names]
    told = [chapter for model in models for chapter in chapters(book, model) if chapter.since <= at]
    return HistoryReport(
        currency=currency,
        priced_at=at,
        price_table=table,
        history=tuple(
            _entry(chapter, currency, tier, rates)
            for chapter in told
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
        rates_per_million=rates_entry(rates),
        change_percent=_percent(change) if change else None,
        list_rates_per_million=rates_entry(listed) if listed else None,
        period=period_note(chapter.period, None),
    )


def _percent(change: Change) -> ChangePercent:
    return ChangePercent(
        cache_hit=f"{change.cache_hit:+f}",
        cache_miss=f"{change.cache_miss:+f}",
        output=f"{change.output:+f}",
    )
