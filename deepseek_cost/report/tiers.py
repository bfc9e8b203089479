"""What the same requests cost in the other tier, and what is saved by waiting for it."""

from deepseek_cost.cost import EXACT
from deepseek_cost.estimates import Estimate
from deepseek_cost.report.parts import Amount, Instant, Part
from deepseek_cost.schedule import Tier


class OtherTier(Part):
    """What the same requests cost in the other tier of the same price list."""

    tier: Tier
    total: Amount | None
    floor: Amount
    ceiling: Amount


class Waiting(Part):
    """What is saved by sending the same requests when peak hours are over."""

    until: Instant
    total: Amount | None
    floor: Amount
    ceiling: Amount


def other_tier(estimate: Estimate) -> OtherTier | None:
    """Report the other tier; None where the price is flat."""
    tier, rates = estimate.price.tier.other, estimate.price.other_rates
    if tier is None or rates is None:
        return None
    return OtherTier(
        tier=tier,
        total=estimate.total_at(rates),
        floor=estimate.floor_at(rates),
        ceiling=estimate.ceiling_at(rates),
    )


def waiting(estimate: Estimate) -> Waiting | None:
    """Report what waiting saves; None outside of peak hours."""
    price = estimate.price
    if price.tier is not Tier.PEAK or price.other_rates is None or price.tier_until is None:
        return None
    total = estimate.total_at(price.other_rates)
    return Waiting(
        until=price.tier_until,
        total=None if total is None else EXACT.subtract(estimate.total or total, total),
        floor=EXACT.subtract(estimate.floor, estimate.floor_at(price.other_rates)),
        ceiling=EXACT.subtract(estimate.ceiling, estimate.ceiling_at(price.other_rates)),
    )
