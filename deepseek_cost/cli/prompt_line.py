"""The line for a shell prompt.

Nothing heavy is loaded for it, since a shell asks before every command.

This works at a time that the file of rates covers, with settings that were read before (see
`line_setup`). In all other cases, including errors, the command line takes over; a test compares
both.

The file's first line is the mark of the price table it was made from. Each following line is a
time, in seconds since 1970, and the rate that begins then. The file ends where the price table
itself would warn: it says nothing about times from its last line on. If the rate never changes,
that line has no rate.
"""

import os
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zlib import crc32

from deepseek_cost.cli.line_setup import DAYS, Setup, keep, own_holidays, price_mark, setups
from deepseek_cost.errors import UsageError

TYPE_CHECKING = False  # `typing` takes as long to load as Python itself
if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from deepseek_cost.pricing.book import PriceBook

FIELDS = ("tier", "until", "left", "next", "at")
_CLOCK = "%H:%M"
_DAY_AND_CLOCK = "%a %H:%M"
_NO_CHANGE = "-"
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
        raise UsageError(f"--template: {{{name}}} cannot be formatted like that", tip=_HINT)
    value = getattr(moment, name)
    if isinstance(value, datetime):
        return value.strftime(spec or _shortest(value, moment.at))
    return "" if value is None else format(value, spec)


def _shortest(value: datetime, at: datetime) -> str:
    return _CLOCK if value.date() == at.date() else _DAY_AND_CLOCK


def _is_wide(spec: str) -> bool:
    """Return whether a format has a number with more digits than any line's width."""
    digits = "".join(char if char.isdigit() else " " for char in spec).split()
    return any(len(number) > _MOST_DIGITS for number in digits)


def read(text: str, at: datetime) -> Moment | None:
    """Return the moment at a time according to the file; None if the file does not cover it."""
    rows = [line.split() for line in text.splitlines()[1:]]
    index = bisect_right([int(since) for since, _ in rows], at.timestamp())
    if not 0 < index < len(rows):
        return None
    (_, tier), (until, following) = rows[index - 1 : index + 1]
    if following == _NO_CHANGE:
        return Moment(at, tier, None, None)
    return Moment(at, tier, datetime.fromtimestamp(int(until), at.tzinfo), following)


def made_of(book: "PriceBook", mark: tuple[int, int]) -> str:
    """Return the contents of the file, from the day the table was checked until it would warn."""
    start = datetime.combine(book.checked, datetime.min.time(), UTC)
    return f"{mark[0]} {mark[1]}\n{rows(book, start, 366, warned=False)}"


def rows(book: "PriceBook", start: datetime, days: int, *, warned: bool) -> str:
    """Return the lines of the file for some days; unless `warned`, until the table would warn.

    If there is no change at all, the last line is the last hour of these.
    """
    calendar, tier = book.calendar, book.calendar.tier_at(start).label
    if calendar.next_change(start) is None:
        hours = (start + timedelta(hours=hour) for hour in range(1, 24 * days + 1))
        covered = list(takewhile(lambda at: warned or not book.warnings_at(at), hours))
        end = f"{covered[-1].timestamp():.0f} {_NO_CHANGE}\n" if covered else ""
        return f"{start.timestamp():.0f} {tier}\n{end}"
    times = [start]
    for change in calendar.changes(start, start + timedelta(days=days)):
        if not warned and book.warnings_at(change):
            break
        times.append(change)
    return "".join(f"{at.timestamp():.0f} {calendar.tier_at(at).label}\n" for at in times)


def line(template: str, now: datetime | None = None) -> str | None:
    """Return the line for a time (default now); None if the command line must take over."""
    try:
        found = setup_and_moment(now)
        return None if found is None else filled(template, found[1]) + "\n"
    except (OSError, ValueError, UsageError):
        return None


def setup_and_moment(now: datetime | None = None) -> tuple[Setup, Moment] | None:
    """Return the settings of this command line, and the moment at a time (default now).

    None if they are not known without reading settings or the price table; raises OSError.
    """
    at = (now or datetime.now(UTC)).replace(microsecond=0)
    for setup in setups():
        if moment := read(setup.tiers, at.astimezone(_zone(setup.zone))):
            return setup, moment
    return None


def kept(
    book: "PriceBook",
    at: datetime,
    table: "Path | None",
    currency: str,
    zone: str = "",
    *,
    warned: bool,
) -> Setup:
    """Return the settings that the command line found, and keep them for the next line.

    `table` is a price table of the user's own. Unless `warned`, the line takes the long way when
    the price table warns, which shows the warnings.
    """
    mark, index = price_mark(), currency.lower()
    for path in (table,) if table else own_holidays():
        with open(path, "rb") as file:
            mark = f"{'' if table else mark} {crc32(file.read())}"
        index += f"-{crc32(os.fsencode(os.path.abspath(path))):08x}"
    start = at.astimezone(UTC)
    changes = f"{mark}\n{rows(book, start, DAYS, warned=warned)}"
    setup = Setup(currency, zone, mark, index, changes)
    keep(setup, str(table) if table else None)
    return setup


def moment_of(book: "PriceBook", at: datetime) -> Moment:
    """Return the moment at a time, in the time's zone, by the price table."""
    calendar = book.calendar
    change = calendar.next_change(at)
    until = change and change.astimezone(at.tzinfo)
    following = calendar.tier_at(change).label if change else None
    return Moment(at, calendar.tier_at(at).label, until, following)


def in_words(moment: Moment) -> str:
    """Return a moment such as `off-peak until 18:00`, with the weekday if that is not today."""
    if moment.until is None:
        return moment.tier
    return f"{moment.tier} until {moment.until.strftime(_shortest(moment.until, moment.at))}"


def _zone(name: str) -> "tzinfo | None":
    """Return a time zone; None for the machine's."""
    if not name:
        return None
    from deepseek_cost.pricing.timezones import find_zone

    return find_zone(name)
