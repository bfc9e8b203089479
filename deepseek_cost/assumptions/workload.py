"""What the requests of a workload decide by themselves, and what is doubtful about them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deepseek_cost.assumptions import Assumption
from deepseek_cost.breakdown import LEAST_IMAGE_TOKENS, MOST_IMAGE_TOKENS
from deepseek_cost.estimates import Tally
from deepseek_cost.skips import Skips

if TYPE_CHECKING:
    from deepseek_cost.workload import Workload


def of_workload(workload: "Workload", found: Sequence[Assumption]) -> list[Assumption]:
    """Put what request bodies decide by themselves in place of what is assumed of prompts."""
    kinds = workload.kinds
    listed = list(found)
    if kinds != {"text"}:
        own = "as each request body says"
        listed = [_deferred(a, own, alone="text" not in kinds) for a in listed]
    if len(workload.subtotal.named_models) > 1:
        names = ", ".join(workload.subtotal.named_models)
        listed.append(
            Assumption("model", f"each column prices all requests; they name {names}", "--model")
        )
    listed += [Assumption("model", note, "--model") for note in workload.subtotal.notes]
    if workload.forecast is not None:
        listed.append(Assumption("cache_age", workload.forecast.timeline.known, "--gap"))
    if any(ledger.is_fim for ledger in workload.ledgers):
        layout = "an estimate: prompt, suffix and 4 tokens of layout; no bill of one is known"
        listed.append(Assumption("fim", layout))
    if any(ledger.unseen_images for ledger in workload.ledgers):
        listed.append(
            Assumption(
                "images",
                f"{LEAST_IMAGE_TOKENS} tokens each where not at hand; "
                f"in the ceiling {MOST_IMAGE_TOKENS}",
            )
        )
    return list(dict.fromkeys(listed))


def warnings_of_workload(workload: "Workload") -> list[str]:
    """List what the API would refuse or replace, and what was skipped."""
    found = []
    found += warnings_of_age(workload.totals())
    for ledger in workload.ledgers:
        refusals, name = ledger.refusals, ledger.model.name
        if refusals.first:
            found.append(
                f"{name}: the API refuses {refusals.requests:,} of the requests; {refusals.first}"
            )
        if ledger.replaced_images:
            found.append(
                f"{name} takes no images: {ledger.replaced_images:,} of them are counted as the "
                f"text [Unsupported Image] that stands in for each"
            )
    return [*found, *warnings_of_skips(workload.skips)]


def warnings_of_age(tallies: Sequence[Tally]) -> list[str]:
    """Tell that hits rest on what was not used for long."""
    aged = max((tally.hits.aged for tally in tallies), default=0)
    if not aged:
        return []
    what = f"{aged:,} of the expected cache hits rest on what no request has used for over an hour"
    return [f"{what}; DeepSeek keeps it for hours to days, so they are an assumption"]


def warnings_of_skips(skips: Skips) -> list[str]:
    """Tell that requests were left out; why was told as they went by, and the report names them."""
    if not skips.requests:
        return []
    requests = "request" if skips.requests == 1 else "requests"
    return [f"skipped {skips.requests:,} {requests}, which no figure holds"]


def _deferred(assumption: Assumption, own: str, *, alone: bool) -> Assumption:
    """Say of thinking, effort and ceiling that bodies have their own."""
    if assumption.about == "output_tokens" and assumption.value != "unknown":
        within = f"{assumption.value}, at most each request's max_tokens"
        return Assumption(assumption.about, within, assumption.set_by)
    if assumption.about not in ("thinking", "effort", "ceiling"):
        return assumption
    value = own if alone else f"{own}; prompts: {assumption.value}"
    if alone and assumption.about == "ceiling":
        value = "each request's max_tokens, else the API's default"
    return Assumption(assumption.about, value, None if alone else assumption.set_by)
