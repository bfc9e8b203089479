"""Reading logs, and learning output from them."""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepseek_cost.cli import values
from deepseek_cost.cli.messages import show_note, show_warning
from deepseek_cost.cli.session import DEFAULT_MODELS, time_of
from deepseek_cost.cli.sources import find_sources, progress
from deepseek_cost.cli.wording import with_flags
from deepseek_cost.errors import Advice, Advised, InputError, UsageError, advised, placed
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.schedule import TierBy
from deepseek_cost.text import parse_ratio, quantity

if TYPE_CHECKING:
    from deepseek_cost.billing.charge import Charging
    from deepseek_cost.billing.fields import Fields
    from deepseek_cost.billing.intake import Intake
    from deepseek_cost.billing.profile import Profile
    from deepseek_cost.billing.proof import Proof
    from deepseek_cost.billing.reading import ReadLog
    from deepseek_cost.billing.records import Reading
    from deepseek_cost.billing.tariff import Tariffs
    from deepseek_cost.estimates.output_forecast import Learned
    from deepseek_cost.estimates.tally import Scenario
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.pricing.book import Price, PriceBook
    from deepseek_cost.reports.bill import Read


def installed_logs(names: Sequence[str], encoding: str) -> "Found":
    """Find the logs of the named agents, or of all agents, on this machine; print what is read.

    Raises UsageError for an unknown name, and InputError if there is no log.
    """
    found, seen = find_installed(names, encoding)
    if not found.sources:
        whose = " and ".join(names) or "a known agent"
        raise InputError(f"no log of {whose} is on this machine", tip="give a log, or - for stdin")
    reading = f"reading the logs of {', '.join(seen)}"
    show_note(advised(reading, "turn this off with agent-logs = false in dscost.toml"))
    return found


def find_installed(names: Sequence[str], encoding: str) -> "tuple[Found, list[str]]":
    """Find the logs of the named agents, or of all agents; return them and how many each has.

    Raises UsageError for an unknown name.
    """
    import sys

    from deepseek_cost.billing.agents import Home, agents, logs_of
    from deepseek_cost.inputs.folders import Found
    from deepseek_cost.inputs.source import TextSource
    from deepseek_cost.text import quantity, unicode_name

    known = agents(Home(Path.home(), os.environ, sys.platform))
    for name in names:
        if name not in (by_name := [agent.name for agent in known]):
            raise UsageError(f"--agent {name!r}: write one of {', '.join(by_name)}")
    found, seen = Found(), []
    for agent in known:
        paths = list(logs_of(agent)) if not names or agent.name in names else []
        sources = [TextSource(unicode_name(str(path)), path, encoding) for path in paths]
        found.sources += sources
        found.below.update(source.name for source in sources)
        if sources:
            seen.append(f"{agent.title} ({quantity(len(sources), 'file')})")
    return found, seen


def reading_of(
    fields: Sequence[str],
    time_fields: Sequence[str],
    tz: str | None = None,
    cache_hit_ratio: str | None = None,
) -> "Reading":
    """Return how to read lines, according to the options."""
    from deepseek_cost.billing.records import Reading

    return Reading(
        fields=_fields([*fields, *(f"time={name}" for name in time_fields)]),
        zone=values.zone(tz) if tz else None,
        splits_input=cache_hit_ratio is not None,
    )


def charging_of(
    tariffs: "Tariffs",
    tier_by: TierBy = TierBy.START,
    at: str | None = None,
    tz: str | None = None,
    cache_hit_ratio: str | None = None,
) -> "Charging":
    """Return how to charge responses, according to the options."""
    from fractions import Fraction

    from deepseek_cost.billing.charge import Charging

    return Charging(
        tariffs,
        tier_by,
        at=None if at is None else time_of(at, tariffs.book, tz).timestamp(),
        hit_share=None if cache_hit_ratio is None else Fraction(parse_ratio(cache_hit_ratio)),
    )


def read_logs(
    found: "Found", how: "Reading", intake: "Intake", *, is_required: bool = True
) -> "Read":
    """Read all logs, with a progress bar if it takes long; return what was read and what was not.

    Raises InputError for a log without lines, and if none of the files is a log of responses
    although one is required.
    """
    from deepseek_cost.billing.reading import logs_in
    from deepseek_cost.reports.bill import Read
    from deepseek_cost.tokenizer.prefetch import cores

    read = Read(skipped=[one.name for one in found.skipped])
    size = sum(source.size for source in found.sources)
    with progress(size) as advance, closing(logs_in(found.sources, how, advance, cores())) as logs:
        for log in logs:
            if log.is_copy:
                read.copies.append(log.name)
            else:
                _read_log(log, intake, read, is_named=log.name not in found.below)
    if is_required:
        _require_logs(intake, read)
    return read


def _read_log(log: "ReadLog", intake: "Intake", read: "Read", *, is_named: bool) -> None:
    """Read a log; a file that is not a log is an error if it was named, else it is left out.

    One in another encoding may be a log, so it is an error wherever it is.
    """
    name = log.name
    for record in log.records:
        intake.add(name, record)
    if log.refusal is not None:
        if not is_named and not _is_in_another_encoding(log.refusal):
            read.skipped.append(f"{name} ({log.refusal.partition('; ')[0]})")
            return
        intake.refuse(name, log.refusal)
    elif not intake.priced[name] + intake.unpriced(name) + intake.other[name]:
        if is_named:
            raise InputError(f"{name}: no lines in it", tip="give API responses, one per line")
        return
    read.formats[name] = log.title
    if log.caveat and intake.priced[name] and log.caveat not in read.caveats:
        read.caveats.append(log.caveat)


def _is_in_another_encoding(refusal: str) -> bool:
    return isinstance(refusal, Advised) and refusal.advice == Advice.ENCODING_LIKELY


def _require_logs(intake: "Intake", read: "Read") -> None:
    """Raise InputError if no file was a log of responses, instead of a report full of zeros."""
    refused = intake.refused
    if len(refused) == len(read.formats):
        reasons = [placed(f"{one.source}: ", one.reason) for one in refused] + read.skipped
        if len(reasons) == 1:
            raise InputError(reasons[0])
        if reasons:
            raise InputError("; ".join(map(with_flags, reasons[:_NAMED])))


def proof_maker(book: "PriceBook") -> "Callable[[], Proof]":
    """Return a function that creates a proof; it is called only if a log has a request."""

    def make() -> "Proof":
        from deepseek_cost.billing.proof import Proof
        from deepseek_cost.prompt.segments import SegmentEncoder
        from deepseek_cost.tokenizer import default_counter

        return Proof(book, SegmentEncoder(default_counter()))

    return make


def _fields(pairs: Sequence[str]) -> "Fields":
    from deepseek_cost.billing.fields import Field, Fields

    own: dict[Field, list[str]] = {}
    next_pair = re.compile(f",(?=(?:{'|'.join(Field)})=)")
    for text in (pair for several in pairs for pair in next_pair.split(several)):
        what, equals, name = text.partition("=")
        if what not in list(Field) or not equals or not name:
            known = ", ".join(Field)
            raise UsageError(f"--field {text!r}: write WHAT=NAME, where WHAT is one of {known}")
        own.setdefault(Field(what), []).append(name)
    return Fields(own)


_MARK: Final = b'"bill --calibrate"'
_HEAD_BYTES: Final = 400
_NAMED: Final = 10
# In characters: enough for hundreds of thousands of different lengths.
_LONGEST_PROFILE: Final = 100_000_000


def learned_from(
    name: str | None,
    label: str | None,
    book: "PriceBook",
    prices: "Sequence[Price]",
    scenario: "Scenario",
    *,
    holds_requests: "Callable[[], bool]",
) -> "Learned | None":
    """Return the output of responses like the expected ones; None without --output-from.

    For plain prompts, only responses in the same thinking mode count; for request bodies, all do.
    """
    from deepseek_cost.estimates.output_forecast import Learned

    if name is None:
        if label is not None:
            raise UsageError("--output-label goes with --output-from")
        return None
    asked = scenario.output_tokens is not None
    values.require_one_of({"--output-tokens": asked, "--output-from": True})
    profile = _profile(name, book)
    if label is not None and label not in (labels := profile.labels()):
        known = f"it; there are {', '.join(labels[:_NAMED])}" if labels else "a label"
        raise UsageError(f"--output-label {label!r}: no response in {name} has {known}")
    families = {model.name: model.service[-1].billed_as for model in book.model}
    spreads = []
    of_prompts = not holds_requests()
    for price in prices:
        mode = scenario.mode_for(price.model)
        thinking = (mode.effort if mode.thinking else "off") if of_prompts else None
        spreads.append(profile.output(families, families[price.model.name], thinking, label))
    return Learned(name, spreads)


def _profile(name: str, book: "PriceBook") -> "Profile":
    from deepseek_cost.inputs.folders import read_whole
    from deepseek_cost.inputs.streams import reading
    from deepseek_cost.reports.profile import read_profile

    source = find_sources([name], None, "utf-8", any_file=True).sources[0]
    if source.path is None or source.reads_once:
        raise UsageError("--output-from takes a file, not standard input or a pipe")
    with reading(name), source.path.open("rb") as file:
        is_profile = _MARK in file.read(_HEAD_BYTES)
    if is_profile:
        return read_profile(read_whole(name, "utf-8", _LONGEST_PROFILE), name)
    return _learned(name, book)


def _learned(name: str, book: "PriceBook") -> "Profile":
    """Learn from a log; the number of lines that cannot be priced is reported on stderr."""
    from deepseek_cost.billing.account import Account
    from deepseek_cost.billing.intake import Intake
    from deepseek_cost.billing.profile import Profile
    from deepseek_cost.billing.tariff import Tariffs

    account = Account(charging_of(Tariffs(book, Currency.USD, DEFAULT_MODELS), at="now"))
    profile = Profile()
    intake = Intake(account, proof_maker(book), profile=profile)
    how = reading_of((), (), tz="UTC")
    read_logs(find_sources([name], None, "utf-8", any_file=True), how, intake)
    if account.unpriced:
        show_warning(f"{name}: not learned from {quantity(account.unpriced, 'line')}")
    return profile
