"""dscost diff."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost import arguments
from deepseek_cost.cli.compared import (
    Asked,
    Outcome,
    diff_of_files,
    diff_of_reports,
    saved_pair,
)
from deepseek_cost.cli.options import answers, priced, read, sent, shown
from deepseek_cost.cli.output import OVER_LIMIT, say, tell_warnings, write, write_text
from deepseek_cost.cli.setup import mode_of, prompt_options
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
    max_increase: priced.MaxIncrease = None,
    model: priced.Models = None,
    output_tokens: answers.OutputTokens = None,
    cache_hit_ratio: answers.CacheHitRatio = None,
    requests: sent.Requests = 1,
    system: sent.System = None,
    thinking: sent.Thinking = True,
    effort: sent.EffortName = None,
    at: priced.At = None,
    tz: priced.Tz = None,
    currency: priced.CurrencyName = Currency.USD,
    as_: read.AsKind = None,
    glob: read.Globs = None,
    encoding: read.Encoding = "utf-8",
    as_json: shown.AsJson = False,
    plain: shown.Plain = False,
    as_markdown: shown.AsMarkdown = False,
    prices: priced.PricesFile = None,
) -> None:
    """Tell what a change of prompts costs, file by file.

    Compares two files, folders or reports of estimate --json, or states of a git repository:
    main..HEAD, main...HEAD (since HEAD left main), main (beside the working tree). Both sides are
    priced at one instant. While the output is unknown, the cost is that of the input.
    """
    from deepseek_cost.estimates import Scenario

    if as_json and as_markdown:
        raise UsageError("--json and --markdown: give one of them")
    limit = arguments.increase(max_increase) if max_increase is not None else None
    ratio = arguments.ratio(cache_hit_ratio or "0")
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests)
    of_prompts = prompt_options(thinking, effort, system)
    asked = Asked(prices, at, tz, currency, model, scenario, system, as_, encoding, of_prompts)
    outcome = _compared(context, sides, glob or (), asked, limit)
    _write(outcome.report, as_json=as_json, plain=plain, as_markdown=as_markdown)
    if outcome.failure:
        say(outcome.failure)
    _exit_if_over(outcome.report)
    if outcome.failure:
        raise typer.Exit(DscostError.exit_code)


def _compared(
    context: typer.Context,
    sides: Sequence[str],
    globs: Sequence[str],
    asked: Asked,
    limit: arguments.Increase | None,
) -> Outcome:
    """Compare two reports, or the files of both sides."""
    from deepseek_cost.difference.files import Selection
    from deepseek_cost.difference.sides import sides_of

    with TemporaryDirectory(prefix="dscost-", ignore_cleanup_errors=True) as scratch:
        pair = sides_of(sides, Selection(globs, asked.encoding, Path(scratch)))
        saved = saved_pair(*pair)
        if saved is None:
            return diff_of_files(asked, pair, limit)
        _refuse_options_of_files(context)
        return diff_of_reports(saved, limit)


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
