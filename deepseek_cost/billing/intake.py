"""Take in the records of logs: count them for each log, bill them, and keep what a report needs."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct, field

from deepseek_cost.billing.account import Account, learn
from deepseek_cost.billing.formats.base import Fault, Found, Response, Series
from deepseek_cost.billing.identity import Counted
from deepseek_cost.billing.profile import UNKNOWN_MODE, Habit, Profile

if TYPE_CHECKING:
    from deepseek_cost.billing.proof import Proof


class Intake(Struct):
    """Add lines of logs to an account. `make_proof` is called for the first request found.

    `watch` is called with each new response and what it was counted as. `profile`, if given,
    collects the lengths of responses.
    """

    account: Account
    make_proof: "Callable[[], Proof] | None" = None
    watch: Callable[[Response, Counted], None] | None = None
    profile: Profile | None = None
    proof: "Proof | None" = None
    priced: Counter[str] = field(default_factory=Counter)
    _unpriced: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)
    refused: list[Fault] = field(default_factory=list)

    def unpriced(self, name: str) -> int:
        """Return how many records of the log with this name are not priced and should be."""
        return self._unpriced[name] - self.account.accepted[name]

    def add(self, name: str, found: Found | Series) -> None:
        """Add a record from the log with this name."""
        if isinstance(found, Series):
            self._add_series(name, found)
            return
        refusals = self.account.refusals
        entry = self.account.add(found)
        if entry is None or not isinstance(found, Response):
            is_fault = self.account.refusals > refusals
            (self._unpriced if is_fault else self.other)[name] += 1
            return
        thinking = UNKNOWN_MODE
        if entry.former is not None:
            self.other[name] += 1
        else:
            self.priced[name] += 1
            if self.watch is not None:
                self.watch(found, entry.counted)
            if found.request is not None and self.make_proof is not None:
                self.proof = self.proof or self.make_proof()
                thinking = self.proof.add(found, entry.stretch) or UNKNOWN_MODE
        if self.profile is not None:
            habit = Habit(entry.stretch.price.model.name, thinking, found.label)
            learn(self.profile, habit, entry)

    def _add_series(self, name: str, series: Series) -> None:
        if self.watch is not None:
            for response in series.responses():
                self.add(name, response)
            return
        refusals = self.account.refusals
        new = self.account.add_series(series, self.profile)
        faults = self.account.refusals - refusals
        self.priced[name] += new
        self._unpriced[name] += faults
        self.other[name] += len(series.rows) - new - faults

    def refuse(self, name: str, reason: str) -> None:
        """Add a file that is not a log of responses, and why."""
        fault = Fault(name, 1, 1, reason)
        self.refused.append(fault)
        self.add(name, fault)
