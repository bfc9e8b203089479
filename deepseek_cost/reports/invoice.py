"""The report of `dscost bill --invoice`: DeepSeek's own export, alone or beside logs."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.formats.deepseek_export import Kind
from deepseek_cost.billing.invoice import (
    ChargeKey,
    Difference,
    Invoice,
    Line,
    Missing,
    is_unknown,
    missing_prices,
    name_of,
)
from deepseek_cost.billing.reconciliation import (
    Cell,
    Cells,
    Crossings,
    Tokens,
    cells_of,
    deciding_days,
    family_of,
)
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import Tier, TierBy
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Bars, Page, Table, bars, grid, page_of, short, words
from deepseek_cost.reports.parts import Part, PriceTable, Report, exact

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")
Charged = tuple[date, ChargeKey, Decimal]
_NOTHING: Final = Decimal(0)
_MOST_SHOWN: Final = 20


class InvoiceCost(Part):
    """What usage cost by its parts, as amount times price; null: it has no price.

    `other` is what is not tokens, and what a cost file has where there is no usage.
    """

    cache_hit: Decimal | None
    cache_miss: Decimal | None
    output: Decimal | None
    other: Decimal
    total: Decimal | None


class InvoiceFigures(Part):
    """What an invoice has of a day, a model, a key or a rate.

    A rate has no requests: the export counts them by day, model and key alone. A cost file by
    itself counts nothing: null.
    """

    requests: int | None
    cache_hit: int | None
    cache_miss: int | None
    output: int | None
    cost: InvoiceCost


class InvoiceDay(Part):
    """The figures of a day by the export's zone."""

    day: date
    figures: InvoiceFigures


class InvoiceModel(Part):
    """The figures of a model, as the export names it."""

    model: str
    figures: InvoiceFigures


class InvoiceKey(Part):
    """The figures of an API key, by the name that it has on the platform."""

    key: str | None
    figures: InvoiceFigures


class InvoiceRate(Part):
    """The figures at a rate; null: a price that the table does not have for its day."""

    rate: Tier | None
    figures: InvoiceFigures


class InvoiceLine(Part):
    """A row of the export; prices are of 1,000,000, null where it has none."""

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
    """What was paid from a wallet: paid or granted money; null: not told apart."""

    wallet: str | None
    cost: Decimal


class MissingPrice(Part):
    """A price that was billed and is not in the table for its day; null: no price on the row."""

    type: str
    price: Decimal | None


class MissingPrices(Part):
    """What the price table lacks, with the TOML to append to it."""

    day: date
    model: str
    prices: tuple[MissingPrice, ...]
    toml: str


class ComparedSide(Struct):
    """What a log, or the invoice, has of a day and a model: it is added up in place."""

    requests: int = 0
    cache_hit: int = 0
    cache_miss: int = 0
    output: int = 0
    cost: Decimal = _NOTHING

    def add(self, other: "ComparedSide") -> None:
        """Add another day's or model's."""
        self.requests += other.requests
        self.cache_hit += other.cache_hit
        self.cache_miss += other.cache_miss
        self.output += other.output
        self.cost = EXACT.add(self.cost, other.cost)


class ComparedDay(Part):
    """A day and a model in the log and on the invoice, by the name they are billed under."""

    day: date
    model: str
    log: ComparedSide
    invoice: ComparedSide


class DecidingDay(Part):
    """A day that shows which time of a request picks its rate: only one fits the invoice."""

    day: date
    model: str
    tier_by: TierBy


class Comparison(Part):
    """The logs beside the invoice; what they have at other times is not compared."""

    days: tuple[ComparedDay, ...]
    log: ComparedSide
    invoice: ComparedSide
    outside: Annotated[
        int, Meta(description="responses in the logs on days that the invoice does not have")
    ]
    unpriced: int
    crossing: Annotated[
        int, Meta(description="responses whose start and end have different rates or days")
    ]
    deciding: tuple[DecidingDay, ...]


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
            *([_compared(self.comparison, self.currency)] if self.comparison else []),
            words(_findings(self)),
            words(_toml(self)),
            warnings=self.warnings,
            bars=_bars(self),
            headline=f"DeepSeek billed {_amount(self.total.cost.total, self.currency)}",
        )

    def rows(self) -> tuple[Sequence[str], Iterable[Sequence[str]]]:
        """Return a row a row of the export, or a row a day and model compared."""
        if self.comparison is not None:
            return _COMPARED, _compared_rows(self.comparison, self.currency)
        return _COLUMNS, _rows(self)


class InvoiceTerms(Struct, frozen=True):
    """What an invoice is reported by: the price book, and the table that it came from."""

    book: PriceBook
    table: PriceTable


def invoice_report(
    terms: InvoiceTerms,
    invoice: Invoice,
    account: Account | None = None,
    crossings: Crossings | None = None,
    warnings: Sequence[str] = (),
) -> InvoiceReport:
    """Report an invoice, and beside it the account of logs.

    Raises InputError for exports that overlap, or that are in two currencies.
    """
    invoice.require_one_calendar()
    currency = invoice.currency()
    lines = invoice.lines(currency)
    charges = list(invoice.charges())
    missing = missing_prices(terms.book, lines, currency)
    wallets = _by(charges, lambda charge: charge[1].wallet)
    by_cost_alone = not lines
    return InvoiceReport(
        currency=currency,
        timezone=_zone(lines, charges),
        price_table=terms.table,
        inputs=tuple(invoice.sources),
        total=_figures(lines, charges if by_cost_alone else ()),
        wallets=tuple(
            WalletEntry(wallet=wallet, cost=_sum(cost for *_, cost in part))
            for wallet, part in wallets
        ),
        by_day=tuple(
            InvoiceDay(
                day=day,
                figures=_figures(part, [c for c in charges if by_cost_alone and c[0] == day]),
            )
            for day, part in _days(lines, charges)
        ),
        by_model=tuple(
            InvoiceModel(
                model=model,
                figures=_figures(
                    [line for line in lines if line.model == model],
                    [one for one in charges if by_cost_alone and one[1].model == model],
                ),
            )
            for model in sorted({line.model for line in lines} | {c[1].model for c in charges})
        ),
        by_key=tuple(
            InvoiceKey(key=key, figures=_figures(part))
            for key, part in _by(lines, lambda line: line.key)
        ),
        by_rate=tuple(
            InvoiceRate(rate=rate, figures=_figures(part, has_requests=False))
            for rate, part in _by([one for one in lines if _has_rate(one)], lambda line: line.rate)
        ),
        lines=tuple(map(_line, lines)),
        missing_prices=tuple(map(_missing, missing)),
        differences=tuple(invoice.differences(lines)),
        comparison=None
        if account is None or crossings is None
        else _comparison(terms.book, lines, charges, account, crossings),
        repeated=invoice.repeated,
        unread=invoice.refused,
        warnings=(*warnings, *map(str, invoice.faults)),
    )


def _zone(lines: Sequence[Line], charges: Sequence[Charged]) -> str:
    spans = [line.span for line in lines] + [key.span for _, key, _ in charges]
    offsets = (span.start.utcoffset() for span in spans)
    return " and ".join(sorted({name_of(offset) for offset in offsets if offset is not None}))


def _days(lines: Sequence[Line], charges: Sequence[Charged]) -> list[tuple[date, list[Line]]]:
    days = {day for day, *_ in charges} | {line.day for line in lines}
    return [(day, [line for line in lines if line.day == day]) for day in sorted(days)]


def _has_rate(line: Line) -> bool:
    return line.price is not None or is_unknown(line)


def _by(rows: Iterable[Row], key: Callable[[Row], Key]) -> list[tuple[Key, list[Row]]]:
    parts: dict[Key, list[Row]] = {}
    for row in rows:
        parts.setdefault(key(row), []).append(row)
    return sorted(parts.items(), key=lambda item: (item[0] is None, str(item[0])))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = _NOTHING
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _sum_of_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum; None where a part of it is not known."""
    known = [amount for amount in amounts if amount is not None]
    return _sum(known) if len(known) == len(amounts) else None


def _figures(
    lines: Iterable[Line],
    charges: Sequence[Charged] = (),
    *,
    has_requests: bool = True,
) -> InvoiceFigures:
    if charges:
        whole = _sum(cost for *_, cost in charges)
        nothing = dict.fromkeys(("cache_hit", "cache_miss", "output"))
        cost = InvoiceCost(**nothing, other=whole, total=whole)
        return InvoiceFigures(requests=None, **nothing, cost=cost)
    amounts = dict.fromkeys(Kind, 0)
    costs: dict[Kind | None, list[Decimal | None]] = {kind: [] for kind in (*Kind, None)}
    for line in lines:
        known = Kind(line.kind) if line.kind in list(Kind) else None
        if known is not None:
            amounts[known] += line.amount
        costs[known].append(None if line.price is None and is_unknown(line) else line.cost)
    other = _sum(cost for cost in (*costs[None], *costs[Kind.REQUESTS]) if cost is not None)
    parts = [_sum_of_known(costs[kind]) for kind in (Kind.HITS, Kind.MISSES, Kind.OUTPUT)]
    return InvoiceFigures(
        requests=amounts[Kind.REQUESTS] if has_requests else None,
        cache_hit=amounts[Kind.HITS],
        cache_miss=amounts[Kind.MISSES],
        output=amounts[Kind.OUTPUT],
        cost=InvoiceCost(
            cache_hit=parts[0],
            cache_miss=parts[1],
            output=parts[2],
            other=other,
            total=_sum_of_known([*parts, other]),
        ),
    )


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


_Sides = dict[tuple[date, str], ComparedSide]


def _comparison(
    book: PriceBook,
    lines: Sequence[Line],
    charges: Sequence[Charged],
    account: Account,
    crossings: Crossings,
) -> Comparison:
    invoiced = _invoiced(book, lines, charges)
    days = {day for day, _ in invoiced}
    logged, cells, outside = _logged(book, account, days)
    empty = ComparedSide()
    decided = deciding_days(cells, cells_of(book, lines), crossings)
    return Comparison(
        days=tuple(
            ComparedDay(
                day=day,
                model=model,
                log=logged.get((day, model), empty),
                invoice=invoiced.get((day, model), empty),
            )
            for day, model in sorted(invoiced.keys() | logged.keys())
        ),
        log=_total(logged.values()),
        invoice=_total(invoiced.values()),
        outside=outside,
        unpriced=account.unpriced,
        crossing=crossings.responses,
        deciding=tuple(
            DecidingDay(day=day, model=model, tier_by=tier_by)
            for tier_by, places in decided.items()
            for day, model in places
        ),
    )


def _invoiced(book: PriceBook, lines: Sequence[Line], charges: Sequence[Charged]) -> _Sides:
    """Return an invoice by day and model; its cost file counts where there is no usage."""
    found: _Sides = {}
    for line in lines:
        side = found.setdefault((line.day, family_of(book, line.model, line.day)), ComparedSide())
        side.requests += line.amount if line.kind == Kind.REQUESTS else 0
        side.cache_hit += line.amount if line.kind == Kind.HITS else 0
        side.cache_miss += line.amount if line.kind == Kind.MISSES else 0
        side.output += line.amount if line.kind == Kind.OUTPUT else 0
        side.cost = EXACT.add(side.cost, line.cost)
    for day, key, cost in () if lines else charges:
        model = family_of(book, key.model, day)
        side = found.setdefault((day, model), ComparedSide())
        side.cost = EXACT.add(side.cost, cost)
    return found


def _logged(book: PriceBook, account: Account, days: set[date]) -> tuple[_Sides, Cells, int]:
    """Return logs by day and model, and by rate, on days of the invoice; what is outside."""
    found: _Sides = {}
    cells: Cells = {}
    outside = 0
    for group, figures in account.figures():
        sums = figures.sums
        if group.day not in days:
            outside += sums.requests
            continue
        model = family_of(book, group.model, group.day)
        side = found.setdefault((group.day, model), ComparedSide())
        side.requests += sums.requests
        side.cache_hit += sums.cache_hit
        side.cache_miss += sums.cache_miss
        side.output += sums.output
        side.cost = EXACT.add(side.cost, figures.total)
        cell = cells.setdefault(Cell(group.day, model, Tier(group.tier)), Tokens())
        cell.add(sums.cache_hit, sums.cache_miss, sums.output)
    return found, cells, outside


def _total(sides: Iterable[ComparedSide]) -> ComparedSide:
    total = ComparedSide()
    for side in sides:
        total.add(side)
    return total


def _span(report: InvoiceReport) -> str:
    requests = f"{report.total.requests or 0:,} requests, " if report.lines else ""
    if not report.by_day:
        return f"{requests}no day"
    first, last = report.by_day[0].day, report.by_day[-1].day
    return f"{requests}{first} to {last}, days of {report.timezone}"


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


def _compared(comparison: Comparison, currency: Currency) -> Table:
    """Return the log and the invoice, a day and model each, and what the log does not have."""
    table = grid("", "requests", "hits", "misses", "output", "cost", left=1)
    days = [(f"{one.day} {short(one.model)}", one.log, one.invoice) for one in comparison.days]
    for label, log, invoice in [*days, ("all days", comparison.log, comparison.invoice)]:
        table.add_section()
        table.add_row(f"{label}: log", *_side(log, currency))
        table.add_row("  invoice", *_side(invoice, currency))
        if log != invoice:
            table.add_row("  not in the log", *_rest(log, invoice, currency))
    return table


def _side(side: ComparedSide, currency: Currency) -> list[str]:
    counts = (side.requests, side.cache_hit, side.cache_miss, side.output)
    return [*(f"{count:,}" for count in counts), money(side.cost, currency)]


def _rest(log: ComparedSide, invoice: ComparedSide, currency: Currency) -> list[str]:
    """Return what the invoice has more than the log; with a minus what it has less."""
    counts = (
        invoice.requests - log.requests,
        invoice.cache_hit - log.cache_hit,
        invoice.cache_miss - log.cache_miss,
        invoice.output - log.output,
    )
    rest = EXACT.subtract(invoice.cost, log.cost)
    sign = "-" if rest < 0 else ""
    return [*(f"{count:,}" for count in counts), f"{sign}{money(abs(rest), currency)}"]


def _findings(report: InvoiceReport) -> Iterator[str]:
    """Yield what the invoice shows, and what does not fit, in a line each."""
    currency = report.currency
    if report.total.cost.total is not None:
        yield f"The total is exactly {exact(report.total.cost.total)} {currency}."
    if report.repeated:
        yield f"counted once: {report.repeated:,} rows that are in more than one file"
    if report.lines and report.wallets and not report.differences:
        yield "Usage times price is the cost file's amount on every day, to the last digit."
    for one in report.differences[:_MOST_SHOWN]:
        usage, cost = (
            "no rows" if side is None else exact(side) for side in (one.by_usage, one.by_cost)
        )
        sides = f"usage times price is {usage} {currency}, the cost file has {cost}"
        yield f"{one.day} {one.model}: {sides}"
    if len(report.differences) > _MOST_SHOWN:
        yield f"and {len(report.differences) - _MOST_SHOWN:,} more days"
    assumed = sum(line.price_from_table for line in report.lines)
    if assumed:
        yield f"{assumed:,} rows have no price; each is priced at the table's rate for its hour"
    if report.comparison is not None:
        yield from _of_comparison(report.comparison)


def _of_comparison(comparison: Comparison) -> Iterator[str]:
    if comparison.outside:
        yield f"not compared: {comparison.outside:,} responses on days that the invoice lacks"
    if comparison.unpriced:
        yield f"not compared: {comparison.unpriced:,} records of the log that could not be priced"
    for tier_by in TierBy:
        days = sum(one.tier_by is tier_by for one in comparison.deciding)
        if days:
            what = "sent" if tier_by is TierBy.START else "finished"
            yield (
                f"The rate is that of the time when a request is {what}: {days:,} "
                f"day{'s' if days != 1 else ''} of the invoice fit no other."
            )
    if comparison.crossing and not comparison.deciding:
        yield (
            f"{comparison.crossing:,} responses began at one rate or day and ended at another; the "
            f"log is not complete enough to show which time counts"
        )


def _toml(report: InvoiceReport) -> Iterator[str]:
    """Yield the prices that the table lacks, with what to append to it."""
    for one in report.missing_prices:
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
_SIDES: Final = ("requests", "cache_hit", "cache_miss", "output", "cost")
_COMPARED: Final = (
    *("day", "model"),
    *(f"{side}_{name}" for side in ("log", "invoice") for name in _SIDES),
    "currency",
)


def _rows(report: InvoiceReport) -> Iterator[list[str]]:
    for line in report.lines:
        yield [
            *(line.day.isoformat(), report.timezone, line.model, line.key or "", line.type),
            *(line.rate or "", "" if line.price is None else exact(line.price)),
            *(str(line.amount), exact(line.cost), report.currency),
        ]


def _compared_rows(comparison: Comparison, currency: Currency) -> Iterator[list[str]]:
    for one in comparison.days:
        cells = [one.day.isoformat(), one.model]
        for side in (one.log, one.invoice):
            counts = (side.requests, side.cache_hit, side.cache_miss, side.output)
            cells += [*map(str, counts), exact(side.cost)]
        yield [*cells, currency]
