"""The output that answers had, from a profile or a log, for the models of an estimate."""

from typing import TYPE_CHECKING, Final

from deepseek_cost.cli.logs import proof_maker, reading_of, take_logs
from deepseek_cost.cli.setup import DEFAULT_MODELS, find_sources
from deepseek_cost.errors import UsageError
from deepseek_cost.prices import Currency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deepseek_cost.bill.profile import Profile
    from deepseek_cost.estimates import Scenario
    from deepseek_cost.pricebook import Price, PriceBook
    from deepseek_cost.quote import Learned

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
    from deepseek_cost.quote import Learned

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
    from deepseek_cost.report.profile import read_profile
    from deepseek_cost.sources import read_whole
    from deepseek_cost.streams import reading

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
    from deepseek_cost.bill.account import Account
    from deepseek_cost.bill.intake import Intake
    from deepseek_cost.bill.tariff import Tariffs
    from deepseek_cost.cli.output import say

    account = Account(Tariffs(book, Currency.USD, DEFAULT_MODELS).find)
    intake = Intake(account, proof_maker(book))
    how = reading_of(book, (), (), at="now", tz="UTC")
    take_logs(find_sources([name], None, "utf-8"), how, intake)
    if account.unpriced:
        lines = "line" if account.unpriced == 1 else "lines"
        say(f"warning: {name}: not learned from {account.unpriced:,} {lines}")
    return intake.profile
