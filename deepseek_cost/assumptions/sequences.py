"""What the cache hits of requests in their order rest on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from deepseek_cost.assumptions import Assumption, of_prices, of_prompt
from deepseek_cost.assumptions.workload import warnings_of_age, warnings_of_skips
from deepseek_cost.estimates import Estimate, Scenario

if TYPE_CHECKING:
    from deepseek_cost.conversation import Dialogue
    from deepseek_cost.quote import Quote
    from deepseek_cost.trace import Trace

_UNITS: Final = "the units that DeepSeek documents, in blocks of 128 tokens"


def of_trace(
    trace: "Trace", scenario: Scenario, estimates: Sequence[Estimate], moving: str | None
) -> list[Assumption]:
    """List what the hits of a sequence rest on."""
    prompts = "text" in trace.kinds
    found = of_prompt(scenario, [trace.model]) if prompts else []
    if prompts:
        found.append(Assumption("model", f"{trace.model.name} for texts", "--model"))
    found += [
        Assumption("cache_hits", _UNITS),
        Assumption("answers", "as the later requests have them"),
        Assumption("cache_age", trace.diagnosis.timeline.known, "--gap"),
        *(Assumption("model", note, "--model") for note in trace.notes),
        *of_prices(estimates, moving),
    ]
    return list(dict.fromkeys(found))


def of_chat(
    dialogue: "Dialogue", quote: "Quote", estimates: Sequence[Estimate]
) -> list[Assumption]:
    """List what the cost of a conversation rests on."""
    plan = dialogue.plan
    models = [price.model for price in quote.prices]
    found = of_prompt(quote.scenario, models) if dialogue.request is None else []
    if plan.turns:
        each = f"{plan.user:,} tokens of the user and {plan.answer:,} of the answer"
        found.append(Assumption("turns", f"{each} each", "--user-tokens, --answer-tokens"))
    known = "as sent back, else unknown" if plan.reasoning is None else f"{plan.reasoning:,} tokens"
    found += [
        Assumption("reasoning", known, "--reasoning-tokens"),
        Assumption("cache_hits", _UNITS),
        Assumption("cache_age", dialogue.timeline.known, "--gap"),
        *of_prices(estimates, quote.moving),
    ]
    return list(dict.fromkeys(found))


def warnings_of_trace(trace: "Trace") -> list[str]:
    """List which hits are doubtful, and what was skipped."""
    return [
        *warnings_of_age(list(trace.diagnosis.tallies.values())),
        *warnings_of_skips(trace.skips),
    ]
