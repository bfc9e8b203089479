"""dscost diff."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from deepseek_cost import arguments
from deepseek_cost.cli import options as o
from deepseek_cost.cli.feeds import (
    Feeds,
    exit_if_refused,
    names_to_price,
    require_prompts,
    serving,
    workload_of,
)
from deepseek_cost.cli.output import OVER_LIMIT, say, write, write_text
from deepseek_cost.cli.setup import (
    Table,
    instant_of,
    mode_of,
    price_table,
    progress,
    prompt_options,
    system_text,
    zone_of,
)
from deepseek_cost.errors import DscostError, UsageError
from deepseek_cost.prices import Currency

if TYPE_CHECKING:
    from deepseek_cost.difference import Difference, Limit
    from deepseek_cost.difference.files import Side
    from deepseek_cost.quote import Quote
    from deepseek_cost.report.diff import DiffReport
    from deepseek_cost.requests.kinds import Kind
    from deepseek_cost.workload import Workload

Sides = Annotated[
    list[str],
    typer.Argument(
        metavar="OLD NEW | REVISIONS [PATH]...",
        help="Two files, folders or reports; or main..HEAD, main...HEAD or main, with paths.",
        show_default=False,
    ),
]
MaxIncrease = Annotated[
    str | None,
    typer.Option(
        "--max-increase",
        metavar="X",
        help="Exit with 3 if a model costs more by over 10% or 0.05.",
    ),
]
AsMarkdown = Annotated[
    bool, typer.Option("--markdown", help="Print Markdown for the comment of a pull request.")
]
