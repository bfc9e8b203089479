"""The options that commands share, as types."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deepseek_cost.prices import Currency
from deepseek_cost.prompt import Effort
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.schedule import TierBy


class OnFault(StrEnum):
    """What to do at a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


def _complete_model(incomplete: str) -> list[str]:
    from deepseek_cost.pricefile import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help="Texts, JSON request bodies, JSONL; directories; - for standard input."
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
OneModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="Model of all requests. [default: that which each names; v4-pro for texts]",
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
EffortName = Annotated[
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
    typer.Option(
        "--at",
        metavar="INSTANT",
        help="2026-11-23T10:00Z, 14:30+08:00, now, cheapest, peak or off-peak. [default: now]",
    ),
]
Tz = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="Time zone such as Europe/Berlin. [default: yours]"),
]
FirstRequest = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A text or a JSON request body; - for standard input."),
]
Turns = Annotated[
    int | None,
    typer.Option("--turns", min=1, max=1_000, metavar="N", help="Requests to project."),
]
UserTokens = Annotated[
    int | None,
    typer.Option(
        "--user-tokens", min=0, max=1_000_000, metavar="A", help="Of each further user message."
    ),
]
AnswerTokens = Annotated[
    int | None,
    typer.Option("--answer-tokens", min=0, max=384_000, metavar="B", help="Of each answer."),
]
ReasoningTokens = Annotated[
    int | None,
    typer.Option("--reasoning-tokens", min=0, max=384_000, metavar="C", help="Before each answer."),
]
PerDay = Annotated[
    int | None,
    typer.Option("--per-day", min=1, max=10**12, metavar="N", help="Show the cost of N a day."),
]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Write the picture to a file as well.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV and nothing else.")]
History = Annotated[bool, typer.Option("--history", help="Show every change, and by how much.")]
Check = Annotated[
    Path | None,
    typer.Option("--check", metavar="FILE", help="Validate a table, and list what differs."),
]
CurrencyName = Annotated[
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
CacheHitRatioOrAuto = Annotated[
    str,
    typer.Option(
        "--cache-hit-ratio",
        "-c",
        metavar="R|auto",
        help="Share of hits: 0 to 1, or 80%; auto: forecast from the requests in their order.",
    ),
]
Gap = Annotated[
    str | None,
    typer.Option(
        "--gap",
        metavar="TIME",
        help="Between requests: 30s, 5m, 2h, 1d. [default: their timestamps, else none]",
    ),
]
MaxCost = Annotated[
    str | None,
    typer.Option("--max-cost", metavar="X", help="Exit with 3 if a model may cost more."),
]
AsKind = Annotated[
    Kind | None,
    typer.Option(
        "--as", metavar="text|chat|messages|responses", help="What the files are. [default: detect]"
    ),
]
Breakdown = Annotated[
    bool, typer.Option("--breakdown", help="Show what the input is made of; each tool by name.")
]
PerRequest = Annotated[
    bool, typer.Option("--per-request", help="With --json: a line of JSON for each request.")
]
OnError = Annotated[
    OnFault, typer.Option("--on-error", metavar="stop|skip", help="At a request that is none.")
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
    typer.Option(
        "--field",
        metavar="WHAT=NAME",
        help="Where a log has time, end, model, usage, request, response, key, label, input, hit, "
        "miss, output or reasoning; dots lead into objects; repeatable.",
    ),
]
TimeFields = Annotated[
    list[str] | None,
    typer.Option("--time-field", metavar="NAME", help="As --field time=NAME; repeatable."),
]
LogAt = Annotated[
    str | None, typer.Option("--at", metavar="INSTANT", help="The instant of lines without a time.")
]
LogTz = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="Of days, and of times without one. [default: UTC]"),
]
TierByName = Annotated[
    TierBy,
    typer.Option("--tier-by", metavar="start|end", help="Which instant of a request is priced."),
]
LogHitRatio = Annotated[
    str | None,
    typer.Option(
        "--cache-hit-ratio", "-c", metavar="R", help="Share of hits where a line tells none."
    ),
]
Granted = Annotated[
    str | None,
    typer.Option("--granted", metavar="X", help="Granted balance; DeepSeek deducts it first."),
]
ToppedUp = Annotated[
    str | None, typer.Option("--topped-up", metavar="Y", help="Topped-up balance.")
]
OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A file with a request body as the API takes it.")
]
Live = Annotated[bool, typer.Option("--live", help="Send it: this costs money.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it is sent.")]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where the API is. [default: DeepSeek's]"),
]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.1, max=3_600, metavar="S", help="Seconds to wait.")
]
WithForecast = Annotated[
    bool,
    typer.Option(
        "--forecast/--no-forecast", help="Hold requests in the log against what they were billed."
    ),
]
Calibrate = Annotated[
    Path | None,
    typer.Option("--calibrate", metavar="FILE", help="Write how long the answers were."),
]
OutputFrom = Annotated[
    str | None,
    typer.Option(
        "--output-from",
        metavar="FILE",
        help="Output as in a log, or a profile of bill --calibrate.",
    ),
]
OutputLabel = Annotated[
    str | None, typer.Option("--output-label", metavar="NAME", help="Of the answers to go by.")
]
