"""Money for a time, and what the rate so far comes to at its end."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

_PLACES: Final = Decimal("0.0001")


class Budget(Struct, frozen=True):
    """An amount for the time from `since` until `until`, excluded; `now` is when it is asked."""

    amount: Decimal
    since: datetime
    until: datetime
    now: datetime

    def projected(self, used: Decimal) -> Decimal | None:
        """Return what will be used at the end, if it goes on like until now, to four decimals.

        None where the time has ended, or has not begun.
        """
        whole, elapsed = self.until - self.since, self.now - self.since
        if not elapsed.total_seconds() > 0 or elapsed >= whole:
            return None
        share = Decimal(int(elapsed.total_seconds())) / Decimal(int(whole.total_seconds()))
        return (used / share).quantize(_PLACES) if share else None
