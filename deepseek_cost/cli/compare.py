"""dscost compare."""

from deepseek_cost import arguments
from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import write, write_svg
from deepseek_cost.cli.setup import (
    find_sources,
    instant_of,
    mode_of,
    names_of,
    price_table,
    tally,
)
from deepseek_cost.prices import Currency


def compare(
    files: o.Files,
    model: o.Models = None,
    output_tokens: o.OutputTokens = None,
    cache_hit_ratio: o.CacheHitRatio = "0",
    per_day: o.PerDay = None,
    system: o.System = None,
    thinking: o.Thinking = True,
    effort: o.EffortName = None,
    at: o.At = None,
    tz: o.Tz = None,
    currency: o.CurrencyName = Currency.USD,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    svg: o.Svg = None,
    as_json: o.AsJson = False,
    prices: o.PricesFile = None,
) -> None:
    """Show where the models cross: cost over the share of cache hits, in both tiers."""
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.compare import compare_report

    ratio = arguments.ratio(cache_hit_ratio)
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    names = names_of(table.book, model)
    quoted = [table.book.price(name, instant, currency) for name in names]
    found = find_sources(files, glob, encoding)
    tallied = tally(found, [price.model for price in quoted], system, encoding, scenario)
    report = compare_report(
        table.book, quoted, tallied, scenario, per_day=per_day, skipped=found.skipped
    )
    if svg is not None:
        write_svg(report, svg)
    write(report, as_json=as_json)
