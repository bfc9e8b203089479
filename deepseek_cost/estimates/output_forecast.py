"""Predict the output of future requests from a log."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from deepseek_cost.billing.histogram import Histogram
from deepseek_cost.estimates.tally import Tally


class Learned(Struct, frozen=True):
    """The output of responses like those to come, per model; None if there are none."""

    source: str
    spreads: Sequence[Histogram | None]


def with_output(tally: Tally, spread: Histogram | None, percent: int | None) -> Tally:
    """Return a tally with the expected output: the mean, or a percentile."""
    if spread is None or tally.output is not None:
        return tally
    each = spread.mean if percent is None else spread.quantile(percent)
    return replace(tally, output=min(round(each * tally.requests), tally.output_ceiling))
