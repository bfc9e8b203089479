"""Records added up, by day, model, tier, key."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec import Struct, field

from deepseek_cost.billing.profile import UNKNOWN_MODE, Habit, Profile
from deepseek_cost.billing.records import Record
from deepseek_cost.billing.tariff import BillTotals, Stretch, Sums, Tariff, figures_of
from deepseek_cost.errors import UnknownModelError, UnpricedError
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.request import Fault
from deepseek_cost.pricing.cost import cost_of
from deepseek_cost.pricing.entries import stamp
from deepseek_cost.pricing.schedule import TierBy

if TYPE_CHECKING:
    from deepseek_cost.billing.proof import Proof

# Lines without a price that the report names; all are counted.
_NAMED: Final = 100
# Keys beyond these are put together, so that a log that makes up keys keeps its memory.
_MOST_KEYS: Final = 1_000
OTHER_KEYS: Final = "(other keys)"
# All zones are ahead of UTC by a number of quarters of an hour.
_QUARTER: Final = 900
_HOUR: Final = 3_600


class Group(NamedTuple):
    """What a bill is broken down by; `key` is None where the lines name none."""

    day: date
    model: str
    tier: str
    key: str | None


FindTariff = Callable[[str, Kind], Tariff]


@dataclass(slots=True)
class Account:
    """The bill so far. `find_tariff` raises UnknownModelError for a name it does not know."""

    find_tariff: FindTariff
    zone: tzinfo = UTC
    tier_by: TierBy = TierBy.START
    keeps_hours: bool = False
    unpriced: int = 0
    faults: list[Fault] = dataclass_field(default_factory=list)
    near_edge: int = 0
    other_instant: int = 0
    assumed_splits: int = 0
    untold_reasoning: int = 0
    first: float | None = None
    last: float | None = None
    hours: dict[tuple[int, Stretch], Sums] = dataclass_field(
        default_factory=lambda: defaultdict(Sums)
    )
    _groups: dict[tuple[date, Stretch, str | None], Sums] = dataclass_field(
        default_factory=lambda: defaultdict(Sums)
    )
    _keys: set[str] = dataclass_field(default_factory=set)
    _day: Callable[[int], date] = dataclass_field(init=False)

    def __post_init__(self) -> None:
        zone = self.zone

        @lru_cache(maxsize=10_000)
        def day(quarter: int) -> date:
            return datetime.fromtimestamp(quarter * _QUARTER, zone).date()

        self._day = day

    def add(self, found: Record | Fault) -> Stretch | None:
        """Take in a line; return the stretch that prices it, None where it cannot be priced."""
        if isinstance(found, Fault):
            self._refuse(found)
            return None
        seconds = self._instant(found)
        try:
            tariff = self.find_tariff(found.model, found.kind)
            stretch = tariff.at(seconds)
        except (UnknownModelError, UnpricedError) as error:
            at = f" at {stamp(datetime.fromtimestamp(int(seconds), UTC))}"
            reason = str(error).partition("; ")[0]
            self._refuse(found.line.fault(reason if at in reason else f"{reason},{at}"))
            return None
        self.near_edge += tariff.is_near_edge(seconds)
        self._add_to_group(found, seconds, stretch)
        return stretch

    @property
    def requests(self) -> int:
        """The requests that could be priced."""
        return sum(sums.requests for sums in self._groups.values())

    def figures(self) -> Iterator[tuple[Group, BillTotals]]:
        """Yield the figures of every group, the earliest day first; a group may come twice."""
        for (day, stretch, key), sums in sorted(self._groups.items(), key=lambda item: item[0][0]):
            price = stretch.price
            yield Group(day, price.model.name, price.tier, key), figures_of(sums, stretch)

    def costs_by_hour(self) -> Iterator[tuple[int, Decimal]]:
        """Yield hours since 1970 with what their requests cost; an hour may come twice."""
        for (hour, stretch), sums in self.hours.items():
            yield hour, cost_of(sums.usage, stretch.price.rates).total

    def _add_to_group(self, record: Record, seconds: float, stretch: Stretch) -> None:
        usage = record.usage
        self.assumed_splits += usage.assumed_split
        self.untold_reasoning += usage.reasoning is None
        self.first = seconds if self.first is None else min(self.first, seconds)
        self.last = seconds if self.last is None else max(self.last, seconds)
        group = (self._day(int(seconds // _QUARTER)), stretch, self._key(record.key))
        self._groups[group].add(usage)
        if self.keeps_hours:
            self.hours[int(seconds // _HOUR), stretch].add(usage)

    def _instant(self, record: Record) -> float:
        instant, other = record.start, record.end
        if self.tier_by is TierBy.END:
            instant, other = other, instant
        if instant is None:
            self.other_instant += 1
            instant = other
        assert instant is not None  # noqa: S101 - a record has one of the two
        return instant

    def _key(self, key: str | None) -> str | None:
        if key is None or key in self._keys:
            return key
        if len(self._keys) >= _MOST_KEYS:
            return OTHER_KEYS
        self._keys.add(key)
        return key

    def _refuse(self, fault: Fault) -> None:
        self.unpriced += 1
        if len(self.faults) < _NAMED:
            self.faults.append(fault)


class Intake(Struct):
    """Takes the lines of logs in; `make_proof` is called when the first request comes up."""

    account: Account
    make_proof: "Callable[[], Proof] | None" = None
    profile: Profile = field(default_factory=Profile)
    proof: "Proof | None" = None
    priced: Counter[str] = field(default_factory=Counter)
    unpriced: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, found: Record | Fault) -> None:
        """Take in a line of the log with this name."""
        stretch = self.account.add(found)
        if stretch is None or isinstance(found, Fault):
            self.unpriced[name] += 1
            return
        self.priced[name] += 1
        thinking = UNKNOWN_MODE
        if found.request is not None and self.make_proof is not None:
            self.proof = self.proof or self.make_proof()
            thinking = self.proof.add(found, stretch) or UNKNOWN_MODE
        habit = Habit(stretch.price.model.name, thinking, found.label)
        self.profile.add(habit, found.usage.tokens.output, found.usage.reasoning)
