"""Options about prices: models, times, currencies, limits, and what is assumed."""

from pathlib import Path
from typing import Annotated, Any

from deepseek_cost.cli import values
from deepseek_cost.cli.groups import PRICED, SENT, SHOWN, USAGE
from deepseek_cost.cli.options import NAMED_OR_BOTH, models, whole
from deepseek_cost.pricing.currency import Currency


def hit_ratio(more: str = "", default: str = "0") -> Any:  # noqa: ANN401 - as typer's own
    """Declare a cache hit rate."""
    text = f"Cache hit rate, e.g. 0.8 or 80%{more}."
    names = "--cache-hit-ratio", "-c"
    return USAGE.setting(*names, metavar="R", help=text, show_default=default)


FixedHitRatio = Annotated[str | None, hit_ratio()]
CacheHitRatio = Annotated[
    str | None, hit_ratio(". auto predicts it from the order of the requests")
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
Gap = Annotated[
    str | None,
    SENT.option(
        "--gap",
        metavar="TIME",
        help="Time between requests: 30s, 5m, 2h, 1d.",
        show_default="from their timestamps, else none",
    ),
]
Svg = Annotated[
    Path | None,
    SHOWN.option("--svg", metavar="FILE", help="Write the chart to a file, too."),
]


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


Models = Annotated[list[str] | None, models("Model to price. Repeatable.", NAMED_OR_BOTH)]
CachingModel = Annotated[
    list[str] | None,
    models("The model that all requests are sent to.", "the one each request names, else v4-pro"),
]
ListedModels = Annotated[list[str] | None, models("Model to list. Repeatable.", "all")]
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
