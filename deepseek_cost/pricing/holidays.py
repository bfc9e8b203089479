"""Holidays from a user's own file, so that the price table need not be copied to add them."""

import tomllib
from pathlib import Path
from typing import Final

from msgspec import Struct, ValidationError, convert
from msgspec.structs import replace

from deepseek_cost.errors import PriceTableError
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.schedule import Holidays

_MAX_BYTES: Final = 100_000


class _File(Struct, forbid_unknown_fields=True):
    """A file of `[[holidays]]` as in a price table; `[[holiday]]` is accepted, too."""

    holidays: tuple[Holidays, ...] = ()
    holiday: tuple[Holidays, ...] = ()


def with_holidays(book: PriceBook, path: Path) -> PriceBook:
    """Return a price book in which the years in a file replace the book's own.

    Raises PriceTableError for a file that cannot be read or has a wrong entry.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise PriceTableError(f"holidays {path}: larger than {_MAX_BYTES:,} bytes")
        found = convert(tomllib.loads(data.decode("utf-8-sig")), _File)
    except OSError as error:
        raise PriceTableError(f"holidays {path}: {error.strerror}") from error
    except ValidationError as error:
        raise PriceTableError(f"holidays {path}: {str(error).replace('`', '')}") from error
    except (ValueError, RecursionError) as error:
        raise PriceTableError(f"holidays {path}: not valid TOML: {error}") from error
    own = (*found.holidays, *found.holiday)
    years = {entry.year for entry in own}
    kept = (entry for entry in book.holidays if entry.year not in years)
    return replace(book, holidays=(*kept, *own))
