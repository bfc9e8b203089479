"""Options about logs of responses."""

from typing import Annotated

import typer

from deepseek_cost.cli.groups import PRICED, READ, SHOWN
from deepseek_cost.cli.price_options import complete_zones, hit_ratio
from deepseek_cost.pricing.schedule import TierBy

AssumedHitRatio = Annotated[
    str | None,
    hit_ratio(", for responses that report no cache hits", "none: they are reported as not priced"),
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
