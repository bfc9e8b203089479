"""Charge a response for its model and time, if DeepSeek served it.

Both a bill of logs and a `Meter` in a program charge responses here, so they always agree.
"""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from deepseek_cost.billing.formats.base import Response, Unreadable
from deepseek_cost.billing.formats.provider import has_foreign_id, may_be_deepseek, other_host
from deepseek_cost.billing.formats.values import MOST_TOKENS
from deepseek_cost.billing.tariff import EDGE_SECONDS, Stretch, Tariffs
from deepseek_cost.errors import Advice, Advised, DscostError, UnknownModelError, UnpricedError
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.schedule import TierBy

NO_FEES: Final = Decimal(0)
QUARTER: Final = 900
_END: Final = TierBy.END  # looking up a member takes longer than comparing with it
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
    `assumed_split`: hits were not reported, and are an assumed share of the input. `since`,
    `until`: all responses alike (see `Charging.time_alike`) in this part of its quarter hour have
    this price, and are not near an edge.
    """

    stretch: Stretch
    seconds: float
    other_time: bool = False
    fees: Decimal = NO_FEES
    near_edge: bool = False
    assumed_split: bool = False
    since: float = 0
    until: float = 0


class Charging(Struct, frozen=True):
    """How responses are charged. `at` is the time, in seconds since 1970, of those without one.

    `hit_share` is the cache hit rate, 0 to 1, of responses that do not report hits.
    """

    tariffs: Tariffs
    tier_by: TierBy = TierBy.START
    at: float | None = None
    hit_share: Fraction | None = None

    def charge(self, response: Response) -> Charged:
        """Charge a response, and fill in its hits if they have to be assumed.

        Raises OtherHostError, UnknownModelError, UnpricedError, or Unreadable if the response
        lacks something that its price depends on.
        """
        if _tokens(response) > MOST_TOKENS:
            raise Unreadable("a count in its usage is not a number of tokens")
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
        fees = NO_FEES
        for fee, calls in (response.fees or {}).items():
            if calls:
                fees += self.tariffs.fee(fee, calls, seconds)
        quarter = seconds // QUARTER * QUARTER
        return Charged(
            stretch,
            seconds,
            other_time,
            fees,
            near_edge=tariff.is_near_edge(seconds),
            assumed_split=assumed_split,
            since=max(quarter, stretch.since + EDGE_SECONDS),
            until=min(quarter + QUARTER, stretch.until - EDGE_SECONDS),
        )

    def time_alike(self, response: Response) -> tuple[float, bool] | None:
        """Return a response's time as `_time` does, if its price depends only on it and on names.

        Responses with the same model, endpoint and provider then have the same price in a part of a
        quarter hour, see `Charged`. None if a response needs to be charged by itself.
        """
        if (
            response.hit is None
            or _tokens(response) > MOST_TOKENS
            or response.fees is not None
            or not response.exact_time
            or has_foreign_id(response)
        ):
            return None
        time, other = response.start, response.end
        if self.tier_by is _END:
            time, other = other, time
        if time is not None:
            return time, False
        return None if other is None else (other, True)

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


def _tokens(response: Response) -> int:
    return (response.hit or 0) + response.miss + response.output
