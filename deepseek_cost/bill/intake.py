"""One pass over a log: each record billed, held against its forecast, and learned from."""

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct, field

from deepseek_cost.bill.account import Account
from deepseek_cost.bill.profile import UNKNOWN_MODE, Habit, Profile
from deepseek_cost.logs.records import Record
from deepseek_cost.requests.places import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from deepseek_cost.bill.proof import Proof


class Intake(Struct):
    """Takes the lines of logs in; `make_proof` is called when the first request comes up."""

    account: Account
    make_proof: "Callable[[], Proof] | None" = None
    profile: Profile = field(default_factory=Profile)
    proof: "Proof | None" = None
    priced: Counter[str] = field(default_factory=Counter)
    unpriced: Counter[str] = field(default_factory=Counter)

    def take(self, name: str, found: Record | Fault) -> None:
        """Take in a line of the log with this name."""
        stretch = self.account.take(found)
        if stretch is None or isinstance(found, Fault):
            self.unpriced[name] += 1
            return
        self.priced[name] += 1
        thinking = UNKNOWN_MODE
        if found.request is not None and self.make_proof is not None:
            self.proof = self.proof or self.make_proof()
            thinking = self.proof.take(found, stretch) or UNKNOWN_MODE
        habit = Habit(stretch.price.model.name, thinking, found.label)
        self.profile.note(habit, found.usage.tokens.output, found.usage.reasoning)
