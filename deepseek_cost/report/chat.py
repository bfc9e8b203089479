"""The report of `dscost chat`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

from deepseek_cost.assumptions import warnings_of
from deepseek_cost.assumptions.sequences import of_chat
from deepseek_cost.conversation import Dialogue, Run
from deepseek_cost.cost import EXACT, cost_of
from deepseek_cost.estimates import Estimate
from deepseek_cost.prices import Currency
from deepseek_cost.quote import Quote
from deepseek_cost.report.hits import CacheForecast, cache_forecast
from deepseek_cost.report.parts import (
    Amount,
    AssumptionEntry,
    Input,
    Instant,
    Part,
    PeriodNote,
    PriceTable,
    assumption_entries,
    described,
    period_note,
)
from deepseek_cost.schedule import Tier


class TurnEntry(Part):
    """A request of the conversation, and what all up to it have cost."""

    number: int
    input: int
    cache_hit: int
    cache_miss: int
    output: int
    cost: Amount
    cumulative: Amount
    cumulative_other_tier: Amount | None


class RunEntry(Part):
    """The conversation with one model, with its tools or without."""

    model: str
    billed_as: str
    version: str
    with_tools: bool
    tier: Tier
    turns: tuple[TurnEntry, ...]
    input: int
    output: int
    cache: CacheForecast
    other_tier: Tier | None
    context_ends: int | None = described(
        "the turn that the context has no room for, if the plan goes on so far"
    )
    period: PeriodNote


class ChatReport(Part):
    """`dscost chat --json`."""

    schema_version: Literal["1"] = "1"
    command: Literal["chat"] = "chat"
    currency: Currency
    priced_at: Instant
    price_table: PriceTable
    inputs: tuple[Input, ...]
    projected: bool = described("false: replayed from the history of the request")
    runs: tuple[RunEntry, ...]
    assumptions: tuple[AssumptionEntry, ...]
    warnings: tuple[str, ...]


def chat_report(
    quote: Quote,
    dialogue: Dialogue,
    runs: Sequence[Run],
    table: PriceTable,
) -> ChatReport:
    """Report the runs of one conversation."""
    estimates = [Estimate(run.total, run.price) for run in runs]
    return ChatReport(
        currency=quote.prices[0].currency,
        priced_at=quote.prices[0].at,
        price_table=table,
        inputs=(Input(source=dialogue.source, kind=dialogue.kind, requests=1),),
        projected=dialogue.plan.turns > 0,
        runs=tuple(_run_entry(run) for run in runs),
        assumptions=assumption_entries(of_chat(dialogue, quote, estimates)),
        warnings=(*warnings_of(quote.book, estimates), *_warnings(runs)),
    )


def _run_entry(run: Run) -> RunEntry:
    price, estimate = run.price, Estimate(run.total, run.price)
    cache = cache_forecast(estimate)
    assert cache is not None  # noqa: S101 - every turn was forecast
    return RunEntry(
        model=price.model.name,
        billed_as=price.service.billed_as,
        version=price.service.version,
        with_tools=run.has_tools,
        tier=price.tier,
        turns=tuple(_turn_entries(run)),
        input=run.total.input,
        output=run.total.output or 0,
        cache=cache,
        other_tier=price.tier.other if price.other_rates else None,
        context_ends=run.context_ends,
        period=period_note(price.period, price.period_until),
    )


def _turn_entries(run: Run) -> Iterator[TurnEntry]:
    rates, other = run.price.rates, run.price.other_rates
    total = in_other = Decimal(0)
    for number, tally in enumerate(run.turns, 1):
        usage = tally.usage(tally.output or 0)
        cost = cost_of(usage, rates).total
        total = EXACT.add(total, cost)
        if other:
            in_other = EXACT.add(in_other, cost_of(usage, other).total)
        yield TurnEntry(
            number=number,
            input=tally.input,
            cache_hit=usage.cache_hit,
            cache_miss=usage.cache_miss,
            output=usage.output,
            cost=cost,
            cumulative=total,
            cumulative_other_tier=in_other if other else None,
        )


def _warnings(runs: Sequence[Run]) -> Iterator[str]:
    """Yield what the figures leave out."""
    if lacks := max(run.without_reasoning for run in runs):
        yield (
            f"the reasoning of {lacks:,} turn{'s' if lacks > 1 else ''} is unknown, and no figure "
            f"holds it; say how much there is with --reasoning-tokens"
        )
    for run in runs:
        if run.ends is not None:
            yield (
                f"{run.price.model.name}: turn {run.ends:,} is longer than the context of "
                f"{run.price.model.context_tokens:,} tokens; the run ends before it"
            )
