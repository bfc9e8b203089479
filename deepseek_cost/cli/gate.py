"""The check after a report: a limit on the cost, and the exit code if the cost is over it."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

import typer

from deepseek_cost.cli.messages import show_error, show_note
from deepseek_cost.errors import placed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deepseek_cost.estimates.estimate import Estimate

OVER_LIMIT: Final = 3
# A cost above this fraction of the limit gets a note.
NEAR: Final = Decimal("0.9")


def gate(
    gated: "Mapping[str, Sequence[Estimate]]", limit: Decimal | None, *, any_tier: bool
) -> None:
    """Exit with code 3 if the sum of any group of estimates may cost more than the limit."""
    if limit is None:
        return
    over, near = [], []
    for name, estimates in gated.items():
        cost = sum((one.limit_cost(any_tier=any_tier) for one in estimates), Decimal(0))
        if cost > limit:
            over.append(f"{name} may cost {cost:f}{_worst(estimates, any_tier=any_tier)}")
        elif cost > limit * NEAR:
            near.append(f"{name} may cost {cost:f}, {cost / limit:.1%} of it")
    currency = next(iter(gated.values()))[0].price.currency
    if over:
        show_error(f"over --max-cost {limit:f} {currency}: {', '.join(over)}")
        raise typer.Exit(OVER_LIMIT)
    _exit_if_unbounded([one for estimates in gated.values() for one in estimates])
    if near:
        show_note(f"within --max-cost {limit:f} {currency}, but near: {', '.join(near)}")


def _worst(estimates: "Sequence[Estimate]", *, any_tier: bool) -> str:
    """Return the assumptions of a limit: the rate, and no cache hits if they are only predicted."""
    found = []
    if any(one.price.other_rates for one in estimates):
        found.append("peak rate" if any_tier else f"{estimates[0].price.tier.label} rate")
    if any(one.tally.hits.best is not None for one in estimates):
        found.append("without cache hits")
    return f" ({', '.join(found)})" if found else ""


def _exit_if_unbounded(estimates: "Sequence[Estimate]") -> None:
    """Exit with code 3 if the requests have input without an upper bound."""
    from deepseek_cost.estimates.unknown_input import unbounded

    for estimate in estimates:
        if not estimate.tally.is_bounded:
            what = unbounded(estimate.tally.unknown)
            exit_unkept(f"the input has no upper bound; not counted: {what}")


def exit_unkept(reason: str) -> NoReturn:
    """Exit with code 3, since a limit cannot be checked if something is unknown."""
    show_error(placed("--max-cost cannot be checked: ", reason))
    raise typer.Exit(OVER_LIMIT)
