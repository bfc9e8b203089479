"""Where a fact comes from, and when it takes effect."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Struct

# A doubt about less than this share of a figure is an assumption, about more a warning.
_NOTICEABLE: Final = Decimal("0.01")


def is_noticeable(part: Decimal | int, whole: Decimal | int) -> bool:
    """Return whether a part that is in doubt could change the whole enough to warn about it."""
    return part > 0 and part >= whole * _NOTICEABLE


class Assumption(Struct, frozen=True):
    """What figures rest on: `about` names them, `set_by` the argument that changes the value.

    None: nothing changes it. A report of the command line has the flag in `set_by`.
    """

    about: str
    value: str
    set_by: str | None = None


class Precision(StrEnum):
    """How exactly the beginning of an entry is known."""

    INSTANT = "instant"
    DAY = "day"
    BRACKET = "bracket"


class Confidence(StrEnum):
    """How well an entry is supported by evidence."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Sourced(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A fact with its sources; `last_shown` is the newest dated official page that shows it."""

    # A misspelled key in a price table is an error, not a comment.

    source: tuple[str, ...]
    checked: date
    confidence: Confidence
    last_shown: date | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not any(source.strip() for source in self.source):
            raise ValueError("source is empty; name at least one")


class Dated(Sourced, frozen=True, kw_only=True):
    """A sourced fact in effect from `since` (UTC, inclusive) until its successor begins."""

    since: datetime
    precision: Precision
    since_earliest: datetime | None = None
    since_latest: datetime | None = None

    def __post_init__(self) -> None:
        Sourced.__post_init__(self)
        require_utc(self.since, "since")


AnyDated = TypeVar("AnyDated", bound=Dated)


def require_utc(time: datetime, what: str) -> None:
    """Raise ValueError unless `time` is in UTC."""
    if time.utcoffset() != timedelta(0):
        raise ValueError(f"{what} is not in UTC; write it like 2026-08-16T16:00:00Z")


def in_force(entries: Iterable[AnyDated], at: datetime) -> AnyDated | None:
    """Return the latest entry that began at or before `at`; None before the first."""
    begun = [entry for entry in entries if entry.since <= at]
    return max(begun, key=lambda entry: entry.since, default=None)
