"""When the requests of a sequence are sent: by a gap between them, or by their own timestamps."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from deepseek_cost.errors import InputError

if TYPE_CHECKING:
    from deepseek_cost.requests.places import Request

_FIELDS: Final = ("timestamp", "created_at", "created", "time")
# Numbers from here on are milliseconds: as seconds they would be after the year 5000.
_MILLISECONDS: Final = 10**11


@dataclass(slots=True)
class Timeline:
    """Tells when each request is sent, in seconds; None where nothing tells it."""

    gap: timedelta | None = None
    requests: int = 0
    dated: int = 0

    @property
    def known(self) -> str:
        """What the instants rest on."""
        if self.gap is not None:
            return f"requests {self.gap.total_seconds():,.0f} s apart"
        if self.dated:
            return f"timestamps of {self.dated:,} of {self.requests:,} requests"
        return "requests one after the other, each within an hour of the one before"

    def next(self, request: "Request | None" = None, requests: int = 1) -> float | None:
        """Return when the next request is sent, the first of so many like it.

        Raises InputError, with the position, for a timestamp that cannot be read.
        """
        before, self.requests = self.requests, self.requests + requests
        if self.gap is not None:
            return before * self.gap.total_seconds()
        if request is None:
            return None
        try:
            at = sent_at(request.record)
        except InputError as error:
            raise InputError(f"{request.position}: {error}") from error
        self.dated += requests if at else 0
        return at.timestamp() if at else None


def sent_at(record: Mapping[str, object]) -> datetime | None:
    """Read the timestamp of a record: ISO 8601 with its zone, or seconds since 1970.

    Raises InputError for one that means no instant; None where there is none.
    """
    name = next((name for name in _FIELDS if record.get(name) is not None), None)
    if name is None:
        return None
    value = record[name]
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise InputError(f"{name} {value[:40]!r} has no time zone; write {value[:40]}Z")
            return at
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if value >= _MILLISECONDS else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise InputError(f"{name} {str(value)[:40]!r} is no instant; write 2026-11-23T10:00:00Z")
