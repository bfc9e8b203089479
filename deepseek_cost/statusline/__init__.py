"""`dscost when --format`: a line for a shell prompt or status line, from a template with fields.

Nothing heavy is loaded for it: a shell asks before every command.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from deepseek_cost.errors import UsageError

FIELDS = ("tier", "until", "left", "next", "at")
_CLOCK = "%H:%M"
_DAY_AND_CLOCK = "%a %H:%M"
# No line is this wide; a wider field would fill the memory.
_MOST_DIGITS = 3


class Moment(NamedTuple):
    """The tier at an instant, and what comes: times in the user's zone, tiers as DeepSeek's page.

    Without a change in sight, `until` and `next` are None.
    """

    at: datetime
    tier: str
    until: datetime | None
    next: str | None

    @property
    def left(self) -> str:
        """The time until the next change, such as 1h05m; the last minute counts as whole."""
        if self.until is None:
            return ""
        minutes = -((self.at - self.until) // timedelta(minutes=1))
        return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"  # noqa: PLR2004 - minutes of an hour


def filled(template: str, moment: Moment) -> str:
    """Fill a template such as `{tier} until {until:%H:%M}`; fields have no attributes to reach.

    A time takes a format of strftime, the others one of str. Raises UsageError, which names the
    fields.
    """
    from string import Formatter  # noqa: PLC0415 - for this function alone

    try:
        parts = list(Formatter().parse(template))
        return "".join(
            text + ("" if name is None else _field(name, spec or "", conversion, moment))
            for text, name, spec, conversion in parts
        )
    except ValueError as error:
        raise UsageError(f"--format: {str(error).lower()}; {_HINT}") from error


_HINT = f"write {' '.join(f'{{{name}}}' for name in FIELDS)}; {{{{ for a brace"


def _field(name: str, spec: str, conversion: str | None, moment: Moment) -> str:
    if name not in FIELDS:
        raise UsageError(f"--format: no field {name!r}; {_HINT}")
    if conversion or "{" in spec or _is_wide(spec):
        raise UsageError(f"--format: {{{name}}} cannot be shown so; {_HINT}")
    value = getattr(moment, name)
    if isinstance(value, datetime):
        return value.strftime(spec or _shortest(value, moment.at))
    return format(value or "", spec)


def _shortest(value: datetime, at: datetime) -> str:
    return _CLOCK if value.date() == at.date() else _DAY_AND_CLOCK


def _is_wide(spec: str) -> bool:
    """Tell whether a format asks for a width of more digits than any line has."""
    digits = "".join(char if char.isdigit() else " " for char in spec).split()
    return any(len(number) > _MOST_DIGITS for number in digits)
