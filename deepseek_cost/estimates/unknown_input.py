"""Describe input that the API has but the requests do not show."""

from collections.abc import Iterable, Sequence
from typing import Final

from deepseek_cost.pricing.entries import Model, Template
from deepseek_cost.prompt.breakdown import UnknownInput, UnknownTokens
from deepseek_cost.prompt.conversation import Hidden

# One of them, and several.
_NAMES: Final = {
    Hidden.IMAGE: ("image that cannot be read here", "images that cannot be read here"),
    Hidden.FILE: ("file", "files"),
    Hidden.HISTORY: ("history kept by the API", "histories kept by the API"),
    Hidden.SERVER_TOOL: (
        "server tool, whose results are input",
        "server tools, whose results are input",
    ),
    Hidden.FOUND_TOOL: ("tool found by a search", "tools found by a search"),
    Hidden.ITEM: ("item of unknown size", "items of unknown size"),
    Hidden.ENCRYPTED: ("encrypted reasoning", "encrypted reasonings"),
    Hidden.REASONING: (
        "turn whose reasoning was not sent back but is still billed",
        "turns whose reasoning was not sent back but is still billed",
    ),
}
_MINIMUM: Final = "the input is a minimum; it does not count"
_PRO_REFUSES: Final = "a replayed tool turn without its reasoning may be refused by the API"


def listed(unknown: UnknownInput) -> str:
    """List what is unknown, each with its range of tokens if there is one."""
    return ", ".join(_named(Hidden(what), one) for what, one in unknown.items())


def unbounded(unknown: UnknownInput) -> str:
    """List what has no upper bound; empty if everything has one."""
    return listed({what: one for what, one in unknown.items() if one.most is None})


def warnings_of_unknown(models: Sequence[tuple[Model, UnknownInput]]) -> Iterable[str]:
    """Yield a warning about unknown input, one for all models with the same."""
    by_text: dict[str, list[Model]] = {}
    for model, unknown in models:
        if unknown:
            by_text.setdefault(listed(unknown), []).append(model)
    for text, named in by_text.items():
        names = "" if len(named) == len(models) else f"{' and '.join(m.name for m in named)}: "
        yield f"{names}{_MINIMUM} {text}"
    for model, unknown in models:
        if model.template is Template.V4 and Hidden.REASONING in unknown:
            yield f"{model.name}: {_PRO_REFUSES}"


def _named(what: Hidden, one: UnknownTokens) -> str:
    name = f"{one.count:,} {_NAMES[what][one.count > 1]}"
    if one.most is None:
        return name
    if not one.least:
        return f"{name} (up to {one.most:,} tokens)"
    return f"{name} ({one.least:,} to {one.most:,} tokens; the minimum is counted)"
