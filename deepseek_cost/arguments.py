"""What users write on the command line, turned into values; each refusal says how to write it."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from deepseek_cost.errors import UsageError

# Short enough that no number takes long to work with.
_NUMBER: Final = re.compile(r"[0-9]{0,15}(\.[0-9]{0,15})?")
_YEARS: Final = range(2000, 2200)


def instant(text: str) -> datetime:
    """Read an instant with a time zone, or `now`; returns it in UTC."""
    if text.strip().lower() == "now":
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"--at {text!r} is no instant; write 2026-11-23T10:00Z, or with an offset such as "
            f"2026-11-23T18:00+08:00"
        ) from None
    if at.tzinfo is None:
        raise UsageError(
            f"--at {text!r} has no time zone; for UTC write {at.isoformat(timespec='minutes')}Z, "
            f"for Beijing time {at.isoformat(timespec='minutes')}+08:00"
        )
    if at.year not in _YEARS:
        raise UsageError(f"--at {text!r}: the year is not between {_YEARS[0]} and {_YEARS[-1]}")
    return at.astimezone(UTC)


def ratio(text: str) -> Decimal:
    """Read a share from 0 to 1, or a percentage such as 80%."""
    share = text.strip()
    value = _number(share.removesuffix("%"))
    if value is not None and share.endswith("%"):
        value /= 100
    if value is None or value > 1:
        raise UsageError(
            f"--cache-hit-ratio {text!r} is no share; write 0 to 1, or a percentage such as 80%"
        )
    return value


def amount(text: str) -> Decimal:
    """Read an amount of money without its currency."""
    value = _number(text.strip())
    if value is None:
        raise UsageError(
            f"--max-cost {text!r} is no amount; write a number such as 0.05 "
            f"(the currency is --currency)"
        )
    return value


def _number(text: str) -> Decimal | None:
    if not _NUMBER.fullmatch(text) or not any(map(str.isdigit, text)):
        return None
    return Decimal(text)
