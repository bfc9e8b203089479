"""Reading a price table: TOML, validated, with errors that name the entry."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from platformdirs import user_config_path

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricebook import PriceBook

ENVIRONMENT_VARIABLE = "DSCOST_PRICES"
# The bundled table has 25 KB; a limit keeps a wrong path, say to a log, from filling the memory.
_MAX_BYTES = 1_000_000
# A key of thousands of parts takes the parser long.
_MAX_LINE = 5_000


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


def bundled() -> Path:
    """Return the price table shipped in the wheel, or in data/ when run from a checkout."""
    packaged = Path(__file__).parent / "prices.toml"
    checkout = Path(__file__).parents[1] / "data" / "prices.toml"
    return packaged if packaged.is_file() else checkout


def parse(text: str, name: str) -> PriceBook:
    """Validate the text of a price table; `name` stands in the errors."""
    if any(len(line) > _MAX_LINE for line in text.splitlines()):
        raise PriceTableError(f"price table {name}: a line is longer than {_MAX_LINE:,} characters")
    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise PriceTableError(f"price table {name}: not valid TOML: {error}") from error
    return _validated(document, name)


def _validated(document: dict[str, Any], name: str) -> PriceBook:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - the bundled table is valid

    try:
        return TypeAdapter(PriceBook).validate_python(document)
    except ValidationError as error:
        # A misspelt key is both "unexpected" and "required"; the unexpected one names the slip.
        wrong = error.errors(include_url=False)
        first = next((e for e in wrong if e["type"] == "unexpected_keyword_argument"), wrong[0])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        place = _place(first["loc"], document)
        message = first["msg"].removeprefix("Value error, ")
        raise PriceTableError(f"price table {name}: {place}{message}{more}") from error


@cache
def _bundled_book() -> PriceBook:
    """Build the bundled table without validation, which the tests do."""
    text = bundled().read_text(encoding="utf-8")
    book: PriceBook = _built(PriceBook, tomllib.loads(text, parse_float=Decimal))
    return book


def _built(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any field of a table
    """Build what `parse` would make of a valid value."""
    if isinstance(kind, type) and is_dataclass(kind):
        given = ((field.name, field.type) for field in fields(kind) if field.name in value)
        return kind(**{name: _built(inner, value[name]) for name, inner in given})
    inner = get_args(kind)
    if isinstance(kind, UnionType):  # with None, which TOML does not have
        return _built(inner[0], value)
    if get_origin(kind) is tuple:
        return tuple(_built(inner[0], item) for item in value)
    if get_origin(kind) is Mapping:
        return {_built(inner[0], key): _built(inner[1], item) for key, item in value.items()}
    if isinstance(value, str) and issubclass(kind, (date, time)):
        return kind.fromisoformat(value)
    return kind(value) if issubclass(kind, (StrEnum, Decimal)) else value


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise PriceTableError(f"price table {path}: {error.strerror}; see --prices") from error
    if len(data) > _MAX_BYTES:
        raise PriceTableError(f"price table {path}: larger than {_MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceTableError(f"price table {path}: not UTF-8 at byte {error.start}") from error


def _place(loc: tuple[int | str, ...], document: dict[str, Any]) -> str:
    """Name the entry by its own id rather than by its number in the file."""
    match loc:
        case (str(kind), int(index), *rest):
            entry = document[kind][index]
            keys = ("id", "name", "year", "what")
            named = (entry.get(key) for key in keys) if isinstance(entry, dict) else ()
            label = next((str(name) for name in named if name), f"number {index + 1}")
            inner = "".join(f".{part}" for part in rest if part != "[key]").lstrip(".")
            return f"[[{kind}]] {label}: {inner + ': ' if inner else ''}"
        case ():
            return ""
        case _:
            return f"{'.'.join(map(str, loc))}: "
