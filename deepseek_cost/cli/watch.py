"""The bill that is shown anew whenever a log grows: as a table on a terminal, else line by line."""

import sys
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from deepseek_cost.billing.follow import Follower
from deepseek_cost.billing.intake import Intake
from deepseek_cost.cli.messages import styles_are_shown
from deepseek_cost.cli.output import drawn, write_line
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.render.money import money
from deepseek_cost.reports.bill import Read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deepseek_cost.billing.formats.base import Response
    from deepseek_cost.billing.identity import Counted
    from deepseek_cost.billing.records import Reading
    from deepseek_cost.cli.bill_session import Billing
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.reports.bill import BillReport

    Show = Callable[[str, BillReport], None]

# Seconds between two looks, and how many times as long as the last reading took: following large
# logs takes at most a tenth of a core.
_PAUSE: Final = 1.0
_TIMES_READING: Final = 10


class Watched(Struct, frozen=True):
    """What is followed: the logs that `find` returns.

    `title` follows the amount, such as today. `plain`: line by line on a terminal, too.
    """

    billing: "Billing"
    how: "Reading"
    find: "Callable[[], Found]"
    title: str
    plain: bool = False


def watch(watched: Watched, found: "Found") -> None:
    """Show the bill of the logs found, and again after each change, until interrupted.

    Raises InputError if a log named by the user is not one, and UsageError for standard input.
    """
    with suppress(KeyboardInterrupt), _shown(plain=watched.plain) as show:
        while True:
            _watch_for_a_day(watched, found, show)
            found = watched.find()


def _watch_for_a_day(watched: Watched, found: "Found", show: "Show") -> None:
    """Show the bill after each change; return when the day ends, and with it today's bill."""
    billing, span, latest = watched.billing, watched.billing.find_span(), _Latest()
    day = span.now.astimezone(billing.zone).date()

    def begin() -> Intake:
        return Intake(billing.account(span), watch=latest.add)

    follower = Follower(begin, watched.how, span.since.timestamp() if span.since else 0, begin())

    def show_bill() -> None:
        report = billing.report(span, follower.intake, Read())
        show(_head(watched.title, latest.session, follower.intake, report), report)

    _require_files(found)
    follower.read(found.sources)
    _require_logs(follower, found)
    show_bill()
    pause = _PAUSE
    while billing.find_span().now.astimezone(billing.zone).date() == day:
        time.sleep(pause)
        begun = time.monotonic()
        with suppress(InputError):  # a file is being renamed
            if follower.read(watched.find().sources):
                show_bill()
        pause = max(_PAUSE, _TIMES_READING * (time.monotonic() - begun))


class _Latest(Struct):
    """The session of the latest response."""

    session: str | None = None
    seconds: float = 0

    def add(self, response: "Response", _: "Counted") -> None:
        """Look at a response that was counted."""
        seconds = response.end or response.start or 0
        if seconds >= self.seconds:
            self.session, self.seconds = response.session, seconds


def _require_files(found: "Found") -> None:
    if any(source.path is None or source.reads_once for source in found.sources):
        raise UsageError("--watch follows files on this machine", tip="give such files, or none")


def _require_logs(follower: Follower, found: "Found") -> None:
    """Raise InputError for a file named by the user that is not a log of responses."""
    for name, reason in follower.refused.items():
        if name not in found.below:
            raise InputError(reason, value=name)


def _head(title: str, session: str | None, intake: Intake, report: "BillReport") -> str:
    """Return the cost so far, and that of the session of the latest response."""
    unpriced = report.unpriced.lines
    parts = [f"{unpriced:,} not priced"] if unpriced else []
    if report.total or not unpriced:
        total = report.total.cost.total if report.total else Decimal(0)
        parts.insert(0, f"{money(total, report.currency)} {title}")
    if session is not None:
        costs = (one.total for group, one in intake.account.figures() if group.session == session)
        spent = sum(costs, Decimal(0))
        parts.append(f"{money(spent, report.currency)} this session")
    requests = intake.account.requests
    parts.append(f"{requests:,} request{'s' if requests != 1 else ''}")
    return " · ".join(parts)


@contextmanager
def _shown(*, plain: bool) -> "Iterator[Show]":
    """Yield a function that shows a report in place of the one before, or as one more line."""
    if plain or sys.stdout is None or not sys.stdout.isatty():
        yield lambda head, _: write_line(f"{stamp(datetime.now(UTC))}  {head}\n")
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(no_color=not styles_are_shown(sys.stdout), highlight=False)
    with Live(console=console, auto_refresh=False) as live:
        yield lambda head, report: live.update(
            Text.from_ansi(drawn(report.live_page(head))), refresh=True
        )
