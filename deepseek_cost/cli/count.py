"""dscost count."""

from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import find_sources, mode_of, names_of, price_table, tally


def count(
    files: o.Files,
    model: o.Models = None,
    requests: o.Requests = 1,
    system: o.System = None,
    thinking: o.Thinking = True,
    effort: o.EffortName = None,
    per_file: o.PerFile = False,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    as_json: o.AsJson = False,
    prices: o.PricesFile = None,
) -> None:
    """Count the tokens of prompts: the text's own, the template's, and both together."""
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.count import count_report

    scenario = Scenario(mode_of(thinking, effort), requests=requests)
    book = price_table(prices).book
    models = [book.find(name) for name in names_of(book, model)]
    found = find_sources(files, glob, encoding)
    tallied = tally(found, models, system, encoding, scenario)
    report = count_report(models, scenario, tallied, found.skipped, per_file=per_file)
    write(report, as_json=as_json)
