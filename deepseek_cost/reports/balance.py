"""What reports say about a balance: how far it goes and when it runs out."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final

from msgspec import Meta

from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.reports.parts import Part, Timestamp

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance

_DAY: Final = 86_400
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BalanceAmounts(Part):
    """Money in an account."""

    granted: Decimal
    topped_up: Decimal


class RunDownEntry(Part):
    """A balance run down by a bill: granted money first, then topped-up money.

    Each used-up time is the start of the hour in which that money ran out; null if it did not.
    What remains is also given in requests and days like those of the bill; null if no rate is
    known.
    """

    before: BalanceAmounts
    after: BalanceAmounts
    owed: Annotated[Decimal, Meta(description="what was billed after all was used up")]
    granted_used_up: Timestamp | None
    topped_up_used_up: Timestamp | None
    requests_left: int | None
    days_left: Annotated[Decimal | None, Meta(description="rounded down to tenths")]


class Affordable(Part):
    """How many times a balance pays for the whole estimate; null if the estimate costs nothing."""

    balance: BalanceAmounts
    at_total: Annotated[int | None, Meta(description="also null while output or input is unknown")]
    at_floor: int | None
    at_ceiling: Annotated[int | None, Meta(description="also 0 where nothing bounds the input")]


def run_down_entry(
    before: "Balance", hours: Iterable[tuple[int, Decimal]], requests: int, seconds: float
) -> RunDownEntry:
    """Run a balance down by hourly costs, which come from `requests` in `seconds`."""
    from fractions import Fraction  # noqa: PLC0415 - estimates need none

    from deepseek_cost.billing.balance import run_down  # noqa: PLC0415 - likewise

    costs = list(hours)
    found = run_down(before, costs)
    spent = sum((Fraction(cost) for _, cost in costs), Fraction())
    left = Fraction(found.after.left)
    tenths = left / spent * Fraction(seconds) / _DAY * 10 if spent else None
    return RunDownEntry(
        before=_amounts(found.before),
        after=_amounts(found.after),
        owed=found.after.owed,
        granted_used_up=_beginning(found.granted_until),
        topped_up_used_up=_beginning(found.topped_up_until),
        requests_left=int(left / spent * requests) if spent else None,
        days_left=Decimal(int(tenths)) / 10 if tenths is not None and seconds else None,
    )


def affordable(balance: "Balance", estimate: Estimate) -> Affordable:
    """Return how many times a balance pays for an estimate."""
    total = estimate.total
    return Affordable(
        balance=_amounts(balance),
        at_total=None if total is None or estimate.tally.unknown else balance.times(total),
        at_floor=balance.times(estimate.floor),
        at_ceiling=0 if estimate.ceiling is None else balance.times(estimate.ceiling),
    )


def _amounts(balance: "Balance") -> BalanceAmounts:
    return BalanceAmounts(granted=balance.granted, topped_up=balance.topped_up)


def _beginning(hour: int | None) -> datetime | None:
    return None if hour is None else _EPOCH + timedelta(hours=hour)
