"""dscost count."""

from functools import partial
from typing import Final

from deepseek_cost.cli import options
from deepseek_cost.cli.manual import REFUSED, Example, Manual
from deepseek_cost.cli.output import require_one_format, write
from deepseek_cost.cli.session import (
    exit_if_incomplete,
    exit_if_refused,
    mode_of,
    names_of,
    names_to_price,
    price_table,
    prompt_options,
    report_skips,
    serving,
    with_worker_pool,
    workload_of,
)
from deepseek_cost.cli.sources import Inputs, find_rows, named_or_piped, system_text, wanted_kind
from deepseek_cost.prompt.template import body_of
from deepseek_cost.tokenizer.base import EngineName

MANUAL: Final = Manual(
    (
        Example("the tokens of what another program prints", "git log -3 | dscost count -"),
        Example("all files of a folder, each by itself", "dscost count prompts --per-file"),
        Example("a request body, as Pro counts it", "dscost count request.json -m pro"),
    ),
    page="counting.md",
    failure=REFUSED,
)


def count(
    files: options.FilesOrPipe = None,
    model: options.CountedModels = None,
    requests: options.Requests = 1,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    per_file: options.PerFile = False,
    as_: options.AsKind = None,
    as_one: options.AsOne = False,
    on_error: options.OnError = options.OnFault.STOP,
    jobs: options.Jobs = None,
    glob: options.Globs = None,
    column: options.Column = None,
    encoding: options.Encoding = "utf-8",
    engine: options.Engine = EngineName.AUTO,
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    prices: options.PricesFile = None,
) -> None:
    """Count the tokens of prompts and requests.

    Your text, what DeepSeek's chat template adds, and both together: what is billed.
    """
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.reports.count import count_report

    require_one_format(as_json=as_json, as_csv=as_csv)
    scenario = Scenario(mode_of(thinking, effort), requests=requests)
    book = price_table(prices).book
    text = system_text(system, encoding)
    body = partial(body_of, names_of(book, model)[0], scenario.mode, text)
    kind = wanted_kind(as_, as_one=as_one)
    named = named_or_piped(files, "count")
    found = find_rows(named, glob, encoding, column, kind, body, as_one=as_one)
    inputs = Inputs(found, kind, on_error)
    models = [book.find(one) for one in names_to_price(book, model, inputs, None)]
    make = partial(
        workload_of,
        [(one, None) for one in models],
        scenario,
        text,
        partial(serving, book, model, None),
        on_error,
        counter=inputs.counter(engine),
    )
    workload = with_worker_pool(make(), make, jobs)
    inputs.run(workload, prompt_options(thinking, effort, system))
    report_skips(workload.skips)
    write(
        count_report(workload, inputs.found.skipped, per_file=per_file),
        as_json=as_json,
        as_csv=as_csv,
        plain=plain,
        verbose=verbose,
    )
    exit_if_incomplete(inputs.found.skipped, workload.skips)
    exit_if_refused(workload)
