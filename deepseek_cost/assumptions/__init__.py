"""What a figure rests on besides the prompt and the price list, and the flag that changes it."""

from collections.abc import Sequence

from msgspec import Struct

from deepseek_cost.estimates import Estimate, Scenario
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Model
from deepseek_cost.prompt import renderer_is_installed
from deepseek_cost.provenance import Confidence
from deepseek_cost.schedule import Tier


class Assumption(Struct, frozen=True):
    """`about` names the figures, `set_by` the flag that changes the value; None: nothing does."""

    about: str
    value: str
    set_by: str | None = None


def of_prompt(scenario: Scenario, models: Sequence[Model]) -> list[Assumption]:
    """List what the token count of a plain prompt to these models rests on."""
    mode = scenario.mode
    found = [Assumption("thinking", "on" if mode.thinking else "off", "--thinking/--no-thinking")]
    if mode.thinking:
        found.append(Assumption("effort", mode.effort.value, "--effort"))
    for model in models:
        if model.thinking is not None:
            stood_for = f"{model.name} stands for thinking {'on' if model.thinking else 'off'}"
            found.append(Assumption("thinking", stood_for, "--model"))
    if not renderer_is_installed():
        found.append(
            Assumption(
                "template",
                "approximate: from a table, at most 2 tokens off",
                "pip install 'deepseek-cost[exact]'",
            )
        )
    return found


def of_estimate(
    scenario: Scenario, estimates: Sequence[Estimate], moving: str | None
) -> list[Assumption]:
    """List what an estimate rests on; `moving` names an instant that follows the clock."""
    models = [estimate.price.model for estimate in estimates]
    most = dict.fromkeys(str(scenario.mode_for(m).default_max_tokens) for m in models)
    output = "unknown" if scenario.output_tokens is None else str(scenario.output_tokens)
    ceiling = f"{' and '.join(most)}, the API's default max_tokens"
    found = [
        *of_prompt(scenario, models),
        _of_cache(scenario),
        Assumption("output_tokens", output, "--output-tokens"),
        Assumption("ceiling", ceiling, "--output-tokens"),
    ]
    found += of_prices(estimates, moving)
    return list(dict.fromkeys(found))


def of_prices(estimates: Sequence[Estimate], moving: str | None) -> list[Assumption]:
    """List what prices rest on; `moving` names an instant that follows the clock."""
    found = []
    if moving:
        found.append(Assumption("priced_at", moving, "--at"))
    if any(estimate.price.tier is not Tier.FLAT for estimate in estimates):
        by = "by one instant; DeepSeek does not say whether a request's start or its end"
        found.append(Assumption("tier", by, "--at"))
    for estimate in estimates:
        found += _of_price(estimate)
    return found


def _of_cache(scenario: Scenario) -> Assumption:
    ratio = scenario.cache_hit_ratio
    forecast = "forecast from the requests in their order, by the units that DeepSeek documents"
    return Assumption(
        "cache_hit_ratio", forecast if ratio is None else str(ratio), "--cache-hit-ratio"
    )


def _of_price(estimate: Estimate) -> list[Assumption]:
    price, model = estimate.price, estimate.price.model
    found = []
    if price.service.template is not model.template:
        found.append(
            Assumption(
                "template",
                f"today's ({model.template}), not that instant's ({price.service.template})",
            )
        )
    shown = price.period.last_shown
    if shown and price.at.date() > shown:
        found.append(
            Assumption("prices", f"unchanged since the official page of {shown}", "--prices")
        )
    if price.period.confidence is not Confidence.HIGH:
        doubt = f"{price.period.id}: {price.period.confidence} confidence; {price.period.note}"
        found.append(Assumption("prices", doubt, "--prices"))
    return found


def warnings_of(book: PriceBook, estimates: Sequence[Estimate]) -> list[str]:
    """List what makes an estimate doubtful beyond its assumptions."""
    found = []
    for estimate in estimates:
        price = estimate.price
        found += book.warnings_at(price.at, tiered=price.tier is not Tier.FLAT)
        if estimate.over_context:
            found.append(
                f"{price.model.name}: a request of {estimate.tally.largest_request:,} tokens is "
                f"{estimate.over_context:,} more than the context of "
                f"{price.model.context_tokens:,}; the API refuses it"
            )
    return list(dict.fromkeys(found))
