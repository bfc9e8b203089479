"""The report of `dscost chat`: its fields, how they are filled, how they are shown."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from deepseek_cost.errors import Advice, Advised
from deepseek_cost.estimates.assumptions import of_chat, warnings_of
from deepseek_cost.estimates.conversation import Dialogue, Run
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.unknown_input import warnings_of_unknown
from deepseek_cost.pricing.cost import EXACT, cost_of
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.provenance import Assumption
from deepseek_cost.pricing.schedule import Tier
from deepseek_cost.render.money import money
from deepseek_cost.render.page import MARKERS, Chart, Drawing, Page, Table, grid, page_of, short
from deepseek_cost.reports.parts import (
    InputEntry,
    Json,
    Part,
    PeriodNote,
    PriceTable,
    Report,
    Timestamp,
    assumed,
    inputs,
    period_note,
    price_sources,
    thinking_of,
)
from deepseek_cost.reports.requests import CacheForecastEntry, cache_forecast
from deepseek_cost.reports.unknown_input import (
    UnknownInputs,
    at_least,
    unknown_entries,
)


class TurnEntry(Part):
    """A request of the conversation, and the total cost up to and including it."""

    number: int
    input: int
    cache_hit: int
    cache_miss: int
    output: int
    cost: Decimal
    cumulative: Decimal
    cumulative_other_tier: Decimal | None


class RunEntry(Part):
    """The conversation with one model, with or without its tools."""

    model: str
    billed_as: str
    version: str
    with_tools: bool
    tier: Tier
    turns: tuple[TurnEntry, ...]
    input: int
    output: int
    cache: CacheForecastEntry
    other_tier: Tier | None
    context_ends: Annotated[
        int | None,
        Meta(description="the turn that the context has no room for, if the plan goes on so far"),
    ]
    period: PeriodNote
    unknown_input: UnknownInputs = ()


class ChatReport(Report):
    """The output of `dscost chat --json`."""

    command: Literal["chat"] = "chat"
    currency: Currency
    priced_at: Timestamp
    price_table: PriceTable
    inputs: tuple[InputEntry, ...]
    projected: Annotated[bool, Meta(description="false: replayed from the history of the request")]
    runs: tuple[RunEntry, ...]
    assumptions: tuple[Assumption, ...]
    warnings: tuple[str, ...]

    def page(self) -> Page:
        """Describe the totals, a chart of the growing cost, and each run turn by turn."""
        verb = "projected" if self.projected else "replayed"
        return page_of(
            f"{inputs(self.inputs)}, {verb} · prices of {stamp(self.priced_at)}",
            _totals(self),
            Drawing(_chart(self), "cumulative cost over the turns"),
            *(_turns(run, self) for run in _as_sent(self.runs)),
            details=(assumed(self.assumptions), price_sources(self.runs, self.price_table)),
            basis=thinking_of(self.assumptions),
            warnings=self.warnings,
            headline=_headline(self),
        )

    def records(self, document: Json) -> Iterable[Json]:
        """Return the turns of each run."""
        for run in document["runs"]:
            of_run = {name: run[name] for name in ("model", "tier", "with_tools")}
            yield from (of_run | turn for turn in run["turns"])


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
        inputs=(InputEntry(source=dialogue.source, kind=dialogue.kind, requests=1),),
        projected=dialogue.plan.turns > 0,
        runs=tuple(_run_entry(run) for run in runs),
        assumptions=tuple(of_chat(dialogue, quote, estimates)),
        warnings=(
            *warnings_of(quote.book, estimates),
            *warnings_of_unknown([(run.price.model, run.total.unknown) for run in runs]),
            *dialogue.ignored.warnings(),
            *_warnings(runs),
        ),
    )


def _run_entry(run: Run) -> RunEntry:
    price, estimate = run.price, Estimate(run.total, run.price)
    cache = cache_forecast(estimate)
    assert cache is not None  # noqa: S101 - every turn has a forecast
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
        unknown_input=unknown_entries(run.total.unknown),
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
    """Yield a warning for everything the figures leave out."""
    if lacks := max(run.without_reasoning for run in runs):
        turns = f"{lacks:,} turn{'s' if lacks > 1 else ''}"
        yield Advised(f"reasoning tokens of {turns} are unknown and not included", Advice.REASONING)
    for run in runs:
        if run.ends is not None:
            yield (
                f"{run.price.model.name}: turn {run.ends:,} is longer than the context of "
                f"{run.price.model.context_tokens:,} tokens; the run ends before it"
            )


# The number of turns in the table; longer runs are shown at widening steps. --json has all.
_SHOWN = 24
_TICKS = 10


def _chart(report: ChatReport) -> Chart:
    """Return a chart of the cumulative cost over the turns, a line per run."""
    longest = max(len(run.turns) for run in report.runs)
    end = -(-longest // _TICKS) * _TICKS  # so ticks fall on whole turns
    return Chart(
        title=f"{inputs(report.inputs)}: cumulative cost, {stamp(report.priced_at)}",
        x_title="turns",
        lines=[
            (
                _name(run),
                [(0.0, 0.0), *((turn.number, float(turn.cumulative)) for turn in run.turns)],
            )
            for run in report.runs
        ],
        x_ticks=[end * tick / _TICKS for tick in range(_TICKS + 1)],
        x_label=lambda turn: f"{turn:.4g}",
        currency=report.currency,
    )


def _as_sent(runs: Sequence[RunEntry]) -> Sequence[RunEntry]:
    """Return the first run of each model: the one with the tools in the request."""
    return [run for n, run in enumerate(runs) if n == 0 or run.model != runs[n - 1].model]


def _name(run: RunEntry) -> str:
    return f"{short(run.model)} {'with' if run.with_tools else 'without'} tools"


def _turns(run: RunEntry, report: ChatReport) -> Table:
    headings = ("turn", "input", "hits", "misses", "output", "cost", "cumulative")
    table = grid(*headings, caption=f"{_name(run)}, {run.tier.label}")
    for turn in _some(run.turns):
        table.add_row(
            f"{turn.number:,}",
            f"{turn.input:,}",
            f"{turn.cache_hit:,}",
            f"{turn.cache_miss:,}",
            f"{turn.output:,}",
            money(turn.cost, report.currency),
            money(turn.cumulative, report.currency),
        )
    return table


def _some(turns: Sequence[TurnEntry]) -> Sequence[TurnEntry]:
    """Return all turns; if there are many, the first ones, the last, and some in between."""
    if len(turns) <= _SHOWN:
        return turns
    half = _SHOWN // 2
    step = -(-(len(turns) - half) // half)
    return [*turns[:half], *turns[half + step - 1 : -1 : step], turns[-1]]


def _headline(report: ChatReport) -> str:
    """Return what the conversation costs on each model, in a sentence."""
    costs = [
        f"{at_least(money(run.turns[-1].cumulative, report.currency), run.unknown_input)} "
        f"on {run.model}"
        for run in _as_sent(report.runs)
    ]
    turns = max(len(run.turns) for run in report.runs)
    return (
        f"{turns:,} turn{'' if turns == 1 else 's'} cost{'s' * (turns == 1)} {' and '.join(costs)}"
    )


def _totals(report: ChatReport) -> Table:
    headings = [f"{marker} {_name(run)}" for run, marker in zip(report.runs, MARKERS, strict=False)]
    names = (heading.replace(" with", "\nwith") for heading in headings)
    table = grid("", *names, is_by_model=True)
    runs, currency = report.runs, report.currency
    caches = [run.cache for run in runs]
    table.add_row("turns", *(f"{len(run.turns):,}" for run in runs))
    table.add_row("input tokens", *(at_least(f"{run.input:,}", run.unknown_input) for run in runs))
    table.add_row("  cache hits", *(f"{cache.expected.cache_hit:,}" for cache in caches))
    table.add_row("  hit rate", *(f"{cache.expected.cache_hit_ratio:.1%}" for cache in caches))
    table.add_row("output tokens", *(f"{run.output:,}" for run in runs))
    totals = _amounts([cache.expected.total for cache in caches], report)
    unknown = [run.unknown_input for run in runs]
    table.add_row("total", *(at_least(*pair) for pair in zip(totals, unknown, strict=True)))
    table.add_row("  with no cache hits", *_amounts([c.worst.total for c in caches], report))
    table.add_row("  with the most", *_amounts([c.best.total for c in caches], report))
    others = [run.turns[-1].cumulative_other_tier for run in runs]
    if any(other is not None for other in others):
        tiers = dict.fromkeys(run.other_tier.label for run in runs if run.other_tier)
        table.add_row(", ".join(tiers), *_amounts(others, report))
    table.add_row("first turn", *(money(run.turns[0].cost, currency) for run in runs))
    table.add_row("last turn", *(money(run.turns[-1].cost, currency) for run in runs))
    if any(run.context_ends for run in runs):
        ends = [f"turn {run.context_ends:,}" if run.context_ends else "" for run in runs]
        table.add_row("context ends at", *ends)
    return table


def _amounts(amounts: Sequence[Decimal | None], report: ChatReport) -> list[str]:
    return ["" if amount is None else money(amount, report.currency) for amount in amounts]
