"""Which model serves the name that a body has, by DeepSeek's documentation."""

from dataclasses import dataclass

from deepseek_cost.errors import UnknownModelError
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.prices import Model
from deepseek_cost.requests.kinds import Kind


@dataclass(frozen=True, slots=True)
class Served:
    """The model of a name; `note` says how it came to it, where the name is not the model's own."""

    model: Model
    note: str | None = None


def served(name: str, kind: Kind, book: PriceBook) -> Served:
    """Return what serves a name of a body; raises UnknownModelError."""
    lowered = name.strip().lower()
    if kind is Kind.MESSAGES and lowered.startswith("claude"):
        target = "deepseek-v4-pro" if lowered.startswith("claude-opus") else "deepseek-flash"
        return Served(book.find(target), f"{name} is served by {target} on the Anthropic endpoint")
    model = book.find(name)
    if model.name != lowered:
        raise UnknownModelError(
            f"the API does not know the model {name!r}; its name there is {model.name}"
        )
    if model.status == "current":
        return Served(model)
    return Served(model, f"{name}: {model.note}")


def beside(own: Model, defaults: tuple[str, str]) -> list[str]:
    """Return the names to price: a body's own model, in its place beside the other default."""
    flash, pro = defaults
    return [flash, pro] if own.name == pro else [own.name, pro]
