"""A price table's TOML turned into a price book, with errors that name the entry."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from difflib import get_close_matches
from types import UnionType
from typing import Any, get_args, get_origin

from msgspec import Struct, ValidationError, convert
from msgspec.structs import fields

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricebook import PriceBook

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
        wanted = "a table" if kind is dict else "a list"
        raise _MisfitError(place, f"{wanted} is wanted, not {value!r:.60}")
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
