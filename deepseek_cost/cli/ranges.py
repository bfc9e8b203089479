"""A range of time as people write it: 2026-11, 2026-11-03, yesterday, 7d."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from deepseek_cost.billing.budget import Budget
from deepseek_cost.billing.dimensions import By
from deepseek_cost.cli.values import amount as money
from deepseek_cost.errors import UsageError

_MONTH: Final = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_WEEK: Final = re.compile(r"(\d{4})-w(\d{2})", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_AGO: Final = re.compile(r"(\d{1,5}) ?([hdwmy])", re.ASCII)
_LAST_MONTH: Final = 12
_WAYS: Final = "write 2026-11, 2026-11-03, 2026-11-03T10:00, today, yesterday, 7d, 2w or 3m"


class Range(NamedTuple):
    """A period from `since` to `until`, exclusive; None: open. `now` is the time of the run."""

    since: datetime | None
    until: datetime | None
    now: datetime
    zone: tzinfo


def span_of(since: str | None, until: str | None, now: datetime, zone: tzinfo) -> Range:
    """Return the range given by the options; raises UsageError if it is invalid."""
    start = None if since is None else _since(since, now, zone)
    end = None if until is None else _until(until, now, zone)
    if start is not None and end is not None and start >= end:
        raise UsageError(f"--until {until!r} is not later than --since {since!r}")
    return Range(start, end, now, zone)


def budget_of(text: str | None, by: Sequence[By], span: Range) -> Budget | None:
    """Return a budget for the range, or for the current month, week or day; None without `text`.

    A range without an end lasts until the end of its first month, at least until now. Raises
    UsageError if there is no period to go by.
    """
    if text is None:
        return None
    amount = money(text, "--budget")
    if span.since is not None:
        start = span.since.astimezone(span.zone)
        end = span.until or max(_end_of_month(start), span.now)
        return Budget(amount, start, end.astimezone(span.zone), span.now)
    today = span.now.astimezone(span.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if By.MONTH in by:
        start = today.replace(day=1)
        return Budget(amount, start, _end_of_month(start), span.now)
    if By.WEEK in by or By.DAY in by:
        start = today - timedelta(days=today.weekday()) if By.WEEK in by else today
        days = 7 if By.WEEK in by else 1
        return Budget(amount, start, start + timedelta(days=days), span.now)
    raise UsageError("--budget needs a period", tip="add --by month, or --since")


def _end_of_month(at: datetime) -> datetime:
    return _next_month(at.replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def _since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the beginning of a named period in `zone`; `7d` is 7 times 24 hours ago."""
    return _span(text, now, zone, "--since")[0]


def _until(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Return the end of a named period, exclusive: a whole month or day is included."""
    return _span(text, now, zone, "--until")[1]


def _span(text: str, now: datetime, zone: tzinfo, option: str) -> tuple[datetime, datetime]:
    found = text.strip().lower()
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    try:
        if found == "now":
            return now, now
        if found in {"today", "yesterday"}:
            day = today - timedelta(days=found == "yesterday")
            return _in(day, zone), _in(day + timedelta(days=1), zone)
        if calendar := _calendar(found):
            return _in(calendar[0], zone), _in(calendar[1], zone)
        if match := _AGO.fullmatch(found):
            at = _ago(now, int(match[1]), match[2])
            return at, at
        at = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text!r} is not a time", tip=_WAYS) from None
    if len(found) == len("2026-11-03") or (found.isdecimal() and len(found) == len("20261103")):
        return _in(at, zone), _in(at + timedelta(days=1), zone)
    at = at if at.tzinfo else at.replace(tzinfo=zone)
    return at, at


def _calendar(text: str) -> tuple[datetime, datetime] | None:
    """Return the first day of a year, month or week such as 2026-w45, and the first one after it.

    None for anything else; raises ValueError for a month or week that does not exist.
    """
    if match := _MONTH.fullmatch(text):
        month = datetime(int(match[1]), int(match[2]), 1)  # noqa: DTZ001 - `_in` adds the zone
        return month, _next_month(month)
    if match := _WEEK.fullmatch(text):
        monday = datetime.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + timedelta(days=7)
    if match := _YEAR.fullmatch(text):
        year = datetime(int(match[0]), 1, 1)  # noqa: DTZ001 - as above
        return year, year.replace(year=year.year + 1)
    return None


def _in(day: datetime, zone: tzinfo) -> datetime:
    return day.replace(tzinfo=zone)


def _next_month(month: datetime) -> datetime:
    if month.month == _LAST_MONTH:
        return month.replace(year=month.year + 1, month=1)
    return month.replace(month=month.month + 1)


def _ago(now: datetime, number: int, unit: str) -> datetime:
    """Return the time `number` units ago; months and years keep the day, or use the last one."""
    if unit in "hdw":
        hours = {"h": 1, "d": 24, "w": 7 * 24}[unit]
        return now - timedelta(hours=number * hours)
    months = now.year * _LAST_MONTH + now.month - 1 - number * (_LAST_MONTH if unit == "y" else 1)
    first = now.replace(year=months // _LAST_MONTH, month=months % _LAST_MONTH + 1, day=1)
    last = (_next_month(first) - timedelta(days=1)).day
    return first.replace(day=min(now.day, last))
