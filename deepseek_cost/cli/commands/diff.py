"""Reading both sides of a diff, from files or from reports, and comparing them.

dscost diff.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from msgspec.structs import replace

from deepseek_cost.cli import options, price_options, values
from deepseek_cost.cli.gate import NEAR, OVER_LIMIT
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_error, show_note
from deepseek_cost.cli.output import report_warnings, write, write_text
from deepseek_cost.cli.session import (
    Table,
    mode_of,
    names_of,
    price_table,
    prompt_options,
    serving,
    time_of,
    workload_of,
    zone_of,
)
from deepseek_cost.cli.sources import progress, require_prompts, system_text
from deepseek_cost.cli.wording import in_flags, with_flags
from deepseek_cost.errors import DscostError, InputError, UsageError
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.text import parse_ratio

if TYPE_CHECKING:
    from deepseek_cost.cli.values import IncreaseLimit
    from deepseek_cost.estimates.difference import Difference, Limit
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.estimates.side_counts import Counted, Part
    from deepseek_cost.estimates.sides import Side
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.inputs.kinds import Kind
    from deepseek_cost.inputs.request import Request
    from deepseek_cost.inputs.routing import Route
    from deepseek_cost.reports.diff import DiffReport
    from deepseek_cost.reports.reading import Saved
    from deepseek_cost.tokenizer.base import TextCounter

AsMarkdown = Annotated[
    bool, SHOWN.option("--markdown", help="Print Markdown for a pull request comment.")
]

MANUAL: Final = Manual(
    (
        Example("two versions of a prompt", "dscost diff old.txt new.txt"),
        Example(
            "what a branch changes, with exit code 3 over 10%",
            "dscost diff main...HEAD prompts --max-increase 10%",
        ),
        Example("the comment for its pull request", "dscost diff main...HEAD prompts --markdown"),
    ),
    page="diff.md",
    failure="a file cannot be counted, or a price is wrong or unknown",
    limit="over --max-increase, or what changed could not be counted; after the output",
)


Pair = tuple["Side", "Side"]


class Outcome(NamedTuple):
    """A diff; if its figures are incomplete, also the reason and the exit code for it."""

    report: "DiffReport"
    failure: str | None = None
    exit_code: int = 0


class Asked(NamedTuple):
    """The options: which prices to use, how prompts are sent, and how to read the files."""

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


@dataclass(slots=True)
class Pricing:
    """Prices at one time: those of the columns, and of the models that bodies name."""

    asked: Asked
    table: Table
    at: datetime
    quote: "Quote"
    system: str
    counter: "TextCounter"

    @property
    def models(self) -> list[str]:
        """The models of the columns."""
        return [price.model.name for price in self.quote.prices]

    @property
    def is_by_name(self) -> bool:
        """Whether each body is priced for the model it names: true if no model is given."""
        return not self.asked.models

    def part(self, model: str) -> "Part":
        """Return an empty part for a model, or for the columns if `model` is empty."""
        from deepseek_cost.estimates.side_counts import Part

        quote = self.quote
        if model:
            price = self.table.book.price(model, self.at, self.asked.currency)
            quote = replace(quote, prices=[price])
        columns = [(price.model, price.rates) for price in quote.prices]
        workload = workload_of(
            *(columns, quote.scenario, self.system, self._find_route),
            counter=lambda: self.counter,
        )
        return Part(quote, workload)

    def own_model(self, request: "Request") -> str:
        """Return the model a body is priced for by name, else ""; raises InputError if unknown."""
        from deepseek_cost.inputs.routing import Routes

        name = request.body.get("model")
        if not self.is_by_name or not isinstance(name, str):
            return ""
        found = Routes(self._find_route).of(request, name)
        return found.model.name if found else ""

    def _find_route(self, name: str, kind: "Kind") -> "Route | None":
        return serving(self.table.book, self.asked.models, self.at, name, kind)


def diff_of_files(asked: Asked, pair: Pair, limits: Sequence["IncreaseLimit"]) -> Outcome:
    """Compare the files of both sides at the prices asked for."""
    from deepseek_cost.estimates.assumptions import of_diff, of_own_models, warnings_of_diff
    from deepseek_cost.estimates.diff import compare
    from deepseek_cost.reports.diff import diff_report, side_entry

    size = sum(source.size for source in pair[1].files.values())
    pricing = _pricing(asked, size)
    held_to = limits_in(asked.currency, limits)
    old, new = _counted(pricing, pair)
    found = compare(pricing.models, old, new)
    entries = [
        side_entry(one.side.name, pricing.at, one.side.commit, one.own_models) for one in (old, new)
    ]
    own = sorted({*old.own_models, *new.own_models})
    parts = list((new.parts or old.parts).values())
    failure, code = _failure(found, new, is_gate=bool(held_to))
    report = diff_report(
        found,
        asked.currency,
        (entries[0], entries[1]),
        held_to,
        unkept=failure if code == OVER_LIMIT else None,
        table=pricing.table.entry,
        assumptions=[*of_diff(parts), *of_own_models(own)],
        warnings=warnings_of_diff(list(new.parts.values())),
    )
    return Outcome(report, failure, code)


def _pricing(asked: Asked, size: int) -> Pricing:
    """Return the prices of the models asked for or of the default ones, to count so many bytes."""
    from deepseek_cost.estimates.quote import Quote
    from deepseek_cost.tokenizer import counter_on
    from deepseek_cost.tokenizer.base import EngineName

    table = price_table(asked.prices)
    at = time_of(asked.at, table.book, asked.tz)
    names = names_of(table.book, asked.models)
    listed = [table.book.price(name, at, asked.currency) for name in names]
    time_label, zone = values.time_label(asked.at), zone_of(asked.tz)
    quote = Quote(table.book, listed, asked.scenario, time_label=time_label, zone=zone)
    system = system_text(asked.system, asked.encoding)
    return Pricing(asked, table, at, quote, system, counter_on(EngineName.AUTO, size))


def _counted(pricing: Pricing, pair: Pair) -> "tuple[Counted, Counted]":
    """Return the counts of both sides; the new one is counted first, with what they share."""
    from deepseek_cost.estimates.side_counts import Counting

    old, new = pair
    sources = [source for side in pair for source in side.files.values()]
    with progress(sum(source.size for source in sources)) as advance:
        counting = Counting(pricing, pricing.asked.kind, advance)
        after = counting.count(new)
        before = counting.count(old)
    require_prompts(after.kinds | before.kinds, pricing.asked.of_prompts)
    return before, after


def saved_pair(old: "Side", new: "Side") -> "tuple[Saved, Saved] | None":
    """Read two reports; None if the files are not reports. Raises UsageError if only one is."""
    one, other = list(old.files.values()), list(new.files.values())
    if len(one) != 1 or len(other) != 1:
        return None
    from deepseek_cost.reports.reading import is_report, read_saved

    are_reports = {is_report(one[0]), is_report(other[0])}
    if are_reports == {True, False}:
        raise UsageError(f"{old.name}, {new.name}: one is a report, the other is not")
    return (read_saved(one[0]), read_saved(other[0])) if are_reports == {True} else None


def diff_of_reports(pair: "tuple[Saved, Saved]", limits: Sequence["IncreaseLimit"]) -> Outcome:
    """Compare the models and files that are in both reports."""
    from deepseek_cost.reports.diff import diff_report, side_entry
    from deepseek_cost.reports.reading import difference_of

    old, new = pair
    if old.currency is not new.currency:
        raise InputError(f"{old.name} is in {old.currency}, {new.name} in {new.currency}")
    found, missing = difference_of(old, new)
    held_to = limits_in(old.currency, limits)
    warnings = [f"only one of the reports has {model}; it is left out" for model in missing]
    if old.priced_at != new.priced_at:
        warnings.append(
            "the reports are priced at different times; a change of price shows as one of "
            "the prompts (give both the same --at)"
        )
    sides = side_entry(old.name, old.priced_at), side_entry(new.name, new.priced_at)
    failure = _unkept(found, missing) if held_to else None
    report = diff_report(found, old.currency, sides, held_to, unkept=failure, warnings=warnings)
    return Outcome(report, failure, OVER_LIMIT if failure else 0)


def _unkept(found: "Difference", missing: Sequence[str]) -> str | None:
    """Return why a limit cannot be checked; None if it can.

    The reason is models that only one report has, or input without figures.
    """
    if missing:
        return f"{', '.join(missing)}: not checked against the limit"
    for pair in found.totals:
        if pair.after.unknown and pair.after.unknown != pair.before.unknown:
            named = (f"{one.count:,} {what}" for what, one in pair.after.unknown.items())
            return f"not counted: {', '.join(named)}"
    return None


def limits_in(currency: Currency, limits: Sequence["IncreaseLimit"]) -> "list[Limit]":
    """Return limits on costs in a currency; raises UsageError for a limit in another currency."""
    from deepseek_cost.estimates.difference import Limit

    found = []
    for limit in limits:
        if limit.unit == "%":
            found.append(Limit(f"{limit.value:f}%", percent=limit.value))
        elif limit.unit == currency.value:
            found.append(Limit(f"{limit.value:f} {currency}", amount=limit.value))
        else:
            raise UsageError(
                f"--max-increase is in {limit.unit}, the costs are in {currency}; "
                f"DeepSeek's two lists are never converted"
            )
    return found


def _failure(found: "Difference", new: "Counted", *, is_gate: bool) -> tuple[str | None, int]:
    """Return why the new side's figures are unreliable, with the exit code; else None and 0.

    A limit cannot be checked for anything that could not be counted, unless it is unchanged.
    """
    if uncounted := found.not_counted(is_gate=is_gate):
        more = f", and {len(uncounted) - 1:,} more" if len(uncounted) > 1 else ""
        code = OVER_LIMIT if is_gate else DscostError.exit_code
        return f"not counted: {with_flags(uncounted[0])}{more}", code
    for part in new.parts.values():
        workload = part.workload
        if any(ledger.refusals.requests for ledger in workload.ledgers):
            return "the API would refuse a request; see the warnings", DscostError.exit_code
        if not workload.partial.sources:
            continue
        if any(one.over_context for one in part.quote.price(workload.totals())):
            problem = "a request is longer than the context; see the warnings"
            return problem, DscostError.exit_code
    return None, 0


_NAMED: Final = 3
# A job finds its earlier comment by this mark.
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
    max_increase: price_options.MaxIncrease = None,
    model: price_options.Models = None,
    output_tokens: price_options.OutputTokens = None,
    cache_hit_ratio: price_options.FixedHitRatio = None,
    requests: options.Requests = 1,
    system: options.System = None,
    thinking: options.Thinking = True,
    effort: options.EffortName = None,
    at: price_options.At = None,
    tz: price_options.Tz = None,
    currency: price_options.CurrencyName = Currency.USD,
    as_: options.AsKind = None,
    glob: options.Globs = None,
    encoding: options.Encoding = "utf-8",
    as_json: options.AsJson = False,
    as_csv: options.AsCsv = False,
    verbose: options.Verbose = False,
    plain: options.Plain = False,
    as_markdown: AsMarkdown = False,
    prices: options.PricesFile = None,
) -> None:
    """Show what a change to prompts costs, file by file.

    Compares two files, folders or reports of estimate --json, or two states of a git repository:
    main..HEAD, main...HEAD (since HEAD left main), main (with the working tree). Both sides are
    priced at the same time. If the output is not known, the cost is that of the input.
    """
    from deepseek_cost.estimates.tally import Scenario

    values.require_one_of({"--json": as_json, "--csv": as_csv, "--markdown": as_markdown})
    limits = [values.increase(one) for one in max_increase or ()]
    ratio = parse_ratio(cache_hit_ratio or "0")
    scenario = Scenario(mode_of(thinking, effort), output_tokens, ratio, requests)
    of_prompts = prompt_options(thinking, effort, system)
    kind = as_.kind if as_ else None
    asked = Asked(prices, at, tz, currency, model, scenario, system, kind, encoding, of_prompts)
    outcome = _compared(context, sides, glob or (), asked, limits)
    if as_markdown:
        _write_comment(outcome.report)
    else:
        write(outcome.report, as_json=as_json, as_csv=as_csv, plain=plain, verbose=verbose)
    if outcome.failure:
        show_error(outcome.failure)
    _exit_if_over(outcome.report)
    if outcome.exit_code:
        raise typer.Exit(outcome.exit_code)


def _compared(
    context: typer.Context,
    sides: Sequence[str],
    globs: Sequence[str],
    asked: Asked,
    limits: Sequence[values.IncreaseLimit],
) -> Outcome:
    """Compare two reports, or the files of the two sides."""
    from deepseek_cost.estimates.sides import Selection, sides_of
    from deepseek_cost.inputs.git_tree import Repository

    with (
        TemporaryDirectory(prefix="dscost-", ignore_cleanup_errors=True) as scratch,
        Repository(Path(scratch)) as repository,
    ):
        pair = sides_of(sides, Selection(globs, asked.encoding, Path(scratch)), repository)
        saved = saved_pair(*pair)
        if saved is None:
            return diff_of_files(asked, pair, limits)
        _refuse_options_of_files(context)
        return diff_of_reports(saved, limits)


def _refuse_options_of_files(context: typer.Context) -> None:
    """Raise UsageError if flags that apply only to files are given; settings do not count."""
    passed = [name for name in _OF_FILES if _is_passed(context, name)]
    if passed:
        flags = ", ".join(f"--{name.rstrip('_').replace('_', '-')}" for name in passed)
        raise UsageError(f"{flags}: only for files; a report has its own figures")


def _is_passed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _write_comment(report: "DiffReport") -> None:
    """Write the Markdown of a pull request comment."""
    from deepseek_cost.render.markdown import to_comment

    report = in_flags(report)
    report_warnings(report)
    write_text(f"{_COMMENT_MARK}\n{to_comment(report.page())}")


def _exit_if_over(report: "DiffReport") -> None:
    """End with exit code 3 if a model's cost grows by more than a limit."""
    if report.limit is None:
        return
    from deepseek_cost.reports.diff import grown

    if not report.limit.exceeded_by:
        if report.limit.unkept is None:
            _note_if_near(report)
        return

    grew = [f.source for f in report.files if any(m.increase.cost > 0 for m in f.models)]
    files = ", ".join(grew[:_NAMED])
    most = f"; most of it in {files}" if files else ""
    for limit in report.limits:
        over = [entry for entry in report.models if entry.model in limit.exceeded_by]
        if over:
            by = ", ".join(grown(entry, limit, report.currency) for entry in over)
            show_error(f"over --max-increase {limit.max_increase}: {by}{most}")
    raise typer.Exit(OVER_LIMIT)


def _note_if_near(report: "DiffReport") -> None:
    """Print a note for each limit that a model's growth is close to."""
    from deepseek_cost.reports.diff import grown, part_of_limit

    for limit in report.limits:
        near = [
            f"{grown(entry, limit, report.currency)}, {float(part):.1%} of it"
            for entry in report.models
            if (part := part_of_limit(entry, limit)) is not None and part > NEAR
        ]
        if near:
            show_note(f"within --max-increase {limit.max_increase}, but near: {', '.join(near)}")
