"""What a comparison of two sides rests on."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from deepseek_cost.assumptions import Assumption, of_estimate, warnings_of
from deepseek_cost.assumptions.workload import of_workload, warnings_of_workload

if TYPE_CHECKING:
    from deepseek_cost.quote import Quote
    from deepseek_cost.workload import Workload


def of_diff(quote: "Quote", workload: "Workload") -> list[Assumption]:
    """List what the figures of both sides rest on; the instant is one for both."""
    if not workload.subtotal.sources:
        return []
    estimates = quote.price(workload.totals())
    found = of_workload(workload, of_estimate(quote.scenario, estimates, quote.moving))
    return [one for one in found if one.about != "ceiling"]


def warnings_of_diff(quote: "Quote", workload: "Workload") -> Iterable[str]:
    """Yield what is doubtful about the new side."""
    if workload.subtotal.sources:
        yield from warnings_of(quote.book, quote.price(workload.totals()))
        yield from warnings_of_workload(workload)
