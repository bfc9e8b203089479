"""An invoice's figures for a day, a model, a key or a rate."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from deepseek_cost.billing.formats.deepseek_export import Kind
from deepseek_cost.billing.invoice import (
    ChargeKey,
    Line,
    is_unknown,
)
from deepseek_cost.pricing.cost import EXACT
from deepseek_cost.reports.parts import Part

Charged = tuple[date, ChargeKey, Decimal]


class InvoiceCost(Part):
    """The cost of usage by kind, as amount times price; null: it has no price.

    `other` is everything but tokens, and the charges of a cost file if there is no usage file.
    """

    cache_hit: Decimal | None
    cache_miss: Decimal | None
    output: Decimal | None
    other: Decimal
    total: Decimal | None


class InvoiceFigures(Part):
    """An invoice's figures for a day, a model, a key or a rate.

    Requests are null for a rate: the export counts them only by day, model and key. All counts are
    null if there is only a cost file.
    """

    requests: int | None
    cache_hit: int | None
    cache_miss: int | None
    output: int | None
    cost: InvoiceCost


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum of amounts."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _sum_of_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the exact sum of amounts; None if any of them is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum_of(known) if len(known) == len(amounts) else None


def figures_of(
    lines: Sequence[Line], charges: Sequence[Charged] = (), *, has_requests: bool = True
) -> InvoiceFigures:
    """Report the rows of the usage file; if there are none, the charges of the cost file."""
    if charges and not lines:
        return _charged(charges)
    amounts = dict.fromkeys(Kind, 0)
    costs: dict[Kind | None, list[Decimal | None]] = {kind: [] for kind in (*Kind, None)}
    for line in lines:
        known = Kind(line.kind) if line.kind in list(Kind) else None
        if known is not None:
            amounts[known] += line.amount
        costs[known].append(None if line.price is None and is_unknown(line) else line.cost)
    other = sum_of(cost for cost in (*costs[None], *costs[Kind.REQUESTS]) if cost is not None)
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


def _charged(charges: Sequence[Charged]) -> InvoiceFigures:
    """Report the charges of a cost file, which has no counts."""
    whole = sum_of(cost for *_, cost in charges)
    nothing = dict.fromkeys(("cache_hit", "cache_miss", "output"))
    cost = InvoiceCost(**nothing, other=whole, total=whole)
    return InvoiceFigures(requests=None, **nothing, cost=cost)
