"""Run down a balance as DeepSeek does: granted money first, then topped-up money."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from deepseek_cost.pricing.cost import EXACT


class Balance(Struct, frozen=True):
    """Money left in an account. `owed` is what the balance could not cover."""

    granted: Decimal
    topped_up: Decimal
    owed: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """The total that can still be spent."""
        return EXACT.add(self.granted, self.topped_up)

    def pay(self, amount: Decimal) -> "Balance":
        """Return the balance after a payment."""
        granted = min(self.granted, amount)
        rest = EXACT.subtract(amount, granted)
        topped_up = min(self.topped_up, rest)
        return Balance(
            EXACT.subtract(self.granted, granted),
            EXACT.subtract(self.topped_up, topped_up),
            EXACT.add(self.owed, EXACT.subtract(rest, topped_up)),
        )

    def times(self, amount: Decimal) -> int | None:
        """Return how many times an amount can be paid in full, or None if it costs nothing."""
        return int(self.left // amount) if amount else None


class RunDown(Struct, frozen=True):
    """A balance before and after, and the hours (since 1970) in which its parts ran out.

    An hour is None if that part did not run out, or was empty from the start.
    """

    before: Balance
    after: Balance
    granted_until: int | None
    topped_up_until: int | None


def run_down(before: Balance, hours: Iterable[tuple[int, Decimal]]) -> RunDown:
    """Pay the cost of each hour, in order of time, and return the result."""
    balance = before
    granted_until = topped_up_until = None
    for hour, amount in sorted(hours):
        after = balance.pay(amount)
        if balance.granted and not after.granted:
            granted_until = hour
        if balance.topped_up and not after.topped_up:
            topped_up_until = hour
        balance = after
    return RunDown(before, balance, granted_until, topped_up_until)
