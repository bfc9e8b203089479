"""Logs found and read: the fields, the zone and the instant that lines do not tell."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from deepseek_cost import arguments
from deepseek_cost.cli.output import say
from deepseek_cost.cli.setup import instant_of, progress
from deepseek_cost.errors import InputError, UsageError

if TYPE_CHECKING:
    from deepseek_cost.bill.account import Account
    from deepseek_cost.bill.intake import Intake
    from deepseek_cost.bill.proof import Proof
    from deepseek_cost.logs.fields import Fields
    from deepseek_cost.logs.records import Reading
    from deepseek_cost.pricebook import PriceBook
    from deepseek_cost.sources import Found


def reading_of(
    book: "PriceBook",
    fields: Sequence[str],
    time_fields: Sequence[str],
    at: str | None = None,
    tz: str | None = None,
    cache_hit_ratio: str | None = None,
) -> "Reading":
    """Return how lines are to be read, by the options given."""
    from fractions import Fraction

    from deepseek_cost.logs.records import Reading

    share = None if cache_hit_ratio is None else Fraction(arguments.ratio(cache_hit_ratio))
    return Reading(
        fields=_fields([*fields, *(f"time={name}" for name in time_fields)]),
        zone=arguments.zone(tz) if tz else None,
        at=None if at is None else instant_of(at, book, tz).timestamp(),
        hit_share=share,
    )


def take_logs(found: "Found", how: "Reading", intake: "Intake") -> list[str]:
    """Take all logs in, with a bar on long work, and return their names.

    Raises InputError for a log without a line, and where all lines are requests, not answers.
    """
    from deepseek_cost.logs.reader import read_log

    with progress(sum(source.size for source in found.sources)) as advance:
        for source in found.sources:
            for record in read_log(source, how, advance):
                intake.take(source.name, record)
    names = list(dict.fromkeys(source.name for source in found.sources))
    for name in names:
        if not intake.priced[name] + intake.unpriced[name]:
            raise InputError(f"{name}: no line in it; give answers of the API, one a line")
    _refuse_requests(intake.account)
    return names


def _refuse_requests(account: "Account") -> None:
    from deepseek_cost.logs.records import A_REQUEST

    named = account.faults
    if named and not account.requests and all(fault.reason == A_REQUEST for fault in named):
        raise InputError(f"{named[0].source}: requests, not answers; dscost estimate prices them")


def proof_maker(book: "PriceBook") -> "Callable[[], Proof] | None":
    """Return what makes the proof once a request comes up; None where nothing renders it."""
    from deepseek_cost.prompt import renderer_is_installed

    if not renderer_is_installed():
        say("no forecast is held against the bill: pip install 'deepseek-cost[exact]'")
        return None

    def make() -> "Proof":
        from deepseek_cost.bill.proof import Proof
        from deepseek_cost.prompt.segments import SegmentEncoder
        from deepseek_cost.tokens import default_counter

        return Proof(book, SegmentEncoder(default_counter()))

    return make


def _fields(given: Sequence[str]) -> "Fields":
    from deepseek_cost.logs.fields import Field, Fields

    own: dict[Field, list[str]] = {}
    for text in given:
        what, equals, name = text.partition("=")
        if what not in list(Field) or not equals or not name:
            known = ", ".join(Field)
            raise UsageError(f"--field {text!r}: write WHAT=NAME, where WHAT is one of {known}")
        own.setdefault(Field(what), []).append(name)
    return Fields(own)
