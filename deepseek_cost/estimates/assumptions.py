"""The assumptions and warnings of an estimate."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from deepseek_cost.estimates.partial_result import Skipped
from deepseek_cost.estimates.tally import Scenario, Tally
from deepseek_cost.estimates.unknown_input import warnings_of_unknown
from deepseek_cost.pricing.entries import Model
from deepseek_cost.pricing.provenance import Assumption, Confidence, is_noticeable
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.prompt.breakdown import LEAST_IMAGE_TOKENS, MOST_IMAGE_TOKENS
from deepseek_cost.prompt.conversation import Hidden

if TYPE_CHECKING:
    from deepseek_cost.estimates.cache_run import Trace
    from deepseek_cost.estimates.conversation import Dialogue
    from deepseek_cost.estimates.estimate import Estimate
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.side_counts import Part
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.pricing.book import PriceBook


# How the note of a batch for several models begins.
EACH_COLUMN: Final = "each column"


def of_prompt(scenario: Scenario, models: Sequence[Model]) -> list[Assumption]:
    """List the assumptions of a plain prompt's token count for these models."""
    mode = scenario.mode
    found = [Assumption("thinking", "on" if mode.thinking else "off", "thinking")]
    if mode.thinking:
        found.append(Assumption("effort", mode.effort.value, "effort"))
    for model in models:
        if model.thinking is not None:
            stood_for = f"{'on' if model.thinking else 'off'}, implied by the name {model.name}"
            found.append(Assumption("thinking", stood_for, "model"))
    return found


def of_estimate(
    scenario: Scenario, estimates: "Sequence[Estimate]", time_label: str | None
) -> list[Assumption]:
    """List the assumptions of an estimate; `time_label` names a time that follows the clock."""
    models = [estimate.price.model for estimate in estimates]
    most = dict.fromkeys(str(scenario.mode_for(m).default_max_tokens) for m in models)
    output = "unknown" if scenario.output_tokens is None else str(scenario.output_tokens)
    ceiling = f"{' and '.join(most)}, the API's default max_tokens"
    found = [
        *of_prompt(scenario, models),
        _of_cache(scenario),
        Assumption("output_tokens", output, "output_tokens"),
        Assumption("ceiling", ceiling, "output_tokens"),
    ]
    found += [_of_calls(one) for one in estimates if one.tally.calls]
    found += of_prices(estimates, time_label)
    return list(dict.fromkeys(found))


def _of_calls(estimate: "Estimate") -> Assumption:
    calls, price = estimate.tally.calls, estimate.price
    each = f"at {price.call_fee} {price.currency}" if price.call_fee else "free then"
    return Assumption("server_tools", f"{calls:,} calls at most, {each}; in the maximum")


def of_prices(estimates: "Sequence[Estimate]", time_label: str | None) -> list[Assumption]:
    """List the assumptions of prices; `time_label` names a time that follows the clock."""
    found = []
    if time_label:
        found.append(Assumption("priced_at", time_label, "at"))
    if any(estimate.price.tier is not Tier.FLAT for estimate in estimates):
        by = "at a single time; DeepSeek does not say whether a request's start or end counts"
        found.append(Assumption("tier", by, "at"))
    for estimate in estimates:
        found += _of_price(estimate)
    return found


def _of_cache(scenario: Scenario) -> Assumption:
    if scenario.cached_tokens is not None:
        each = f"{scenario.cached_tokens:,} tokens in each request"
        return Assumption("cache_hit_ratio", each, "cached")
    ratio = scenario.cache_hit_ratio
    forecast = "forecast from the requests in their order, by the units that DeepSeek documents"
    return Assumption(
        "cache_hit_ratio", forecast if ratio is None else str(ratio), "cache_hit_ratio"
    )


def _of_price(estimate: "Estimate") -> list[Assumption]:
    price, model = estimate.price, estimate.price.model
    found = []
    if price.service.template is not model.template:
        found.append(
            Assumption(
                "template",
                f"today's ({model.template}), not that time's ({price.service.template})",
            )
        )
    shown = price.period.last_shown
    if shown and price.at.date() > shown:
        found.append(
            Assumption("prices", f"unchanged since the official page of {shown}", "prices")
        )
    if price.period.confidence is not Confidence.HIGH:
        doubt = f"{price.period.id}: {price.period.confidence} confidence; {price.period.note}"
        found.append(Assumption("prices", doubt, "prices"))
    return found


def warnings_of(book: "PriceBook", estimates: "Sequence[Estimate]") -> list[str]:
    """List what makes an estimate doubtful beyond its assumptions."""
    found = []
    for estimate in estimates:
        price = estimate.price
        found += book.warnings_at(price.at, tiered=price.tier is not Tier.FLAT)
        found += _of_context(estimate)
    return list(dict.fromkeys(found))


# A request that takes more than this part of the context gets a warning.
_NEARLY_FULL: Final = Decimal("0.9")


def _of_context(estimate: "Estimate") -> list[str]:
    """Warn about a request that exceeds the context, or nearly fills it."""
    model, largest = estimate.price.model, estimate.tally.largest_request
    request = f"{model.name}: a request of {largest:,} tokens"
    if over := estimate.over_context:
        most = f"the context of {model.context_tokens:,}"
        return [f"{request} is {over:,} more than {most}; the API refuses it"]
    if largest > model.context_tokens * _NEARLY_FULL:
        full = Decimal(largest) / model.context_tokens
        return [f"{request} takes {full:.1%} of the context of {model.context_tokens:,}"]
    return []


def of_workload(workload: "Workload", found: Sequence[Assumption]) -> list[Assumption]:
    """Replace assumptions about prompts that the request bodies decide by themselves."""
    kinds = workload.kinds
    listed = list(found)
    if kinds != {"text"}:
        own = "as each request body says"
        listed = [_deferred(a, own, alone="text" not in kinds) for a in listed]
    if len(workload.partial.named_models) > 1:
        names = ", ".join(workload.partial.named_models)
        listed.append(
            Assumption("model", f"{EACH_COLUMN} prices all requests; they name {names}", "model")
        )
    listed += [Assumption("model", note, "model") for note in workload.partial.notes]
    if workload.forecast is not None:
        listed.append(Assumption("cache_age", workload.forecast.timeline.known, "gap"))
        listed += _of_age(workload.totals())
    listed += workload.partial.ignored.assumptions()
    if any(ledger.is_fim for ledger in workload.ledgers):
        layout = (
            "an estimate: prompt, suffix and 4 tokens of layout; no bill of such a request is known"
        )
        listed.append(Assumption("fim", layout))
    if any(Hidden.IMAGE in ledger.unknown for ledger in workload.ledgers):
        listed.append(
            Assumption(
                "images",
                f"{LEAST_IMAGE_TOKENS} tokens each if they cannot be read here; "
                f"{MOST_IMAGE_TOKENS} in the maximum",
            )
        )
    return list(dict.fromkeys(listed))


def warnings_of_workload(workload: "Workload") -> list[str]:
    """List what the API would refuse or replace, and what was skipped."""
    found = []
    found += warnings_of_age(workload.totals())
    found += warnings_of_unknown([(one.model, one.unknown) for one in workload.ledgers])
    for ledger in workload.ledgers:
        refusals, name = ledger.refusals, ledger.model.name
        if refusals.first:
            found.append(
                f"{name}: the API refuses {refusals.requests:,} of the requests; {refusals.first}"
            )
        if ledger.replaced_images:
            found.append(
                f"{name} takes no images: {ledger.replaced_images:,} counted as the text "
                f"[Unsupported Image]"
            )
    found += workload.partial.ignored.warnings()
    return [*found, *warnings_of_skips(workload.skips)]


def warnings_of_age(tallies: Sequence[Tally]) -> list[str]:
    """Warn about predicted hits on prefixes unused for long, if their cost is noticeable."""
    return [_aged(tallies)] if any(map(_rests_on_age, tallies)) else []


def _of_age(tallies: Sequence[Tally]) -> list[Assumption]:
    """List such hits as an assumption if they are too few for a warning."""
    if not any(tally.hits.aged for tally in tallies) or any(map(_rests_on_age, tallies)):
        return []
    return [Assumption("cache_hits", _aged(tallies))]


def _rests_on_age(tally: Tally) -> bool:
    """Return whether the cost would rise noticeably if these hits were misses.

    It would rise by at most their share of the misses, which cost more than hits.
    """
    return is_noticeable(tally.hits.aged, tally.input - tally.hits.expected)


def _aged(tallies: Sequence[Tally]) -> str:
    aged = max(tally.hits.aged for tally in tallies)
    what = f"{aged:,} of the expected cache hits rest on what no request has used for over an hour"
    return f"{what}; DeepSeek keeps it for hours to days, so they may be misses"


def warnings_of_skips(skips: Skipped) -> list[str]:
    """Warn that requests were left out; the report lists the first ones with the reasons."""
    if not skips.requests:
        return []
    requests = "request" if skips.requests == 1 else "requests"
    return [f"skipped {skips.requests:,} {requests}: not included in any figure"]


def _deferred(assumption: Assumption, own: str, *, alone: bool) -> Assumption:
    """Report that bodies have their own thinking, effort and maximum output."""
    if assumption.about == "output_tokens" and assumption.value != "unknown":
        within = f"{assumption.value}, at most each request's max_tokens"
        return Assumption(assumption.about, within, assumption.set_by)
    if assumption.about not in ("thinking", "effort", "ceiling"):
        return assumption
    value = own if alone else f"{own}; prompts: {assumption.value}"
    if alone and assumption.about == "ceiling":
        value = "each request's max_tokens, else the API's default"
    return Assumption(assumption.about, value, None if alone else assumption.set_by)


_UNITS: Final = "the units that DeepSeek documents, in blocks of 128 tokens"


def of_trace(
    trace: "Trace", scenario: Scenario, estimates: "Sequence[Estimate]", time_label: str | None
) -> list[Assumption]:
    """List the assumptions of a sequence's cache hits."""
    prompts = "text" in trace.kinds
    found = of_prompt(scenario, [trace.model]) if prompts else []
    if prompts:
        found.append(Assumption("model", f"{trace.model.name} for texts", "model"))
    found += [
        Assumption("cache_hits", _UNITS),
        Assumption("answers", "as the later requests have them"),
        Assumption("cache_age", trace.diagnosis.timeline.known, "gap"),
        *_of_age(list(trace.diagnosis.tallies.values())),
        *trace.ignored.assumptions(),
        *(Assumption("model", note, "model") for note in trace.notes),
        *of_prices(estimates, time_label),
    ]
    return list(dict.fromkeys(found))


def of_chat(
    dialogue: "Dialogue", quote: "Quote", estimates: "Sequence[Estimate]"
) -> list[Assumption]:
    """List the assumptions of a conversation's cost."""
    plan = dialogue.plan
    models = [price.model for price in quote.prices]
    found = of_prompt(quote.scenario, models) if dialogue.kind == "text" else []
    if plan.turns:
        each = f"{plan.user:,} tokens from the user and {plan.answer:,} in the response"
        found.append(Assumption("turns", f"{each} each", "turns"))
    known = "as sent back, else unknown" if plan.reasoning is None else f"{plan.reasoning:,} tokens"
    found += [
        Assumption("reasoning", known, "reasoning_tokens"),
        Assumption("cache_hits", _UNITS),
        Assumption("cache_age", dialogue.timeline.known, "gap"),
        *dialogue.ignored.assumptions(),
        *of_prices(estimates, quote.time_label),
    ]
    return list(dict.fromkeys(found))


def warnings_of_trace(trace: "Trace") -> list[str]:
    """Warn about doubtful hits and skipped requests."""
    return [
        *warnings_of_age(list(trace.diagnosis.tallies.values())),
        *warnings_of_unknown(trace.diagnosis.unknown),
        *trace.ignored.warnings(),
        *warnings_of_skips(trace.skips),
    ]


_OWN: Final = "each request body by the model that it names"


def of_diff(parts: "Sequence[Part]") -> list[Assumption]:
    """List the assumptions of both sides, which are priced at the same time."""
    found = []
    for part in parts:
        if part.workload.partial.sources:
            estimates, quote = _estimates(part), part.quote
            listed = of_estimate(quote.scenario, estimates, quote.time_label)
            found += of_workload(part.workload, listed)
    return list(dict.fromkeys(one for one in found if one.about != "ceiling"))


def of_own_models(models: Sequence[str]) -> list[Assumption]:
    """Report that bodies are priced for the models they name, if there are any."""
    return [Assumption("model", f"{_OWN}: {', '.join(models)}", "model")] if models else []


def warnings_of_diff(parts: "Sequence[Part]") -> Iterable[str]:
    """Yield what is doubtful about the new side."""
    for part in parts:
        if part.workload.partial.sources:
            yield from warnings_of(part.quote.book, _estimates(part))
            yield from warnings_of_workload(part.workload)


def _estimates(part: "Part") -> "list[Estimate]":
    return part.quote.price(part.workload.totals())
