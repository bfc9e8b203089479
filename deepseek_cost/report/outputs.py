"""What an estimate says of output that was learned from answers: its mean and its spread."""

from collections.abc import Sequence
from decimal import Decimal

from deepseek_cost.assumptions import Assumption
from deepseek_cost.bill.profile import Spread
from deepseek_cost.estimates import Tally
from deepseek_cost.quote import Quote
from deepseek_cost.report.parts import Amount, Part, described
from deepseek_cost.terminal import unicode_name


class LearnedOutput(Part):
    """Output tokens of one request by the answers learned from, and the cost of all requests.

    `tokens.output` and `cost` of the estimate are at the mean. A total at p50 or p95 is that of
    requests which all give so much: of one request its own, of many an upper bound.
    """

    answers: int
    mean: Amount = described("rounded to hundredths")
    p50: int
    p95: int
    total_p50: Amount | None
    total_p95: Amount | None


def learned_outputs(quote: Quote, tallies: Sequence[Tally]) -> list[LearnedOutput | None]:
    """Report the output learned, a model each."""
    if quote.learned is None:
        return [None] * len(tallies)
    halves, tops = (quote.price(tallies, percent) for percent in (50, 95))
    return [
        _entry(spread, half.total, top.total) if spread else None
        for spread, half, top in zip(quote.learned.spreads, halves, tops, strict=True)
    ]


def with_learned(quote: Quote, assumed: Sequence[Assumption]) -> list[Assumption]:
    """Say where the output comes from, in place of that it is not given."""
    if quote.learned is None:
        return list(assumed)
    answers = " and ".join(
        f"{spread.count:,} of {price.model.name}"
        for price, spread in zip(quote.prices, quote.learned.spreads, strict=True)
        if spread
    )
    value = f"the mean of answers in {unicode_name(quote.learned.source)}: {answers or 'none'}"
    learned = Assumption("output_tokens", value, "--output-from")
    return [learned if one.about == "output_tokens" else one for one in assumed]


def unlearned(quote: Quote) -> list[str]:
    """Warn of models without an answer to learn from."""
    spreads = quote.learned.spreads if quote.learned else ()
    return [
        f"no answer like these of {price.model.name} is in --output-from: its output is unknown"
        for price, spread in zip(quote.prices, spreads, strict=False)
        if spread is None
    ]


def _entry(spread: Spread, half: Decimal | None, top: Decimal | None) -> LearnedOutput:
    return LearnedOutput(
        answers=spread.count,
        mean=Decimal(round(spread.mean * 100)) / 100,
        p50=spread.quantile(50),
        p95=spread.quantile(95),
        total_p50=half,
        total_p95=top,
    )
