"""What prices are asked for, as types: models, instant, currency, limits."""

from pathlib import Path
from typing import Annotated

from deepseek_cost.cli import candidates
from deepseek_cost.cli.options.groups import PRICED
from deepseek_cost.prices import Currency

Models = Annotated[
    list[str] | None,
    PRICED.setting(
        "--model",
        "-m",
        metavar="NAME",
        help="Model to price; repeatable.",
        show_default="as requests name, else v4-flash and v4-pro; in prices all",
        autocompletion=candidates.models,
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
        autocompletion=candidates.instants,
    ),
]
Tz = Annotated[
    str | None,
    PRICED.setting(
        "--tz",
        metavar="ZONE",
        help="Time zone such as Europe/Berlin.",
        show_default="yours; in bill UTC",
        autocompletion=candidates.zones,
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
