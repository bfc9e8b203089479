"""TOML to PriceBook; the bundled table.

A compact copy, made when the package is built, loads faster than the bundled table. It records
what it was made from; if the table was edited since, or there is no copy, the table is read.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast
from zlib import crc32

from msgspec import DecodeError, Struct, ValidationError, convert, json

from deepseek_cost.errors import Advice, Advised, PriceTableError
from deepseek_cost.pricing import entries, schedule
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.own_files import config_folder

ENVIRONMENT_VARIABLE = "DSCOST_PRICES"
# What the build adds to the package; hatch_build.py lists the files.
BUILT: Final = Path(__file__).parents[1] / "data"
# The bundled table is 25 KB; a limit keeps a wrong path, such as a log, from filling memory.
_MAX_BYTES = 1_000_000


class Choice(NamedTuple):
    """A price table and what selected it; without a path, the one that comes with dscost."""

    path: Path | None
    chosen_by: str


def choose(flag: Path | None, environment: Mapping[str, str] = os.environ) -> Choice:
    """Pick the price table: the flag beats the environment, which beats the config folder."""
    if flag is not None:
        return Choice(flag, "prices")
    if environment.get(ENVIRONMENT_VARIABLE):
        return Choice(Path(environment[ENVIRONMENT_VARIABLE]), ENVIRONMENT_VARIABLE)
    own = Path(config_folder()) / "prices.toml"
    with suppress(OSError):  # an unreadable home has no usable table either
        if own.is_file():
            return Choice(own, "config folder")
    return Choice(None, "bundled")


def load_prices(path: Path | None = None) -> PriceBook:
    """Read and validate a price table; without a path, the one that comes with dscost.

    Raises PriceTableError, which names the file and the entry.
    """
    return _bundled_book() if path is None else parse(_read(path), str(path))


def bundled() -> Path:
    """Return the price table shipped in the wheel, or data/prices.toml in a checkout."""
    packaged = BUILT / "prices.toml"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "data" / "prices.toml"


class Copy(Struct, frozen=True):
    """A price book as JSON, with the length and CRC-32 of the table it was made from."""

    of: tuple[int, int]
    book: PriceBook


def mark_of(table: bytes) -> tuple[int, int]:
    """Return the length in bytes and the CRC-32 of a table, which reveal an edit."""
    return len(table), crc32(table)


def compiled() -> bytes:
    """Return the compact copy of the bundled table; raises PriceTableError."""
    table = bundled().read_bytes()
    return json.encode(Copy(mark_of(table), parse(table.decode(), str(bundled()))))


def book_to_compare_with(table: Path) -> PriceBook | None:
    """Return the bundled table as it was when the package was built.

    Without a copy, returns the current bundled table, or None if that is `table` itself.
    """
    copy = _copy()
    if copy:
        return copy.book
    with suppress(OSError, ValueError):  # a path that cannot be resolved cannot be read either
        if table.samefile(bundled()):
            return None
    return load_prices()


def _copy() -> Copy | None:
    with suppress(OSError, DecodeError):
        return json.decode((BUILT / "prices.json").read_bytes(), type=Copy)
    return None


@cache
def _bundled_book() -> PriceBook:
    table = bundled().read_bytes()
    copy = _copy()
    if copy and copy.of == mark_of(table):
        return copy.book
    return parse(table.decode(), str(bundled()))


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe could keep us waiting without end
            reason = f"price table {path}: not a regular file"
            raise PriceTableError(Advised(reason, Advice.PRICE_FILE))
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise PriceTableError(
            Advised(f"price table {path}: {error.strerror}", Advice.PRICE_FILE)
        ) from error
    except ValueError as error:  # a NUL in its name
        raise PriceTableError(Advised(f"price table {path}: {error}", Advice.PRICE_FILE)) from error
    if len(data) > _MAX_BYTES:
        raise PriceTableError(f"price table {path}: larger than {_MAX_BYTES:,} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceTableError(f"price table {path}: not UTF-8 at byte {error.start}") from error


# The parser is slow on a key with thousands of parts.
_MAX_LINE = 5_000
# A time of day as a price table may have it; RFC 3339 requires seconds, too.
_HOUR_AND_MINUTE: Final = r"\d\d:\d\d"
# How msgspec ends an error with its location; `...` is any key of a mapping.
_ERROR: Final = r"(?s)(?P<reason>.*) - at `(?:key` in `)?\$(?P<path>.*)`"
_STEP: Final = r"\.(?P<name>\w+)|\[(?P<index>\d+|\.\.\.)\]"
_UNKNOWN: Final = r"(?s)Object contains unknown field `(?P<key>.*)`$"
_MISSING: Final = r"Object missing required field `(?P<key>\w+)`$"
_PLAINER: Final = {
    "Invalid RFC3339 encoded date": "not a date such as 2026-08-16",
    "Invalid RFC3339 encoded time": "not a time of day such as 09:00",
}
# The keys that a table may have anywhere, for typos.
_KEYS: Final = {
    name
    for kind in (PriceBook, *vars(entries).values(), *vars(schedule).values())
    for name in getattr(kind, "__struct_fields__", ())
}

_Place = tuple[int | str, ...]


def parse(text: str, name: str) -> PriceBook:
    """Validate the text of a price table; `name` is what errors call it.

    Raises PriceTableError, which names the entry and the key.
    """
    if any(len(line) > _MAX_LINE for line in text.splitlines()):
        raise PriceTableError(f"price table {name}: a line is longer than {_MAX_LINE:,} characters")
    import tomllib  # noqa: PLC0415 - the bundled table is compiled

    try:
        document = tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise PriceTableError(f"price table {name}: not valid TOML: {error}") from error
    document = _with_seconds(document)
    try:
        return convert(document, PriceBook)
    except ValidationError as error:
        raise PriceTableError(f"price table {name}: {_message(error, document)}") from error


def _with_seconds(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with 09:00:00 for 09:00 in its peak windows."""
    schedules = document.get("schedule")
    if not isinstance(schedules, list):
        return document
    return document | {"schedule": [_windows_with_seconds(schedule) for schedule in schedules]}


def _windows_with_seconds(schedule: Any) -> Any:  # noqa: ANN401 - not validated yet
    def whole(value: Any) -> Any:  # noqa: ANN401 - likewise
        if isinstance(value, list):
            return [whole(inner) for inner in value]
        is_short = isinstance(value, str) and re.fullmatch(_HOUR_AND_MINUTE, value)
        return f"{value}:00" if is_short else value

    if not isinstance(schedule, dict) or "peak_windows" not in schedule:
        return schedule
    return schedule | {"peak_windows": whole(schedule["peak_windows"])}


def _message(error: ValidationError, document: dict[str, Any]) -> str:
    """Return what is wrong with a document, preceded by the entry and key concerned."""
    found = re.fullmatch(_ERROR, str(error))
    reason = found["reason"] if found else str(error)
    try:
        place = _place_of(error, found["path"] if found else "", document)
    except (LookupError, TypeError):  # a key that looks like a place
        return str(error)
    if unknown := re.match(_UNKNOWN, reason):
        near = get_close_matches(unknown["key"], _KEYS, n=1)
        place = (*place, unknown["key"])
        reason = f"unknown key{f'; did you mean {near[0]}?' if near else ''}"
    elif missing := re.match(_MISSING, reason):
        reason = f"{missing['key']} is missing"
    return f"{_name_of(place, document)}{_PLAINER.get(reason, reason).replace('`', '')}"


def _place_of(error: ValidationError, path: str, document: dict[str, Any]) -> _Place:
    """Return the path of keys and indexes to what is wrong.

    msgspec doesn't name the keys of a mapping, so each is tried alone until one gives the same
    error.
    """
    whole, place = document, cast("_Place", ())
    for step in re.finditer(_STEP, path):
        if step["index"] == "...":
            mapping = _at(place, document)
            narrowed = {key: _replaced(document, place, {key: mapping[key]}) for key in mapping}
            key = next((key for key in mapping if _fails_alike(narrowed[key], error)), None)
            if key is None:
                break
            document, place = narrowed[key], (*place, key)
        else:
            place = (*place, step["name"] or int(step["index"]))
    _at(place, whole)
    return place


def _fails_alike(document: dict[str, Any], error: ValidationError) -> bool:
    try:
        convert(document, PriceBook)
    except ValidationError as other:
        return str(other) == str(error)
    return False


def _at(place: _Place, document: Any) -> Any:  # noqa: ANN401 - any value of a table
    for step in place:
        document = document[step]
    return document


def _replaced(document: Any, place: _Place, value: Any) -> Any:  # noqa: ANN401 - likewise
    """Return a copy of the document with another value at a place."""
    if not place:
        return value
    copied = document.copy()
    copied[place[0]] = _replaced(document[place[0]], place[1:], value)
    return copied


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
