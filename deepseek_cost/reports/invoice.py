"""The report of `dscost bill --invoice`: DeepSeek's own export, alone or compared with logs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.invoice import (
    Difference,
    Invoice,
    Line,
    Missing,
    is_unknown,
    missing_prices,
    name_of,
)
from deepseek_cost.billing.reconciliation import (
    Crossings,
)
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Bars, Page, Table, bars, grid, page_of, short, words
from deepseek_cost.reports.invoice_comparison import (
    COMPARED_COLUMNS,
    Comparison,
    compared_rows,
    comparison_findings,
    comparison_of,
    comparison_table,
)
from deepseek_cost.reports.invoice_figures import (
    Charged,
    InvoiceFigures,
    figures_of,
    sum_of,
)
from deepseek_cost.reports.parts import Part, PriceTable, Report, exact

Key = TypeVar("Key", bound=Hashable)


Row = TypeVar("Row")


_MOST_SHOWN: Final = 20


class InvoiceDay(Part):
    """The figures of a day in the export's time zone."""

    day: date
    figures: InvoiceFigures


class InvoiceModel(Part):
    """The figures of a model, as the export names it."""

    model: str
    figures: InvoiceFigures


class InvoiceKey(Part):
    """The figures of an API key, by its name on the platform."""

    key: str | None
    figures: InvoiceFigures


class InvoiceRate(Part):
    """The figures at a rate; null: the price table does not have the price for its day."""

    rate: Tier | None
    figures: InvoiceFigures


class InvoiceLine(Part):
    """A row of the export; prices are per 1,000,000 and null if the row has none."""

    day: date
    model: str
    key: str | None
    type: str
    rate: Tier | None
    price: Decimal | None
    price_from_table: Annotated[
        bool, Meta(description="the export has no price, and its time has one rate")
    ]
    amount: int
    cost: Decimal


class WalletEntry(Part):
    """What was paid from a wallet, which has paid or granted money; null: not distinguished."""

    wallet: str | None
    cost: Decimal


class MissingPrice(Part):
    """A billed price that the table does not have for its day; null: the row has no price."""

    type: str
    price: Decimal | None


class MissingPrices(Part):
    """Prices that the price table lacks, with the TOML to append to it."""

    day: date
    model: str
    prices: tuple[MissingPrice, ...]
    toml: str

    @property
    def is_priced(self) -> bool:
        """Whether the invoice has a price, so that the table could have it."""
        return any(price.price is not None for price in self.prices)


class InvoiceReport(Report):
    """The report of `dscost bill` on DeepSeek's usage export."""

    command: Literal["invoice"] = "invoice"
    currency: Currency
    timezone: str
    price_table: PriceTable
    inputs: tuple[str, ...]
    total: InvoiceFigures
    wallets: tuple[WalletEntry, ...]
    by_day: tuple[InvoiceDay, ...]
    by_model: tuple[InvoiceModel, ...]
    by_key: tuple[InvoiceKey, ...]
    by_rate: tuple[InvoiceRate, ...]
    lines: tuple[InvoiceLine, ...]
    missing_prices: tuple[MissingPrices, ...]
    differences: tuple[Difference, ...]
    comparison: Comparison | None
    repeated: int
    unread: int
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Return the page of the report, amounts rounded."""
        return page_of(
            (f"{_names(self.inputs)}: DeepSeek's invoice", _span(self)),
            _totals(self),
            _breakdown(self),
            *([comparison_table(self.comparison, self.currency)] if self.comparison else []),
            words(_findings(self)),
            words(_toml(self)),
            warnings=self.warnings,
            bars=_bars(self),
            headline=f"DeepSeek billed {_amount(self.total.cost.total, self.currency)}",
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row per row of the export, or per day and model if logs are compared."""
        if self.comparison is not None:
            return COMPARED_COLUMNS, compared_rows(self.comparison, self.currency)
        return _COLUMNS, _rows(self)


class InvoiceTerms(Struct, frozen=True):
    """What an invoice report is based on: the price book, and the table it came from."""

    book: PriceBook
    table: PriceTable


def invoice_report(
    terms: InvoiceTerms,
    invoice: Invoice,
    account: Account | None = None,
    crossings: Crossings | None = None,
    warnings: Sequence[str] = (),
) -> InvoiceReport:
    """Report an invoice, compared with the account of logs if there is one.

    Raises InputError if exports overlap or are in two currencies.
    """
    invoice.require_one_calendar()
    currency = invoice.currency()
    lines = invoice.lines(currency)
    charges = list(invoice.charges())
    return InvoiceReport(
        currency=currency,
        timezone=_zone(lines, charges),
        price_table=terms.table,
        inputs=tuple(invoice.sources),
        total=figures_of(lines, charges),
        wallets=_wallets(charges),
        by_day=_by_day(lines, charges),
        by_model=_by_model(lines, charges),
        by_key=tuple(
            InvoiceKey(key=key, figures=figures_of(part))
            for key, part in _by(lines, lambda line: line.key)
        ),
        by_rate=_by_rate(lines),
        lines=tuple(map(_line, lines)),
        missing_prices=tuple(map(_missing, missing_prices(terms.book, lines, currency))),
        differences=tuple(invoice.differences(lines)),
        comparison=None
        if account is None or crossings is None
        else comparison_of(terms.book, lines, charges, account, crossings),
        repeated=invoice.repeated,
        unread=invoice.refused,
        warnings=(*warnings, *map(str, invoice.faults)),
    )


def _zone(lines: Sequence[Line], charges: Sequence[Charged]) -> str:
    spans = [line.span for line in lines] + [key.span for _, key, _ in charges]
    offsets = (span.start.utcoffset() for span in spans)
    return " and ".join(sorted({name_of(offset) for offset in offsets if offset is not None}))


def _wallets(charges: Sequence[Charged]) -> tuple[WalletEntry, ...]:
    wallets = _by(charges, lambda charge: charge[1].wallet)
    return tuple(
        WalletEntry(wallet=wallet, cost=sum_of(cost for *_, cost in part))
        for wallet, part in wallets
    )


def _by_day(lines: Sequence[Line], charges: Sequence[Charged]) -> tuple[InvoiceDay, ...]:
    days = {day for day, *_ in charges} | {line.day for line in lines}
    used = dict(_by(lines, lambda line: line.day))
    charged = dict(_by([] if lines else charges, lambda charge: charge[0]))
    return tuple(
        InvoiceDay(day=day, figures=figures_of(used.get(day, ()), charged.get(day, ())))
        for day in sorted(days)
    )


def _by_model(lines: Sequence[Line], charges: Sequence[Charged]) -> tuple[InvoiceModel, ...]:
    models = {key.model for _, key, _ in charges} | {line.model for line in lines}
    used = dict(_by(lines, lambda line: line.model))
    charged = dict(_by([] if lines else charges, lambda charge: charge[1].model))
    return tuple(
        InvoiceModel(model=model, figures=figures_of(used.get(model, ()), charged.get(model, ())))
        for model in sorted(models)
    )


def _by_rate(lines: Sequence[Line]) -> tuple[InvoiceRate, ...]:
    rated = [line for line in lines if line.price is not None or is_unknown(line)]
    return tuple(
        InvoiceRate(rate=rate, figures=figures_of(part, has_requests=False))
        for rate, part in _by(rated, lambda line: line.rate)
    )


def _by(rows: Iterable[Row], key: Callable[[Row], Key]) -> list[tuple[Key, list[Row]]]:
    parts: dict[Key, list[Row]] = {}
    for row in rows:
        parts.setdefault(key(row), []).append(row)
    return sorted(parts.items(), key=lambda item: (item[0] is None, str(item[0])))


def _line(line: Line) -> InvoiceLine:
    return InvoiceLine(
        day=line.day,
        model=line.model,
        key=line.key,
        type=line.kind,
        rate=line.rate,
        price=line.price,
        price_from_table=line.from_book,
        amount=line.amount,
        cost=line.cost,
    )


def _missing(missing: Missing) -> MissingPrices:
    return MissingPrices(
        day=missing.day,
        model=missing.model,
        prices=tuple(MissingPrice(type=kind, price=price) for kind, price in missing.prices),
        toml=missing.toml,
    )


def _span(report: InvoiceReport) -> str:
    requests = f"{report.total.requests or 0:,} requests, " if report.lines else ""
    if not report.by_day:
        return f"{requests}no day"
    first, last = report.by_day[0].day, report.by_day[-1].day
    return f"{requests}{first} to {last}, days in {report.timezone}"


def _names(sources: Sequence[str]) -> str:
    more = f" and {len(sources) - 1:,} more" if len(sources) > 1 else ""
    return f"{sources[0]}{more}" if sources else "no file"


def _totals(report: InvoiceReport) -> Table:
    figures, currency = report.total, report.currency
    cost = figures.cost
    table = grid("", "tokens", "cost")
    tokens = (figures.cache_hit, figures.cache_miss, figures.output)
    whole = f"{sum(count or 0 for count in tokens):,}" if report.lines else ""
    table.add_row("TOTAL", whole, _amount(cost.total, currency))
    names, parts = (
        ("cache hits", "cache misses", "output"),
        (
            cost.cache_hit,
            cost.cache_miss,
            cost.output,
        ),
    )
    for label, count, part in zip(names, tokens, parts, strict=True) if report.lines else ():
        table.add_row(label, f"{count:,}", _amount(part, currency))
    if cost.other and report.lines:
        table.add_row("other", "", money(cost.other, currency))
    table.add_section()
    for entry in report.wallets:
        table.add_row(f"cost file, {entry.wallet or 'all'}", "", money(entry.cost, currency))
    return table


def _breakdown(report: InvoiceReport) -> Table:
    table = grid("", "requests", "hits", "misses", "output", "cost")
    for rows in (
        [(f"{entry.day}", entry.figures) for entry in report.by_day],
        [(short(entry.model), entry.figures) for entry in report.by_model],
        [(entry.key or "(no key)", entry.figures) for entry in report.by_key],
        [
            (entry.rate.label if entry.rate else "unknown rate", entry.figures)
            for entry in report.by_rate
        ],
    ):
        table.add_section()
        for label, figures in rows:
            counts = (figures.requests, figures.cache_hit, figures.cache_miss, figures.output)
            is_counted = bool(report.lines)
            shown = [f"{n:,}" if is_counted and n is not None else "" for n in counts]
            table.add_row(label, *shown, _amount(figures.cost.total, report.currency))
    return table


def _amount(amount: Decimal | None, currency: Currency) -> str:
    return "unknown" if amount is None else money(amount, currency)


def _findings(report: InvoiceReport) -> Iterator[str]:
    """Yield a line for each finding: what the invoice shows, and what does not match."""
    currency = report.currency
    if report.total.cost.total is not None:
        yield f"The total is exactly {exact(report.total.cost.total)} {currency}."
    if report.repeated:
        yield f"counted once: {report.repeated:,} rows that are in more than one file"
    if report.lines and report.wallets and not report.differences:
        yield "Usage times price is the cost file's amount on every day, to the last digit."
    for one in report.differences[:_MOST_SHOWN]:
        usage, cost = (
            "nothing" if side is None else f"{exact(side)} {currency}"
            for side in (one.by_usage, one.by_cost)
        )
        sides = f"the usage file has {usage}, the cost file {cost}"
        yield f"{one.day} {one.model}: {sides}"
    if len(report.differences) > _MOST_SHOWN:
        yield f"and {len(report.differences) - _MOST_SHOWN:,} more days"
    assumed = sum(line.price_from_table for line in report.lines)
    if assumed:
        yield f"{assumed:,} rows have no price; each is priced at the table's rate for its hour"
    if report.comparison is not None:
        yield from comparison_findings(report.comparison)


def _toml(report: InvoiceReport) -> Iterator[str]:
    """Yield the prices that the table lacks, with the TOML to append to it."""
    for one in report.missing_prices:
        if not one.is_priced:
            yield f"No price in the export, and several in the table: {one.model} on {one.day}"
            continue
        prices = ", ".join(
            f"{price.type} {'without a price' if price.price is None else exact(price.price)}"
            for price in one.prices
        )
        where = f"{one.model} on {one.day}, {report.currency} per 1M"
        yield f"Not in the price table: {where}: {prices}"
        if one.toml:
            yield "Append this to a copy of the price table, and use that one:"
            yield from (f"  {line}" for line in one.toml.splitlines())


def _bars(report: InvoiceReport) -> Bars | None:
    days = [(f"{entry.day}", entry.figures.cost) for entry in report.by_day]
    known = [(day, [cost]) for day, cost in days if cost.total is not None]
    is_course = len(days) > 1 and len(known) == len(days) and bool(report.lines)
    return bars("cost by day", known, report.currency) if is_course else None  # type: ignore[arg-type]


_COLUMNS: Final = (
    *("day", "timezone", "model", "key", "type", "rate", "price_per_million", "amount"),
    *("cost", "currency"),
)


def _rows(report: InvoiceReport) -> Iterator[list[str]]:
    for line in report.lines:
        yield [
            *(line.day.isoformat(), report.timezone, line.model, line.key or "", line.type),
            *(line.rate or "", "" if line.price is None else exact(line.price)),
            *(str(line.amount), exact(line.cost), report.currency),
        ]
