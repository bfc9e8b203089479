"""The options of the live check, as types."""

from typing import Annotated

import typer

from deepseek_cost.cli.options.groups import SENT

OneRequest = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A file with a request body as the API takes it.")
]
Live = Annotated[bool, SENT.option("--live", help="Send it: this costs money.")]
Yes = Annotated[bool, SENT.option("--yes", "-y", help="Do not ask before it is sent.")]
BaseUrl = Annotated[
    str | None,
    SENT.option("--base-url", metavar="URL", help="Where the API is.", show_default="DeepSeek's"),
]
Timeout = Annotated[
    float, SENT.setting("--timeout", min=0.1, max=3_600, metavar="S", help="Seconds to wait.")
]
