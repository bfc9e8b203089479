"""The line of a shell prompt.

Nothing heavy is loaded for it: a shell asks before every command.

That is: no setting, no price table of one's own, and an instant that the file of tiers tells. In
all other cases, errors too, the command line itself answers; a test holds both against each other.

Its first line is the mark of the price table that it was made of; then each line is an instant, in
seconds since 1970, and the tier that begins there. It ends where the price table itself would warn:
from the last line on nothing is told.
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
# No line is this wide; a wider field would fill the memory.
_MOST_DIGITS = 3


class Moment:
    """The tier at an instant, and what comes: times in the user's zone, tiers as DeepSeek's page.

    Without a change in sight, `until` and `next` are None.
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
    """Tell whether a format asks for a width of more digits than any line has."""
    digits = "".join(char if char.isdigit() else " " for char in spec).split()
    return any(len(number) > _MOST_DIGITS for number in digits)


NAME = "tiers.txt"


def read(text: str, at: datetime) -> Moment | None:
    """Return what the file tells of an instant; None where it tells nothing."""
    rows = [line.split() for line in text.splitlines()[1:]]
    index = bisect_right([int(since) for since, _ in rows], at.timestamp())
    if not 0 < index < len(rows):
        return None
    (_, tier), (until, following) = rows[index - 1 : index + 1]
    return Moment(at, tier, datetime.fromtimestamp(int(until), at.tzinfo), following)


def made_of(book: "PriceBook", mark: tuple[int, int]) -> str:
    """Make the file: from the day on which the table was checked until it would warn."""
    calendar = book.calendar
    start = datetime.combine(book.checked, datetime.min.time(), UTC)
    instants = [start]
    for change in calendar.changes(start, start + timedelta(days=366)):
        if book.warnings_at(change):
            break
        instants.append(change)
    rows = (f"{at.timestamp():.0f} {calendar.tier_at(at).label}\n" for at in instants)
    return f"{mark[0]} {mark[1]}\n{''.join(rows)}"


PACKAGE = os.path.dirname(os.path.dirname(__file__))
_PREFIX = "DSCOST_"
_MAX_BYTES = 200_000


def line(template: str, now: datetime | None = None) -> str | None:
    """Return the line at an instant (default now); None where the command line must answer."""
    try:
        moment = None if _is_set_otherwise() else moment_at(now)
        return None if moment is None else filled(template, moment) + "\n"
    except (OSError, ValueError, UsageError):
        return None


def moment_at(now: datetime | None = None) -> Moment | None:
    """Return what the bundled file tells of an instant (default now); raises OSError."""
    tiers = _built(NAME).decode()
    if " ".join(tiers.split(maxsplit=2)[:2]) != price_mark():
        return None
    return read(tiers, (now or datetime.now(UTC)).replace(microsecond=0).astimezone())


def in_words(moment: Moment) -> str:
    """Return `off-peak until 18:00`, with the weekday if that is not today."""
    if moment.until is None:
        return moment.tier
    return f"{moment.tier} until {moment.until.strftime(_shortest(moment.until, moment.at))}"


def price_mark() -> str:
    """Return what tells the bundled price table from others: its length and checksum."""
    table = _table()
    return f"{len(table)} {crc32(table)}"


def _built(name: str) -> bytes:
    with open(os.path.join(PACKAGE, "data", name), "rb") as file:
        return file.read()


def _table() -> bytes:
    """Read the bundled price table, as pricing.loader finds it."""
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
    """Tell whether a file above the current folder may hold settings."""
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
