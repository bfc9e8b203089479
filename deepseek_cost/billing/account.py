"""Add up responses, each once, by day, model, rate, key, agent, and whatever else is asked for."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from heapq import nsmallest
from itertools import chain
from math import inf
from typing import Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.charge import NO_FEES, QUARTER, Charged, Charging, OtherHostError
from deepseek_cost.billing.formats.base import (
    Costless,
    Fault,
    Found,
    Origin,
    Reason,
    Response,
    Row,
    Series,
    Unreadable,
)
from deepseek_cost.billing.identity import Added, Counted, CountedResponses
from deepseek_cost.billing.moments import NO_SPAN, Moment, Moments, Span
from deepseek_cost.billing.profile import UNKNOWN_MODE, Habit, Profile
from deepseek_cost.billing.tariff import BillTotals, Stretch, Sums, figures_of
from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.pricing.cost import EXACT, cost_of
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.schedule import TierBy

# The report names this many lines without a price; all of them are counted.
_NAMED: Final = 100
# Names beyond this many are grouped together, so a log full of made-up names can't use up memory.
_MOST_NAMES: Final = {"key": 1_000, "host": 100, "project": 10_000, "session": 100_000}
_HOUR: Final = 3_600
_MOST_REFUSED: Final = 100_000


class Group(NamedTuple):
    """What a bill is broken down by. None for a field that is not in the log or not asked for.

    `hour` is when an hour of the bill's time zone begins, in seconds since 1970.
    """

    day: date
    model: str
    tier: str
    key: str | None
    agent: str | None = None
    project: str | None = None
    session: str | None = None
    hour: int | None = None


class _Place(NamedTuple):
    """A group while it is being added up; the stretch holds its model and rate."""

    day: date
    stretch: Stretch
    key: str | None
    agent: str | None
    project: str | None
    session: str | None
    hour: int | None


class HostTotals(Struct):
    """Responses served by another host: how many, and their cost in USD as stated in the log."""

    responses: int = 0
    stated_cost: Decimal | None = None

    def add(self, response: Response) -> None:
        """Add a response."""
        self.responses += 1
        if response.stated_cost is not None:
            self.stated_cost = EXACT.add(self.stated_cost or Decimal(0), response.stated_cost)


class Account(Struct):
    """The bill so far. `keeps` names the optional fields of groups to break it down by.

    `repeated` counts records of responses counted before, `costless` counts lines by the reason
    they cost nothing, and `unidentified` counts responses without an id, each of which counts.
    `refusals` counts records that could not be priced, and `accepted`, by log, those of them whose
    response was billed by a later record.
    Responses before `since`, or at or after `until` (seconds since 1970), only count in `outside`.
    """

    charging: Charging
    zone: tzinfo = UTC
    keeps: frozenset[str] = frozenset()
    since: float = -inf
    until: float = inf
    outside: int = 0
    refusals: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    costless: Counter[str] = field(default_factory=Counter)
    hosts: dict[str, HostTotals] = field(default_factory=dict)
    repeated: int = 0
    unidentified: int = 0
    near_edge: int = 0
    near_edge_cost: Decimal = Decimal(0)
    other_instant: int = 0
    assumed_splits: int = 0
    unreported_reasoning: int = 0
    first: float | None = None
    last: float | None = None
    # None is the place of all responses outside the period or without a price, and so of their
    # later records.
    _places: list[_Place | None] = field(default_factory=list)
    _sums: list[Sums] = field(default_factory=list)
    _numbers: dict[_Place | None, int] = field(default_factory=dict)
    _names: dict[str, set[str]] = field(default_factory=dict)
    _fees: dict[str, Decimal] = field(default_factory=dict)
    _counted: CountedResponses = field(default_factory=CountedResponses)
    _moments: Moments = field(default_factory=lambda: Moments(UTC, has_hours=False))
    # Faults, each with its number among all refusals: those that remain, and those of records that
    # could not be read, by their response's id and input, until a later record of it is billed.
    _faults: list[tuple[int, Fault]] = field(default_factory=list)
    _refused: dict[tuple[str, int], tuple[int, Fault]] = field(default_factory=dict)
    _keeps_project: bool = False
    _keeps_session: bool = False

    def __post_init__(self) -> None:
        self._keeps_project = "project" in self.keeps
        self._keeps_session = "session" in self.keeps
        self._moments = Moments(self.zone, has_hours="hour" in self.keeps)

    def add(self, found: Found) -> "Entry | None":
        """Add a log's record. Return how it was entered, or None if it is not billed."""
        if not isinstance(found, Response):
            self._refuse(found) if isinstance(found, Fault) else self._pass_over(found)
            return None
        known = self._as_before(found)
        if known is not None:
            return self._enter(found, *known)
        try:
            charged = self.charging.charge(found)
        except (OtherHostError, Unreadable, UnknownModelError, UnpricedError) as error:
            self._leave_out(found, error)
            return None
        if not self.since <= charged.seconds < self.until:
            return self._enter(found, charged, self._numbered(None))
        moment = self._moments.of(charged)
        since, until = max(charged.since, self.since), min(charged.until, self.until)
        self._moments.remember(found, charged.seconds, Span(since, until, moment))
        return self._enter(found, charged, self._number(found, moment))

    def add_series(self, series: Series, profile: Profile | None = None) -> int:
        """Add the responses of a series as `add` does. Return how many were priced and new.

        Their lengths are added to the profile, if there is one.
        """
        known = [self._known(origin) for origin in series.origins]
        added, entries = Added(), list[Entry]()
        rows, numbers = list[Row](), list[int]()
        before, span, number = -1, NO_SPAN, None  # of the last row: its origin, span and place
        for row in series.rows:
            at, time = row[0], row[-1]
            if at != before or not span.since <= time < span.until:
                spans, places = known[at]
                before, span = at, spans.get(int(time) // QUARTER, NO_SPAN)
                is_inside = span.since <= time < span.until
                number = places.get(span.moment) if is_inside else None
            if number is not None:
                rows.append(row)
                numbers.append(number)
                continue
            before = -1  # what is known will be more
            self._counted.add_rows(rows, numbers, added)
            rows, numbers = [], []
            entry = self.add(series.response(row))
            known[at] = self._known(series.origins[at])
            if entry is not None:
                entries.append(entry)
        self._counted.add_rows(rows, numbers, added)
        self._add_up(series, added)
        if profile is not None:
            self._learn_all(profile, added, entries)
        return sum(map(len, added.new.values())) + sum(entry.former is None for entry in entries)

    def _as_before(self, response: Response) -> tuple[Charged, int] | None:
        """Return the charge and the place of a response like others in its quarter hour.

        This covers most responses, and avoids looking up the host and the price. None if there
        were no others, or if it needs to be charged by itself.
        """
        time = self.charging.time_alike(response)
        if time is None:
            return None
        moment = self._moments.find(response, time[0])
        if moment is None:
            return None
        return Charged(moment.stretch, *time), self._number(response, moment)

    def _known(self, origin: Origin) -> tuple[dict[int, Span], dict[Moment | None, int]]:
        """Return an origin's known spans by quarter hours since 1970, and places by moments."""
        return self._moments.spans(origin, None), self._moments.numbers.get(self._kept(origin), {})

    def _number(self, response: Response, moment: Moment) -> int:
        """Return the number of a response's place."""
        origin = self._kept(response.origin)
        return self._moments.number(
            origin, moment, lambda: self._numbered(self._place(response, moment))
        )

    def _kept(self, origin: Origin) -> Origin:
        """Leave out of an origin what the bill is not broken down by."""
        model, kind, agent, key, project, session = origin
        if not self._keeps_project:
            project = None
        return Origin(model, kind, agent, key, project, session if self._keeps_session else None)

    def _leave_out(self, response: Response, error: Exception) -> None:
        """Count a response without a price here: another host served it, or it is refused."""
        has_no_price = isinstance(error, UnknownModelError | UnpricedError)
        if has_no_price and self._is_counted(response):
            return
        seconds = response.end if response.start is None else response.start
        if seconds is not None and not self.since <= seconds < self.until:
            self.outside += 1
        elif isinstance(error, OtherHostError):
            self._left_to(error.host, response)
        elif isinstance(error, UnknownModelError | UnpricedError):
            self._refuse(response.line.fault(_reason(error, response)))
        elif not self._repeats(response):
            self._refuse_record(response, error.args[0])

    def _repeats(self, response: Response) -> bool:
        """Return whether a record without a time or hits is of a response counted before.

        Then its output counts, while its time and hits are those known.
        """
        identity, tokens = response.identity, response.tokens
        former = None if identity is None else self._counted.find(identity, tokens.input)
        if identity is None or former is None:
            return False
        new = Counted(former.hit, former.miss, tokens.output, response.reasoning, former.group)
        if known := self._counted.add(identity, new):
            self._replace(identity, *known, NO_FEES)
        return True

    def _refuse_record(self, response: Response, reason: str) -> None:
        """Refuse a record, once for each response; a later one of it may be readable."""
        fault = response.line.fault(reason)
        if response.identity is None or len(self._refused) == _MOST_REFUSED:
            self._refuse(fault)
            return
        key = response.identity, response.tokens.input
        if key in self._refused:
            self.repeated += 1
            return
        self.refusals += 1
        self._refused[key] = self.refusals, fault

    def _accept(self, identity: str, tokens: int) -> None:
        """Take back that a record was refused, since a later one of its response is billed."""
        if found := self._refused.pop((identity, tokens), None):
            self.repeated += 1
            self.accepted[found[1].source] += 1

    def _is_counted(self, response: Response) -> bool:
        """Return whether a response that has no price at its time is one counted before.

        If it is not, later records of it are not billed either: the first one's time decides.
        """
        if response.identity is None or response.hit is None:
            return False
        nowhere = self._numbered(None)
        new = Counted(response.hit, response.miss, response.output, response.reasoning, nowhere)
        known = self._counted.add(response.identity, new)
        if known is None:
            self._sums[nowhere].add(new, NO_FEES)
            return False
        self._replace(response.identity, *known, NO_FEES)
        return True

    @property
    def unpriced(self) -> int:
        """The number of records that should be priced and could not be."""
        return self.refusals - self.accepted.total()

    @property
    def faults(self) -> list[Fault]:
        """The first records without a price, and why they have none."""
        return [
            fault for _, fault in nsmallest(_NAMED, chain(self._faults, self._refused.values()))
        ]

    @property
    def requests(self) -> int:
        """The number of responses that could be priced, each counted once."""
        return sum(sums.requests for _, sums in self._billed())

    def _billed(self) -> Iterator[tuple[_Place, Sums]]:
        """Yield the places with responses; those that had only later records have none."""
        for place, sums in zip(self._places, self._sums, strict=True):
            if place is not None and sums.requests:
                yield place, sums

    def figures(self) -> Iterator[tuple[Group, BillTotals]]:
        """Yield each group's totals, earliest day first. A group may come up more than once."""
        for place, sums in sorted(self._billed(), key=lambda pair: pair[0].day):
            day, stretch = place.day, place.stretch
            price = stretch.price
            group = Group(day, price.model.name, price.tier, *place[2:])
            yield group, figures_of(sums, stretch)

    def costs_by_hour(self) -> Iterator[tuple[int, Decimal]]:
        """Yield hours since 1970 and their cost, if hours are kept. An hour may come up twice."""
        for place, sums in self._billed():
            if place.hour is not None:
                cost = cost_of(sums.usage, place.stretch.price.rates).total
                yield place.hour // _HOUR, EXACT.add(cost, sums.fees)

    def _enter(self, response: Response, charged: Charged, number: int) -> "Entry | None":
        new = Counted(response.hit or 0, response.miss, response.output, response.reasoning, number)
        identity = response.identity
        if identity is None:
            self.unidentified += 1
        known = None if identity is None else self._counted.add(identity, new)
        if known is not None and identity is not None:
            self._replace(identity, *known, charged.fees)
            former, new = known
            place = self._places[new.group]
            return None if place is None else Entry(place.stretch, new, former)
        if identity is not None and self._refused:
            self._accept(identity, new.hit + new.miss)
        self._sums[number].add(new, charged.fees)
        if charged.fees and identity is not None:
            self._fees[identity] = charged.fees
        if self._places[number] is None:
            self.outside += 1
            return None
        self._mark(response, charged)
        return Entry(charged.stretch, new, None)

    def _replace(self, identity: str, former: Counted, new: Counted, fees: Decimal) -> None:
        """Add what a later record of a response counts, in place of the earlier one's."""
        self.repeated += 1
        before = self._fees.get(identity, Decimal(0))
        fees = max(fees, before)
        self._sums[former.group].add(former, before, -1)
        self._sums[new.group].add(new, fees)
        if fees:
            self._fees[identity] = fees

    def _add_up(self, series: Series, added: Added) -> None:
        """Add up records of a series that were counted."""
        is_other_time = (self.charging.tier_by is TierBy.END) is not series.is_end
        for number, rows in added.new.items():
            _, _, _, hits, misses, outputs, reasonings, times = zip(*rows, strict=True)
            reported = [one for one in reasonings if one is not None]
            self._sums[number].add_all(hits, misses, outputs, reported)
            self.other_instant += is_other_time * len(rows)
            self.unreported_reasoning += len(rows) - len(reported)
            self._mark_time(min(times))
            self._mark_time(max(times))
            for _, _, identity, hit, miss, *_ in rows if self._refused else ():
                self._accept(identity, hit + miss)
        for identity, former, counted in added.again:
            self._replace(identity, former, counted, NO_FEES)

    def _learn_all(self, profile: Profile, added: Added, entries: "list[Entry]") -> None:
        """Add lengths of new responses to a profile, and then replace those of known ones."""
        for number, rows in added.new.items():
            reported = [reasoning for *_, reasoning, _ in rows if reasoning is not None]
            habit = habit_of(self._stretch(number))
            profile.add_all(habit, [output for *_, output, _, _ in rows], reported)
        again = [
            Entry(place.stretch, counted, former)
            for _, former, counted in added.again
            if (place := self._places[counted.group]) is not None
        ]
        for entry in sorted(entries, key=lambda entry: entry.former is not None) + again:
            learn(profile, habit_of(entry.stretch), entry)

    def _stretch(self, number: int) -> Stretch:
        """Return the stretch of a place within the period."""
        place = self._places[number]
        assert place is not None  # noqa: S101 - within the period
        return place.stretch

    def _mark(self, response: Response, charged: Charged) -> None:
        """Update the counts that the report shows about responses, each counted once."""
        self.assumed_splits += charged.assumed_split
        if charged.near_edge:
            usage, rates = response.tokens, charged.stretch.price.rates
            self.near_edge += 1
            self.near_edge_cost = EXACT.add(self.near_edge_cost, cost_of(usage, rates).total)
        self.other_instant += charged.other_time
        self.unreported_reasoning += response.reasoning is None
        self._mark_time(charged.seconds)

    def _mark_time(self, seconds: float) -> None:
        self.first = seconds if self.first is None else min(self.first, seconds)
        self.last = seconds if self.last is None else max(self.last, seconds)

    def _place(self, response: Response, moment: Moment) -> _Place:
        return _Place(
            moment.day,
            moment.stretch,
            self._name("key", response.key),
            response.agent,
            self._name("project", response.project) if self._keeps_project else None,
            self._name("session", response.session) if self._keeps_session else None,
            moment.hour,
        )

    def _numbered(self, place: _Place | None) -> int:
        number = self._numbers.get(place)
        if number is None:
            number = self._numbers[place] = len(self._places)
            self._places.append(place)
            self._sums.append(Sums())
        return number

    def _name(self, what: str, name: str | None) -> str | None:
        names = self._names.setdefault(what, set())
        if name is None or name in names:
            return name
        if len(names) >= _MOST_NAMES[what]:
            return f"(other {what}s)"
        names.add(name)
        return name

    def _pass_over(self, found: Costless) -> None:
        if found.reason is Reason.REPEATED:
            self.repeated += found.count
        else:
            self.costless[found.reason] += found.count

    def _left_to(self, host: str, response: Response) -> None:
        name = self._name("host", host) or host
        self.hosts.setdefault(name, HostTotals()).add(response)

    def _refuse(self, fault: Fault) -> None:
        self.refusals += 1
        if len(self._faults) < _NAMED:
            self._faults.append((self.refusals, fault))


class Entry(Struct, frozen=True):
    """How a response was entered: its price and counts. `former`: its counts before, if any."""

    stretch: Stretch
    counted: Counted
    former: Counted | None


def habit_of(stretch: Stretch) -> Habit:
    """Return what responses of unknown thinking at a price are grouped by."""
    return Habit(stretch.price.model.name, UNKNOWN_MODE)


def learn(profile: Profile, habit: Habit, entry: Entry) -> None:
    """Add a response's length to the profile, replacing the one of an earlier record."""
    former, counted = entry.former, entry.counted
    if former is not None:
        if former == counted or habit not in profile.by_habit:
            return
        profile.remove(habit, former.output, former.reasoning)
    profile.add(habit, counted.output, counted.reasoning)


def _reason(error: UnknownModelError | UnpricedError, response: Response) -> str:
    """Return why a response has no price, including its time."""
    seconds = response.end if response.start is None else response.start
    reason = str(error).partition("; ")[0]
    if seconds is None:
        return reason
    at = f" at {stamp(datetime.fromtimestamp(int(seconds), UTC))}"
    return reason if at in reason else f"{reason},{at}"
