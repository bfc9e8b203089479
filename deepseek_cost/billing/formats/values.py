"""Values in the records of logs: token counts, names, and what is at a path."""

import ast
import re
from collections.abc import Mapping
from typing import Final

from deepseek_cost.billing.formats.base import Unreadable
from deepseek_cost.billing.formats.lenient_json import decoded

MOST_TOKENS: Final = 2**32 - 2  # thousands of times the maximum context length
_LONGEST_LITERAL: Final = 10_000
MAX_NAME: Final = 256
_EXPONENT: Final = re.compile(r"[0-9](\.[0-9]{1,9})?[eE]\+?[0-9]{1,2}")  # 1.2E+05, in spreadsheets
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+")


def count(value: object, name: str = "a count") -> int | None:
    """Return a token count, or None if there is no value; raises Unreadable with its name."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
        value = value.replace(",", "")
    if isinstance(value, str) and value.strip().removesuffix(".0").isdecimal():
        value = int(value.strip().removesuffix(".0")[:16])
    if isinstance(value, str) and _EXPONENT.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
        raise Unreadable(f"{name} in its usage is not a number of tokens")
    return value


def at(value: object, path: str) -> object:
    """Return the value at a dotted path of an object, or None; JSON kept as text is parsed."""
    for name in path.split(".") if path else ():
        value = as_object(value).get(name)
    return value


def as_object(value: object) -> Mapping[str, object]:
    """Return an object, parsed if it is kept as text; an empty one for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = decoded(value.encode()) or literal(value)
    return value if isinstance(value, dict) else {}


def literal(text: str) -> object:
    """Return the value of a Python literal, as data frames write objects to CSV, or None."""
    if len(text) > _LONGEST_LITERAL:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def name(value: object) -> str | None:
    """Return a name, cut if too long; None if the value is not a name."""
    return value[:MAX_NAME] if isinstance(value, str) and value else None
