"""Charge a response for its model and time, if DeepSeek served it.

Both a bill of logs and a `Meter` in a program charge responses here, so they always agree.
"""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct, field

from deepseek_cost.billing.formats.base import Kind, Response, Unreadable
from deepseek_cost.billing.formats.log import MOST_TOKENS
from deepseek_cost.billing.formats.provider import has_foreign_id, may_be_deepseek, other_host
from deepseek_cost.billing.tariff import EDGE_SECONDS, Stretch, Tariff, Tariffs
from deepseek_cost.errors import Advice, Advised, DscostError, UnknownModelError, UnpricedError
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.schedule import TierBy

_NOTHING: Final = Decimal(0)
# No known price has changed within a quarter of an hour, but a price table may do so.
_QUARTER: Final = 900
_MOST_QUARTERS: Final = 100_000
_SteadyKey = tuple[str, bool, str | None, int]
# Looking up enum members and their hashes takes longer than everything else here.
_MESSAGES: Final = Kind.MESSAGES
_END: Final = TierBy.END
NO_TIME: Final = Advised("no time in it", Advice.LOG_TIME)
NO_HITS: Final = Advised("its usage does not report cache hits", Advice.HIT_RATIO)


class OtherHostError(DscostError):
    """A response is not on DeepSeek's bill. `host`: who served it, or the model it names."""

    def __init__(self, host: str) -> None:
        super().__init__(f"served by {host}, not by DeepSeek's API")
        self.host = host


class Charged(Struct, frozen=True):
    """The price of a response's tokens, and the amount of its fees.

    `seconds`: the time, since 1970, at which it was priced. `near_edge`: the price changes within
    a minute of it. `other_time`: it is not the time asked for, which the log does not have.
    `assumed_split`: hits were not reported, and are an assumed share of the input.
    """

    stretch: Stretch
    seconds: float
    fees: Decimal
    near_edge: bool
    other_time: bool
    assumed_split: bool


class Charging(Struct, frozen=True):
    """How responses are charged. `at` is the time, in seconds since 1970, of those without one.

    `hit_share` is the cache hit rate, 0 to 1, of responses that do not report hits.
    """

    tariffs: Tariffs
    tier_by: TierBy = TierBy.START
    at: float | None = None
    hit_share: Fraction | None = None
    _steady: dict[_SteadyKey, Stretch] = field(default_factory=dict)

    def charge(self, response: Response) -> Charged:
        """Charge a response, and fill in its hits if they have to be assumed.

        Raises OtherHostError, UnknownModelError, UnpricedError, or Unreadable if the response
        lacks something that its price depends on.
        """
        if (response.hit or 0) + response.miss + response.output > MOST_TOKENS:
            raise Unreadable("a count in its usage is not a number of tokens")
        return self._as_before(response) or self._charge(response)

    def _as_before(self, response: Response) -> Charged | None:
        """Charge a response like others of its model in this quarter hour; None if there are none.

        This covers most responses, and avoids looking up the host and the price.
        """
        is_by_end = self.tier_by is _END
        seconds = response.end if is_by_end else response.start
        if is_other := seconds is None:
            seconds = response.start if is_by_end else response.end
        if (
            seconds is None
            or response.hit is None
            or response.fees is not None
            or not response.exact_time
            or has_foreign_id(response)
        ):
            return None
        is_messages = response.kind is _MESSAGES
        key = (response.model, is_messages, response.provider, int(seconds) // _QUARTER)
        stretch = self._steady.get(key)
        if stretch is None:
            return None
        return Charged(stretch, seconds, _NOTHING, False, is_other, False)  # noqa: FBT003 - fast

    def _charge(self, response: Response) -> Charged:
        if host := other_host(response):
            raise OtherHostError(host)
        try:
            tariff = self.tariffs.find(response.model, response.kind)
        except UnknownModelError as error:
            if may_be_deepseek(response):
                raise
            raise OtherHostError(f"{response.model} (no host named)") from error
        seconds, other_time = self._time(response)
        assumed_split = self._split(response)
        stretch = tariff.at(seconds)
        if not response.exact_time:
            self._require_one_price(response, stretch)
        fees = _NOTHING
        for fee, calls in (response.fees or {}).items():
            if calls:
                fees += self.tariffs.fee(fee, calls, seconds)
        near_edge = tariff.is_near_edge(seconds)
        self._keep(response, seconds, tariff)
        return Charged(stretch, seconds, fees, near_edge, other_time, assumed_split)

    def _keep(self, response: Response, seconds: float, tariff: Tariff) -> None:
        """Keep the price of a quarter hour, if it is the same from a minute before to after it."""
        if has_foreign_id(response):
            return
        quarter = int(seconds) // _QUARTER
        first, last = quarter * _QUARTER - EDGE_SECONDS, (quarter + 1) * _QUARTER + EDGE_SECONDS
        try:
            stretch = tariff.at(first)
        except UnpricedError:
            return
        if last < stretch.until:
            if len(self._steady) >= _MOST_QUARTERS:
                self._steady.clear()
            is_messages = response.kind is _MESSAGES
            self._steady[response.model, is_messages, response.provider, quarter] = stretch

    def _time(self, response: Response) -> tuple[float, bool]:
        time, other = response.start, response.end
        if self.tier_by is TierBy.END:
            time, other = other, time
        if time is not None:
            return time, False
        if other is not None:
            return other, True
        if self.at is None:
            raise Unreadable(NO_TIME)
        return self.at, False

    def _split(self, response: Response) -> bool:
        if response.hit is not None:
            return False
        if self.hit_share is None:
            raise Unreadable(NO_HITS)
        response.hit = int(self.hit_share * response.miss)
        response.miss -= response.hit
        return True

    def _require_one_price(self, response: Response, stretch: Stretch) -> None:
        tariff = self.tariffs.find(response.model, response.kind)
        ends = [end for end in (response.start, response.end) if end is not None]
        if any(tariff.at(end) is not stretch for end in ends):
            first, last = (stamp(datetime.fromtimestamp(int(end), UTC)) for end in ends)
            raise UnpricedError(f"only known to be between {first} and {last}; the price changed")
