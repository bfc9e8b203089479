"""dscost render."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepseek_cost.cli import options as o
from deepseek_cost.cli.output import draw_table, say, tell_warnings, write_text
from deepseek_cost.cli.setup import find_sources
from deepseek_cost.errors import InputError, UsageError

if TYPE_CHECKING:
    from deepseek_cost.report.contract import Report
    from deepseek_cost.report.reading import ReadReport

_SUFFIXES: Final = {
    ".txt": o.Format.TABLE,
    ".md": o.Format.MARKDOWN,
    ".markdown": o.Format.MARKDOWN,
    ".html": o.Format.HTML,
    ".htm": o.Format.HTML,
    ".csv": o.Format.CSV,
    ".svg": o.Format.SVG,
}
# A report of 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_NAMED: Final = 5


def render(
    report: o.ReportFile,
    format_: o.FormatName = None,
    output: o.OutputFile = None,
) -> None:
    """Show a report again: as a table, a web page, Markdown, CSV, SVG.

    Nothing is counted and no price is looked up; reports of earlier versions are read as well.
    SVG is the report's chart, or a picture of its table where it has none.
    """
    chosen = format_ or _by_suffix(output)
    found = _read(report)
    tell_warnings(found.report)
    _tell_unknown(found, report)
    try:
        text = _drawn(found.report, chosen)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        raise InputError(
            f"{report}: its parts do not fit together; is it as dscost wrote it?"
        ) from error
    if output is None:
        write_text(text)
    else:
        _write_file(text, output)


def _by_suffix(output: Path | None) -> o.Format:
    if output is None:
        return o.Format.TABLE
    known = _SUFFIXES.get(output.suffix.lower())
    if known is None:
        raise UsageError(
            f"--output {output}: its suffix is none of {', '.join(_SUFFIXES)}; add --format"
        )
    return known


def _read(name: str) -> "ReadReport":
    from deepseek_cost.report.reading import read_report
    from deepseek_cost.sources import in_one_piece

    if Path(name).is_dir():
        raise InputError(f"{name}: give a report here, not a folder")
    (source,) = find_sources([name], None, "utf-8").sources
    return read_report(in_one_piece(source.blocks(), name, _MOST_CHARACTERS), name)


def _tell_unknown(found: "ReadReport", name: str) -> None:
    if found.unknown:
        named = ", ".join(found.unknown[:_NAMED])
        more = len(found.unknown) - _NAMED
        say(
            f"warning: {name}: fields that this version does not know are not shown: {named}"
            f"{f' and {more:,} more' if more > 0 else ''}"
        )


def _drawn(report: "Report", chosen: o.Format) -> str:
    """Draw a report; the libraries of the other formats are not loaded."""
    from deepseek_cost.page import describe

    match chosen:
        case o.Format.CSV:
            from deepseek_cost.csvtable import to_csv

            return to_csv(report)
        case o.Format.TABLE:
            return draw_table(describe(report))
        case o.Format.PLAIN:
            from deepseek_cost.render.plain import to_plain

            return to_plain(describe(report))
        case o.Format.MARKDOWN:
            from deepseek_cost.render.markdown import to_markdown

            return to_markdown(describe(report))
        case o.Format.HTML:
            from deepseek_cost.render.html import to_html

            return to_html(describe(report))
        case o.Format.SVG:
            from deepseek_cost.render.picture import to_svg

            return to_svg(describe(report))


def _write_file(text: str, path: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {path}: {error.strerror}") from error
