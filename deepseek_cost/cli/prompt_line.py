"""The line for a shell prompt.

Nothing heavy is loaded for it, since a shell asks before every command.

This works without settings or a custom price table, at a time that the file of rates covers. In
all other cases, including errors, the command line takes over; a test compares both.

The file's first line is the mark of the price table it was made from. Each following line is a
time, in seconds since 1970, and the rate that begins then. The file ends where the price table
itself would warn: it says nothing about times from its last line on.
"""

import os
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zlib import crc32

from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.own_files import config_folder

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from deepseek_cost.pricing.book import PriceBook

FIELDS = ("tier", "until", "left", "next", "at")
_CLOCK = "%H:%M"
_DAY_AND_CLOCK = "%a %H:%M"
# No line is wider than this many digits allow; a wider field could fill the memory.
_MOST_DIGITS = 3


class Moment:
    """The rate at a time, and its next change: times in the user's zone, rates by their labels.

    If no change is known, `until` and `next` are None.
    """

    def __init__(
        self,
        at: datetime,
        tier: str,
        until: datetime | None,
        next: str | None,  # noqa: A002 - as the template has it
    ) -> None:
        self.at = at
        self.tier = tier
        self.until = until
        self.next = next

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.at, self.tier))

    @property
    def left(self) -> str:
        """The time until the next change, such as 1h05m, rounded up; empty if none is known."""
        if self.until is None:
            return ""
        minutes = -((self.at - self.until) // timedelta(minutes=1))
        return f"{minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{minutes}m"  # noqa: PLR2004 - minutes of an hour


def filled(template: str, moment: Moment) -> str:
    """Fill a template such as `{tier} until {until:%H:%M}`; attributes of fields are refused.

    Times take a strftime format, other fields a str format. Raises UsageError, with the names of
    the fields, if the template is invalid.
    """
    from string import Formatter

    try:
        parts = list(Formatter().parse(template))
        return "".join(
            text + ("" if name is None else _field(name, spec or "", conversion, moment))
            for text, name, spec, conversion in parts
        )
    except ValueError as error:
        raise UsageError(f"--template: {str(error).lower()}", tip=_HINT) from error


_HINT = f"write {' '.join(f'{{{name}}}' for name in FIELDS)}; {{{{ for a brace"


def _field(name: str, spec: str, conversion: str | None, moment: Moment) -> str:
    if name not in FIELDS:
        raise UsageError(f"--template: no field {name!r}", tip=_HINT)
    if conversion or "{" in spec or _is_wide(spec):
        raise UsageError(f"--template: {{{name}}} cannot be shown so", tip=_HINT)
    value = getattr(moment, name)
    if isinstance(value, datetime):
        return value.strftime(spec or _shortest(value, moment.at))
    return format(value or "", spec)


def _shortest(value: datetime, at: datetime) -> str:
    return _CLOCK if value.date() == at.date() else _DAY_AND_CLOCK


def _is_wide(spec: str) -> bool:
    """Return whether a format has a number with more digits than any line's width."""
    digits = "".join(char if char.isdigit() else " " for char in spec).split()
    return any(len(number) > _MOST_DIGITS for number in digits)


NAME = "tiers.txt"


def read(text: str, at: datetime) -> Moment | None:
    """Return the moment at a time according to the file; None if the file does not cover it."""
    rows = [line.split() for line in text.splitlines()[1:]]
    index = bisect_right([int(since) for since, _ in rows], at.timestamp())
    if not 0 < index < len(rows):
        return None
    (_, tier), (until, following) = rows[index - 1 : index + 1]
    return Moment(at, tier, datetime.fromtimestamp(int(until), at.tzinfo), following)


def made_of(book: "PriceBook", mark: tuple[int, int]) -> str:
    """Return the contents of the file, from the day the table was checked until it would warn."""
    calendar = book.calendar
    start = datetime.combine(book.checked, datetime.min.time(), UTC)
    times = [start]
    for change in calendar.changes(start, start + timedelta(days=366)):
        if book.warnings_at(change):
            break
        times.append(change)
    rows = (f"{at.timestamp():.0f} {calendar.tier_at(at).label}\n" for at in times)
    return f"{mark[0]} {mark[1]}\n{''.join(rows)}"


PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PREFIX = "DSCOST_"
_MAX_BYTES = 200_000


def line(template: str, now: datetime | None = None) -> str | None:
    """Return the line for a time (default now); None if the command line must take over."""
    try:
        moment = None if _is_set_otherwise() else moment_at(now)
        return None if moment is None else filled(template, moment) + "\n"
    except (OSError, ValueError, UsageError):
        return None


def moment_at(now: datetime | None = None) -> Moment | None:
    """Return the moment at a time (default now) according to the bundled file; raises OSError.

    None if the file was made from another price table or does not cover the time.
    """
    tiers = _built(NAME).decode()
    if " ".join(tiers.split(maxsplit=2)[:2]) != price_mark():
        return None
    return read(tiers, (now or datetime.now(UTC)).replace(microsecond=0).astimezone())


def in_words(moment: Moment) -> str:
    """Return a moment such as `off-peak until 18:00`, with the weekday if that is not today."""
    if moment.until is None:
        return moment.tier
    return f"{moment.tier} until {moment.until.strftime(_shortest(moment.until, moment.at))}"


def price_mark() -> str:
    """Return what identifies the bundled price table: its length and checksum."""
    table = _table()
    return f"{len(table)} {crc32(table)}"


def _built(name: str) -> bytes:
    with open(os.path.join(PACKAGE, "data", name), "rb") as file:
        return file.read()


def _table() -> bytes:
    """Return the bundled price table, from the place where pricing.loader finds it."""
    try:
        return _built("prices.toml")
    except FileNotFoundError:
        with open(os.path.join(os.path.dirname(PACKAGE), "data", "prices.toml"), "rb") as file:
            return file.read()


def _is_set_otherwise() -> bool:
    by_variable = any(name.startswith(_PREFIX) for name in os.environ)
    folder = config_folder()
    own = (os.path.join(folder, name) for name in ("prices.toml", "holidays.toml"))
    return by_variable or any(map(os.path.exists, own)) or _has_config()


def _has_config() -> bool:
    """Return whether a file in the current folder or above it may have settings."""
    folder = os.getcwd()
    while True:
        if os.path.exists(os.path.join(folder, "dscost.toml")):
            return True
        project = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(project) and _names_us(project):
            return True
        if folder == os.path.dirname(folder):
            return False
        folder = os.path.dirname(folder)


def _names_us(project: str) -> bool:
    with open(project, "rb") as file:
        data = file.read(_MAX_BYTES)
    return b"dscost" in data or len(data) == _MAX_BYTES
