"""What is read, as types: files, what they are, what counts them."""

from enum import StrEnum
from typing import Annotated, Final

import typer
from typer._types import TyperChoice

from deepseek_cost.cli.options.groups import READ
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.tokens import EngineName

_BY_HAND: Final = (Kind.TEXT, Kind.CHAT, Kind.MESSAGES, Kind.RESPONSES)


class OnFault(StrEnum):
    """What to do at a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Texts, JSON request bodies, JSONL; directories; URLs; - for standard input.",
    ),
]
FirstRequest = Annotated[
    str,
    typer.Argument(metavar="FILE", help="A text or a JSON request body; - for standard input."),
]
Globs = Annotated[
    list[str] | None,
    READ.setting("--glob", "-g", metavar="GLOB", help="In directories, only these; repeatable."),
]
AsKind = Annotated[
    Kind | None,
    READ.option(
        "--as",
        click_type=TyperChoice(_BY_HAND),
        metavar="|".join(_BY_HAND),
        help="What the files are.",
        show_default="as found",
    ),
]
OnError = Annotated[
    OnFault,
    READ.setting("--on-error", metavar="stop|skip", help="At a request that is none."),
]
Jobs = Annotated[
    int | None,
    READ.setting(
        "--jobs",
        min=1,
        max=256,
        metavar="N",
        help="Processes that count the lines of large batches.",
        show_default="the cores",
    ),
]
Dask = Annotated[
    str | None,
    READ.option(  # no setting: a file of somebody else's project must not say who gets the prompts
        "--dask", metavar="ADDRESS", help="Count on a Dask cluster, such as tcp://host:8786."
    ),
]
Column = Annotated[
    str | None,
    READ.option("--column", metavar="NAME", help="Of Parquet files: has the prompts or bodies."),
]
Encoding = Annotated[str, READ.setting("--encoding", metavar="NAME", help="Of the files.")]
Engine = Annotated[
    EngineName,
    READ.setting(
        "--engine",
        metavar="auto|tiktoken|gigatoken",
        help="What counts; all count alike, gigatoken much text faster.",
        show_default="auto: gigatoken for much text, where it is installed",
    ),
]
ReportFile = Annotated[
    str,
    typer.Argument(
        metavar="REPORT.json", help="What a command printed with --json; - for standard input."
    ),
]
