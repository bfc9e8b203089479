"""A bill's assumptions, apart from the responses and the price list, and its warnings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from deepseek_cost.billing.account import Account
from deepseek_cost.errors import placed
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.provenance import Assumption, is_noticeable
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.text import quantity


def assumptions_of(account: Account, cost: Decimal) -> Iterator[Assumption]:
    """Yield the assumptions of a bill of this cost."""
    tier_by = account.charging.tier_by
    is_known = account.charging.tariffs.book.is_tier_time_known
    why = "as the price table has it" if is_known else "DeepSeek does not say which time counts"
    by = f"by the {tier_by} of each request; {why}"
    yield Assumption("tier", by, "tier_by")
    if account.other_instant:
        other = TierBy.END if tier_by is TierBy.START else TierBy.START
        value = f"{account.other_instant:,} lines have only the {other}, which is used instead"
        yield Assumption("tier", value, "field")
    if account.near_edge and not _is_edge_noticeable(account, cost):
        yield Assumption("tier", _near_edge(account))
    if account.assumed_splits:
        split = f"assumed for {account.assumed_splits:,} lines that do not report hits"
        yield Assumption("cache_hits", split, "cache_hit_ratio")
    if account.unreported_reasoning:
        value = (
            f"not reported by {quantity(account.unreported_reasoning, 'line')}; it is in the output"
        )
        yield Assumption("reasoning", value)
    same = "the same tokens, hits and output; another model would give others"
    yield Assumption("other_model", same)
    if account.unidentified:
        value = f"no id in {quantity(account.unidentified, 'response')}; each of them counts"
        yield Assumption("identity", value)


def warnings_of(account: Account, book: PriceBook, cost: Decimal) -> Iterator[str]:
    """Yield warnings about what is missing from a bill of this cost or may be wrong."""
    yield from unpriced_of(account)
    if _is_edge_noticeable(account, cost):
        yield _near_edge(account)
    if account.last is not None:
        yield from book.warnings_at(datetime.fromtimestamp(int(account.last), UTC))


def unpriced_of(account: Account) -> Iterator[str]:
    """Yield a warning about the lines without a price, if there are any, with the first of them."""
    if account.unpriced:
        lines, are = quantity(account.unpriced, "line"), "is" if account.unpriced == 1 else "are"
        left_out = f"{lines} could not be priced and {are} not included; the first: "
        yield placed(left_out, account.faults[0].message)


def _is_edge_noticeable(account: Account, cost: Decimal) -> bool:
    """Return whether the other rate for the requests near a change of price would be noticed.

    Their number counts as well as their cost, which a later record of a response may raise.
    """
    return is_noticeable(account.near_edge_cost, cost) or is_noticeable(
        account.near_edge, account.requests
    )


def _near_edge(account: Account) -> str:
    requests = "request is" if account.near_edge == 1 else "requests are"
    return (
        f"{account.near_edge:,} {requests} within a minute of a change of price, and may be "
        f"billed at the other rate"
    )
