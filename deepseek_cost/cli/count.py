"""dscost count."""

from functools import partial

from deepseek_cost.cli import options as o
from deepseek_cost.cli.feeds import (
    Feeds,
    exit_if_refused,
    names_to_price,
    serving,
    with_crew,
    workload_of,
)
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import (
    find_sources,
    mode_of,
    price_table,
    prompt_options,
    system_text,
)
from deepseek_cost.tokens import EngineName


def count(
    files: o.Files,
    model: o.Models = None,
    requests: o.Requests = 1,
    system: o.System = None,
    thinking: o.Thinking = True,
    effort: o.EffortName = None,
    per_file: o.PerFile = False,
    as_: o.AsKind = None,
    on_error: o.OnError = o.OnFault.STOP,
    jobs: o.Jobs = None,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    engine: o.Engine = EngineName.AUTO,
    as_json: o.AsJson = False,
    plain: o.Plain = False,
    prices: o.PricesFile = None,
) -> None:
    """Count the tokens of prompts and requests.

    The text's own, those that DeepSeek's template adds, and both together, which is billed.
    """
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.count import count_report

    scenario = Scenario(mode_of(thinking, effort), requests=requests)
    book = price_table(prices).book
    text = system_text(system, encoding)
    feeds = Feeds(find_sources(files, glob, encoding), as_)
    models = [book.find(name) for name in names_to_price(book, model, feeds, None)]
    make = partial(
        workload_of,
        [(found, None) for found in models],
        scenario,
        text,
        partial(serving, book, model, None),
        on_error,
        counter=feeds.counter(engine),
    )
    workload = with_crew(make(), make, jobs)
    feeds.run(workload, prompt_options(thinking, effort, system))
    write(
        count_report(workload, feeds.found.skipped, per_file=per_file), as_json=as_json, plain=plain
    )
    exit_if_refused(workload)
