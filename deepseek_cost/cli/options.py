"""The options that commands share, as types: each is declared once, and means the same everywhere.

Those that stay the same from run to run are settings: a file or the environment may give them.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deepseek_cost.cli import candidates
from deepseek_cost.cli.optiongroups import answers, priced, read, sent, shown
from deepseek_cost.prices import Currency
from deepseek_cost.prompt import Effort
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.tokens import EngineName


class OnFault(StrEnum):
    """What to do at a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


class Format(StrEnum):
    """How a report can be shown."""

    TABLE = "table"
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    SVG = "svg"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help="Texts, JSON request bodies, JSONL; directories; - for standard input."
    ),
]
FirstRequest = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A text or a JSON request body; - for standard input."),
]

Globs = Annotated[
    list[str] | None,
    read.setting("--glob", "-g", metavar="GLOB", help="In directories, only these; repeatable."),
]
AsKind = Annotated[
    Kind | None,
    read.option(
        "--as",
        metavar="text|chat|messages|responses",
        help="What the files are.",
        show_default="as found",
    ),
]
OnError = Annotated[
    OnFault,
    read.setting("--on-error", metavar="stop|skip", help="At a request that is none."),
]
Jobs = Annotated[
    int | None,
    read.setting(
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
    read.option(  # no setting: a file of somebody else's project must not say who gets the prompts
        "--dask", metavar="ADDRESS", help="Count on a Dask cluster, such as tcp://host:8786."
    ),
]
Encoding = Annotated[str, read.setting("--encoding", metavar="NAME", help="Of the files.")]
Engine = Annotated[
    EngineName,
    read.setting(
        "--engine",
        metavar="auto|tiktoken|gigatoken",
        help="What counts; all count alike, gigatoken much text faster.",
        show_default="auto: gigatoken for much text, where it is installed",
    ),
]

System = Annotated[
    str | None,
    sent.setting("--system", metavar="FILE", help="System message before the prompt."),
]
Thinking = Annotated[bool, sent.setting("--thinking/--no-thinking", help="As the API: on.")]
EffortName = Annotated[
    Effort | None,
    sent.setting(
        "--effort", metavar="low|high|max", help="Thinking effort.", show_default="high, as the API"
    ),
]
Requests = Annotated[
    int,
    sent.option(
        "--requests", "-n", min=1, max=10**12, metavar="N", help="Times that each prompt is sent."
    ),
]
Gap = Annotated[
    str | None,
    sent.option(
        "--gap",
        metavar="TIME",
        help="Between requests: 30s, 5m, 2h, 1d.",
        show_default="their timestamps, else none",
    ),
]
Turns = Annotated[
    int | None,
    sent.option("--turns", min=1, max=1_000, metavar="N", help="To project."),
]
UserTokens = Annotated[
    int | None,
    sent.option(
        "--user-tokens", min=0, max=1_000_000, metavar="A", help="Of each further user message."
    ),
]
AnswerTokens = Annotated[
    int | None,
    sent.option("--answer-tokens", min=0, max=384_000, metavar="B", help="Of each answer."),
]
ReasoningTokens = Annotated[
    int | None,
    sent.option("--reasoning-tokens", min=0, max=384_000, metavar="C", help="Before each answer."),
]

CacheHitRatio = Annotated[
    str | None,
    answers.setting(
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
    answers.setting(
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
    answers.setting(
        "--output-from",
        metavar="FILE",
        help="Output as in a log, or a profile of bill --calibrate.",
    ),
]
OutputLabel = Annotated[
    str | None,
    answers.option("--output-label", metavar="NAME", help="Of the answers to go by."),
]

Models = Annotated[
    list[str] | None,
    priced.setting(
        "--model",
        "-m",
        metavar="NAME",
        help="Model to price; repeatable, but cache takes one.",
        show_default="that which requests name; v4-flash and v4-pro",
        autocompletion=candidates.models,
    ),
]
At = Annotated[
    str | None,
    priced.option(
        "--at",
        metavar="INSTANT",
        help="Of what has no time of its own: 2026-11-23T10:00Z, 14:30+08:00, now, cheapest, peak "
        "or off-peak.",
        show_default="now; in bill none",
        autocompletion=candidates.instants,
    ),
]
Tz = Annotated[
    str | None,
    priced.setting(
        "--tz",
        metavar="ZONE",
        help="Time zone such as Europe/Berlin.",
        show_default="yours; in bill UTC",
        autocompletion=candidates.zones,
    ),
]
CurrencyName = Annotated[
    Currency,
    priced.setting(
        "--currency",
        case_sensitive=False,
        metavar="USD|CNY",
        help="DeepSeek's own list; never converted.",
    ),
]
PricesFile = Annotated[
    Path | None,
    priced.setting(
        "--prices",
        metavar="FILE",
        help="Another price table.",
        show_default="prices.toml in your configuration, else the bundled one",
    ),
]
PerDay = Annotated[
    int | None,
    priced.setting("--per-day", min=1, max=10**12, metavar="N", help="Show the cost of N a day."),
]
MaxCost = Annotated[
    str | None,
    priced.setting("--max-cost", metavar="X", help="Exit with 3 if a model may cost more."),
]
MaxIncrease = Annotated[
    str | None,
    priced.setting(
        "--max-increase",
        metavar="X",
        help="Exit with 3 if a model's cost grows by more: 10%, or an amount such as 0.05.",
    ),
]
Granted = Annotated[
    str | None,
    priced.option("--granted", metavar="X", help="Granted balance; DeepSeek deducts it first."),
]
ToppedUp = Annotated[
    str | None,
    priced.option("--topped-up", metavar="Y", help="Topped-up balance."),
]

PerFile = Annotated[bool, shown.option("--per-file", help="Show each file as well.")]
Breakdown = Annotated[
    bool,
    shown.option("--breakdown", help="Show what the input is made of; each tool by name."),
]
PerRequest = Annotated[
    bool,
    shown.option("--per-request", help="With --json: a line of JSON for each request."),
]
History = Annotated[
    bool,
    shown.option("--history", help="Show every change, and by how much."),
]
Check = Annotated[
    Path | None,
    shown.option("--check", metavar="FILE", help="Validate a table, and list what differs."),
]
Svg = Annotated[
    Path | None,
    shown.option("--svg", metavar="FILE", help="Write the picture to a file as well."),
]
ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json", help="What a command printed with --json; - for standard input."
    ),
]
FormatName = Annotated[
    Format | None,
    shown.option(
        "--format",
        "-f",
        metavar="|".join(Format),
        help="How to show it.",
        show_default="by the suffix of --output, else table",
    ),
]
OutputFile = Annotated[
    Path | None,
    shown.option("--output", "-o", metavar="FILE", help="Write it there, not to standard output."),
]
Template = Annotated[
    str | None,
    shown.option(
        "--format",
        metavar="TEMPLATE",
        help="A line for a prompt, such as '{tier} until {until}'; also {left}, {next}, {at}; "
        "a time takes a format: {until:%H:%M}.",
    ),
]
AsCsv = Annotated[bool, shown.option("--csv", help="Print CSV and nothing else.")]
AsMarkdown = Annotated[
    bool, shown.option("--markdown", help="Print Markdown for the comment of a pull request.")
]
Plain = Annotated[
    bool,
    shown.setting("--plain/--no-plain", help="Sentences instead of tables, for screen readers."),
]
AsJson = Annotated[bool, shown.option("--json", help="Print JSON and nothing else.")]
