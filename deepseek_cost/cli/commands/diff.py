"""Both sides of a diff, read from files or from reports, and compared.

dscost diff.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from deepseek_cost.cli import options, values
from deepseek_cost.cli.output import OVER_LIMIT, report_warnings, say, write, write_text
from deepseek_cost.cli.session import (
    Inputs,
    Table,
    instant_of,
    mode_of,
    names_to_price,
    price_table,
    progress,
    prompt_options,
    require_prompts,
    serving,
    system_text,
    workload_of,
    zone_of,
)
from deepseek_cost.errors import DscostError, InputError, UsageError
from deepseek_cost.pricing.entries import Currency
from deepseek_cost.text import parse_ratio

if TYPE_CHECKING:
    from deepseek_cost.cli.values import IncreaseLimit
    from deepseek_cost.estimates.diff import Difference, Limit
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.sides import Side
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.estimates.workload import Workload
    from deepseek_cost.inputs.kinds import Kind
    from deepseek_cost.reports.diff import DiffReport, Increase
    from deepseek_cost.reports.reading import Saved

Pair = tuple["Side", "Side"]


class Outcome(NamedTuple):
    """A diff, and why its figures are not of all that was asked; None where they are."""

    report: "DiffReport"
    failure: str | None = None


class Asked(NamedTuple):
    """What prices are asked for, how prompts are sent, and what the files are said to be."""

    prices: Path | None
    at: str | None
    tz: str | None
    currency: Currency
    models: Sequence[str] | None
    scenario: "Scenario"
    system: str | None
    kind: "Kind | None"
    encoding: str
    of_prompts: Sequence[str]


class Terms(NamedTuple):
    """The prices that both sides are counted at, and the instant."""

    table: Table
    at: datetime
    quote: "Quote"


def diff_of_files(asked: Asked, pair: Pair, limit: "IncreaseLimit | None") -> Outcome:
    """Compare both sides at the prices asked for."""
    from deepseek_cost.estimates.assumptions import of_diff, warnings_of_diff
    from deepseek_cost.reports.diff import diff_report, side_entry

    old, new = pair
    terms = _terms(asked, pair)
    found, after, before = _counted(asked, terms, pair)
    held_to = _limit(limit, asked.currency)
    report = diff_report(
        found,
        asked.currency,
        (side_entry(old.name, terms.at, old.commit), side_entry(new.name, terms.at, new.commit)),
        held_to,
        table=terms.table.entry,
        assumptions=of_diff(terms.quote, after if after.partial.sources else before),
        warnings=warnings_of_diff(terms.quote, after),
    )
    return Outcome(report, _failure(found, after, terms.quote, is_gate=held_to is not None))


def _terms(asked: Asked, pair: Pair) -> Terms:
    """Find the prices of the models asked for, or of those that the new files name."""
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.inputs.find import Found

    old, new = pair
    table = price_table(asked.prices)
    at = instant_of(asked.at, table.book, asked.tz)
    inputs = Inputs(Found([*new.files.values(), *old.files.values()]), asked.kind)
    names = names_to_price(table.book, asked.models, inputs, at)
    listed = [table.book.price(name, at, asked.currency) for name in names]
    time_label, zone = values.time_label(asked.at), zone_of(asked.tz)
    return Terms(
        table, at, Quote(table.book, listed, asked.scenario, time_label=time_label, zone=zone)
    )


def _counted(asked: Asked, terms: Terms, pair: Pair) -> "tuple[Difference, Workload, Workload]":
    """Count both sides, the new one first, and hold them against each other."""
    from deepseek_cost.estimates.diff import Counting, held_against

    old, new = pair
    quote, system = terms.quote, system_text(asked.system, asked.encoding)
    find_route = partial(serving, terms.table.book, asked.models, terms.at)
    columns = [(price.model, price.rates) for price in quote.prices]
    after, before = (workload_of(columns, quote.scenario, system, find_route) for _ in range(2))
    sources = [source for side in pair for source in side.files.values()]
    with progress(sum(source.size for source in sources)) as advance:
        counting = Counting(quote, asked.kind, advance)
        counted = counting.count(new, after)
        counted_before = counting.count(old, before)
    require_prompts(after.kinds | before.kinds, asked.of_prompts)
    models = [price.model.name for price in quote.prices]
    return held_against(models, counted_before, counted), after, before


def saved_pair(old: "Side", new: "Side") -> "tuple[Saved, Saved] | None":
    """Read two reports; None for files that are none. Raises UsageError for one report alone."""
    from deepseek_cost.reports.reading import is_report, read_saved

    one, other = list(old.files.values()), list(new.files.values())
    if len(one) != 1 or len(other) != 1:
        return None
    are_reports = {is_report(one[0]), is_report(other[0])}
    if are_reports == {True, False}:
        raise UsageError(f"{old.name}, {new.name}: one is a report, the other is none")
    return (read_saved(one[0]), read_saved(other[0])) if are_reports == {True} else None


def diff_of_reports(pair: "tuple[Saved, Saved]", limit: "IncreaseLimit | None") -> Outcome:
    """Compare the models and files that both reports have."""
    from deepseek_cost.reports.diff import diff_report, side_entry
    from deepseek_cost.reports.reading import difference_of

    old, new = pair
    if old.currency is not new.currency:
        raise InputError(f"{old.name} is in {old.currency}, {new.name} in {new.currency}")
    found, missing = difference_of(old, new)
    held_to = _limit(limit, old.currency)
    warnings = [f"only one of the reports has {model}; it is left out" for model in missing]
    if old.priced_at != new.priced_at:
        warnings.append(
            "the reports are priced at different instants; a change of price shows as one of "
            "the prompts (give both the same --at)"
        )
    sides = side_entry(old.name, old.priced_at), side_entry(new.name, new.priced_at)
    report = diff_report(found, old.currency, sides, held_to, warnings=warnings)
    failure = f"{', '.join(missing)}: not held to the limit" if missing and held_to else None
    return Outcome(report, failure)


def _limit(limit: "IncreaseLimit | None", currency: Currency) -> "Limit | None":
    """Return the limit in the costs' currency; raises UsageError for one in another."""
    from deepseek_cost.estimates.diff import Limit

    if limit is None:
        return None
    if limit.unit == "%":
        return Limit(f"{limit.value:f}%", percent=limit.value)
    if limit.unit not in (None, currency.value):
        raise UsageError(
            f"--max-increase is in {limit.unit}, the costs are in {currency}; "
            f"DeepSeek's two lists are never converted"
        )
    return Limit(f"{limit.value:f} {currency}", amount=limit.value)


def _failure(
    found: "Difference", after: "Workload", quote: "Quote", *, is_gate: bool
) -> str | None:
    """Say why the new side's figures are not to be relied on; None where they are."""
    uncounted = [file for file in found.uncounted if file.is_fault or (is_gate and file.is_new)]
    if uncounted:
        first = uncounted[0]
        more = f", and {len(uncounted) - 1:,} more" if len(uncounted) > 1 else ""
        return f"not counted: {first.named_reason}{more}"
    if any(ledger.refusals.requests for ledger in after.ledgers):
        return "the API would refuse a request; see the warnings"
    if after.partial.sources and any(one.over_context for one in quote.price(after.totals())):
        return "a request is longer than the context; see the warnings"
    return None


_NAMED: Final = 3
# GitHub takes 65,536 characters for a comment.
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
    max_increase: options.MaxIncrease = None,
    model: options.Models = None,
    output_tokens: options.OutputTokens = None,
    cache_hit_ratio: options.CacheHitRatio = None,
    requests: options.Requests = 1,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: options.At = None,
    tz: options.Tz = None,
    currency: options.CurrencyName = Currency.USD,
    as_: options.AsKind = None,
    glob: options.Globs = None,
    encoding: options.Encoding = "utf-8",
    as_json: options.AsJson = False,
    plain: options.Plain = False,
    as_markdown: options.AsMarkdown = False,
    prices: options.PricesFile = None,
) -> None:
    """Show what a change to prompts costs, file by file.

    Compares two files, folders or reports of estimate --json, or two states of a git repository:
    main..HEAD, main...HEAD (since HEAD left main), main (with the working tree). Both sides are
    priced at the same time. If the output is not known, the cost is that of the input.
    """
    from deepseek_cost.estimates.tally import Scenario

    if as_json and as_markdown:
        raise UsageError("--json and --markdown: give one of them")
    limit = values.increase(max_increase) if max_increase is not None else None
    ratio = parse_ratio(cache_hit_ratio or "0")
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
    limit: values.IncreaseLimit | None,
) -> Outcome:
    """Compare two reports, or the files of both sides."""
    from deepseek_cost.estimates.sides import Selection, sides_of

    with TemporaryDirectory(prefix="dscost-", ignore_cleanup_errors=True) as scratch:
        pair = sides_of(sides, Selection(globs, asked.encoding, Path(scratch)))
        saved = saved_pair(*pair)
        if saved is None:
            return diff_of_files(asked, pair, limit)
        _refuse_options_of_files(context)
        return diff_of_reports(saved, limit)


def _refuse_options_of_files(context: typer.Context) -> None:
    """Refuse what a report has of its own; settings are of other runs, too, and may be there."""
    passed = [name for name in _OF_FILES if _is_passed(context, name)]
    if passed:
        flags = ", ".join(f"--{name.rstrip('_').replace('_', '-')}" for name in passed)
        raise UsageError(f"{flags}: of files; a report has figures of its own")


def _is_passed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _write(report: "DiffReport", *, as_json: bool, plain: bool, as_markdown: bool) -> None:
    if not as_markdown:
        write(report, as_json=as_json, plain=plain)
        return
    from deepseek_cost.render.markdown import to_comment

    report_warnings(report)
    write_text(f"{_COMMENT_MARK}\n{to_comment(report.page())}")


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
    from deepseek_cost.reports.parts import exact

    percent = increase.cost_percent
    by = "from nothing" if percent is None else f"{percent}%"
    return f"grows by {exact(increase.cost)} {currency} ({by})"
