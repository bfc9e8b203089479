"""JSON, JSONL or CSV read as records."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from deepseek_cost.billing.records import Reading, Record
from deepseek_cost.billing.response import Chunks
from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES, Document, Documents
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import open_input
from deepseek_cost.inputs.request import Fault, Line
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.inputs.streams import PACKED, Advance, reading

Records = Iterator[Record | Fault]
_NAMED_KEY: Final = "stands twice in one object"


def read_log(source: TextSource, how: Reading, advance: Advance) -> Records:
    """Yield the records of a source, and a fault for each line that cannot be priced."""
    chunks = Chunks()
    with reading(source.name):
        for document in _documents(source, advance):
            found = [document] if isinstance(document, Fault) else chunks.add(document)
            for part in found:
                yield _private(part) if isinstance(part, Fault) else how.record(*part)
    yield from chunks.end()


def _documents(source: TextSource, advance: Advance) -> Documents:
    if _is_csv(source):
        with source.open(advance) as file:
            yield from _rows(source, file)
    else:
        opened = open_input(source, Kind.CHAT, advance)  # any kind but text: it is JSON
        with closing(opened.file):
            yield from opened.documents()


def _is_csv(source: TextSource) -> bool:
    path = Path(source.name.lower())
    return (path.with_suffix("") if path.suffix in PACKED else path).suffix == ".csv"


def _rows(source: TextSource, file: BinaryIO) -> Documents:
    """Yield the rows of a spreadsheet as objects; a name with dots stands for one in another."""
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = csv.reader(_lines(source, file), strict=True)
    try:
        names = next(rows, [])
        for row in rows:
            if any(row):
                line = Line(source.name, "", rows.line_num)
                yield Document(line, _nested(zip(names, row, strict=False)))
    except csv.Error as error:
        yield Fault(source.name, rows.line_num, 1, f"no CSV: {error}")
    except UnicodeError:
        yield Fault(source.name, rows.line_num, 1, f"not {source.encoding}; give --encoding")


def _nested(cells: Iterable[tuple[str, str]]) -> dict[str, object]:
    """Gather the cells of a row; `usage.prompt_tokens` stands in the object `usage`."""
    found: dict[str, object] = {}
    for name, cell in cells:
        outer, dot, inner = name.partition(".")
        nested = found.setdefault(outer, {}) if dot else None
        if isinstance(nested, dict):
            nested[inner] = cell
        else:
            found[name] = cell
    return found


def _lines(source: TextSource, file: BinaryIO) -> Iterator[str]:
    first = True
    while data := file.readline(MAX_LINE_BYTES):
        text = data.decode(source.encoding)
        yield text.removeprefix("\ufeff") if first else text
        first = False


def _private(fault: Fault) -> Fault:
    """Leave out the only words of a log that a fault repeats: a key's name."""
    return replace(fault, reason=f"a key {_NAMED_KEY}") if _NAMED_KEY in fault.reason else fault
