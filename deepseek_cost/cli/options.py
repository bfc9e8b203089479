"""Options that several commands share, and all settings; other options are in a command's module.

Settings are options that stay the same from run to run: a file or a variable can set them.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deepseek_cost.cli import values
from deepseek_cost.cli.groups import PRICED, READ, SENT, SHOWN, USAGE
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.prompt.template import Effort
from deepseek_cost.tokenizer.base import EngineName


def whole(least: int, most: int | None = None) -> dict[str, Any]:
    """Return the declaration of an option for whole numbers; its schema has the range, too."""
    return {"min": least, "max": most, "parser": values.whole_number(least, most)}


def _hit_ratio(more: str = "", default: str = "0") -> Any:  # noqa: ANN401 - as typer's own
    text = f"Cache hit rate, e.g. 0.8 or 80%{more}."
    names = "--cache-hit-ratio", "-c"
    return USAGE.setting(*names, metavar="R", help=text, show_default=default)


FixedHitRatio = Annotated[str | None, _hit_ratio()]
CacheHitRatio = Annotated[
    str | None, _hit_ratio(". auto predicts it from the order of the requests")
]
AssumedHitRatio = Annotated[
    str | None,
    _hit_ratio(
        ", for responses that report no cache hits", "none: they are reported as not priced"
    ),
]
OutputTokens = Annotated[
    int | None,
    USAGE.setting(
        "--output-tokens",
        "-o",
        **whole(0),
        metavar="N",
        help="Expected output tokens per request. Without it, a minimum and maximum are shown.",
        show_default="not known",
    ),
]
InputTokens = Annotated[
    int | None,
    USAGE.option(
        "--input-tokens",
        **whole(1, 10**12),
        metavar="N",
        help="Input tokens per request, as the bill counts them, instead of files.",
    ),
]
OutputFrom = Annotated[
    str | None,
    USAGE.setting(
        "--output-from",
        metavar="FILE",
        help="Predict output from a log, or from a profile that bill --calibrate wrote.",
    ),
]


Timeout = Annotated[
    float, SENT.setting("--timeout", min=0.1, max=3_600, metavar="S", help="Timeout in seconds.")
]


Logs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]",
        help="Logs of API responses: of agents, gateways, exports; folders; - for standard input.",
        show_default="the logs of the agents installed here",
    ),
]
AgentLogs = Annotated[
    bool,
    READ.setting("--agent-logs/--no-agent-logs", help="Without FILE, find the logs of agents."),
]
Budget = Annotated[
    str | None,
    SHOWN.setting(
        "--budget",
        metavar="X",
        help="Show how much of X is spent, and exit with code 3 if it is exceeded. It covers the "
        "range of --since, else the current month, week or day of --by.",
    ),
]
LogFields = Annotated[
    list[str] | None,
    READ.setting(
        "--field",
        metavar="WHAT=NAME",
        help="Map a field name in the log: time, end, model, usage, request, response, key, label, "
        "input, hit, miss, output or reasoning. Dots reach into objects. Repeatable.",
    ),
]
TimeFields = Annotated[
    list[str] | None,
    READ.setting("--time-field", metavar="NAME", help="Same as --field time=NAME. Repeatable."),
]
TierByName = Annotated[
    TierBy | None,
    PRICED.setting(
        "--tier-by",
        metavar="start|end",
        help="Which time of a request sets its rate.",
        show_default="as in the price table",
    ),
]


class KindByHand(StrEnum):
    """What files can be read as, regardless of their contents."""

    TEXT = Kind.TEXT.value
    CHAT = Kind.CHAT.value
    MESSAGES = Kind.MESSAGES.value
    RESPONSES = Kind.RESPONSES.value

    @property
    def kind(self) -> Kind:
        """The kind with this name."""
        return Kind(self.value)


class OnFault(StrEnum):
    """What to do about a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Text, JSON request bodies or JSONL; folders; URLs; - for standard input.",
    ),
]
FilesOrPipe = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="Text, JSON request bodies or JSONL; folders; URLs; - for standard input.",
        show_default="what is piped in",
    ),
]
Globs = Annotated[
    list[str] | None,
    READ.setting(
        "--glob", "-g", metavar="GLOB", help="In folders, read only these files. Repeatable."
    ),
]
AsKind = Annotated[
    KindByHand | None,
    READ.option(
        "--as",
        metavar="|".join(KindByHand),
        help="How to read the files.",
        show_default="by content",
    ),
]
AsOne = Annotated[
    bool,
    READ.option(
        "--as-one",
        help="Join all files into one prompt, each after a line with its name.",
    ),
]
OnError = Annotated[
    OnFault,
    READ.setting(
        "--on-error",
        metavar="stop|skip",
        help="What to do about a line that isn't a valid request.",
    ),
]
Jobs = Annotated[
    int | None,
    READ.setting(
        "--jobs",
        **whole(1, 256),
        metavar="N",
        help="Worker processes for large batches.",
        show_default="one per core",
    ),
]
Dask = Annotated[
    str | None,
    READ.option(  # no setting: a file in someone else's project must not decide where prompts go
        "--dask", metavar="ADDRESS", help="Count on a Dask cluster, e.g. tcp://host:8786."
    ),
]
Column = Annotated[
    str | None,
    READ.option(
        "--column",
        metavar="NAME",
        help="Column (Parquet, CSV, JSONL) of prompts or request bodies.",
    ),
]
Encoding = Annotated[str, READ.setting("--encoding", metavar="NAME", help="Encoding of the files.")]
Engine = Annotated[
    EngineName,
    READ.setting(
        "--engine",
        metavar="auto|tiktoken|gigatoken",
        help="Tokenizer engine. The count is the same; gigatoken is faster on large input.",
        show_default="auto: gigatoken for large input, if installed",
    ),
]


System = Annotated[
    str | None,
    SENT.setting(
        "--system", metavar="FILE", help="File with a system message to put before each prompt."
    ),
]
Thinking = Annotated[
    bool, SENT.setting("--thinking/--no-thinking", help="Thinking mode, as the API has it.")
]
EffortName = Annotated[
    Effort | None,
    SENT.setting("--effort", metavar="low|high|max", help="Thinking effort.", show_default="high"),
]
Requests = Annotated[
    int,
    SENT.option(
        "--requests",
        "-n",
        **whole(1, 10**12),
        metavar="N",
        help="How many times each prompt is sent.",
    ),
]
Gap = Annotated[
    str | None,
    SENT.option(
        "--gap",
        metavar="TIME",
        help="Time between requests: 30s, 5m, 2h, 1d.",
        show_default="from their timestamps, else none",
    ),
]


PerFile = Annotated[bool, SHOWN.option("--per-file", help="Show each file, too.")]
Svg = Annotated[
    Path | None,
    SHOWN.option("--svg", metavar="FILE", help="Write the chart to a file, too."),
]
AsCsv = Annotated[bool, SHOWN.option("--csv", help="Print CSV.")]
Plain = Annotated[
    bool,
    SHOWN.setting(
        "--plain/--no-plain", help="Print sentences instead of tables, for screen readers."
    ),
]
Verbose = Annotated[
    bool, SHOWN.option("--verbose", "-v", help="Show prices, sources and all assumptions, too.")
]
AsJson = Annotated[bool, SHOWN.option("--json", help="Print JSON.")]


def complete_models(incomplete: str) -> list[str]:
    """Return the models in the bundled price table that begin with `incomplete`."""
    from deepseek_cost.pricing.loader import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


def complete_zones(incomplete: str) -> list[str]:
    """Return the time zones that begin with `incomplete`."""
    from zoneinfo import available_timezones

    return sorted(name for name in available_timezones() if name.startswith(incomplete))


def complete_currencies(incomplete: str) -> list[str]:
    """Return the currencies of DeepSeek's price lists that begin with `incomplete`."""
    return [name for name in Currency if name.startswith(incomplete.upper())]


def complete_times(incomplete: str) -> list[str]:
    """Return the named times that begin with `incomplete`."""
    names = ("now", "cheapest", "peak", "off-peak")
    return [name for name in names if name.startswith(incomplete)]


def _models(text: str, default: str) -> Any:  # noqa: ANN401 - as typer's own
    return PRICED.setting(
        *("--model", "-m"),
        metavar="NAME",
        help=text,
        show_default=default,
        autocompletion=complete_models,
    )


_NAMED_OR_BOTH: Final = "those the requests name, else v4-flash and v4-pro"
Models = Annotated[list[str] | None, _models("Model to price. Repeatable.", _NAMED_OR_BOTH)]
CountedModels = Annotated[
    list[str] | None, _models("Model to count for. Repeatable.", _NAMED_OR_BOTH)
]
CachingModel = Annotated[
    list[str] | None,
    _models("The model that all requests are sent to.", "the one each request names, else v4-pro"),
]
ListedModels = Annotated[list[str] | None, _models("Model to list. Repeatable.", "all")]
At = Annotated[
    str | None,
    PRICED.option(
        "--at",
        metavar="TIME",
        help="Time to price at: 2026-11-23T10:00Z, 14:30+08:00, now, cheapest, peak or off-peak.",
        show_default="now",
        autocompletion=complete_times,
    ),
]
Tz = Annotated[
    str | None,
    PRICED.setting(
        "--tz",
        metavar="ZONE",
        help="Time zone, e.g. Europe/Berlin.",
        show_default="yours",
        autocompletion=complete_zones,
    ),
]
BillTz = Annotated[
    str | None,
    PRICED.setting(
        "--tz",
        metavar="ZONE",
        help="Time zone of days, and of times without one, e.g. Europe/Berlin.",
        show_default="UTC",
        autocompletion=complete_zones,
    ),
]
CurrencyName = Annotated[
    Currency,
    PRICED.setting(
        "--currency",
        parser=values.currency,
        metavar="USD|CNY",
        autocompletion=complete_currencies,
        help="DeepSeek's own price list in that currency; never converted.",
    ),
]
PricesFile = Annotated[
    Path | None,
    PRICED.setting(
        "--prices",
        metavar="FILE",
        help="Use another price table.",
        show_default="prices.toml in your configuration folder, else the bundled one",
    ),
]
PerDay = Annotated[
    int | None,
    PRICED.setting(
        "--per-day", **whole(1, 10**12), metavar="N", help="Show the cost of N requests a day."
    ),
]
PerMonth = Annotated[
    int | None,
    PRICED.setting(
        "--per-month",
        **whole(1, 10**12),
        metavar="N",
        help="Show the cost of N requests a month.",
    ),
]
MaxCost = Annotated[
    str | None,
    PRICED.setting("--max-cost", metavar="X", help="Exit with code 3 if the cost could exceed X."),
]
MaxIncrease = Annotated[
    list[str] | None,
    PRICED.setting(
        "--max-increase",
        metavar="X",
        help="Exit with code 3 if a cost grows by more, e.g. 10% or 0.05USD. Repeatable.",
    ),
]
Granted = Annotated[
    str | None,
    PRICED.option("--granted", metavar="X", help="Granted balance. DeepSeek deducts it first."),
]
ToppedUp = Annotated[
    str | None,
    PRICED.option("--topped-up", metavar="Y", help="Topped-up balance."),
]
