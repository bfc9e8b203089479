"""The tiers to come as a small file, made from the bundled price table, so that none is loaded.

Its first line is the mark of the price table that it was made of; then each line is an instant, in
seconds since 1970, and the tier that begins there. It ends where the price table itself would warn:
from the last line on nothing is told.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deepseek_cost.statusline import Moment

if TYPE_CHECKING:
    from deepseek_cost.pricebook import PriceBook

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
