"""Remember at what times responses were charged, since most others are like one of them.

Responses of one model in one quarter hour nearly always have the same day and price, so they are
entered without charging each. What is remembered is bounded: beyond that, all of it is forgotten.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.charge import QUARTER, Charged
from deepseek_cost.billing.formats.base import Kind, Origin, Response
from deepseek_cost.billing.tariff import Stretch

_HOUR: Final = 3_600
_MOST_REMEMBERED: Final = 100_000
_MESSAGES: Final = Kind.MESSAGES  # looking up a member takes longer than comparing with it


class Moment(Struct, eq=False):
    """A day, and an hour if hours are kept, at one price of a model. Compared by identity."""

    day: date
    stretch: Stretch
    hour: int | None


class Span(Struct, frozen=True):
    """A part of a quarter hour at one price, in seconds since 1970; `until` is exclusive."""

    since: float
    until: float
    moment: Moment | None


NO_SPAN: Final = Span(0, 0, None)

# A model, whether it was asked for in Anthropic's format, and a provider.
_Names = tuple[str, bool, str | None]


class Moments(Struct):
    """Moments of a bill whose days and hours are those of a time zone.

    `numbers`: those that a caller gave to origins at moments; see `number`.
    """

    zone: tzinfo
    has_hours: bool
    numbers: dict[Origin, dict[Moment | None, int]] = field(default_factory=dict)
    # By names and quarter hours since 1970.
    _spans: dict[_Names, dict[int, Span]] = field(default_factory=dict)
    _shared: dict[tuple[date, Stretch, int | None], Moment] = field(default_factory=dict)
    _remembered: int = 0
    _day: Callable[[int], date] | None = None

    def __post_init__(self) -> None:
        zone = self.zone

        @lru_cache(maxsize=10_000)
        def day(quarter: int) -> date:
            return datetime.fromtimestamp(quarter * QUARTER, zone).date()

        self._day = day

    def of(self, charged: Charged) -> Moment:
        """Return the moment of a charge, which is the same object for all that share it."""
        assert self._day is not None  # noqa: S101 - __post_init__
        day = self._day(int(charged.seconds // QUARTER))
        hour = self._hour(int(charged.seconds)) if self.has_hours else None
        known = day, charged.stretch, hour
        return self._shared.setdefault(known, Moment(*known))

    def spans(self, origin: Origin, provider: str | None) -> dict[int, Span]:
        """Return what is known of responses with these names, by quarter hours since 1970."""
        return self._spans.get(_names(origin, provider), {})

    def find(self, response: Response, seconds: float) -> Moment | None:
        """Return the moment of a response at a time, in seconds since 1970; None if unknown."""
        spans = self.spans(response.origin, response.provider)
        span = spans.get(int(seconds) // QUARTER, NO_SPAN)
        return span.moment if span.since <= seconds < span.until else None

    def remember(self, response: Response, seconds: float, span: Span) -> None:
        """Remember that a response, and all alike, have a moment in a part of a quarter hour."""
        if span.since < span.until:
            self._limit()
            names = _names(response.origin, response.provider)
            self._spans.setdefault(names, {})[int(seconds) // QUARTER] = span

    def number(self, origin: Origin, moment: Moment, find: Callable[[], int]) -> int:
        """Return the number of an origin at a moment; the first time, it is found by calling."""
        number = self.numbers.get(origin, {}).get(moment)
        if number is None:
            self._limit()
            number = self.numbers.setdefault(origin, {})[moment] = find()
        return number

    def _hour(self, seconds: int) -> int:
        """Return when the hour of a time begins by the zone's clock, in seconds since 1970."""
        offset = datetime.fromtimestamp(seconds, self.zone).utcoffset() or timedelta()
        return seconds - (seconds + int(offset.total_seconds())) % _HOUR

    def _limit(self) -> None:
        """Forget what is remembered if it is too much."""
        self._remembered += 1
        if self._remembered > _MOST_REMEMBERED:
            self._spans.clear()
            self.numbers.clear()
            self._shared.clear()
            self._remembered = 0


def _names(origin: Origin, provider: str | None) -> _Names:
    return origin.model, origin.kind is _MESSAGES, provider
