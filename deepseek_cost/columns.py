"""Columns of Parquet files, read as JSON lines: a row is a prompt or a request body."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.requests.kinds import Kind
from deepseek_cost.sources import TextSource
from deepseek_cost.streams import Advance, reading

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from pyarrow.parquet import ParquetFile

SUFFIX: Final = ".parquet"
# So many rows are held at once.
_ROWS: Final = 512
# A prompt names no model, and a request has to; --model prices it for others.
_MODEL: Final = "deepseek-v4-flash"
_BUFFER: Final = 1 << 18


class ColumnSource(TextSource, frozen=True, kw_only=True):
    """A column of a file: texts are prompts, unless `of_bodies`; structures are request bodies."""

    file: TextSource
    column: str
    of_bodies: bool = False

    @property
    def size(self) -> int:
        """The bytes of the whole file."""
        return self.file.size

    @property
    def is_stdin(self) -> bool:
        """Tell whether it is standard input, which is read from its end here."""
        return self.file.is_stdin

    def open(self, advance: Advance = lambda _: None) -> BinaryIO:
        """Open the rows as JSON lines; raises InputError."""
        with reading(self.name):
            rows = _Rows(self._lines(self.file.raw(), advance))
        return io.BufferedReader(rows, _BUFFER)

    def _lines(self, raw: BinaryIO, advance: Advance) -> Iterator[bytes]:
        with raw, _told(self.name):
            opened = _opened(raw, self.name)
            if self.column not in opened.schema_arrow.names:
                raise InputError(
                    f"{self.name}: no column {self.column!r}; it has {_listed(opened)}"
                )
            rows = max(1, opened.metadata.num_rows)
            for batch in opened.iter_batches(_ROWS, columns=[self.column]):
                for value in batch.column(0).to_pylist():
                    yield _line(value, of_bodies=self.of_bodies)
                advance(self.size * batch.num_rows // rows)


def in_columns(
    sources: Sequence[TextSource], column: str | None, kind: Kind | None
) -> list[TextSource]:
    """Return the sources, of Parquet files the column; raises UsageError, InputError without one.

    Where a kind of request is given, texts in the column are bodies of it.
    """
    if column and not any(map(_is_parquet, sources)):
        raise UsageError(f"--column {column}: of Parquet files, and there is none")
    if column and kind is Kind.TEXT:
        raise UsageError("--as text: the texts of a --column are prompts without it")
    return [
        _in_column(source, column, kind) if _is_parquet(source) else source for source in sources
    ]


def _is_parquet(source: TextSource) -> bool:
    return source.name.lower().endswith(SUFFIX)


def _in_column(source: TextSource, column: str | None, kind: Kind | None) -> ColumnSource:
    if column is None:
        with reading(source.name), source.raw() as raw, _told(source.name):
            has = _listed(_opened(raw, source.name))
        raise UsageError(f"{source.name}: name the prompts with --column NAME; it has {has}")
    return ColumnSource(
        source.name, source.path, file=source, column=column, of_bodies=kind is not None
    )


def _opened(raw: BinaryIO, name: str) -> "ParquetFile":
    try:
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            f"{name}: reading it needs: pip install 'deepseek-cost[parquet]'"
        ) from error
    return ParquetFile(raw)


def _listed(opened: "ParquetFile") -> str:
    return ", ".join(map(repr, opened.schema_arrow.names[:20]))


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what Arrow raises for a damaged file into an InputError."""
    try:
        yield
    except (ValueError, NotImplementedError, MemoryError, OSError) as error:
        reason = str(error).split("\n")[0][:200]
        raise InputError(f"{name}: no sound Parquet file: {reason}") from error


class _Rows(io.RawIOBase):
    """Lines as a file."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._source = lines
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill in what the next lines have."""
        if not self._rest:
            self._rest = memoryview(next(self._source, b""))
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def close(self) -> None:
        """Close the file below."""
        if not self.closed and hasattr(self._source, "close"):
            self._source.close()
        super().close()


def _line(value: Any, *, of_bodies: bool) -> bytes:  # noqa: ANN401 - whatever a cell has
    """Return a row as a line of JSON; what is no request has its row's line all the same."""
    if isinstance(value, str) and of_bodies:
        return value.replace("\n", " ").encode() + b"\n"
    body = value if isinstance(value, dict) else {"row": value}
    if isinstance(value, str):
        body = {"model": _MODEL, "messages": [{"role": "user", "content": value}]}
    return json.dumps(_without_nulls(body), ensure_ascii=False, default=str).encode() + b"\n"


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - as above
    """Leave out the nulls in a structure, in which Parquet has every field of every row."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
