"""A budget for a period, and the spending projected at its end."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

_PLACES: Final = Decimal("0.0001")


class Budget(Struct, frozen=True):
    """An amount to spend from `since` until `until` (exclusive). `now` is the current time."""

    amount: Decimal
    since: datetime
    until: datetime
    now: datetime

    def projected(self, used: Decimal) -> Decimal | None:
        """Return what will be spent by the end at the current pace, to four decimals.

        None if the period is over or has not begun.
        """
        whole, elapsed = self.until - self.since, self.now - self.since
        if not elapsed.total_seconds() > 0 or elapsed >= whole:
            return None
        share = Decimal(int(elapsed.total_seconds())) / Decimal(int(whole.total_seconds()))
        return (used / share).quantize(_PLACES) if share else None
