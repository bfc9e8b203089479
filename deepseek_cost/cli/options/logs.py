"""The options of logs, as types."""

from pathlib import Path
from typing import Annotated

import typer

from deepseek_cost.cli.options.groups import PRICED, READ, SHOWN
from deepseek_cost.schedule import TierBy

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
