"""dscost count."""

from functools import partial
from typing import Final

from deepseek_cost.cli import options
from deepseek_cost.cli.manual import REFUSED, Example, Manual
from deepseek_cost.cli.output import write
from deepseek_cost.cli.session import (
    Inputs,
    exit_if_refused,
    find_rows,
    mode_of,
    named_or_piped,
    names_of,
    names_to_price,
    price_table,
    prompt_options,
    serving,
    system_text,
    with_worker_pool,
    workload_of,
)
from deepseek_cost.prompt.template import body_of
from deepseek_cost.tokenizer.base import EngineName

MANUAL: Final = Manual(
    (
        Example("the tokens of what another program prints", "git log -3 | dscost count -"),
        Example("all files of a folder, each by itself", "dscost count prompts --per-file"),
    ),
    failure=REFUSED,
)


def count(
    files: options.FilesOrPipe = None,
    model: options.Models = None,
    requests: options.Requests = 1,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    per_file: options.PerFile = False,
    as_: options.AsKind = None,
    on_error: options.OnError = options.OnFault.STOP,
    jobs: options.Jobs = None,
    glob: options.Globs = None,
    column: options.Column = None,
    encoding: options.Encoding = "utf-8",
    engine: options.Engine = EngineName.AUTO,
    as_json: options.AsJson = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Count the tokens of prompts and requests.

    Your text, what DeepSeek's chat template adds, and both together: what is billed.
    """
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.reports.count import count_report

    scenario = Scenario(mode_of(thinking, effort), requests=requests)
    book = price_table(prices).book
    text = system_text(system, encoding)
    body = partial(body_of, names_of(book, model)[0], scenario.mode, text)
    kind = as_.kind if as_ else None
    inputs = Inputs(
        find_rows(named_or_piped(files, "count"), glob, encoding, column, kind, body), kind
    )
    models = [book.find(name) for name in names_to_price(book, model, inputs, None)]
    make = partial(
        workload_of,
        [(found, None) for found in models],
        scenario,
        text,
        partial(serving, book, model, None),
        on_error,
        counter=inputs.counter(engine),
    )
    workload = with_worker_pool(make(), make, jobs)
    inputs.run(workload, prompt_options(thinking, effort, system))
    write(
        count_report(workload, inputs.found.skipped, per_file=per_file),
        as_json=as_json,
        plain=plain,
        verbose=verbose,
    )
    exit_if_refused(workload)
