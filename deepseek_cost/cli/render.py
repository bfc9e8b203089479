"""dscost render."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepseek_cost.cli.options import read, shown
from deepseek_cost.cli.output import draw_table, say, tell_warnings, write_text
from deepseek_cost.cli.setup import find_sources
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.terminal import unicode_name

if TYPE_CHECKING:
    from deepseek_cost.report.contract import Report
    from deepseek_cost.report.reading import ReadReport

_SUFFIXES: Final = {
    ".txt": shown.Format.TABLE,
    ".md": shown.Format.MARKDOWN,
    ".markdown": shown.Format.MARKDOWN,
    ".html": shown.Format.HTML,
    ".htm": shown.Format.HTML,
    ".csv": shown.Format.CSV,
    ".svg": shown.Format.SVG,
}
# A report of 100,000 files is smaller.
_MOST_CHARACTERS: Final = 200_000_000
_NAMED: Final = 5


def render(
    report: read.ReportFile,
    format_: shown.FormatName = None,
    output: shown.OutputFile = None,
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


def _by_suffix(output: Path | None) -> shown.Format:
    if output is None:
        return shown.Format.TABLE
    known = _SUFFIXES.get(output.suffix.lower())
    if known is None:
        raise UsageError(
            f"--output {output}: its suffix is none of {', '.join(_SUFFIXES)}; add --format"
        )
    return known


def _read(name: str) -> "ReadReport":
    from deepseek_cost.report.reading import read_report
    from deepseek_cost.sources import in_one_piece, is_url

    if Path(name).is_dir():
        raise InputError(f"{name}: give a report here, not a folder")
    if name != "-" and not is_url(name) and not Path(name).exists():
        raise InputError(f"{unicode_name(name)}: no such report; make one with --json")
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


def _drawn(report: "Report", chosen: shown.Format) -> str:
    """Draw a report; the libraries of the other formats are not loaded."""
    from deepseek_cost.page import describe

    match chosen:
        case shown.Format.CSV:
            from deepseek_cost.csvtable import to_csv

            return to_csv(report)
        case shown.Format.TABLE:
            return draw_table(describe(report))
        case shown.Format.PLAIN:
            from deepseek_cost.render.plain import to_plain

            return to_plain(describe(report))
        case shown.Format.MARKDOWN:
            from deepseek_cost.render.markdown import to_markdown

            return to_markdown(describe(report))
        case shown.Format.HTML:
            from deepseek_cost.render.html import to_html

            return to_html(describe(report))
        case shown.Format.SVG:
            from deepseek_cost.render.picture import to_svg

            return to_svg(describe(report))


def _write_file(text: str, path: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {path}: {error.strerror}") from error
