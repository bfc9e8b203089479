"""A bill according to the options: the accounts it is made from, and its report."""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from deepseek_cost.billing.account import Account
from deepseek_cost.billing.budget import Budget
from deepseek_cost.billing.dimensions import By
from deepseek_cost.billing.intake import Intake
from deepseek_cost.cli.ranges import Range
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.reports.bill import BillReport, Read, Terms, bill_report
from deepseek_cost.reports.breakdown import keeps_of

if TYPE_CHECKING:
    from deepseek_cost.billing.balance import Balance
    from deepseek_cost.billing.charge import Charging
    from deepseek_cost.cli.session import Table


class Billing(Struct, frozen=True):
    """What a bill shows, and how responses are charged. `zone` is the time zone of its days.

    `find_span` returns the range, which moves on with the clock. `by_session` keeps the sessions
    apart.
    """

    table: "Table"
    currency: Currency
    charging: "Charging"
    zone: ZoneInfo
    find_span: Callable[[], Range]
    by: tuple[By, ...] = ()
    balance: "Balance | None" = None
    by_session: bool = False

    def account(self, span: Range) -> Account:
        """Return an empty account for the responses of a range."""
        own = {"hour"} if self.balance else set()
        own |= {"session"} if self.by_session else set()
        return Account(
            self.charging,
            self.zone,
            keeps=keeps_of(self.by) | own,
            since=-inf if span.since is None else span.since.timestamp(),
            until=inf if span.until is None else span.until.timestamp(),
        )

    def report(
        self, span: Range, intake: Intake, read: Read, budget: Budget | None = None
    ) -> BillReport:
        """Report what was read."""
        terms = Terms(
            book=self.table.book,
            table=self.table.entry,
            currency=self.currency,
            zone=self.zone.key,
            alternative=self.charging.tariffs.alternative,
            balance=self.balance,
            since=span.since,
            until=span.until,
            by=self.by,
            budget=budget,
        )
        return bill_report(terms, intake, read)
