"""dscost estimate."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.gate import gate
from deepseek_cost.cli.groups import READ, SHOWN, USAGE
from deepseek_cost.cli.manual import REFUSED, Example, Manual
from deepseek_cost.cli.output import report_warnings, require_one_format, write, write_line
from deepseek_cost.cli.session import (
    balance_of,
    exit_if_incomplete,
    exit_if_refused,
    mode_of,
    names_of,
    names_to_price,
    price_table,
    prompt_options,
    report_skips,
    serving,
    time_of,
    timeline_of,
    with_worker_pool,
    workload_of,
    zone_of,
)
from deepseek_cost.cli.settings import set_by_name
from deepseek_cost.cli.sources import (
    Inputs,
    find_rows,
    hint_at_one,
    named_or_piped,
    refuse_texts,
    system_text,
    wanted_kind,
)
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.inputs.folders import Found
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.prompt.template import body_of
from deepseek_cost.tokenizer.base import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deepseek_cost.estimates.output_forecast import Learned
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.routing import FindRoute
    from deepseek_cost.pricing.book import Price, PriceBook
    from deepseek_cost.prompt.timeline import Timeline
    from deepseek_cost.reports.estimate import EstimateReport
    from deepseek_cost.tokenizer.base import TextCounter


CachedTokens = Annotated[
    int | None,
    USAGE.option(
        "--cached",
        **options.whole(0, 10**12),
        metavar="N",
        help="With --input-tokens: how many of them hit the cache.",
    ),
]
Dask = Annotated[
    str | None,
    READ.option(  # no setting: a file in someone else's project must not decide where prompts go
        "--dask", metavar="ADDRESS", help="Count on a Dask cluster, e.g. tcp://host:8786."
    ),
]
OutputLabel = Annotated[
    str | None,
    USAGE.option(
        "--output-label",
        metavar="NAME",
        help="With --output-from: use only responses with this label.",
    ),
]
Breakdown = Annotated[
    bool,
    SHOWN.option("--breakdown", help="Show what the input consists of, each tool by name."),
]
PerRequest = Annotated[
    bool,
    SHOWN.option("--per-request", help="With --json: print a line of JSON per request."),
]

MANUAL: Final = Manual(
    (
        Example(
            "a prompt on Flash and Pro, with a response of 400 tokens",
            "dscost estimate prompt.txt -o 400",
        ),
        Example(
            "a batch, with exit code 3 if it could cost more than 5 dollars",
            "dscost estimate batch.jsonl --max-cost 5",
        ),
        Example("a project as the context of one prompt", "dscost estimate src --as-one -o 1k"),
    ),
    page="estimate.md",
    failure=REFUSED,
    limit="over --max-cost, after the output is written",
)


def estimate(
    files: options.FilesOrPipe = None,
    model: price_options.Models = None,
    input_tokens: price_options.InputTokens = None,
    cached: CachedTokens = None,
    output_tokens: price_options.OutputTokens = None,
    output_from: price_options.OutputFrom = None,
    output_label: OutputLabel = None,
    cache_hit_ratio: price_options.CacheHitRatio = None,
    gap: price_options.Gap = None,
    requests: options.Requests = 1,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    max_cost: price_options.MaxCost = None,
    granted: price_options.Granted = None,
    topped_up: price_options.ToppedUp = None,
    per_file: options.PerFile = False,
    as_: options.AsKind = None,
    as_one: options.AsOne = False,
    breakdown: Breakdown = False,
    per_request: PerRequest = False,
    on_error: options.OnError = options.OnFault.STOP,
    glob: options.Globs = None,
    column: options.Column = None,
    encoding: options.Encoding = "utf-8",
    engine: options.Engine = EngineName.AUTO,
    jobs: options.Jobs = None,
    dask: Dask = None,
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Estimate what prompts and requests cost before you send them.

    Exact token counts at the current rate, both models side by side. A file can be text, a
    request body (Chat Completions, Messages, Responses), or JSONL of them.
    """
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.reports.estimate import estimate_report

    _refuse_odd_ways(dask, cache_hit_ratio, gap, per_request, as_json, as_csv)
    _refuse_odd_counts(input_tokens, cached, cache_hit_ratio, files)
    limit = values.amount(max_cost) if max_cost is not None else None
    ratio = values.ratio_or_auto(cache_hit_ratio or "0")
    timeline = timeline_of(gap, forecasts=ratio is None)
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests, cached)
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    text = system_text(system, encoding)
    body = partial(body_of, names_of(table.book, model)[0], scenario.mode, text)
    inputs = Inputs(Found(), None)
    if input_tokens is None:
        kind = wanted_kind(as_, as_one=as_one)
        named = named_or_piped(files, "estimate")
        found = find_rows(named, glob, encoding, column, kind, body, as_one=as_one)
        inputs = Inputs(found, kind, on_error)
    if dask:
        inputs.require_files()
    names = names_to_price(table.book, model, inputs, priced_at)
    listed = [table.book.price(name, priced_at, currency) for name in names]
    learned = _learned(output_from, output_label, table.book, listed, scenario, inputs)
    quote = Quote(
        table.book,
        listed,
        scenario,
        time_label=values.time_label(at),
        zone=zone_of(tz),
        balance=balance_of(granted, topped_up),
        learned=learned,
    )
    find_route = partial(serving, table.book, model, priced_at)
    of_prompts = prompt_options(thinking, effort, system)
    counter = None if dask else inputs.counter(engine)
    ways = (on_error, timeline, breakdown, per_request, counter, jobs)
    workload = _workload(quote, text, find_route, *ways)
    if input_tokens is not None:
        workload.add_tokens(input_tokens)
    elif dask:
        inputs.run_on(dask, engine, workload, find_route, of_prompts)
    else:
        inputs.run(workload, of_prompts)
    report_skips(workload.skips)
    report = estimate_report(quote, workload, table.entry, inputs.found.skipped, per_file=per_file)
    if not as_json:
        hint_at_one(report.inputs, inputs.found.below)
    if per_request:
        report_warnings(report)
    else:
        write(report, as_json=as_json, as_csv=as_csv, plain=plain, verbose=verbose)
    percentile = 95 if learned else None  # a limit is compared with more than the mean
    gate(quote.gated(workload, percentile, is_chosen=model is not None), limit, any_tier=at is None)
    exit_if_incomplete(inputs.found.skipped, workload.skips, limit)
    exit_if_refused(workload)
    exit_if_too_long(report)


def exit_if_too_long(report: "EstimateReport") -> None:
    """Exit with code 1 if a request is longer than a model's context."""
    if any(entry.over_context for entry in report.estimates):
        raise typer.Exit(DscostError.exit_code)


def _refuse_odd_ways(
    dask: str | None,
    ratio: str | None,
    gap: str | None,
    per_request: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    require_one_format(as_json=as_json, as_csv=as_csv)
    if dask and (per_request or gap or ratio == "auto"):
        raise UsageError(
            "--dask counts in no set order; it cannot be combined with --per-request or auto"
        )
    if per_request and not as_json:
        raise UsageError("--per-request needs --json: it prints a line of JSON for each request")


def _refuse_odd_counts(
    tokens: int | None, cached: int | None, ratio: str | None, files: "Sequence[str] | None"
) -> None:
    if tokens is not None:
        refuse_texts(files)
        if ratio == "auto":
            raise UsageError("--input-tokens has no text, which --cache-hit-ratio auto needs")
    if cached is None:
        return
    if tokens is None:
        raise UsageError(
            "--cached goes with --input-tokens", tip="for files write --cache-hit-ratio"
        )
    if set_by_name("cache_hit_ratio"):
        raise UsageError(
            "--cached and --cache-hit-ratio both set the cache hits", tip="leave out one"
        )
    if cached > tokens:
        raise UsageError(f"--cached {cached:,} is more than --input-tokens {tokens:,}")


def _learned(
    name: str | None,
    label: str | None,
    book: "PriceBook",
    listed: "Sequence[Price]",
    scenario: "Scenario",
    inputs: Inputs,
) -> "Learned | None":
    """Return the output learned from a log; None if neither option for it is given."""
    if name is None and label is None:
        return None
    from deepseek_cost.cli.log_session import learned_from

    holds = inputs.hold_requests
    return learned_from(name, label, book, listed, scenario, holds_requests=holds)


def _workload(
    quote: "Quote",
    system: str,
    find_route: "FindRoute",
    on_error: options.OnFault,
    timeline: "Timeline | None",
    breakdown: bool,
    per_request: bool,
    counter: "Callable[[], TextCounter] | None",
    jobs: int | None,
) -> "Workload":
    """Return an empty workload for the quote's models that prints a line per request if wanted."""
    columns = [(price.model, price.rates) for price in quote.prices]
    what = (columns, quote.scenario, system, find_route, on_error, timeline)
    make = partial(workload_of, *what, counter=counter, breakdown=breakdown)
    workload = make()
    if per_request:
        from deepseek_cost.reports.request_line import request_lines

        workload.on_request = request_lines(quote, write_line, breakdown=breakdown)
    return with_worker_pool(workload, make, jobs)
