"""dscost cache."""

from functools import partial

import typer

from deepseek_cost import arguments
from deepseek_cost.cli.feeds import Feeds, serving, skips_of
from deepseek_cost.cli.options import priced, read, sent, shown
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import (
    find_sources,
    instant_of,
    mode_of,
    price_table,
    prompt_options,
    system_text,
    timeline_by,
    zone_of,
)
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.prices import Currency

_OF_TEXTS = "deepseek-v4-pro"


def cache(
    files: read.Files,
    model: priced.Models = None,
    gap: sent.Gap = None,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    as_: read.AsKind = None,
    on_error: read.OnError = read.OnFault.STOP,
    glob: read.Globs = None,
    encoding: read.Encoding = "utf-8",
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    prices: priced.PricesFile = None,
) -> None:
    """Show what requests hit of the cache, and why they miss.

    Each miss stands with its cost and what to do. The requests are taken in order, each to the
    model that it names; JSONL, files or folders.
    """
    from deepseek_cost.diagnosis import Diagnosis
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.prompt.segments import SegmentEncoder
    from deepseek_cost.quote import Quote
    from deepseek_cost.report.cache import cache_report
    from deepseek_cost.served import ServedNames
    from deepseek_cost.tokens import default_counter
    from deepseek_cost.trace import Trace

    if model and len(model) > 1:
        raise UsageError(f"cache takes one --model, not {', '.join(map(repr, model))}")
    mode = mode_of(thinking, effort)
    scenario = Scenario(mode, cache_hit_ratio=None)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    trace = Trace(
        diagnosis=Diagnosis(SegmentEncoder(default_counter()), timeline_by(gap), scenario),
        served_by=ServedNames(partial(serving, table.book, model, instant)),
        model=table.book.find(model[0] if model else _OF_TEXTS),
        mode=mode,
        system=system_text(system, encoding),
        for_all=model is not None,
        skips=skips_of(on_error),
    )
    feeds = Feeds(find_sources(files, glob, encoding), as_)
    feeds.run(trace, prompt_options(thinking, effort, system))
    models = trace.diagnosis.models()
    listed = [table.book.price(name, instant, currency) for name in models]
    quote = Quote(table.book, listed, scenario, moving=arguments.moving(at), zone=zone_of(tz))
    write(cache_report(quote, trace, table.note, feeds.found.skipped), as_json=as_json, plain=plain)
    if trace.skips.requests:
        raise typer.Exit(DscostError.exit_code)
