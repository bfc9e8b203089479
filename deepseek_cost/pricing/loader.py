"""TOML to PriceBook; the bundled table.

The bundled table comes with a compact copy, made by `python -m deepseek_cost.pricing`, which
loads fast. It tells what it was made of; a table edited since then is read itself.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin
from zlib import crc32

from msgspec import DecodeError, Struct, ValidationError, convert, json
from msgspec.structs import fields

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricing.book import PriceBook

ENVIRONMENT_VARIABLE = "DSCOST_PRICES"
# The bundled table has 25 KB; a limit keeps a wrong path, say to a log, from filling the memory.
_MAX_BYTES = 1_000_000


class Choice(NamedTuple):
    """A price table to use, and what chose it; without a path, the one that comes with dscost."""

    path: Path | None
    chosen_by: str


def choose(flag: Path | None, environment: Mapping[str, str] = os.environ) -> Choice:
    """Pick the price table: the flag beats the environment, which beats the config folder."""
    if flag is not None:
        return Choice(flag, "--prices")
    if environment.get(ENVIRONMENT_VARIABLE):
        return Choice(Path(environment[ENVIRONMENT_VARIABLE]), ENVIRONMENT_VARIABLE)
    from platformdirs import user_config_path  # noqa: PLC0415 - for this case alone

    own = user_config_path("dscost") / "prices.toml"
    with suppress(OSError):  # a home that may not be looked into has no table either
        if own.is_file():
            return Choice(own, "config folder")
    return Choice(None, "bundled")


def load_prices(path: Path | None = None) -> PriceBook:
    """Read and validate a price table; without a path, the one that comes with dscost.

    Raises PriceTableError, which names the file and the entry.
    """
    return _bundled_book() if path is None else parse(_read(path), str(path))


def parse(text: str, name: str) -> PriceBook:
    """Validate the text of a price table; `name` stands in the errors."""
    return book_of(text, name)


def bundled(name: str = "prices.toml") -> Path:
    """Return the price table shipped in the wheel, or in data/ when run from a checkout."""
    packaged = Path(__file__).parents[1] / name
    checkout = Path(__file__).parents[2] / "data" / name
    return packaged if packaged.is_file() else checkout


class Copy(Struct, frozen=True):
    """A price book as JSON, with the length and the CRC-32 of the table that it was made of."""

    of: tuple[int, int]
    book: PriceBook


def mark_of(table: bytes) -> tuple[int, int]:
    """Return what tells a table from an edited one."""
    return len(table), crc32(table)


@cache
def _bundled_book() -> PriceBook:
    table = bundled().read_bytes()
    with suppress(OSError, DecodeError):
        copy = json.decode(bundled("prices.json").read_bytes(), type=Copy)
        if copy.of == mark_of(table):
            return copy.book
    return parse(table.decode(), str(bundled()))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise PriceTableError(f"price table {path}: {error.strerror}; see --prices") from error
    except ValueError as error:  # a NUL in its name
        raise PriceTableError(f"price table {path}: {error}; see --prices") from error
    if len(data) > _MAX_BYTES:
        raise PriceTableError(f"price table {path}: larger than {_MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceTableError(f"price table {path}: not UTF-8 at byte {error.start}") from error


# A key of thousands of parts takes the parser long.
_MAX_LINE = 5_000

_Place = tuple[int | str, ...]


class _MisfitError(Exception):
    """A value that is not what belongs in its place."""

    def __init__(self, place: _Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place


def book_of(text: str, name: str) -> PriceBook:
    """Validate the text of a price table; `name` stands in the errors."""
    if any(len(line) > _MAX_LINE for line in text.splitlines()):
        raise PriceTableError(f"price table {name}: a line is longer than {_MAX_LINE:,} characters")
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise PriceTableError(f"price table {name}: not valid TOML: {error}") from error
    try:
        book: PriceBook = _built(PriceBook, document, ())
    except _MisfitError as error:
        where = _name_of(error.place, document)
        raise PriceTableError(f"price table {name}: {where}{error}") from error
    return book


def _built(kind: Any, value: Any, place: _Place) -> Any:  # noqa: ANN401 - any field of a table
    """Build what belongs in a place; raises _MisfitError."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:  # with None, which TOML does not have
        return _built(inner[0], value, place)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _entry(kind, _of_type(dict, value, place), place)
    if origin is Mapping:
        return {
            _leaf(inner[0], key, (*place, key)): _built(inner[1], item, (*place, key))
            for key, item in _of_type(dict, value, place).items()
        }
    if origin is tuple:
        items = enumerate(_of_type(list, value, place))
        if inner[-1] is ...:
            return tuple(_built(inner[0], item, (*place, number)) for number, item in items)
        if len(value) != len(inner):
            raise _MisfitError(place, f"{len(inner)} values are wanted, not {len(value)}")
        return tuple(_built(inner[number], item, (*place, number)) for number, item in items)
    return _leaf(kind, value, place)


def _entry(kind: type[Struct], value: dict[str, Any], place: _Place) -> Struct:
    known = {field.name: field for field in fields(kind)}
    # A misspelt key is both unknown and missing; the unknown one names the slip.
    for name in value:
        if name not in known:
            near = get_close_matches(name, known, n=1) or known
            raise _MisfitError((*place, name), f"unknown key; did you mean {', '.join(near)}?")
    built = {name: _built(known[name].type, value[name], (*place, name)) for name in value}
    for name, field in known.items():
        if field.required and name not in value:
            raise _MisfitError(place, f"{name} is missing")
    try:
        return kind(**built)
    except ValueError as error:
        raise _MisfitError(place, str(error)) from error


def _leaf(kind: Any, value: Any, place: _Place) -> Any:  # noqa: ANN401 - as `_built`
    try:
        if isinstance(value, str) and kind in (date, time):
            return kind.fromisoformat(value)
        return convert(value, kind)
    except ValidationError as error:
        raise _MisfitError(place, str(error).replace("`", "")) from error
    except ValueError as error:
        raise _MisfitError(place, str(error)) from error


def _of_type(kind: type, value: Any, place: _Place) -> Any:  # noqa: ANN401 - as `_built`
    if not isinstance(value, kind):
        expected = "a table" if kind is dict else "a list"
        raise _MisfitError(place, f"{expected} is wanted, not {value!r:.60}")
    return value


def _name_of(place: _Place, document: dict[str, Any]) -> str:
    """Name the entry by its own id rather than by its number in the file."""
    match place:
        case (str(kind), int(index), *rest):
            return f"[[{kind}]] {_label(document[kind][index], index)}: {_path(rest)}"
        case _:
            return _path(place)


def _label(entry: object, index: int) -> str:
    keys = ("id", "name", "year", "what")
    named: Iterator[object] = (entry.get(key) for key in keys if isinstance(entry, dict))
    return next((str(name) for name in named if name), f"number {index + 1}")


def _path(place: "list[int | str] | _Place") -> str:
    return f"{'.'.join(map(str, place))}: " if place else ""
