"""dscost compare."""

from functools import partial

from deepseek_cost import arguments
from deepseek_cost.cli.feeds import (
    Feeds,
    exit_if_refused,
    names_to_price,
    serving,
    workload_of,
)
from deepseek_cost.cli.options import answers, priced, read, sent, shown
from deepseek_cost.cli.output import write, write_svg
from deepseek_cost.cli.setup import (
    find_sources,
    instant_of,
    mode_of,
    price_table,
    prompt_options,
    system_text,
)
from deepseek_cost.prices import Currency


def compare(
    files: read.Files,
    model: priced.Models = None,
    output_tokens: answers.OutputTokens = None,
    cache_hit_ratio: answers.CacheHitRatio = None,
    per_day: priced.PerDay = None,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    glob: read.Globs = None,
    encoding: read.Encoding = "utf-8",
    svg: shown.Svg = None,
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    prices: priced.PricesFile = None,
) -> None:
    """Show where the models cross, over the share of cache hits.

    The cost stands in both tiers, with the share at which one model costs what another does.
    """
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.compare import compare_report

    ratio = arguments.ratio(cache_hit_ratio or "0")
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio)
    table = price_table(prices)
    instant = instant_of(at, table.book, tz)
    text = system_text(system, encoding)
    feeds = Feeds(find_sources(files, glob, encoding), None)
    names = names_to_price(table.book, model, feeds, instant)
    quoted = [table.book.price(name, instant, currency) for name in names]
    workload = workload_of(
        [(price.model, price.rates) for price in quoted],
        scenario,
        text,
        partial(serving, table.book, model, instant),
    )
    feeds.run(workload, prompt_options(thinking, effort, system))
    report = compare_report(
        table.book,
        quoted,
        workload,
        ratio=ratio,
        per_day=per_day,
        skipped=feeds.found.skipped,
    )
    if svg is not None:
        write_svg(report, svg)
    write(report, as_json=as_json, plain=plain)
    exit_if_refused(workload)
