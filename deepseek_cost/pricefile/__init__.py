"""Which price table is used, and reading it.

The bundled table comes with a compact copy, made by `python -m deepseek_cost.pricefile`, which
loads fast. It tells what it was made of; a table edited since then is read itself.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from msgspec import DecodeError, Struct, json

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricebook import PriceBook

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
    from deepseek_cost.pricefile.document import book_of  # noqa: PLC0415 - the copy needs it not

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
