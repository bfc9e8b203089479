"""The State Council's notice of a year's public holidays: its Chinese text, read into an entry.

The office publishes one each autumn, in the same words since 2014: a numbered sentence per
festival, with the days off and the weekend days that are worked instead.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from deepseek_cost.errors import InputError

_MOST_CHARACTERS: Final = 1_000_000
_FESTIVALS: Final = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat",
    "中秋节": "Mid-Autumn",
    "国庆节": "National Day",
}
_YEAR: Final = re.compile(r"关于(\d{4})年(?:部分)?节假日安排")
_ITEM: Final = re.compile(
    r"[一二三四五六七八九十]+、(?P<names>[^:一二三四五六七八九十]{2,12}):(?P<text>[^\n]*)"
)
_DATE: Final = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^()]*)\))?"
_DAY: Final = re.compile(_DATE)
_OFF: Final = re.compile(rf"^{_DATE}(?:(?:至|-){_DATE})?(?:起)?放假(?P<rest>[^。;]*)[。;]?")
_WORK: Final = re.compile(
    r"^((?:(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:\([^()]*\))?[、和,]?)+)上班[。;]?"
)
_COUNT: Final = re.compile(r"共?(\d+)天")
# What a notice recommends but does not order.
_ADVICE: Final = re.compile(r"^鼓励[^。]*。?")
_WEEKDAYS: Final = "一二三四五六日"
_LONGEST: Final = 15


class Notice(Struct, frozen=True):
    """The holidays of a year: days off by festival, and weekend days that are workdays."""

    year: int
    days_off: Mapping[str, tuple[date, ...]]
    makeup_workdays: tuple[date, ...]


def read_notice(text: str, name: str) -> Notice:
    """Read the text of a notice; raises InputError, which quotes what was not understood.

    Each weekday and each number of days that the notice states is checked.
    """
    if len(text) > _MOST_CHARACTERS:
        raise InputError(f"{name}: larger than {_MOST_CHARACTERS:,} characters; not a notice")
    plain = "\n".join("".join(line.split()) for line in normalize("NFKC", text).splitlines())
    found = _YEAR.search(plain.replace("\n", ""))
    if found is None:
        raise InputError(f"{name}: not a notice of holidays: 关于....年部分节假日安排 is not in it")
    year = int(found[1])
    days_off: dict[str, tuple[date, ...]] = {}
    workdays: list[date] = []
    for item in _ITEM.finditer(plain):
        festivals = re.split("[、和]", item["names"])
        if not all(festival in _FESTIVALS for festival in festivals):
            raise InputError(f"{name}: not understood: {item[0][:80]}")
        off, work = _arrangement(item["text"], year, name)
        days_off[" and ".join(_FESTIVALS[festival] for festival in festivals)] = off
        workdays += work
    missing = [known for known in _FESTIVALS.values() if not any(known in key for key in days_off)]
    if missing:
        raise InputError(f"{name}: the notice is incomplete: no days for {', '.join(missing)}")
    return Notice(year, days_off, tuple(sorted(workdays)))


def _arrangement(text: str, year: int, name: str) -> tuple[tuple[date, ...], list[date]]:
    """Return the days off and the weekend workdays in a festival's sentence."""
    match = _OFF.match(text)
    if match is None:
        raise InputError(f"{name}: not understood: {text[:80]}")
    groups = match.groups()
    first = _date(groups[:4], (year, 1), name)
    last = _date(groups[4:8], (first.year, first.month), name) if groups[6] else first
    days = (last - first).days + 1
    count = _COUNT.search(match["rest"])
    if not 1 <= days <= _LONGEST or (count and int(count[1]) != days):
        raise InputError(f"{name}: {days} days, but it says: {match[0][:80]}")
    off = [first + timedelta(number) for number in range(days)]
    if "与周末连休" in match["rest"]:
        off = list(_with_weekend(first))
    return tuple(off), list(_workdays(text[match.end() :], year, name))


def _with_weekend(day: date) -> Iterator[date]:
    """Yield a holiday and, on a Monday, Friday or weekend, the adjoining weekend days."""
    days = {day}
    for step in (1, -1):
        neighbor = day + timedelta(step)
        while neighbor.isoweekday() > 5:  # noqa: PLR2004 - Saturday and Sunday
            days.add(neighbor)
            neighbor += timedelta(step)
    yield from sorted(days)


def _workdays(text: str, year: int, name: str) -> Iterator[date]:
    while text:
        if match := _WORK.match(text):
            for day in _DAY.finditer(match[1]):
                yield _date(day.groups(), (year, 1), name)
        else:
            match = _ADVICE.match(text)
        if not match:
            raise InputError(f"{name}: not understood: {text[:80]}")
        text = text[match.end() :]


def _date(parts: tuple[str | None, ...], default: tuple[int, int], name: str) -> date:
    """Return a date, with missing parts from the date before it; checks its weekday."""
    year, month, day, remark = parts
    try:
        found = date(int(year or default[0]), int(month or default[1]), int(day or 0))
    except ValueError as error:
        raise InputError(f"{name}: {month}月{day}日: {error}") from error
    weekday = re.search("(?:周|星期)([一二三四五六日])", remark or "")
    if weekday and _WEEKDAYS[found.weekday()] != weekday[1]:
        raise InputError(f"{name}: {found} is not a {weekday[0]}, as it says")
    return found


def to_toml(notice: Notice, source: str, checked: date) -> str:
    """Return the notice as a `[[holidays]]` entry of a price table."""
    quoted = source.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "[[holidays]]",
        f"year = {notice.year}",
        'confidence = "high"',
        f"checked = {checked}",
        f'source = ["{quoted}"]',
        f"makeup_workdays = [{', '.join(map(str, notice.makeup_workdays))}]",
    ]
    for festival, days in notice.days_off.items():
        lines.append(f'days_off."{festival}" = [{", ".join(map(str, days))}]')
    return "\n".join([*lines, ""])
