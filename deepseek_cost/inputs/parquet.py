"""Columns of Parquet files."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from deepseek_cost.errors import Advice, Advised, InputError, UsageError, installing
from deepseek_cost.inputs.columns import Body, ColumnSource
from deepseek_cost.inputs.jsonl import MAX_LINE_BYTES
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.parquet_pages import page_sizes
from deepseek_cost.inputs.rows import RowSource, has_columns
from deepseek_cost.inputs.source import TextSource, is_parquet
from deepseek_cost.inputs.streams import Advance, reading

if TYPE_CHECKING:
    from pyarrow import DataType, Scalar
    from pyarrow.parquet import ColumnChunkMetaData, ParquetFile


# What a column of prompts or request bodies is called.
_OF_PROMPTS: Final = ("prompt", "text", "messages", "body", "request")
# This many rows are kept in memory at once.
_ROWS_OF_TEXT: Final = 512
_ROWS_OF_STRUCTURES: Final = 32
# A page is unpacked as a whole. DuckDB writes pages of up to 100 MB, other programs of 1 MB; a text
# longer than that has a page of its own.
_MOST_PAGE_BYTES: Final = 2 * MAX_LINE_BYTES


class ParquetSource(ColumnSource, frozen=True, kw_only=True):
    """A column of a Parquet file."""

    def values(self, advance: Advance) -> Generator[object]:
        """Yield the value of each row; raises InputError."""
        with reading(self.name), self.file.raw() as raw, _translating_errors(self.name):
            opened = _opened(raw, self.name)
            rows = _ROWS_OF_STRUCTURES
            if _is_text(self._kind(opened)):
                # As a list of distinct values, however often the file repeats one.
                opened, rows = _opened(raw, self.name, [self.column]), _ROWS_OF_TEXT
            total, row = opened.metadata.num_rows, 0
            if not total:
                raise InputError(f"{self.name}: no rows in it")
            rows = self._rows_at_once(raw, opened, rows)
            for batch in opened.iter_batches(rows, columns=[self.column], use_threads=False):
                for cell in batch.column(batch.schema.get_field_index(self.column)):
                    row += 1
                    yield _without_nulls(self._value(cell, row))
                advance(self.size * batch.num_rows // total)

    def _rows_at_once(self, raw: BinaryIO, opened: "ParquetFile", most: int) -> int:
        """Return how many rows to read at once; raises InputError for a page that is too large.

        A dictionary page may have one text that each of these rows repeats.
        """
        largest = 1
        for chunk in _chunks(opened, self.column):
            start = chunk.data_page_offset
            if chunk.dictionary_page_offset is not None:
                start = min(start, chunk.dictionary_page_offset)
            for size in page_sizes(raw, start, chunk.total_compressed_size):
                largest = max(largest, size)
                if size > _MOST_PAGE_BYTES:
                    raise InputError(
                        f"{self.name}: column {self.column!r} has a page of {size:,} bytes when "
                        f"unpacked, more than {_MOST_PAGE_BYTES:,}",
                        tip="write it with smaller pages",
                    )
        return max(1, min(most, _MOST_PAGE_BYTES // largest))

    def _kind(self, opened: "ParquetFile") -> "DataType":
        """Return the type of the column; raises InputError if it cannot contain requests."""
        names = opened.schema_arrow.names
        if names.count(self.column) != 1:
            found = "several columns" if self.column in names else "no column"
            raise InputError(f"{self.name}: {found} {self.column!r}; it has {_listed(opened)}")
        kind = opened.schema_arrow.field(self.column).type
        if not _is_text(kind) and not _is_structured(kind):
            shown = str(kind)[:80]
            raise InputError(
                f"{self.name}: column {self.column!r} has {shown}; "
                f"it must be text, structures or messages"
            )
        return kind

    def _value(self, cell: "Scalar", row: int) -> Any:  # noqa: ANN401 - of any type
        """Return the value of a cell; raises InputError, which names the row."""
        try:
            value = cell.as_py()
        except (ArithmeticError, ValueError) as error:
            reason = str(error).split("\n")[0][:200]
            raise InputError(f"{self.name}:{row}: the row cannot be read: {reason}") from error
        if isinstance(value, str) and len(value) > MAX_LINE_BYTES:
            raise InputError(
                f"{self.name}:{row}: a text of more than {MAX_LINE_BYTES:,} characters; "
                f"no request can hold it"
            )
        return value


def in_columns(
    sources: Sequence[TextSource],
    column: str | None,
    kind: Kind | None,
    body: Body,
) -> list[TextSource]:
    """Return the sources, with tables replaced by their column.

    The column's texts are prompts for `body` if the kind is TEXT, or request bodies for any other
    kind; without a kind, the first text decides. Without a column's name, that of a Parquet file is
    found if it is clear. Raises UsageError or InputError if there is no such column.
    """
    if column and not any(is_parquet(one) or has_columns(one) for one in sources):
        reason = "is for Parquet, CSV and JSONL files, and there is none here"
        raise UsageError(reason, field="column", value=column)
    are_bodies = None if kind is None else kind is not Kind.TEXT
    return [_of_file(one, column, body, are_bodies=are_bodies) for one in sources]


def _of_file(
    source: TextSource, column: str | None, body: Body, *, are_bodies: bool | None
) -> TextSource:
    table = ParquetSource if is_parquet(source) else RowSource
    if table is ParquetSource and column is None:
        with reading(source.name), source.raw() as raw, _translating_errors(source.name):
            column = _clear_column(_opened(raw, source.name), source.name)
    if column is None or not (table is ParquetSource or has_columns(source)):
        return source
    where = (source.name, source.path, source.encoding)
    return table(*where, file=source, column=column, body=body, texts_are_bodies=are_bodies)


def _clear_column(opened: "ParquetFile", name: str) -> str:
    """Return the only column of texts or structures, or else the only one named like prompts.

    Raises UsageError if neither is clear.
    """
    fields = opened.schema_arrow
    readable: list[str] = [
        one.name for one in fields if _is_text(one.type) or _is_structured(one.type)
    ]
    named = [one for one in readable if one.lower() in _OF_PROMPTS]
    for found in (readable, named):
        if len(found) == 1:
            return found[0]
    raise UsageError(Advised(f"{name}: ", Advice.COLUMN, _listed(opened)))


def _opened(raw: BinaryIO, name: str, texts: Sequence[str] = ()) -> "ParquetFile":
    try:
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise InputError(f"{name}: reading it needs: {installing('parquet')}") from error
    return ParquetFile(raw, read_dictionary=list(texts))


def _chunks(opened: "ParquetFile", column: str) -> "Iterator[ColumnChunkMetaData]":
    """Yield the metadata of each chunk of a column, including nested columns."""
    metadata = opened.metadata
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            if chunk.path_in_schema == column or chunk.path_in_schema.startswith(f"{column}."):
                yield chunk


def _is_text(kind: "DataType") -> bool:
    """Return whether a column has texts, whether or not JSON or dictionary-encoded."""
    from pyarrow import BaseExtensionType, types  # noqa: PLC0415 - loaded by now

    held = kind.value_type if types.is_dictionary(kind) else kind
    held = held.storage_type if isinstance(held, BaseExtensionType) else held
    texts = (types.is_string, types.is_large_string, types.is_string_view)
    return any(is_one(held) for is_one in texts)


def _is_structured(kind: "DataType") -> bool:
    """Return whether a column has structures, or lists of structures such as chat messages."""
    from pyarrow import types  # noqa: PLC0415 - loaded by now

    is_list = types.is_list(kind) or types.is_large_list(kind)
    return bool(types.is_struct(kind.value_type if is_list else kind))


def _listed(opened: "ParquetFile") -> str:
    return ", ".join(map(repr, opened.schema_arrow.names[:20]))


@contextmanager
def _translating_errors(name: str) -> Iterator[None]:
    """Turn Arrow's errors for a damaged file into InputError."""
    try:
        yield
    except _arrows_own() as error:
        reason = str(error).split("\n")[0][:200] or "not enough memory for it"
        is_broken = isinstance(error, (ValueError, NotImplementedError, OSError))
        fault = "not a valid Parquet file" if is_broken else "cannot be read"
        raise InputError(f"{name}: {fault}: {reason}") from error


def _arrows_own() -> tuple[type[Exception], ...]:
    """Return the errors that Arrow raises: Python's, and its own if it cannot start a thread."""
    usual = (ValueError, NotImplementedError, MemoryError, OSError)
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - loaded by now
    except ImportError:
        return usual
    return (*usual, ArrowException)


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - as above
    """Remove nulls from a structure, since Parquet has every field in every row."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
