"""Every option, once.

They stand by the headings of the help. Those that stay the same from run to run are settings: a
file or the environment may give them.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from typer._types import TyperChoice

from deepseek_cost.cli.groups import ANSWERS, PRICED, READ, SENT, SHOWN
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.entries import Currency
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.prompt.template import Effort
from deepseek_cost.tokenizer.base import EngineName

CacheHitRatio = Annotated[
    str | None,
    ANSWERS.setting(
        "--cache-hit-ratio",
        "-c",
        metavar="R",
        help="Share of hits where none is told: 0 to 1, or 80%; in estimate also auto: forecast "
        "from the requests in their order.",
        show_default="0; in bill none",
    ),
]
OutputTokens = Annotated[
    int | None,
    ANSWERS.setting(
        "--output-tokens",
        "-o",
        min=0,
        metavar="N",
        help="Output of each request.",
        show_default="unknown: from none to the most that the API allows",
    ),
]
OutputFrom = Annotated[
    str | None,
    ANSWERS.setting(
        "--output-from",
        metavar="FILE",
        help="Output as in a log, or a profile of bill --calibrate.",
    ),
]
OutputLabel = Annotated[
    str | None,
    ANSWERS.option("--output-label", metavar="NAME", help="Of the answers to go by."),
]


OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A file with a request body as the API takes it.")
]
Live = Annotated[bool, SENT.option("--live", help="Send it: this costs money.")]
Yes = Annotated[bool, SENT.option("--yes", "-y", help="Do not ask before it is sent.")]
BaseUrl = Annotated[
    str | None,
    SENT.option("--base-url", metavar="URL", help="Where the API is.", show_default="DeepSeek's"),
]
Timeout = Annotated[
    float, SENT.setting("--timeout", min=0.1, max=3_600, metavar="S", help="Seconds to wait.")
]


Logs = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Answers or logs of them: JSONL, JSON, CSV; directories; - for standard input.",
    ),
]
LogFields = Annotated[
    list[str] | None,
    READ.setting(
        "--field",
        metavar="WHAT=NAME",
        help="Where a log has time, end, model, usage, request, response, key, label, input, hit, "
        "miss, output or reasoning; dots lead into objects; repeatable.",
    ),
]
TimeFields = Annotated[
    list[str] | None,
    READ.setting("--time-field", metavar="NAME", help="As --field time=NAME; repeatable."),
]
TierByName = Annotated[
    TierBy,
    PRICED.setting("--tier-by", metavar="start|end", help="Which instant of a request is priced."),
]
WithForecast = Annotated[
    bool,
    SHOWN.option(
        "--forecast/--no-forecast", help="Hold requests in the log against what they were billed."
    ),
]
Calibrate = Annotated[
    Path | None,
    SHOWN.option("--calibrate", metavar="FILE", help="Write how long the answers were."),
]


_BY_HAND: Final = (Kind.TEXT, Kind.CHAT, Kind.MESSAGES, Kind.RESPONSES)


class OnFault(StrEnum):
    """What to do at a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Texts, JSON request bodies, JSONL; directories; URLs; - for standard input.",
    ),
]
FirstRequest = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A text or a JSON request body; - for standard input."),
]
Globs = Annotated[
    list[str] | None,
    READ.setting("--glob", "-g", metavar="GLOB", help="In directories, only these; repeatable."),
]
AsKind = Annotated[
    Kind | None,
    READ.option(
        "--as",
        click_type=TyperChoice(_BY_HAND),
        metavar="|".join(_BY_HAND),
        help="What the files are.",
        show_default="as found",
    ),
]
OnError = Annotated[
    OnFault,
    READ.setting("--on-error", metavar="stop|skip", help="At a request that is none."),
]
Jobs = Annotated[
    int | None,
    READ.setting(
        "--jobs",
        min=1,
        max=256,
        metavar="N",
        help="Processes that count the lines of large batches.",
        show_default="the cores",
    ),
]
Dask = Annotated[
    str | None,
    READ.option(  # no setting: a file of somebody else's project must not say who gets the prompts
        "--dask", metavar="ADDRESS", help="Count on a Dask cluster, such as tcp://host:8786."
    ),
]
Column = Annotated[
    str | None,
    READ.option("--column", metavar="NAME", help="Of Parquet files: has the prompts or bodies."),
]
Encoding = Annotated[str, READ.setting("--encoding", metavar="NAME", help="Of the files.")]
Engine = Annotated[
    EngineName,
    READ.setting(
        "--engine",
        metavar="auto|tiktoken|gigatoken",
        help="What counts; all count alike, gigatoken much text faster.",
        show_default="auto: gigatoken for much text, where it is installed",
    ),
]
ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json", help="What a command printed with --json; - for standard input."
    ),
]


System = Annotated[
    str | None,
    SENT.setting("--system", metavar="FILE", help="System message before the prompt."),
]
Thinking = Annotated[bool, SENT.setting("--thinking/--no-thinking", help="As the API: on.")]
EffortName = Annotated[
    Effort | None,
    SENT.setting(
        "--effort", metavar="low|high|max", help="Thinking effort.", show_default="high, as the API"
    ),
]
Requests = Annotated[
    int,
    SENT.option(
        "--requests", "-n", min=1, max=10**12, metavar="N", help="Times that each prompt is sent."
    ),
]
Gap = Annotated[
    str | None,
    SENT.option(
        "--gap",
        metavar="TIME",
        help="Between requests: 30s, 5m, 2h, 1d.",
        show_default="their timestamps, else none",
    ),
]
Turns = Annotated[
    int | None,
    SENT.option("--turns", min=1, max=1_000, metavar="N", help="To project."),
]
UserTokens = Annotated[
    int | None,
    SENT.option(
        "--user-tokens", min=0, max=1_000_000, metavar="A", help="Of each further user message."
    ),
]
AnswerTokens = Annotated[
    int | None,
    SENT.option("--answer-tokens", min=0, max=384_000, metavar="B", help="Of each answer."),
]
ReasoningTokens = Annotated[
    int | None,
    SENT.option("--reasoning-tokens", min=0, max=384_000, metavar="C", help="Before each answer."),
]


class Format(StrEnum):
    """How a report can be shown."""

    TABLE = "table"
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    SVG = "svg"


PerFile = Annotated[bool, SHOWN.option("--per-file", help="Show each file as well.")]
Breakdown = Annotated[
    bool,
    SHOWN.option("--breakdown", help="Show what the input is made of; each tool by name."),
]
PerRequest = Annotated[
    bool,
    SHOWN.option("--per-request", help="With --json: a line of JSON for each request."),
]
History = Annotated[
    bool,
    SHOWN.option("--history", help="Show every change, and by how much."),
]
Check = Annotated[
    Path | None,
    SHOWN.option("--check", metavar="FILE", help="Validate a table, and list what differs."),
]
Svg = Annotated[
    Path | None,
    SHOWN.option("--svg", metavar="FILE", help="Write the picture to a file as well."),
]
FormatName = Annotated[
    Format | None,
    SHOWN.option(
        "--format",
        "-f",
        metavar="|".join(Format),
        help="How to show it.",
        show_default="by the suffix of --output, else table",
    ),
]
OutputFile = Annotated[
    Path | None,
    SHOWN.option("--output", "-o", metavar="FILE", help="Write it there, not to standard output."),
]
Template = Annotated[
    str | None,
    SHOWN.option(
        "--format",
        metavar="TEMPLATE",
        help="A line for a prompt, such as '{tier} until {until}'; also {left}, {next}, {at}; "
        "a time takes a format: {until:%H:%M}.",
    ),
]
AsCsv = Annotated[bool, SHOWN.option("--csv", help="Print CSV and nothing else.")]
AsMarkdown = Annotated[
    bool, SHOWN.option("--markdown", help="Print Markdown for the comment of a pull request.")
]
Plain = Annotated[
    bool,
    SHOWN.setting("--plain/--no-plain", help="Sentences instead of tables, for screen readers."),
]
AsJson = Annotated[bool, SHOWN.option("--json", help="Print JSON and nothing else.")]


def complete_models(incomplete: str) -> list[str]:
    """Return the models of the bundled price table."""
    from deepseek_cost.pricing.loader import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


def complete_zones(incomplete: str) -> list[str]:
    """Return time zones."""
    from zoneinfo import available_timezones

    return sorted(name for name in available_timezones() if name.startswith(incomplete))


def complete_instants(incomplete: str) -> list[str]:
    """Return the instants that have names."""
    names = ("now", "cheapest", "peak", "off-peak")
    return [name for name in names if name.startswith(incomplete)]


Models = Annotated[
    list[str] | None,
    PRICED.setting(
        "--model",
        "-m",
        metavar="NAME",
        help="Model to price; repeatable.",
        show_default="as requests name, else v4-flash and v4-pro; in prices all",
        autocompletion=complete_models,
    ),
]
At = Annotated[
    str | None,
    PRICED.option(
        "--at",
        metavar="INSTANT",
        help="Instant that is priced: 2026-11-23T10:00Z, 14:30+08:00, now, cheapest, peak or "
        "off-peak.",
        show_default="now; in bill each request's own",
        autocompletion=complete_instants,
    ),
]
Tz = Annotated[
    str | None,
    PRICED.setting(
        "--tz",
        metavar="ZONE",
        help="Time zone such as Europe/Berlin.",
        show_default="yours; in bill UTC",
        autocompletion=complete_zones,
    ),
]
CurrencyName = Annotated[
    Currency,
    PRICED.setting(
        "--currency",
        case_sensitive=False,
        metavar="USD|CNY",
        help="DeepSeek's own list; never converted.",
    ),
]
PricesFile = Annotated[
    Path | None,
    PRICED.setting(
        "--prices",
        metavar="FILE",
        help="Another price table.",
        show_default="prices.toml in your configuration, else the bundled one",
    ),
]
PerDay = Annotated[
    int | None,
    PRICED.setting("--per-day", min=1, max=10**12, metavar="N", help="Show the cost of N a day."),
]
MaxCost = Annotated[
    str | None,
    PRICED.setting("--max-cost", metavar="X", help="Exit with 3 if a model may cost more."),
]
MaxIncrease = Annotated[
    str | None,
    PRICED.setting(
        "--max-increase",
        metavar="X",
        help="Exit with 3 if a model's cost grows by more: 10%, or an amount such as 0.05.",
    ),
]
Granted = Annotated[
    str | None,
    PRICED.option("--granted", metavar="X", help="Granted balance; DeepSeek deducts it first."),
]
ToppedUp = Annotated[
    str | None,
    PRICED.option("--topped-up", metavar="Y", help="Topped-up balance."),
]
