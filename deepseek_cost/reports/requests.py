"""Details of batches: breakdown, distribution, most expensive requests."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Final, Protocol, Self

from msgspec import UNSET, Meta, UnsetType

from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.ledger import Ledger, Place
from deepseek_cost.estimates.tally import Tally, whole_hits
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.book import Price
from deepseek_cost.pricing.cost import TokenUsage, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.prompt.breakdown import (
    LEAST_IMAGE_TOKENS,
    MOST_IMAGE_TOKENS,
    ROLES,
    Breakdown,
    ToolTokens,
)
from deepseek_cost.render.money import money
from deepseek_cost.render.page import Table, grid, short
from deepseek_cost.reports.parts import InputEntry, Part
from deepseek_cost.reports.unknown_input import Ceiling, UnknownInputEntry, at_most

if TYPE_CHECKING:
    from fractions import Fraction

    from deepseek_cost.estimates.workload import Workload

_DECIMALS: Final = 6


class CacheCase(Part):
    """A case: its cache hits, hit rate and cost; total is null when it is in `cost`."""

    cache_hit: int
    cache_hit_ratio: Annotated[Decimal, Meta(description="rounded to six decimals")]
    total: Decimal | None
    floor: Decimal


class CacheForecastEntry(Part):
    """Cache hits predicted from the requests themselves; `cost` is that of the expected case."""

    worst: CacheCase
    expected: CacheCase
    best: CacheCase
    aged: Annotated[int, Meta(description="expected hits on what was not used for over an hour")]


def cache_forecast(estimate: Estimate) -> CacheForecastEntry | None:
    """Report the range of cache hits; None if they are not predicted."""
    hits = estimate.tally.hits
    if hits.best is None:
        return None
    return CacheForecastEntry(
        worst=_case(estimate, 0),
        expected=_case(estimate, hits.expected),
        best=_case(estimate, hits.best),
        aged=hits.aged,
    )


def share_of(hits: int, tokens: int) -> Decimal:
    """Return the cache hit rate, rounded to six decimals."""
    from fractions import Fraction  # noqa: PLC0415 - for forecasts alone

    return Decimal(round(Fraction(hits, max(1, tokens)) * 10**_DECIMALS)).scaleb(-_DECIMALS)


def mean(amount: Decimal, requests: int) -> Decimal:
    """Return the amount per request, rounded to twelve decimals."""
    return (amount / requests).quantize(Decimal("1e-12"))


def _case(estimate: Estimate, hits: int) -> CacheCase:
    case = Estimate(estimate.tally.with_hits(hits), estimate.price)
    return CacheCase(
        cache_hit=hits,
        cache_hit_ratio=share_of(hits, estimate.tally.input),
        total=case.total,
        floor=case.floor,
    )


_THOUSAND: Final = 1_000


class RefusalEntry(Part):
    """The requests that the API would refuse; they are still counted."""

    requests: int
    reason: Annotated[str, Meta(description="of the first, with its place")]


class UnknownImages(Part):
    """Images whose contents are unknown: `tokens_min` in the input, `tokens_max` in the ceiling."""

    images: int
    tokens_min: int
    tokens_max: int


class ToolEntry(Part):
    """The definition of a tool: its tokens in all requests that include it."""

    name: str
    requests: int
    tokens: int
    cost_per_1000_requests: Annotated[Decimal, Meta(description="if no token is a cache hit")]


class BreakdownEntry(Part):
    """The input by origin; everything adds up to `tokens.input`."""

    system: int
    tools: Annotated[tuple[ToolEntry, ...], Meta(description="the most tokens first")]
    history: Annotated[dict[str, int], Meta(description="by role")]
    user: Annotated[int, Meta(description="user messages without a response after them")]
    images: int
    template: int


class TokenSpread(Part):
    """Percentiles of the input tokens of single requests, by nearest rank."""

    min: int
    median: int
    p95: int
    max: int


class CostSpread(Part):
    """Percentiles of the cost of single requests, by nearest rank."""

    min: Decimal
    median: Decimal
    p95: Decimal
    max: Decimal


class DistributionEntry(Part):
    """The distribution of the request bodies in a batch."""

    requests: int
    input: TokenSpread
    floor: Annotated[CostSpread, Meta(description="without output")]
    total: Annotated[
        CostSpread | None,
        Meta(description="with output; null: it is unknown, or not the same for all"),
    ] = None


class ExpensiveRequest(Part):
    """One of the most expensive requests, by total, or by ceiling if the output is unknown."""

    source: str
    line: int
    custom_id: str | None
    input: int
    total: Decimal | None
    floor: Decimal
    ceiling: Ceiling

    @classmethod
    def of(cls, place: Place, estimate: Estimate) -> Self:
        """Report a request with its place."""
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
    """Requests left out by --on-error skip; the first ones are named."""

    requests: int
    first: tuple[str, ...]


class LedgerDetails(Part):
    """What is known about a model's requests besides their sums."""

    refused: RefusalEntry | None
    breakdown: BreakdownEntry | None
    images: int
    distribution: DistributionEntry | None = None
    dearest: tuple[ExpensiveRequest, ...] | None = None
    concurrent_requests: int | None = None


def details_of(ledger: Ledger, price: Price, share: "Decimal | Fraction") -> LedgerDetails:
    """Report a ledger's details; those of single requests only if there are several bodies."""
    several = ledger.bodies > 1
    return LedgerDetails(
        refused=refused_entry(ledger.refusals.requests, ledger.refusals.first),
        breakdown=breakdown_entry(ledger.parts, price) if ledger.keeps_parts else None,
        images=ledger.image_tokens,
        distribution=_distribution(ledger, price, share) if several else None,
        dearest=_most_expensive(ledger.most_expensive(), price) if several else None,
        concurrent_requests=ledger.model.concurrent_requests if several else None,
    )


def refused_entry(requests: int, reason: str | None) -> RefusalEntry | None:
    """Report refused requests; None if there are none."""
    return RefusalEntry(requests=requests, reason=reason) if reason else None


def breakdown_entry(parts: Breakdown, price: Price) -> BreakdownEntry:
    """Report the input by origin."""
    return BreakdownEntry(
        system=parts.system,
        tools=tuple(_tool(name, tool, price) for name, tool in _by_tokens(parts.tools)),
        history={role: parts.history[role] for role in ROLES if role in parts.history},
        user=parts.user,
        images=parts.images,
        template=parts.template,
    )


def unknown_images(images: int) -> UnknownImages | None:
    """Report the token range of images whose contents are unknown; None if there are none."""
    if not images:
        return None
    return UnknownImages(
        images=images,
        tokens_min=images * LEAST_IMAGE_TOKENS,
        tokens_max=images * MOST_IMAGE_TOKENS,
    )


def skipped_entry(workload: "Workload") -> Skipped | UnsetType:
    """Report the requests that were skipped; UNSET if none were."""
    if not workload.skips.requests:
        return UNSET
    return Skipped(requests=workload.skips.requests, first=tuple(workload.skips.named))


def _by_tokens(tools: Mapping[str, ToolTokens]) -> list[tuple[str, ToolTokens]]:
    """Return tools with their names, most tokens first, whatever the order they were read in."""
    return sorted(tools.items(), key=lambda named: (-named[1].tokens, named[0]))


def _tool(name: str, tool: ToolTokens, price: Price) -> ToolEntry:
    cost = cost_of(TokenUsage(0, tool.tokens * _THOUSAND), price.rates).total
    return ToolEntry(
        name=name,
        requests=tool.requests,
        tokens=tool.tokens,
        cost_per_1000_requests=mean(cost, tool.requests),
    )


def _distribution(ledger: Ledger, price: Price, share: "Decimal | Fraction") -> DistributionEntry:
    ranks = {"min": 0, "median": 50, "p95": 95, "max": 100}
    tokens = {name: ledger.spread.quantile(percent) for name, percent in ranks.items()}

    def spread(output: int) -> CostSpread:
        return CostSpread(
            **{name: _cost(count, output, price, share) for name, count in tokens.items()}
        )

    each = ledger.outputs.of_each
    return DistributionEntry(
        requests=ledger.spread.requests,
        input=TokenSpread(**tokens),
        floor=spread(0),
        total=None if each is None else spread(each),
    )


def _cost(tokens: int, output: int, price: Price, share: "Decimal | Fraction") -> Decimal:
    """Return the cost of one request; it never falls as input tokens increase."""
    hits = whole_hits(share, tokens)
    usage = TokenUsage(hits, tokens - hits, output)
    return cost_of(usage, price.rates).total


def _most_expensive(
    found: Sequence[tuple[Place, Tally]], price: Price
) -> tuple[ExpensiveRequest, ...]:
    return tuple(ExpensiveRequest.of(place, Estimate(tally, price)) for place, tally in found)


class DetailedEntry(Protocol):
    """A part of a report that has the details of a model's requests."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def refused(self) -> RefusalEntry | None:
        """The requests that the API would refuse."""

    @property
    def unknown_input(self) -> Sequence[UnknownInputEntry]:
        """Input that the requests do not show; figures of single requests do not include it."""

    @property
    def breakdown(self) -> BreakdownEntry | None:
        """The input by origin."""

    @property
    def distribution(self) -> DistributionEntry | None:
        """The distribution of the requests."""

    @property
    def dearest(self) -> tuple[ExpensiveRequest, ...] | None:
        """The most expensive requests."""

    @property
    def concurrent_requests(self) -> int | None:
        """The API's concurrency limit."""


def refused_cells(entries: Sequence[DetailedEntry]) -> list[str]:
    """Return how many requests the API would refuse per model; empty if none."""
    return [f"{entry.refused.requests:,}" if entry.refused else "" for entry in entries]


def request_tables(
    entries: Sequence[DetailedEntry], currency: Currency, inputs: Sequence[InputEntry]
) -> Iterable[Table]:
    """Yield the tables for which the entries have figures."""
    breakdowns = [entry.breakdown for entry in entries if entry.breakdown]
    if breakdowns:
        yield _breakdown(entries, breakdowns)
        if any(breakdown.tools for breakdown in breakdowns):
            yield _tools(entries, breakdowns, currency)
    spreads = [entry.distribution for entry in entries if entry.distribution]
    if spreads:
        yield _distribution_table(entries, spreads, currency)
        yield _expensive_table(entries, currency, _times_sent(inputs, spreads[0]))


def concurrency(estimates: Sequence[DetailedEntry]) -> Iterable[str]:
    """Yield the API's concurrency limit per model, if there are several requests."""
    entries = [entry for entry in estimates if entry.distribution]
    if entries:
        limits = [(short(e.model), e.concurrent_requests) for e in entries]
        listed = (f"{name} {f'{limit:,}' if limit else 'unknown'}" for name, limit in limits)
        yield f"Concurrency limit: {', '.join(listed)}."


def _breakdown(entries: Sequence[DetailedEntry], parts: Sequence[BreakdownEntry]) -> Table:
    table = grid("input tokens", *(entry.model for entry in entries))
    rows = [{"system": part.system, "tools": sum(t.tokens for t in part.tools)} for part in parts]
    for row, part in zip(rows, parts, strict=True):
        row |= {f"history: {role}": tokens for role, tokens in part.history.items()}
        row |= {"user": part.user, "images": part.images, "template": part.template}
    # A role may be in the history of only one model.
    for label in sorted(dict.fromkeys(label for row in rows for label in row), key=_order):
        if any(row.get(label) for row in rows):
            table.add_row(label, *(f"{row.get(label, 0):,}" for row in rows))
    return table


def _order(label: str) -> int:
    order = ("system", "tools", "history", "user", "images", "template")
    return order.index(label.partition(":")[0])


def _tools(
    entries: Sequence[DetailedEntry], parts: Sequence[BreakdownEntry], currency: Currency
) -> Table:
    headings = [
        heading
        for entry in entries
        for heading in (f"{short(entry.model)}\ntokens", f"{short(entry.model)}\n1,000 requests")
    ]
    table = grid("tool", *headings)
    by_name = [{tool.name: tool for tool in part.tools} for part in parts]
    for name in dict.fromkeys(name for tools in by_name for name in tools):
        cells: list[str] = []
        for tools in by_name:
            tool = tools.get(name)
            cost = money(tool.cost_per_1000_requests, currency) if tool else ""
            cells += [f"{tool.tokens:,}" if tool else "", cost]
        table.add_row(name, *cells)
    return table


def _distribution_table(
    entries: Sequence[DetailedEntry], spreads: Sequence[DistributionEntry], currency: Currency
) -> Table:
    is_known = all(spread.total for spread in spreads)
    cost = "cost" if is_known else "input cost"
    headings = [f"{short(e.model)}\n{what}" for e in entries for what in ("input", cost)]
    table = grid("a request", *headings)
    table.caption = _minimum(entries)
    names = {"min": "smallest", "median": "median", "p95": "95th percentile", "max": "largest"}
    for name, label in names.items():
        cells: list[str] = []
        for spread in spreads:
            costs = spread.total if is_known and spread.total else spread.floor
            cells += [f"{getattr(spread.input, name):,}", money(getattr(costs, name), currency)]
        table.add_row(label, *cells)
    return table


def _minimum(entries: Sequence[DetailedEntry]) -> str:
    """Return a note for figures of single requests that are a minimum; empty if none are."""
    is_low = any(entry.unknown_input for entry in entries)
    return "without input that the requests do not show" if is_low else ""


def _times_sent(inputs: Sequence[InputEntry], spread: DistributionEntry) -> int:
    """Return how often each body is sent: inputs count requests, the distribution bodies."""
    bodies = (found.requests for found in inputs if found.kind is not Kind.TEXT)
    return sum(bodies) // spread.requests


def _expensive_table(entries: Sequence[DetailedEntry], currency: Currency, sent: int) -> Table:
    """Return a table of the most expensive requests, each once, the last model's first."""
    found = [{(r.source, r.line): r for r in entry.dearest or ()} for entry in entries]
    is_known = all(one.total is not None for dearest in found for one in dearest.values())
    places = dict.fromkeys(place for dearest in reversed(found) for place in dearest)
    models = (f"{short(e.model)}\n{'cost' if is_known else 'at most'}" for e in entries)
    has_ids = any(one.custom_id for dearest in found for one in dearest.values())
    ids = ["id"] if has_ids else []
    table = grid("most expensive", *ids, "input", *models, left=1 + len(ids))
    times = f"each request is sent {sent:,} times; the cost of all of these" if sent > 1 else ""
    table.caption = "; ".join(filter(None, [times, _minimum(entries)]))
    for place in places:
        costs = [dearest.get(place) for dearest in found]
        first = next(one for one in costs if one)
        cells = (_total_or_most(one, currency) if one else "" for one in costs)
        names = [f"{first.source}:{first.line}", first.custom_id or ""][: 1 + len(ids)]
        table.add_row(*names, f"{first.input:,}", *cells)
    return table


def _total_or_most(request: ExpensiveRequest, currency: Currency) -> str:
    if request.total is None:
        return at_most(request.ceiling, currency, ())
    return money(request.total, currency)
