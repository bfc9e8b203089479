"""What an invoice has of a day, a model, a key or a rate."""

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


def sum_of(amounts: Iterable[Decimal]) -> Decimal:
    """Add up amounts, exactly."""
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _sum_of_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum; None where a part of it is not known."""
    known = [amount for amount in amounts if amount is not None]
    return sum_of(known) if len(known) == len(amounts) else None


def figures_of(
    lines: Sequence[Line], charges: Sequence[Charged] = (), *, has_requests: bool = True
) -> InvoiceFigures:
    """Report rows of the usage file; where there are none, what the cost file charges."""
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
    """Report what a cost file charges: money alone."""
    whole = sum_of(cost for *_, cost in charges)
    nothing = dict.fromkeys(("cache_hit", "cache_miss", "output"))
    cost = InvoiceCost(**nothing, other=whole, total=whole)
    return InvoiceFigures(requests=None, **nothing, cost=cost)
