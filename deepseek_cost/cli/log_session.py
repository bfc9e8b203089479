"""Logs taken in; output learned."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from deepseek_cost.cli import values
from deepseek_cost.cli.output import say
from deepseek_cost.cli.session import DEFAULT_MODELS, find_sources, instant_of, progress
from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.pricing.entries import Currency
from deepseek_cost.text import parse_ratio

if TYPE_CHECKING:
    from deepseek_cost.billing.account import Account, Intake
    from deepseek_cost.billing.profile import Profile
    from deepseek_cost.billing.proof import Proof
    from deepseek_cost.billing.records import Reading
    from deepseek_cost.billing.usage import Fields
    from deepseek_cost.estimates.quote import Learned
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.inputs.find import Found
    from deepseek_cost.pricing.book import Price, PriceBook


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

    from deepseek_cost.billing.records import Reading

    share = None if cache_hit_ratio is None else Fraction(parse_ratio(cache_hit_ratio))
    return Reading(
        fields=_fields([*fields, *(f"time={name}" for name in time_fields)]),
        zone=values.zone(tz) if tz else None,
        at=None if at is None else instant_of(at, book, tz).timestamp(),
        hit_share=share,
    )


def read_logs(found: "Found", how: "Reading", intake: "Intake") -> list[str]:
    """Take all logs in, with a bar on long work, and return their names.

    Raises InputError for a log without a line, and where all lines are requests, not answers.
    """
    from deepseek_cost.billing.logs import read_log

    with progress(sum(source.size for source in found.sources)) as advance:
        for source in found.sources:
            for record in read_log(source, how, advance):
                intake.add(source.name, record)
    names = list(dict.fromkeys(source.name for source in found.sources))
    for name in names:
        if not intake.priced[name] + intake.unpriced[name]:
            raise InputError(f"{name}: no line in it; give answers of the API, one a line")
    _refuse_requests(intake.account)
    return names


def _refuse_requests(account: "Account") -> None:
    from deepseek_cost.billing.records import A_REQUEST

    named = account.faults
    if named and not account.requests and all(fault.reason == A_REQUEST for fault in named):
        raise InputError(f"{named[0].source}: requests, not answers; dscost estimate prices them")


def proof_maker(book: "PriceBook") -> "Callable[[], Proof]":
    """Return what makes the proof once a request comes up."""

    def make() -> "Proof":
        from deepseek_cost.billing.proof import Proof
        from deepseek_cost.prompt.segments import SegmentEncoder
        from deepseek_cost.tokenizer import default_counter

        return Proof(book, SegmentEncoder(default_counter()))

    return make


def _fields(pairs: Sequence[str]) -> "Fields":
    from deepseek_cost.billing.usage import Field, Fields

    own: dict[Field, list[str]] = {}
    for text in pairs:
        what, equals, name = text.partition("=")
        if what not in list(Field) or not equals or not name:
            known = ", ".join(Field)
            raise UsageError(f"--field {text!r}: write WHAT=NAME, where WHAT is one of {known}")
        own.setdefault(Field(what), []).append(name)
    return Fields(own)


_MARK: Final = b'"bill --calibrate"'
_HEAD_BYTES: Final = 400
_NAMED: Final = 10
# Of characters; hundreds of thousands of different lengths.
_LONGEST_PROFILE: Final = 100_000_000


def learned_from(
    name: str | None,
    label: str | None,
    book: "PriceBook",
    prices: "Sequence[Price]",
    scenario: "Scenario",
    *,
    of_prompts: bool,
) -> "Learned | None":
    """Return the output of answers like those to come; None without --output-from.

    Those to plain prompts are known by their thinking mode; request bodies have any.
    """
    from deepseek_cost.estimates.quote import Learned

    if name is None:
        if label is not None:
            raise UsageError("--output-label goes with --output-from")
        return None
    if scenario.output_tokens is not None:
        raise UsageError("--output-tokens and --output-from exclude each other")
    profile = _profile(name, book)
    if label is not None and label not in (labels := profile.labels()):
        known = f"it; there are {', '.join(labels[:_NAMED])}" if labels else "a label"
        raise UsageError(f"--output-label {label!r}: no answer in {name} has {known}")
    families = {model.name: model.service[-1].billed_as for model in book.model}
    spreads = []
    for price in prices:
        mode = scenario.mode_for(price.model)
        thinking = (mode.effort if mode.thinking else "off") if of_prompts else None
        spreads.append(profile.output(families, families[price.model.name], thinking, label))
    return Learned(name, spreads)


def _profile(name: str, book: "PriceBook") -> "Profile":
    from deepseek_cost.inputs.find import read_whole
    from deepseek_cost.inputs.streams import reading
    from deepseek_cost.reports.profile import read_profile

    source = find_sources([name], None, "utf-8").sources[0]
    if source.path is None:
        raise UsageError("--output-from takes a file, not standard input")
    with reading(name), source.path.open("rb") as file:
        is_profile = _MARK in file.read(_HEAD_BYTES)
    if is_profile:
        return read_profile(read_whole(name, "utf-8", _LONGEST_PROFILE), name)
    return _learned(name, book)


def _learned(name: str, book: "PriceBook") -> "Profile":
    """Learn from a log; lines that cannot be priced are told on stderr by their number."""
    from deepseek_cost.billing.account import Account, Intake
    from deepseek_cost.billing.tariff import Tariffs

    account = Account(Tariffs(book, Currency.USD, DEFAULT_MODELS).find)
    intake = Intake(account, proof_maker(book))
    how = reading_of(book, (), (), at="now", tz="UTC")
    read_logs(find_sources([name], None, "utf-8"), how, intake)
    if account.unpriced:
        lines = "line" if account.unpriced == 1 else "lines"
        say(f"warning: {name}: not learned from {account.unpriced:,} {lines}")
    return intake.profile
