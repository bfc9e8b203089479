"""What a report says of requests: what their input is made of, how they are spread, refusals."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Self

from deepseek_cost.breakdown import (
    LEAST_IMAGE_TOKENS,
    MOST_IMAGE_TOKENS,
    ROLES,
    Breakdown,
    ToolTokens,
)
from deepseek_cost.cache.hits import Hits
from deepseek_cost.cost import cost_of
from deepseek_cost.distribution import Distribution
from deepseek_cost.estimates import Estimate, Tally
from deepseek_cost.ledger import Ledger, Place
from deepseek_cost.pricebook import Price
from deepseek_cost.report.hits import mean
from deepseek_cost.report.parts import Amount, Part, described
from deepseek_cost.usage import TokenUsage

if TYPE_CHECKING:
    from deepseek_cost.workload import Workload

_THOUSAND: Final = 1_000


class Refused(Part):
    """The requests that the API would refuse; they are counted all the same."""

    requests: int
    reason: str = described("of the first, with its place")


class UnknownImages(Part):
    """Images that are not at hand: in the input with `tokens_min`, in the ceiling with the most."""

    images: int
    tokens_min: int
    tokens_max: int


class ToolEntry(Part):
    """The definition of a tool: its tokens in all requests that carry it."""

    name: str
    requests: int
    tokens: int
    cost_per_1000_requests: Amount = described("if no token is a cache hit")


class BreakdownEntry(Part):
    """The input by origin; everything adds up to `tokens.input`."""

    system: int
    tools: tuple[ToolEntry, ...] = described("the most tokens first")
    history: dict[str, int] = described("by role")
    user: int = described("user messages that no answer follows")
    images: int
    template: int


class TokenSpread(Part):
    """Input tokens of single requests, by nearest rank."""

    min: int
    median: int
    p95: int
    max: int


class CostSpread(Part):
    """The cost of single requests without output, by nearest rank."""

    min: Amount
    median: Amount
    p95: Amount
    max: Amount


class DistributionEntry(Part):
    """How the bodies of a batch are spread."""

    requests: int
    input: TokenSpread
    floor: CostSpread


class DearRequest(Part):
    """One of the most expensive requests: by total, or by ceiling while output is unknown."""

    source: str
    line: int
    custom_id: str | None
    input: int
    total: Amount | None
    floor: Amount
    ceiling: Amount

    @classmethod
    def of(cls, place: Place, estimate: Estimate) -> Self:
        """Report a request at its place."""
        return cls(
            source=place.source,
            line=place.line,
            custom_id=place.custom_id,
            input=estimate.tally.input,
            total=estimate.total,
            floor=estimate.floor,
            ceiling=estimate.ceiling,
        )


class Skipped(Part):
    """Requests left out by --on-error skip; the first are named."""

    requests: int
    first: tuple[str, ...]


class LedgerDetails(Part):
    """What an estimate says of its requests beside the sums."""

    refused: Refused | None
    breakdown: BreakdownEntry | None
    distribution: DistributionEntry | None
    dearest: tuple[DearRequest, ...] | None
    concurrent_requests: int | None


def details_of(ledger: Ledger, price: Price, share: Fraction) -> LedgerDetails:
    """Report what a ledger holds; the spread only where there is one."""
    several = ledger.bodies > 1
    return LedgerDetails(
        refused=refused_entry(ledger.refusals.requests, ledger.refusals.first),
        breakdown=breakdown_entry(ledger.parts, price) if ledger.keeps_parts else None,
        distribution=_distribution(ledger.spread, price, share) if several else None,
        dearest=_dearest(ledger.dearest(), price) if several else None,
        concurrent_requests=ledger.model.concurrent_requests if several else None,
    )


def refused_entry(requests: int, reason: str | None) -> Refused | None:
    """Report refusals, if there are any."""
    return Refused(requests=requests, reason=reason) if reason else None


def breakdown_entry(parts: Breakdown, price: Price) -> BreakdownEntry:
    """Report what input is made of."""
    return BreakdownEntry(
        system=parts.system,
        tools=tuple(_tool(name, tool, price) for name, tool in _by_tokens(parts.tools)),
        history={role: parts.history[role] for role in ROLES if role in parts.history},
        user=parts.user,
        images=parts.images,
        template=parts.template,
    )


def unknown_images(images: int) -> UnknownImages | None:
    """Report the range of images that are not at hand, if there are any."""
    if not images:
        return None
    return UnknownImages(
        images=images,
        tokens_min=images * LEAST_IMAGE_TOKENS,
        tokens_max=images * MOST_IMAGE_TOKENS,
    )


def skipped_entry(workload: "Workload") -> Skipped | None:
    """Report what was skipped, if anything was."""
    if not workload.skips.requests:
        return None
    return Skipped(requests=workload.skips.requests, first=tuple(workload.skips.named))


def _by_tokens(tools: Mapping[str, ToolTokens]) -> list[tuple[str, ToolTokens]]:
    """Return tools by name, those with the most tokens first: an order that no reader decides."""
    return sorted(tools.items(), key=lambda named: (-named[1].tokens, named[0]))


def _tool(name: str, tool: ToolTokens, price: Price) -> ToolEntry:
    cost = cost_of(TokenUsage(0, tool.tokens * _THOUSAND), price.rates).total
    return ToolEntry(
        name=name,
        requests=tool.requests,
        tokens=tool.tokens,
        cost_per_1000_requests=mean(cost, tool.requests),
    )


def _distribution(spread: Distribution, price: Price, share: Fraction) -> DistributionEntry:
    ranks = {"min": 0, "median": 50, "p95": 95, "max": 100}
    tokens = {name: spread.quantile(percent) for name, percent in ranks.items()}
    costs = {name: _floor(count, price, share) for name, count in tokens.items()}
    return DistributionEntry(
        requests=spread.requests, input=TokenSpread(**tokens), floor=CostSpread(**costs)
    )


def _floor(tokens: int, price: Price, share: Fraction) -> Decimal:
    """Return the cost of one request's input; more tokens never cost less."""
    tally = Tally(1, tokens, 0, Hits(int(share * tokens)), None, 0, tokens)
    return Estimate(tally, price).floor


def _dearest(found: Sequence[tuple[Place, Tally]], price: Price) -> tuple[DearRequest, ...]:
    return tuple(DearRequest.of(place, Estimate(tally, price)) for place, tally in found)
