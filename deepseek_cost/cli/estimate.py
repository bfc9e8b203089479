"""dscost estimate."""

from functools import partial
from typing import TYPE_CHECKING

import typer

from deepseek_cost import arguments
from deepseek_cost.cli.feeds import (
    Feeds,
    exit_if_refused,
    names_to_price,
    serving,
    with_crew,
    workload_of,
)
from deepseek_cost.cli.learned import learned_from
from deepseek_cost.cli.options import answers, priced, read, sent, shown
from deepseek_cost.cli.output import gate, tell_warnings, write, write_line
from deepseek_cost.cli.setup import (
    balance_of,
    find_rows,
    instant_of,
    mode_of,
    names_of,
    price_table,
    prompt_options,
    system_text,
    timeline_of,
    zone_of,
)
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.prices import Currency
from deepseek_cost.prompt import body_of
from deepseek_cost.tokens import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepseek_cost.cache.timeline import Timeline
    from deepseek_cost.quote import Quote
    from deepseek_cost.served import FindServed
    from deepseek_cost.tokens import TextCounter
    from deepseek_cost.workload import Workload


def estimate(
    files: read.Files,
    model: priced.Models = None,
    output_tokens: answers.OutputTokens = None,
    output_from: answers.OutputFrom = None,
    output_label: answers.OutputLabel = None,
    cache_hit_ratio: answers.CacheHitRatio = None,
    gap: sent.Gap = None,
    requests: sent.Requests = 1,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    max_cost: priced.MaxCost = None,
    granted: priced.Granted = None,
    topped_up: priced.ToppedUp = None,
    per_file: shown.PerFile = False,
    as_: read.AsKind = None,
    breakdown: shown.Breakdown = False,
    per_request: shown.PerRequest = False,
    on_error: read.OnError = read.OnFault.STOP,
    glob: read.Globs = None,
    column: read.Column = None,
    encoding: read.Encoding = "utf-8",
    engine: read.Engine = EngineName.AUTO,
    jobs: read.Jobs = None,
    dask: read.Dask = None,
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    prices: priced.PricesFile = None,
) -> None:
    """Tell what prompts and requests cost, before they are sent.

    Exact tokens, the price of the instant, both models side by side. A file may be a text, a
    request body (Chat Completions, Messages, Responses), or JSONL of them.
    """
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.quote import Quote
    from deepseek_cost.report.estimate import estimate_report

    _refuse_odd_ways(dask, cache_hit_ratio, gap, per_request, as_json)
    limit = arguments.amount(max_cost) if max_cost is not None else None
    ratio = arguments.ratio_or_auto(cache_hit_ratio or "0")
    timeline = timeline_of(gap, forecasts=ratio is None)
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    text = system_text(system, encoding)
    body = partial(body_of, names_of(table.book, model)[0], scenario.mode, text)
    feeds = Feeds(find_rows(files, glob, encoding, column, as_, body), as_)
    if dask:
        feeds.require_files()
    names = names_to_price(table.book, model, feeds, instant)
    listed = [table.book.price(name, instant, currency) for name in names]
    learned = learned_from(
        *(output_from, output_label, table.book, listed, scenario),
        of_prompts=not feeds.hold_requests(),
    )
    quote = Quote(
        table.book,
        listed,
        scenario,
        moving=arguments.moving(at),
        zone=zone_of(tz),
        balance=balance_of(granted, topped_up),
        learned=learned,
    )
    find_served = partial(serving, table.book, model, instant)
    of_prompts = prompt_options(thinking, effort, system)
    counter = None if dask else feeds.counter(engine)
    ways = (on_error, timeline, breakdown, per_request, counter, jobs)
    workload = _workload(quote, text, find_served, *ways)
    if dask:
        feeds.run_on(dask, engine, workload, find_served, of_prompts)
    else:
        feeds.run(workload, of_prompts)
    report = estimate_report(quote, workload, table.note, feeds.found.skipped, per_file=per_file)
    if per_request:
        tell_warnings(report)
    else:
        write(report, as_json=as_json, plain=plain)
    dear = 95 if learned else None  # a limit is held against more than the mean
    gate(quote.price(workload.totals(), dear), limit, any_tier=at is None)
    exit_if_refused(workload)
    if any(entry.over_context for entry in report.estimates):
        raise typer.Exit(DscostError.exit_code)


def _refuse_odd_ways(
    dask: str | None, ratio: str | None, gap: str | None, per_request: bool, as_json: bool
) -> None:
    if dask and (per_request or gap or ratio == "auto"):
        raise UsageError("--dask counts in no order; it cannot go with --per-request or auto")
    if per_request and not as_json:
        raise UsageError("--per-request needs --json: it prints a line of JSON for each request")


def _workload(
    quote: "Quote",
    system: str,
    find_served: "FindServed",
    on_error: read.OnFault,
    timeline: "Timeline | None",
    breakdown: bool,
    per_request: bool,
    counter: "Callable[[], TextCounter] | None",
    jobs: int | None,
) -> "Workload":
    """Return an empty workload for the quote's models, which writes lines if wanted."""
    from deepseek_cost.report.lines import request_lines

    columns = [(price.model, price.rates) for price in quote.prices]
    what = (columns, quote.scenario, system, find_served, on_error, timeline)
    make = partial(workload_of, *what, counter=counter, breakdown=breakdown)
    workload = make()
    if per_request:
        workload.on_request = request_lines(quote, write_line, breakdown=breakdown)
    return with_crew(workload, make, jobs)
