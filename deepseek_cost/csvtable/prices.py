"""Price lists as CSV, a row a model and tier; amounts are exact."""

from collections.abc import Iterator

from deepseek_cost.csvtable import write_csv
from deepseek_cost.report.history import HistoryReport
from deepseek_cost.report.parts import PeriodNote, RatesPerMillion, exact
from deepseek_cost.report.prices import PricesReport

_COLUMNS = (
    *("model", "tier", "currency", "cache_hit", "cache_miss", "output"),
    *("since", "until", "period", "confidence", "checked", "source"),
)


def to_csv(report: PricesReport | HistoryReport) -> str:
    """Write a price list, or its history, as CSV with a head line."""
    return write_csv(_COLUMNS, _rows(report))


def _rows(report: PricesReport | HistoryReport) -> Iterator[list[str]]:
    if isinstance(report, HistoryReport):
        for entry in report.history:
            rates = _rates(entry.rates_per_million)
            since = [f"{entry.since:%Y-%m-%dT%H:%M:%SZ}", ""]
            yield [entry.model, entry.tier, report.currency, *rates, *since, *_note(entry.period)]
    else:
        for price in report.prices:
            for tier, per_million in sorted(price.rates_per_million.items()):
                yield [
                    *(price.model, tier, report.currency, *_rates(per_million)),
                    *_interval(price.period),
                    *_note(price.period),
                ]


def _rates(rates: RatesPerMillion) -> tuple[str, str, str]:
    return exact(rates.cache_hit), exact(rates.cache_miss), exact(rates.output)


def _interval(period: PeriodNote) -> tuple[str, str]:
    until = f"{period.until:%Y-%m-%dT%H:%M:%SZ}" if period.until else ""
    return f"{period.since:%Y-%m-%dT%H:%M:%SZ}", until


def _note(period: PeriodNote) -> tuple[str, str, str, str]:
    return period.id, period.confidence, period.checked.isoformat(), period.source[0]
