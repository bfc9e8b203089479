"""dscost estimate."""

import typer

from deepseek_cost import arguments
from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import gate, write
from deepseek_cost.cli.setup import (
    find_sources,
    instant_of,
    mode_of,
    names_of,
    price_table,
    tally,
    zone_of,
)
from deepseek_cost.errors import DscostError
from deepseek_cost.prices import Currency


def estimate(
    files: o.Files,
    model: o.Models = None,
    output_tokens: o.OutputTokens = None,
    cache_hit_ratio: o.CacheHitRatio = "0",
    requests: o.Requests = 1,
    system: o.System = None,
    thinking: o.Thinking = True,
    effort: o.EffortName = None,
    at: o.At = None,
    tz: o.Tz = None,
    currency: o.CurrencyName = Currency.USD,
    max_cost: o.MaxCost = None,
    per_file: o.PerFile = False,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    as_json: o.AsJson = False,
    prices: o.PricesFile = None,
) -> None:
    """Tell what prompts cost: exact tokens, the price of the instant, both models side by side."""
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.estimate import Quote, estimate_report

    limit = arguments.amount(max_cost) if max_cost is not None else None
    ratio = arguments.ratio(cache_hit_ratio)
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    quote = Quote(
        table.book,
        [table.book.price(name, instant, currency) for name in names_of(table.book, model)],
        scenario,
        at=at,
        zone=zone_of(tz),
    )
    found = find_sources(files, glob, encoding)
    tallied = tally(found, [price.model for price in quote.prices], system, encoding, scenario)
    report = estimate_report(quote, tallied, table.note, found.skipped, per_file=per_file)
    write(report, as_json=as_json)
    gate(quote.estimates(tallied), limit, any_tier=at is None)
    if any(entry.over_context for entry in report.estimates):
        raise typer.Exit(DscostError.exit_code)
