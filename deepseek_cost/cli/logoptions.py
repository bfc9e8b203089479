"""The options of logs and of the live check, as types."""

from pathlib import Path
from typing import Annotated

import typer

from deepseek_cost.cli.optiongroups import priced, read, sent, shown
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
    read.setting(
        "--field",
        metavar="WHAT=NAME",
        help="Where a log has time, end, model, usage, request, response, key, label, input, hit, "
        "miss, output or reasoning; dots lead into objects; repeatable.",
    ),
]
TimeFields = Annotated[
    list[str] | None,
    read.setting("--time-field", metavar="NAME", help="As --field time=NAME; repeatable."),
]
TierByName = Annotated[
    TierBy,
    priced.setting("--tier-by", metavar="start|end", help="Which instant of a request is priced."),
]
WithForecast = Annotated[
    bool,
    shown.option(
        "--forecast/--no-forecast", help="Hold requests in the log against what they were billed."
    ),
]
Calibrate = Annotated[
    Path | None,
    shown.option("--calibrate", metavar="FILE", help="Write how long the answers were."),
]

OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A file with a request body as the API takes it.")
]
Live = Annotated[bool, sent.option("--live", help="Send it: this costs money.")]
Yes = Annotated[bool, sent.option("--yes", "-y", help="Do not ask before it is sent.")]
BaseUrl = Annotated[
    str | None,
    sent.option("--base-url", metavar="URL", help="Where the API is.", show_default="DeepSeek's"),
]
Timeout = Annotated[
    float, sent.setting("--timeout", min=0.1, max=3_600, metavar="S", help="Seconds to wait.")
]
