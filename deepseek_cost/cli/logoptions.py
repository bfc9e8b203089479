"""The options of logs and of the live check, as types."""

from pathlib import Path
from typing import Annotated

import typer

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
