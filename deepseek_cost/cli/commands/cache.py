"""dscost cache."""

from functools import partial
from typing import Final

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.manual import WRONG, Example, Manual
from deepseek_cost.cli.output import require_one_format, write
from deepseek_cost.cli.session import (
    exit_if_incomplete,
    mode_of,
    names_of,
    price_table,
    prompt_options,
    report_skips,
    serving,
    time_of,
    timeline_by,
    zone_of,
)
from deepseek_cost.cli.sources import Inputs, find_prompts, system_text
from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.currency import Currency

MANUAL: Final = Manual(
    (
        Example("why the requests of a run miss the cache", "dscost cache batch.jsonl"),
        Example(
            "the same, with ten minutes between requests",
            "dscost cache batch.jsonl --gap 10m",
        ),
    ),
    page="cache.md",
    failure=f"{WRONG}, or a request was skipped",
)


_OF_TEXTS = "deepseek-v4-pro"


def cache(
    files: options.Files,
    model: price_options.CachingModel = None,
    gap: price_options.Gap = None,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    as_: options.AsKind = None,
    on_error: options.OnError = options.OnFault.STOP,
    glob: options.Globs = None,
    encoding: options.Encoding = "utf-8",
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Show cache hits, and why requests miss.

    Each miss is listed with its cost and what to do about it. Requests are read in order, each sent
    to the model that it names, from JSONL, files or folders.
    """
    from deepseek_cost.estimates.cache_run import Diagnosis, Trace
    from deepseek_cost.estimates.partial_result import Skipped
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.inputs.routing import Routes
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.reports.cache import cache_report
    from deepseek_cost.tokenizer import default_counter

    require_one_format(as_json=as_json, as_csv=as_csv)
    if model and len(model) > 1:
        raise UsageError(f"cache takes one --model, not {', '.join(map(repr, model))}")
    mode = mode_of(thinking, effort)
    scenario = Scenario(mode, cache_hit_ratio=None)
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    trace = Trace(
        diagnosis=Diagnosis(SegmentEncoder(default_counter()), timeline_by(gap), scenario),
        routes=Routes(partial(serving, table.book, model, priced_at)),
        model=table.book.find(names_of(table.book, model or [_OF_TEXTS])[0]),
        mode=mode,
        system=system_text(system, encoding),
        for_all=model is not None,
        skips=Skipped(on_error is options.OnFault.SKIP),
    )
    kind = as_.kind if as_ else None
    inputs = Inputs(find_prompts(files, glob, encoding, kind), kind, on_error)
    inputs.run(trace, prompt_options(thinking, effort, system))
    report_skips(trace.skips)
    models = trace.diagnosis.models()
    listed = [table.book.price(name, priced_at, currency) for name in models]
    quote = Quote(table.book, listed, scenario, time_label=values.time_label(at), zone=zone_of(tz))
    write(
        cache_report(quote, trace, table.entry, inputs.found.skipped),
        as_json=as_json,
        as_csv=as_csv,
        plain=plain,
        verbose=verbose,
    )
    exit_if_incomplete(inputs.found.skipped, trace.skips)
