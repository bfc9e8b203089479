"""dscost diff."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost import arguments
from deepseek_cost.cli import options as o
from deepseek_cost.cli.compared import (
    Asked,
    diff_of_files,
    diff_of_reports,
    saved_pair,
)
from deepseek_cost.cli.output import OVER_LIMIT, say, tell_warnings, write, write_text
from deepseek_cost.cli.setup import (
    instant_of,
    mode_of,
    price_table,
    prompt_options,
    system_text,
    zone_of,
)
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.prices import Currency

if TYPE_CHECKING:
    from deepseek_cost.report.diff import DiffReport, Increase

_NAMED: Final = 3
# GitHub takes 65,536 characters for a comment.
_MOST_IN_COMMENT: Final = 50
# By this a job finds the comment that it wrote before.
_COMMENT_MARK: Final = "<!-- dscost diff -->"
_OF_FILES: Final = (
    *("model", "output_tokens", "cache_hit_ratio", "requests", "system", "thinking", "effort"),
    *("at", "currency", "as_", "glob", "encoding", "prices"),
)

Sides = Annotated[
    list[str],
    typer.Argument(
        metavar="OLD NEW | REVISIONS PATH...",
        help="Two files, folders or reports; or main..HEAD, main...HEAD or main, and paths.",
        show_default=False,
    ),
]


def diff(
    context: typer.Context,
    sides: Sides,
    max_increase: o.MaxIncrease = None,
    model: o.Models = None,
    output_tokens: o.OutputTokens = None,
    cache_hit_ratio: o.CacheHitRatio = None,
    requests: o.Requests = 1,
    system: o.System = None,
    thinking: o.Thinking = True,
    effort: o.EffortName = None,
    at: o.At = None,
    tz: o.Tz = None,
    currency: o.CurrencyName = Currency.USD,
    as_: o.AsKind = None,
    glob: o.Globs = None,
    encoding: o.Encoding = "utf-8",
    as_json: o.AsJson = False,
    plain: o.Plain = False,
    as_markdown: o.AsMarkdown = False,
    prices: o.PricesFile = None,
) -> None:
    """Tell what a change of prompts costs, file by file.

    Compares two files, folders or reports of estimate --json, or states of a git repository:
    main..HEAD, main...HEAD (since HEAD left main), main (beside the working tree). Both sides are
    priced at one instant. While the output is unknown, the cost is that of the input.
    """
    from deepseek_cost.difference.files import Selection
    from deepseek_cost.difference.sides import sides_of
    from deepseek_cost.estimates import Scenario

    if as_json and as_markdown:
        raise UsageError("--json and --markdown: give one of them")
    limit = arguments.increase(max_increase) if max_increase is not None else None
    ratio = arguments.ratio(cache_hit_ratio or "0")
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests)
    of_prompts = prompt_options(thinking, effort, system)
    with TemporaryDirectory(prefix="dscost-", ignore_cleanup_errors=True) as scratch:
        pair = sides_of(sides, Selection(glob or (), encoding, Path(scratch)))
        if (saved := saved_pair(*pair)) is not None:
            _refuse_options_of_files(context)
            outcome = diff_of_reports(saved, limit)
        else:
            table = price_table(prices)
            asked = Asked(table, instant_of(at, table.book, tz), currency, model, as_)
            quote = asked.quote(pair, scenario, arguments.moving(at), zone_of(tz))
            text = system_text(system, encoding)
            outcome = diff_of_files(asked, quote, pair, limit, text, of_prompts)
    _write(outcome.report, as_json=as_json, plain=plain, as_markdown=as_markdown)
    _exit_if_over(outcome.report)
    if outcome.failure:
        say(outcome.failure)
        raise typer.Exit(DscostError.exit_code)


def _refuse_options_of_files(context: typer.Context) -> None:
    """Refuse what a report has of its own; settings are of other runs, too, and may be there."""
    given = [name for name in _OF_FILES if _is_given(context, name)]
    if given:
        flags = ", ".join(f"--{name.rstrip('_').replace('_', '-')}" for name in given)
        raise UsageError(f"{flags}: of files; a report has figures of its own")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _write(report: "DiffReport", *, as_json: bool, plain: bool, as_markdown: bool) -> None:
    if not as_markdown:
        write(report, as_json=as_json, plain=plain)
        return
    from deepseek_cost.page import describe
    from deepseek_cost.page.blocks import shortened
    from deepseek_cost.render.markdown import to_markdown

    tell_warnings(report)
    page = shortened(describe(report), _MOST_IN_COMMENT)
    write_text(f"{_COMMENT_MARK}\n{to_markdown(page)}")


def _exit_if_over(report: "DiffReport") -> None:
    """End with exit code 3 if a model's cost grows by more than the limit."""
    if report.limit is None or not report.limit.exceeded_by:
        return
    over = [entry for entry in report.models if entry.model in report.limit.exceeded_by]
    grown = ", ".join(f"{entry.model} {_grown(entry.increase, report.currency)}" for entry in over)
    grew = [f.source for f in report.files if any(m.increase.cost > 0 for m in f.models)]
    files = ", ".join(grew[:_NAMED])
    most = f"; most of it in {files}" if files else ""
    say(f"over --max-increase {report.limit.max_increase}: {grown}{most}")
    raise typer.Exit(OVER_LIMIT)


def _grown(increase: "Increase", currency: Currency) -> str:
    from deepseek_cost.report.parts import exact

    percent = increase.cost_percent
    by = "from nothing" if percent is None else f"{percent}%"
    return f"grows by {exact(increase.cost)} {currency} ({by})"
