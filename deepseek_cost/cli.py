"""The command line: reads options and the clock, runs a use case, writes its report."""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from typer.exceptions import TyperException

from deepseek_cost import arguments
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.prices import Currency, Model
from deepseek_cost.prompt import Effort, Mode
from deepseek_cost.terminal import printable, unicode_name

if TYPE_CHECKING:
    from deepseek_cost.batch import TalliedSource
    from deepseek_cost.estimates import Estimate, Scenario
    from deepseek_cost.pricebook import PriceBook
    from deepseek_cost.report.contract import PriceTable, Report
    from deepseek_cost.sources import Advance, Found

_DEFAULT_MODELS: Final = ("deepseek-v4-flash", "deepseek-v4-pro")
_OVER_LIMIT: Final = 3
_INTERRUPTED: Final = 130
# Files this small are read before a progress bar could be seen.
_PROGRESS_FROM_BYTES: Final = 8_000_000
# A system text in memory; more than a context of the longest tokens would take.
_MAX_SYSTEM: Final = 128_000_000

app = typer.Typer(
    name="dscost",
    help="What a prompt costs on DeepSeek's API, before it is sent. Needs no network and no key.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _complete_model(incomplete: str) -> list[str]:
    from deepseek_cost.pricefile import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help="Text files, one request each; directories; - for standard input."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Model to price; repeatable. [default: v4-flash and v4-pro]",
        metavar="NAME",
        autocompletion=_complete_model,
    ),
]
Globs = Annotated[
    list[str] | None,
    typer.Option("--glob", "-g", metavar="GLOB", help="In directories, only these; repeatable."),
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="Of the files.")]
System = Annotated[
    str | None, typer.Option("--system", metavar="FILE", help="System message before the prompt.")
]
Thinking = Annotated[bool, typer.Option("--thinking/--no-thinking", help="As the API: on.")]
EffortOption = Annotated[
    Effort | None,
    typer.Option(
        "--effort", metavar="low|high|max", help="Thinking effort. [default: high, as the API]"
    ),
]
Requests = Annotated[
    int,
    typer.Option(
        "--requests", "-n", min=1, max=10**12, metavar="N", help="Times that each prompt is sent."
    ),
]
PerFile = Annotated[bool, typer.Option("--per-file", help="Show each file as well.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
PricesFile = Annotated[
    Path | None,
    typer.Option("--prices", metavar="FILE", help="Another price table.", envvar=None),
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help="Price at this instant: 2026-11-23T10:00Z."),
]
CurrencyOption = Annotated[
    Currency,
    typer.Option(
        "--currency",
        case_sensitive=False,
        metavar="USD|CNY",
        help="DeepSeek's own list; never converted.",
    ),
]


OutputTokens = Annotated[
    int | None,
    typer.Option("--output-tokens", "-o", min=0, metavar="N", help="Output of each request."),
]
CacheHitRatio = Annotated[
    str,
    typer.Option("--cache-hit-ratio", "-c", metavar="R", help="Share of hits: 0 to 1, or 80%."),
]
MaxCost = Annotated[
    str | None,
    typer.Option("--max-cost", metavar="X", help="Exit with 3 if a model may cost more."),
]


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dscost {version('deepseek-cost')}")
        raise typer.Exit


@app.callback()
def _top(
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Show it.")
    ] = False,
) -> None:
    pass


@app.command()
def estimate(
    files: Files,
    model: Models = None,
    output_tokens: OutputTokens = None,
    cache_hit_ratio: CacheHitRatio = "0",
    requests: Requests = 1,
    system: System = None,
    thinking: Thinking = True,
    effort: EffortOption = None,
    at: At = None,
    currency: CurrencyOption = Currency.USD,
    max_cost: MaxCost = None,
    per_file: PerFile = False,
    glob: Globs = None,
    encoding: Encoding = "utf-8",
    as_json: AsJson = False,
    prices: PricesFile = None,
) -> None:
    """Tell what prompts cost: exact tokens, the price of the instant, both models side by side."""
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.build import Quote, estimate_report

    limit = arguments.amount(max_cost) if max_cost is not None else None
    ratio = arguments.ratio(cache_hit_ratio)
    scenario = Scenario(_mode(thinking, effort), output_tokens, ratio, requests)
    instant = _instant(at)
    table = _price_table(prices)
    quote = Quote(
        table.book,
        [table.book.price(name, instant, currency) for name in _names(table.book, model)],
        scenario,
        now=at is None,
    )
    found = _find(files, glob, encoding)
    tallied = _tally(found, [price.model for price in quote.prices], system, encoding, scenario)
    report = estimate_report(quote, tallied, table.note, found.skipped, per_file=per_file)
    _write(report, as_json=as_json)
    _gate(quote.estimates(tallied), limit, any_tier=at is None)
    if any(entry.over_context for entry in report.estimates):
        raise typer.Exit(DscostError.exit_code)


@app.command()
def count(
    files: Files,
    model: Models = None,
    requests: Requests = 1,
    system: System = None,
    thinking: Thinking = True,
    effort: EffortOption = None,
    per_file: PerFile = False,
    glob: Globs = None,
    encoding: Encoding = "utf-8",
    as_json: AsJson = False,
    prices: PricesFile = None,
) -> None:
    """Count the tokens of prompts: the text's own, the template's, and both together."""
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.report.build import count_report

    scenario = Scenario(_mode(thinking, effort), requests=requests)
    book = _price_table(prices).book
    models = [book.find(name) for name in _names(book, model)]
    found = _find(files, glob, encoding)
    tallied = _tally(found, models, system, encoding, scenario)
    report = count_report(models, scenario, tallied, found.skipped, per_file=per_file)
    _write(report, as_json=as_json)


@app.command()
def prices(
    model: Models = None,
    at: At = None,
    currency: CurrencyOption = Currency.USD,
    as_json: AsJson = False,
    prices: PricesFile = None,
) -> None:
    """Show the price list in force: both tiers, with source and date."""
    from deepseek_cost.report.build import prices_report

    instant = _instant(at)
    table = _price_table(prices)
    names = [table.book.find(name).name for name in model or ()]
    _write(prices_report(table.book, names, instant, currency, table.note), as_json=as_json)


def main() -> None:
    """Run the command line; the process ends with the exit code."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error is told in one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    try:
        outcome = app(args=list(args) or ["--help"], prog_name="dscost", standalone_mode=False)
    except DscostError as error:
        return _fail(str(error), error.exit_code)
    except TyperException as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        known = {
            command.callback.__name__ for command in app.registered_commands if command.callback
        }
        command = " ".join(["dscost", *(name for name in args[:1] if name in known)])
        return _fail(f"{message}; see {command} --help", error.exit_code)
    except MemoryError:
        return _fail("out of memory; give less at a time", DscostError.exit_code)
    except OSError as error:
        return _fail(f"{error.strerror or error}", DscostError.exit_code)
    if outcome == _INTERRUPTED:
        return _fail("interrupted", _INTERRUPTED)
    return int(outcome or 0)


class _Table(NamedTuple):
    """A price table with what chose it."""

    book: "PriceBook"
    note: "PriceTable"


def _price_table(flag: Path | None) -> _Table:
    from deepseek_cost.pricefile import choose, load_prices
    from deepseek_cost.report.contract import PriceTable

    choice = choose(flag)
    book = load_prices(choice.path)
    source = unicode_name(str(choice.path)) if choice.path else "bundled"
    return _Table(book, PriceTable(source=source, chosen_by=choice.chosen_by, checked=book.checked))


def _instant(at: str | None) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) if at is None else arguments.instant(at)


def _mode(thinking: bool, effort: Effort | None) -> Mode:
    if effort is not None and not thinking:
        raise UsageError("--effort is of thinking; leave out --no-thinking or --effort")
    return Mode(thinking, effort or Effort.HIGH)


def _names(book: "PriceBook", wanted: Sequence[str] | None) -> list[str]:
    """Return the models' full names, each once."""
    return list(dict.fromkeys(book.find(name).name for name in wanted or _DEFAULT_MODELS))


def _find(files: Sequence[str], glob: Sequence[str] | None, encoding: str) -> "Found":
    from deepseek_cost.sources import find

    return find(files, glob or (), encoding)


def _tally(
    found: "Found", models: Sequence[Model], system: str | None, encoding: str, scenario: "Scenario"
) -> "tuple[TalliedSource, ...]":
    from deepseek_cost.batch import tally_sources
    from deepseek_cost.sources import read_whole
    from deepseek_cost.tokens import default_counter

    text = read_whole(system, encoding, _MAX_SYSTEM) if system is not None else ""
    with _progress(sum(source.size for source in found.sources)) as advance:
        return tally_sources(found.sources, models, text, scenario, default_counter(), advance)


@contextmanager
def _progress(size: int) -> "Iterator[Advance]":
    """Show a bar on stderr while much is read; nothing where stderr is no terminal."""
    if size < _PROGRESS_FROM_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("counting", total=size)
        yield lambda count: progress.advance(task, count)


def _write(report: "Report", *, as_json: bool) -> None:
    """Write the result to stdout and its warnings to stderr; a closed pipe ends quietly."""
    for warning in report.warnings:
        typer.echo(f"dscost: warning: {printable(warning)}", err=True)
    text = _as_json(report) if as_json else _as_table(report)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, and the exit code still tells of the limit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_json(report: "Report") -> str:
    from deepseek_cost.report.contract import to_json

    return to_json(report) + "\n"


def _as_table(report: "Report") -> str:
    from rich.console import Console

    from deepseek_cost.table import show

    console = Console(file=sys.stdout, markup=False, highlight=False, emoji=False)
    with console.capture() as captured:
        show(report, console)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _gate(estimates: "Sequence[Estimate]", limit: Decimal | None, *, any_tier: bool) -> None:
    """End with exit code 3 if any model costs more than the limit."""
    if limit is None:
        return
    costs = {e.price.model.name: e.limit_cost(any_tier=any_tier) for e in estimates}
    over = [f"{name} may cost {cost:f}" for name, cost in costs.items() if cost > limit]
    if over:
        currency = estimates[0].price.currency
        typer.echo(f"dscost: over --max-cost {limit:f} {currency}: {', '.join(over)}", err=True)
        raise typer.Exit(_OVER_LIMIT)


def _fail(message: str, exit_code: int) -> int:
    typer.echo(f"dscost: {printable(message)}", err=True)
    return exit_code
