"""dscost compare."""

from functools import partial
from typing import Final

from deepseek_cost.cli import options, price_options
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.output import require_one_format, write, write_svg
from deepseek_cost.cli.session import (
    exit_if_incomplete,
    exit_if_refused,
    mode_of,
    names_to_price,
    price_table,
    prompt_options,
    serving,
    time_of,
    workload_of,
)
from deepseek_cost.cli.sources import (
    Inputs,
    find_prompts,
    named_or_piped,
    refuse_texts,
    system_text,
)
from deepseek_cost.inputs.folders import Found
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.text import parse_ratio

MANUAL: Final = Manual(
    (
        Example(
            "where Pro with many hits costs as little as Flash with few",
            "dscost compare prompt.txt -o 400",
        ),
        Example("without a file", "dscost compare --input-tokens 5000 -o 300"),
        Example("the same, with a picture", "dscost compare prompt.txt -o 400 --svg costs.svg"),
    ),
    page="when.md",
)


def compare(
    files: options.FilesOrPipe = None,
    model: price_options.Models = None,
    input_tokens: price_options.InputTokens = None,
    output_tokens: price_options.OutputTokens = None,
    cache_hit_ratio: price_options.FixedHitRatio = None,
    per_day: price_options.PerDay = None,
    per_month: price_options.PerMonth = None,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    glob: options.Globs = None,
    encoding: options.Encoding = "utf-8",
    svg: price_options.Svg = None,
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Compare Flash and Pro at different cache hit rates.

    Costs are shown at both rates, with the hit rate at which one model costs as much as another.
    """
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.reports.compare import RATIOS, compare_report

    require_one_format(as_json=as_json, as_csv=as_csv)
    ratio = parse_ratio(cache_hit_ratio or "0")
    mode = mode_of(thinking, effort)
    scenario = Scenario(mode, output_tokens, ratio, other_ratios=(*RATIOS, ratio))
    table = price_table(prices)
    priced_at = time_of(at, table.book, tz)
    text = system_text(system, encoding)
    inputs = Inputs(Found(), None)
    if input_tokens is None:
        named = named_or_piped(files, "compare")
        inputs = Inputs(find_prompts(named, glob, encoding), None)
    else:
        refuse_texts(files)
    names = names_to_price(table.book, model, inputs, priced_at)
    quoted = [table.book.price(name, priced_at, currency) for name in names]
    workload = workload_of(
        [(price.model, price.rates) for price in quoted],
        scenario,
        text,
        partial(serving, table.book, model, priced_at),
    )
    if input_tokens is None:
        inputs.run(workload, prompt_options(thinking, effort, system))
    else:
        workload.add_tokens(input_tokens)
    report = compare_report(
        table.book,
        quoted,
        workload,
        ratio=ratio,
        per_day=per_day,
        per_month=per_month,
        skipped=inputs.found.skipped,
    )
    if svg is not None:
        write_svg(report, svg)
    write(report, as_json=as_json, as_csv=as_csv, plain=plain, verbose=verbose)
    exit_if_incomplete(inputs.found.skipped, workload.skips)
    exit_if_refused(workload)
