"""dscost count."""

from functools import partial

from deepseek_cost.cli.feeds import (
    Feeds,
    exit_if_refused,
    names_to_price,
    serving,
    with_crew,
    workload_of,
)
from deepseek_cost.cli.options import priced, read, sent, shown
from deepseek_cost.cli.output import write
from deepseek_cost.cli.setup import (
    find_rows,
    mode_of,
    names_of,
    price_table,
    prompt_options,
    system_text,
)
from deepseek_cost.prompt import body_of
from deepseek_cost.tokens import EngineName


def count(
    files: read.Files,
    model: priced.Models = None,
    requests: sent.Requests = 1,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    per_file: shown.PerFile = False,
    as_: read.AsKind = None,
    on_error: read.OnError = read.OnFault.STOP,
    jobs: read.Jobs = None,
    glob: read.Globs = None,
    column: read.Column = None,
    encoding: read.Encoding = "utf-8",
    engine: read.Engine = EngineName.AUTO,
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    prices: priced.PricesFile = None,
) -> None:
    """Count the tokens of prompts and requests.

    The text's own, those that DeepSeek's template adds, and both together, which is billed.
    """
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.count import count_report

    scenario = Scenario(mode_of(thinking, effort), requests=requests)
    book = price_table(prices).book
    text = system_text(system, encoding)
    body = partial(body_of, names_of(book, model)[0], scenario.mode, text)
    feeds = Feeds(find_rows(files, glob, encoding, column, as_, body), as_)
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
