"""Logs compared with the invoice: the fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, Struct

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.formats.deepseek_export import Kind
from deepseek_cost.billing.invoice import (
    Line,
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
from deepseek_cost.render.page import Table, grid, short
from deepseek_cost.reports.invoice_figures import Charged
from deepseek_cost.reports.parts import Part, exact
from deepseek_cost.text import quantity


class ComparedSide(Struct):
    """The sums of a log or an invoice for a day and a model, added up in place."""

    requests: int = 0
    cache_hit: int = 0
    cache_miss: int = 0
    output: int = 0
    cost: Decimal = Decimal(0)

    def add(self, other: "ComparedSide") -> None:
        """Add the sums of another day or model."""
        self.requests += other.requests
        self.cache_hit += other.cache_hit
        self.cache_miss += other.cache_miss
        self.output += other.output
        self.cost = EXACT.add(self.cost, other.cost)


class ComparedDay(Part):
    """A day and model, by the name it is billed under, in the log and on the invoice."""

    day: date
    model: str
    log: ComparedSide
    invoice: ComparedSide


class DecidingDay(Part):
    """A day that shows which time of a request decides its rate: only one matches the invoice."""

    day: date
    model: str
    tier_by: TierBy


class Comparison(Part):
    """Logs compared with the invoice; days that are not on the invoice are left out."""

    days: tuple[ComparedDay, ...]
    log: ComparedSide
    invoice: ComparedSide
    outside: Annotated[
        int, Meta(description="responses in the logs on days that the invoice does not have")
    ]
    unpriced: int
    tier_by: Annotated[TierBy, Meta(description="which time of a request the log is priced by")]
    crossing: Annotated[
        int, Meta(description="responses whose start and end have different rates or days")
    ]
    deciding: tuple[DecidingDay, ...]


_Sides = dict[tuple[date, str], ComparedSide]


def comparison_of(
    book: PriceBook,
    lines: Sequence[Line],
    charges: Sequence[Charged],
    account: Account,
    crossings: Crossings,
) -> Comparison:
    """Compare the accounts of logs with an invoice by day and model."""
    invoiced = _invoiced(book, lines, charges)
    days = {day for day, _ in invoiced}
    logged, cells, outside = _logged(book, account, days)
    decided = deciding_days(cells, cells_of(book, lines), crossings)
    return Comparison(
        days=tuple(_compared_days(logged, invoiced)),
        log=_total(logged.values()),
        invoice=_total(invoiced.values()),
        outside=outside,
        unpriced=account.unpriced,
        tier_by=account.charging.tier_by,
        crossing=crossings.responses,
        deciding=tuple(
            DecidingDay(day=day, model=model, tier_by=tier_by)
            for tier_by, places in decided.items()
            for day, model in places
        ),
    )


def _compared_days(logged: _Sides, invoiced: _Sides) -> Iterator[ComparedDay]:
    empty = ComparedSide()
    for place in sorted(invoiced.keys() | logged.keys()):
        log, invoice = (sides.get(place, empty) for sides in (logged, invoiced))
        yield ComparedDay(day=place[0], model=place[1], log=log, invoice=invoice)


def _invoiced(book: PriceBook, lines: Sequence[Line], charges: Sequence[Charged]) -> _Sides:
    """Return an invoice by day and model; its cost file is used if there is no usage file."""
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
    """Return logs on the invoice's days, by day and model and also by rate.

    The last item is the number of responses on other days.
    """
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


def comparison_table(comparison: Comparison, currency: Currency) -> Table:
    """Return a table of the log and the invoice per day and model, and the difference."""
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
    """Return how much more the invoice has than the log; negative if it has less."""
    counts = (
        invoice.requests - log.requests,
        invoice.cache_hit - log.cache_hit,
        invoice.cache_miss - log.cache_miss,
        invoice.output - log.output,
    )
    rest = EXACT.subtract(invoice.cost, log.cost)
    sign = "-" if rest < 0 else ""
    return [*(f"{count:,}" for count in counts), f"{sign}{money(abs(rest), currency)}"]


def comparison_findings(comparison: Comparison) -> Iterator[str]:
    """Yield a line for each thing the comparison shows or leaves out."""
    if comparison.outside:
        outside = quantity(comparison.outside, "response")
        yield f"not compared: {outside} on days that the invoice lacks"
    if comparison.unpriced:
        unpriced = quantity(comparison.unpriced, "record")
        yield f"not compared: {unpriced} of the log that could not be priced"
    by = "sent" if comparison.tier_by is TierBy.START else "finished"
    yield f"The log is priced at the rate of the time when each request was {by}."
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
            "log is not complete enough to show which time counts"
        )


_SIDES: Final = ("requests", "cache_hit", "cache_miss", "output", "cost")


COMPARED_COLUMNS: Final = (
    *("day", "model"),
    *(f"{side}_{name}" for side in ("log", "invoice") for name in _SIDES),
    "currency",
)


def compared_rows(comparison: Comparison, currency: Currency) -> Iterator[list[str]]:
    """Yield a row of COMPARED_COLUMNS for each day and model."""
    for one in comparison.days:
        cells = [one.day.isoformat(), one.model]
        for side in (one.log, one.invoice):
            counts = (side.requests, side.cache_hit, side.cache_miss, side.output)
            cells += [*map(str, counts), exact(side.cost)]
        yield [*cells, currency]
