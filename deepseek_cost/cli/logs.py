"""Logs found and read: the fields, the zone and the instant that lines do not tell."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from deepseek_cost import arguments
from deepseek_cost.cli.setup import instant_of, progress
from deepseek_cost.errors import UsageError

if TYPE_CHECKING:
    from deepseek_cost.logs.fields import Fields
    from deepseek_cost.logs.records import Reading, Record
    from deepseek_cost.pricebook import PriceBook
    from deepseek_cost.requests.places import Fault
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


def records(found: "Found", how: "Reading") -> "Iterator[tuple[str, Record | Fault]]":
    """Yield the records of all logs with the names of the logs, with a bar on long work."""
    from deepseek_cost.logs.reader import read_log

    with progress(sum(source.size for source in found.sources)) as advance:
        for source in found.sources:
            for record in read_log(source, how, advance):
                yield source.name, record


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
