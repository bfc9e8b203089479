"""Options that several commands share, and all settings; other options are in a command's module.

Here are those of prompts, of how they are sent and of how a report is shown; those of prices are in
`price_options` and those of logs in `log_options`. Settings are options that stay the same from run
to run: a file or a variable can set them.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from deepseek_cost.cli import values
from deepseek_cost.cli.groups import PRICED, READ, SENT, SHOWN
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.prompt.template import Effort
from deepseek_cost.tokenizer.base import EngineName


def whole(least: int, most: int | None = None) -> dict[str, Any]:
    """Return the declaration of an option for whole numbers; its schema has the range, too."""
    return {"min": least, "max": most, "parser": values.whole_number(least, most)}


class KindByHand(StrEnum):
    """What files can be read as, regardless of their contents."""

    TEXT = Kind.TEXT.value
    CHAT = Kind.CHAT.value
    MESSAGES = Kind.MESSAGES.value
    RESPONSES = Kind.RESPONSES.value

    @property
    def kind(self) -> Kind:
        """The kind with this name."""
        return Kind(self.value)


class OnFault(StrEnum):
    """What to do about a request that cannot be counted."""

    STOP = "stop"
    SKIP = "skip"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="Text, JSON request bodies or JSONL; folders; URLs; - for standard input.",
    ),
]
FilesOrPipe = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE",
        help="Text, JSON request bodies or JSONL; folders; URLs; - for standard input.",
        show_default="what is piped in",
    ),
]
Globs = Annotated[
    list[str] | None,
    READ.setting(
        "--glob", "-g", metavar="GLOB", help="In folders, read only these files. Repeatable."
    ),
]
AsKind = Annotated[
    KindByHand | None,
    READ.option(
        "--as",
        metavar="|".join(KindByHand),
        help="How to read the files.",
        show_default="by content",
    ),
]
AsOne = Annotated[
    bool,
    READ.option(
        "--as-one",
        help="Join all files into one prompt, each after a line with its name.",
    ),
]
OnError = Annotated[
    OnFault,
    READ.setting(
        "--on-error",
        metavar="stop|skip",
        help="What to do about a line that isn't a valid request.",
    ),
]
Jobs = Annotated[
    int | None,
    READ.setting(
        "--jobs",
        **whole(1, 256),
        metavar="N",
        help="Worker processes for large batches.",
        show_default="one per core",
    ),
]
Column = Annotated[
    str | None,
    READ.option(
        "--column",
        metavar="NAME",
        help="Column (Parquet, CSV, JSONL) of prompts or request bodies.",
    ),
]
Encoding = Annotated[str, READ.setting("--encoding", metavar="NAME", help="Encoding of the files.")]
Engine = Annotated[
    EngineName,
    READ.setting(
        "--engine",
        metavar="auto|tiktoken|gigatoken",
        help="Tokenizer engine. The count is the same; gigatoken is faster on large input.",
        show_default="auto: gigatoken for large input, if installed",
    ),
]
System = Annotated[
    str | None,
    SENT.setting(
        "--system", metavar="FILE", help="File with a system message to put before each prompt."
    ),
]
Thinking = Annotated[
    bool, SENT.setting("--thinking/--no-thinking", help="Thinking mode, as the API has it.")
]
EffortName = Annotated[
    Effort | None,
    SENT.setting("--effort", metavar="low|high|max", help="Thinking effort.", show_default="high"),
]
Requests = Annotated[
    int,
    SENT.option(
        "--requests",
        "-n",
        **whole(1, 10**12),
        metavar="N",
        help="How many times each prompt is sent.",
    ),
]
PerFile = Annotated[bool, SHOWN.option("--per-file", help="Show each file, too.")]
AsCsv = Annotated[bool, SHOWN.option("--csv", help="Print CSV.")]
Plain = Annotated[
    bool,
    SHOWN.setting(
        "--plain/--no-plain", help="Print sentences instead of tables, for screen readers."
    ),
]
Verbose = Annotated[
    bool, SHOWN.option("--verbose", "-v", help="Show prices, sources and all assumptions, too.")
]
AsJson = Annotated[bool, SHOWN.option("--json", help="Print JSON.")]


def complete_models(incomplete: str) -> list[str]:
    """Return the models in the bundled price table that begin with `incomplete`."""
    from deepseek_cost.pricing.loader import load_prices

    names = [name for model in load_prices().model for name in model.names]
    return [name for name in names if name.startswith(incomplete)]


def models(text: str, default: str) -> Any:  # noqa: ANN401 - as typer's own
    """Declare the names of models."""
    return PRICED.setting(
        *("--model", "-m"),
        metavar="NAME",
        help=text,
        show_default=default,
        autocompletion=complete_models,
    )


NAMED_OR_BOTH: Final = "those the requests name, else v4-flash and v4-pro"
CountedModels = Annotated[
    list[str] | None, models("Model to count for. Repeatable.", NAMED_OR_BOTH)
]
PricesFile = Annotated[
    Path | None,
    PRICED.setting(
        "--prices",
        metavar="FILE",
        help="Use another price table.",
        show_default="prices.toml in your configuration folder, else the bundled one",
    ),
]
