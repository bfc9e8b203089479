"""What is shown, as types: the form, the details."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from deepseek_cost.cli.options.groups import SHOWN


class Format(StrEnum):
    """How a report can be shown."""

    TABLE = "table"
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    SVG = "svg"


PerFile = Annotated[bool, SHOWN.option("--per-file", help="Show each file as well.")]
Breakdown = Annotated[
    bool,
    SHOWN.option("--breakdown", help="Show what the input is made of; each tool by name."),
]
PerRequest = Annotated[
    bool,
    SHOWN.option("--per-request", help="With --json: a line of JSON for each request."),
]
History = Annotated[
    bool,
    SHOWN.option("--history", help="Show every change, and by how much."),
]
Check = Annotated[
    Path | None,
    SHOWN.option("--check", metavar="FILE", help="Validate a table, and list what differs."),
]
Svg = Annotated[
    Path | None,
    SHOWN.option("--svg", metavar="FILE", help="Write the picture to a file as well."),
]
FormatName = Annotated[
    Format | None,
    SHOWN.option(
        "--format",
        "-f",
        metavar="|".join(Format),
        help="How to show it.",
        show_default="by the suffix of --output, else table",
    ),
]
OutputFile = Annotated[
    Path | None,
    SHOWN.option("--output", "-o", metavar="FILE", help="Write it there, not to standard output."),
]
Template = Annotated[
    str | None,
    SHOWN.option(
        "--format",
        metavar="TEMPLATE",
        help="A line for a prompt, such as '{tier} until {until}'; also {left}, {next}, {at}; "
        "a time takes a format: {until:%H:%M}.",
    ),
]
AsCsv = Annotated[bool, SHOWN.option("--csv", help="Print CSV and nothing else.")]
AsMarkdown = Annotated[
    bool, SHOWN.option("--markdown", help="Print Markdown for the comment of a pull request.")
]
Plain = Annotated[
    bool,
    SHOWN.setting("--plain/--no-plain", help="Sentences instead of tables, for screen readers."),
]
AsJson = Annotated[bool, SHOWN.option("--json", help="Print JSON and nothing else.")]
