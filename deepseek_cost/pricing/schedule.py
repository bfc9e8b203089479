"""Peak and off-peak rates: the hours, Chinese weekdays and holidays that decide between them."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from itertools import chain

from msgspec import Struct

from deepseek_cost.pricing.provenance import Dated, Sourced, in_force

BEIJING = timezone(timedelta(hours=8), "Beijing")
# Longer than any run of days without a peak window: National Day and its weekends take nine.
_HORIZON_DAYS = 21
_DECEMBER = 12


class Tier(StrEnum):
    """Which of a period's price lists applies at a given time."""

    FLAT = "flat"
    PEAK = "peak"
    OFF_PEAK = "off_peak"

    @property
    def label(self) -> str:
        """The name of the rate as DeepSeek's price page spells it."""
        return self.value.replace("_", "-")

    @property
    def other(self) -> "Tier | None":
        """The other of peak and off-peak; None for a flat price."""
        return {Tier.PEAK: Tier.OFF_PEAK, Tier.OFF_PEAK: Tier.PEAK}.get(self)


class TierBy(StrEnum):
    """Which time in a request decides its rate; DeepSeek doesn't say."""

    START = "start"
    END = "end"


class Schedule(Dated, frozen=True, kw_only=True):
    """A rule for peak hours; windows and weekdays (1 = Monday) in Beijing time, ends excluded."""

    id: str
    peak_windows: tuple[tuple[time, time], ...]
    peak_weekdays: tuple[int, ...]
    holidays_are_off_peak: bool

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        if any(edge.tzinfo for window in self.peak_windows for edge in window):
            raise ValueError("peak_windows are Beijing time and have no zone of their own")
        if not all(begin < end for begin, end in self.peak_windows):
            raise ValueError("a peak window ends before it begins")
        if not all(1 <= day <= 7 for day in self.peak_weekdays):  # noqa: PLR2004 - ISO weekdays
            raise ValueError("peak_weekdays are 1 (Monday) to 7 (Sunday)")


class Holidays(Sourced, frozen=True, kw_only=True):
    """The public holidays of a year, by the State Council's notice or, before it, by law.

    `uncertain` are the days that the notice may make holidays. Days can be in the December before.
    """

    year: int
    days_off: Mapping[str, tuple[date, ...]]
    makeup_workdays: tuple[date, ...] = ()
    uncertain: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        Sourced.__post_init__(self)
        days = (*chain(*self.days_off.values()), *self.makeup_workdays, *self.uncertain)
        for day in days:
            if day.year != self.year and (day.year, day.month) != (self.year - 1, _DECEMBER):
                raise ValueError(f"{day} is not in {self.year}")

    def name_of(self, day: date) -> str | None:
        """Return the holiday on `day` in Beijing; None if there is none."""
        return next((name for name, days in self.days_off.items() if day in days), None)


class Calendar(Struct, frozen=True):
    """All peak schedules and holidays, which determine the rate at any time."""

    schedules: tuple[Schedule, ...]
    holidays: tuple[Holidays, ...]

    def tier_at(self, at: datetime) -> Tier:
        """Return the rate that applies at `at`: flat before the first schedule."""
        schedule = in_force(self.schedules, at)
        if schedule is None:
            return Tier.FLAT
        local = at.astimezone(BEIJING)
        works = local.isoweekday() in schedule.peak_weekdays and not (
            schedule.holidays_are_off_peak and self.holiday(local.date())
        )
        within = any(begin <= local.time() < end for begin, end in schedule.peak_windows)
        return Tier.PEAK if works and within else Tier.OFF_PEAK

    def is_certain(self, at: datetime) -> bool:
        """Return whether the rate at `at` is certain, whatever a future notice says.

        In peak hours of a day that may become a holiday, `tier_at` returns peak, the higher rate.
        """
        schedule = in_force(self.schedules, at)
        if schedule is None or not schedule.holidays_are_off_peak:
            return True
        day = at.astimezone(BEIJING).date()
        may_be_free = any(day in holidays.uncertain for holidays in self.holidays)
        return not may_be_free or self.tier_at(at) is not Tier.PEAK

    def next_change(self, at: datetime) -> datetime | None:
        """Return the next time after `at` when the rate changes; None if no change is near."""
        tier = self.tier_at(at)
        edges = sorted(edge for edge in self._edges(at) if edge > at)
        return next((edge for edge in edges if self.tier_at(edge) is not tier), None)

    def changes(self, at: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times after `at` and before `until` when the rate changes."""
        change = self.next_change(at)
        while change is not None and change < until:
            yield change
            change = self.next_change(change)

    def holiday(self, day: date) -> str | None:
        """Return the name of the public holiday on the Beijing day `day`; None if none is known."""
        names = (holidays.name_of(day) for holidays in self.holidays)
        return next((name for name in names if name), None)

    def holidays_known_at(self, at: datetime) -> bool:
        """Return whether the holidays in the Beijing year of `at` are known or don't matter."""
        schedule = in_force(self.schedules, at)
        if schedule is None or not schedule.holidays_are_off_peak:
            return True
        return at.astimezone(BEIJING).year in {holidays.year for holidays in self.holidays}

    def _edges(self, at: datetime) -> Iterator[datetime]:
        """Yield every time within the horizon when the rate can change."""
        horizon = at + timedelta(days=_HORIZON_DAYS)
        yield from (schedule.since for schedule in self.schedules)
        first = at.astimezone(BEIJING).date()
        now = in_force(self.schedules, at)
        for schedule in self.schedules:
            if schedule is not now and not at < schedule.since <= horizon:
                continue
            for days in range(_HORIZON_DAYS):
                day = first + timedelta(days=days)
                for edge in (edge for window in schedule.peak_windows for edge in window):
                    yield datetime.combine(day, edge, BEIJING).astimezone(at.tzinfo)
