"""What the report of a bill says of the forecast: how often it was right, and what it missed."""

from deepseek_cost.bill.proof import Proof, Tried
from deepseek_cost.cost import EXACT
from deepseek_cost.report.parts import Amount, Part, described, exact
from deepseek_cost.terminal import unicode_name


class TriedEntry(Part):
    """Requests of which a figure was forecast, and of how many exactly; tokens of all of them."""

    requests: int
    exact: int
    forecast: int
    billed: int


class DeviationEntry(Part):
    """A figure of one request that was billed otherwise than forecast."""

    place: str
    about: str
    forecast: int
    billed: int
    likely_reason: str


class InputCostEntry(Part):
    """What the inputs cost by the forecast, with the hits expected, and by the bill."""

    forecast: Amount
    billed: Amount
    error: str = described("forecast less billed, exactly; negative: too low")


class ProofEntry(Part):
    """The forecast held against the bill, for lines that hold a request and its answer."""

    prompt_tokens: TriedEntry
    cache_hits: TriedEntry
    cache_hits_at_best: int
    output_tokens: TriedEntry = described("of answers whose text is there, counted again")
    input_cost: InputCostEntry
    uncounted: int = described("requests that cannot be counted")
    deviations: tuple[DeviationEntry, ...] = described("the first of them")


def proof_entry(proof: Proof) -> ProofEntry:
    """Report a proof."""
    forecast, billed = proof.input_costs
    return ProofEntry(
        prompt_tokens=_tried(proof.prompts),
        cache_hits=_tried(proof.hits),
        cache_hits_at_best=proof.best_hits,
        output_tokens=_tried(proof.answers),
        input_cost=InputCostEntry(
            forecast=forecast, billed=billed, error=exact(EXACT.subtract(forecast, billed))
        ),
        uncounted=proof.uncounted,
        deviations=tuple(
            DeviationEntry(
                place=unicode_name(one.place),
                about=one.about,
                forecast=one.forecast,
                billed=one.billed,
                likely_reason=one.reason,
            )
            for one in proof.deviations
        ),
    )


def _tried(tried: Tried) -> TriedEntry:
    return TriedEntry(
        requests=tried.requests, exact=tried.exact, forecast=tried.forecast, billed=tried.billed
    )
