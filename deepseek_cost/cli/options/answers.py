"""Cache hits and output, as types."""

from typing import Annotated

from deepseek_cost.cli.options.groups import ANSWERS

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
