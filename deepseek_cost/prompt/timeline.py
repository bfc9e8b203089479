"""When the requests of a sequence are sent: by a gap between them, or by their own timestamps."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from deepseek_cost.errors import InputError, placed
from deepseek_cost.inputs.kinds import TIME_FIELDS
from deepseek_cost.inputs.timestamps import NoTimeError, seconds_of

if TYPE_CHECKING:
    from deepseek_cost.inputs.request import Request


class Timeline(Struct):
    """When each request is sent, in seconds; None if unknown."""

    gap: timedelta | None = None
    requests: int = 0
    dated: int = 0

    @property
    def known(self) -> str:
        """What the times are based on."""
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
        at = self.read(request)
        self.dated += 0 if at is None else requests
        return at

    def read(self, request: "Request") -> float | None:
        """Return a request's own timestamp in seconds, unless there is a gap instead; else None.

        Raises InputError, with the position, for a timestamp that cannot be read.
        """
        if self.gap is not None:
            return None
        try:
            return sent_at(request.record)
        except InputError as error:
            raise InputError(placed(f"{request.position}: ", error.message)) from error


def sent_at(record: Mapping[str, object]) -> float | None:
    """Read the timestamp of a record, in seconds since 1970; None if there is none.

    Raises InputError for one that is not a valid time.
    """
    name = next((name for name in TIME_FIELDS if record.get(name) is not None), None)
    if name is None:
        return None
    try:
        return seconds_of(record[name], None)
    except NoTimeError as error:
        raise InputError(f"{name}: {error}") from None
