"""A bill broken down as the user asks: by day, month, model or session, in any combination."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from deepseek_cost.billing.account import Group
from deepseek_cost.billing.dimensions import By
from deepseek_cost.billing.tariff import BillTotals, total
from deepseek_cost.render.page import Column, Table, grid, short

Groups = Sequence[tuple[Group, BillTotals]]
BAR: Final = "▇"
_LONGEST_BAR: Final = 10


Names = tuple[str | None, ...]


def keeps_of(by: Iterable[By]) -> frozenset[str]:
    """Return the optional fields an account must distinguish groups by for a breakdown."""
    return frozenset(one.value for one in by) & {"session", "project", "hour"}


def broken_down(groups: Groups, by: Sequence[By], zone: tzinfo) -> list[tuple[Names, BillTotals]]:
    """Return figures by the names asked for, newest last; unknown names are None."""
    parts: dict[Names, list[BillTotals]] = {}
    firsts: dict[Names, tuple[date, int]] = {}
    for group, figures in groups:
        names = tuple(_name(group, one, zone) for one in by)
        parts.setdefault(names, []).append(figures)
        place = group.day, group.hour or 0
        firsts[names] = min(place, firsts.get(names, place))
    has_time = any(one.is_time for one in by)

    def order(names: Names) -> tuple[object, ...]:
        known = tuple((name is None, name or "") for name in names)
        times = [part for part, one in zip(known, by, strict=True) if one.is_time]
        return (times, known) if has_time else (firsts[names], known)

    return [(names, total(parts[names])) for names in sorted(parts, key=order)]


def _name(group: Group, by: By, zone: tzinfo) -> str | None:
    match by:
        case By.DAY:
            return group.day.isoformat()
        case By.WEEK:
            return (group.day - timedelta(days=group.day.weekday())).isoformat()
        case By.MONTH:
            return f"{group.day:%Y-%m}"
        case By.HOUR:
            return f"{datetime.fromtimestamp(group.hour or 0, zone):%Y-%m-%d %H:%M}"
        case _:
            found = getattr(group, by.value)
            return found if isinstance(found, str) else None


def names_of(names: Names, by: Iterable[By]) -> list[str]:
    """Return names as they are displayed."""
    return [_shown(name, one) for name, one in zip(names, by, strict=True)]


def _shown(name: str | None, by: By) -> str:
    if name is None:
        return f"(no {by})"
    return short(name) if by is By.MODEL else name


def with_bars(*headings: str, left: int = 1) -> Table:
    """Return a table with a last column for bars."""
    return Table(*grid(*headings, left=left).columns, Column("", "time"))


def bar_of(cost: Decimal, most: Decimal) -> str:
    """Return a bar of text characters for a cost, relative to the largest one."""
    if not most or not cost:
        return ""
    return BAR * max(1, round(cost / most * _LONGEST_BAR))
