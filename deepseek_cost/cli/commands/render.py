"""dscost render."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from deepseek_cost.cli import options
from deepseek_cost.cli.groups import SHOWN
from deepseek_cost.cli.manual import Example, Manual
from deepseek_cost.cli.messages import show_warning
from deepseek_cost.cli.output import report_warnings, shown, write_file, write_text
from deepseek_cost.cli.sources import find_sources, named_or_piped
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.text import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.reports.parts import Report
    from deepseek_cost.reports.reading import ReadReport


class Format(StrEnum):
    """The formats of a report."""

    TABLE = "table"
    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    SVG = "svg"


ReportFile = Annotated[
    str | None,
    typer.Argument(
        metavar="REPORT.json",
        help="Report that a command printed with --json; - for standard input.",
        show_default="what is piped in",
    ),
]
FormatName = Annotated[
    Format | None,
    SHOWN.option(
        "--format",
        "-f",
        metavar="|".join(Format),
        help="Output format.",
        show_default="by the suffix of --to, else table",
    ),
]
OutputFile = Annotated[
    Path | None,
    SHOWN.option("--to", metavar="FILE", help="Write to a file instead of standard output."),
]

MANUAL: Final = Manual(
    (
        Example("a web page of a saved report", "dscost render report.json --to report.html"),
        Example(
            "a Markdown table for a comment",
            "dscost estimate prompt.txt --json | dscost render - -f markdown",
        ),
    ),
    page="render.md",
    failure="this is not a report, or its parts do not fit together",
)


_SUFFIXES: Final = {
    ".txt": Format.TABLE,
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".csv": Format.CSV,
    ".svg": Format.SVG,
}
# Even a report on 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_NAMED: Final = 5


def render(
    report: ReportFile = None,
    format_: FormatName = None,
    to: OutputFile = None,
    verbose: options.Verbose = False,
) -> None:
    """Show a saved report as a table, web page, Markdown, CSV or SVG.

    Nothing is counted and no price is looked up. Reports of earlier versions can be read, too.
    SVG is the report's chart, or a picture of its table if it has no chart.
    """
    chosen = format_ or _by_suffix(to)
    (name,) = named_or_piped([report] if report else None, "render")
    found = _read(name)
    report_warnings(found.report)
    _report_unknown(found, name)
    try:
        text = _drawn(found.report, chosen, verbose=verbose)
    except (UsageError, ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{name}: its parts do not fit together", tip="is it as dscost wrote it?"
        ) from error
    if to is None:
        write_text(text)
    else:
        write_file(text, to, "--to")


def _by_suffix(to: Path | None) -> Format:
    if to is None:
        return Format.TABLE
    known = _SUFFIXES.get(to.suffix.lower())
    if known is None:
        raise UsageError(
            f"--to {to}: its suffix is not one of {', '.join(_SUFFIXES)}", tip="add --format"
        )
    return known


def _read(name: str) -> "ReadReport":
    from deepseek_cost.inputs.source import in_one_piece, is_url
    from deepseek_cost.reports.reading import read_report

    if Path(name).is_dir():
        raise InputError(f"{name}: give a report here, not a folder")
    if name != "-" and not is_url(name) and not Path(name).exists():
        raise InputError(f"{unicode_name(name)}: no such report", tip="make one with --json")
    encoding = "utf-16" if name != "-" and not is_url(name) and _is_utf16(name) else "utf-8"
    (source,) = find_sources([name], None, encoding).sources
    return read_report(in_one_piece(source.blocks(), name, _MOST_CHARACTERS), name)


def _is_utf16(name: str) -> bool:
    """Return whether a file begins with UTF-16's mark, as PowerShell 5 writes its redirects."""
    path = Path(name)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) in (BOM_UTF16_LE, BOM_UTF16_BE)


def _report_unknown(found: "ReadReport", name: str) -> None:
    if found.unknown:
        named = ", ".join(found.unknown[:_NAMED])
        more = len(found.unknown) - _NAMED
        show_warning(
            f"{name}: fields that this version does not know are not shown: {named}"
            f"{f' and {more:,} more' if more > 0 else ''}"
        )


def _drawn(report: "Report", chosen: Format, *, verbose: bool) -> str:
    """Return a report in the chosen format, loading only the libraries it needs."""
    match chosen:
        case Format.CSV:
            from deepseek_cost.reports.csv import to_csv

            return to_csv(report)
        case Format.TABLE:
            return shown(report, verbose=verbose)
        case Format.PLAIN:
            return shown(report, plain=True, verbose=verbose)
        case Format.MARKDOWN:
            from deepseek_cost.render.markdown import to_markdown

            return to_markdown(report.page())
        case Format.HTML:
            from deepseek_cost.render.html import to_html

            return to_html(report.page())
        case Format.SVG:
            from deepseek_cost.render.svg import to_svg

            return to_svg(report.page())
