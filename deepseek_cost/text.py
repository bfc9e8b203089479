"""Text from outside: shown safely, read strictly."""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from deepseek_cost.errors import UsageError

AnyChoice = TypeVar("AnyChoice", bound=StrEnum)


def choice(kind: type[AnyChoice], value: AnyChoice | str, name: str) -> AnyChoice:
    """Parse one of several words; raises UsageError, which lists them."""
    try:
        return kind(value)
    except ValueError:
        raise UsageError(
            f"{name}={value!r} is not a choice", tip=f"write {', '.join(kind)}"
        ) from None


# DeepSeek writes limits that are whole multiples of this in K of 1,024.
_ROUND: Final = 1 << 15
# Short enough that arithmetic on any number is fast.
_NUMBER: Final = r"[0-9]{0,15}(\.[0-9]{0,15})?"


def parse_ratio(text: str) -> Decimal:
    """Parse a ratio from 0 to 1, or a percentage such as 80%."""
    share = text.strip()
    value = parse_number(share.removesuffix("%"))
    if value is not None and share.endswith("%"):
        value /= 100
    if value is None or value > 1:
        raise UsageError(
            "is not a share between 0 and 1",
            tip="write 0.8 or 80%",
            field="cache_hit_ratio",
            value=text,
        )
    return value


def parse_number(text: str) -> Decimal | None:
    """Return a plain decimal number; None for anything else."""
    if not re.fullmatch(_NUMBER, text) or not any(map(str.isdigit, text)):
        return None
    return Decimal(text)


def quantity(count: int, noun: str) -> str:
    """Return a number and what it is of: "1 file", "1,200 files"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# What a CI runner treats as a command to itself: `##[...]` wherever it is in a line, `::` at the
# beginning of one, and for Azure Pipelines `##vso[...]`.
_ANYWHERE: Final = r"(?i)##(?=\[|vso\[)"
_AT_START: Final = r"^(\s*):(?=:)"


def printable(text: str) -> str:
    """Escape what is not a visible character or a space, and what a CI runner would obey.

    That is: controls, bidi marks, surrogates; `##[error]` and the like.
    """
    shown = "".join(char if char.isprintable() else _escaped(char) for char in text)
    if "##" in shown:
        shown = re.sub(_ANYWHERE, r"#\\x23", shown)
    return re.sub(_AT_START, r"\1\\x3a", shown) if "::" in shown else shown


def quiet_json(text: str) -> str:
    """Write what a CI runner would obey in a JSON document as escapes: its values stay the same."""
    return re.sub(_ANYWHERE, r"#\\u0023", text)


def unicode_name(name: str) -> str:
    """Return a file's name as valid Unicode; invalid bytes are shown as escapes."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def token_limit(tokens: int) -> str:
    """Return a limit as DeepSeek's page has it: 384K (of 1,024) and 1M, or all digits."""
    if tokens % 1_000_000 == 0:
        return f"{tokens // 1_000_000}M"
    return f"{tokens:,}" if tokens % _ROUND else f"{tokens // 1_024:,}K"
