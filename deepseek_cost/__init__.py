"""What a prompt costs on DeepSeek's API, before it is sent.

`count_tokens` and `estimate` take a text, the messages of a chat or a whole request; `price_usage`
and `price_answer` take what came back; `load_prices` reads a price table. All load on first use.
"""

# Type checkers know it by its name; `typing` takes as long to load as Python itself.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from deepseek_cost.api import count_texts, count_tokens, estimate, estimate_report
    from deepseek_cost.billing.meter import Charge, Meter, price_answer, price_usage
    from deepseek_cost.errors import (
        DscostError,
        InputError,
        LiveError,
        PriceTableError,
        UnknownModelError,
        UnpricedError,
        UsageError,
        VocabularyError,
    )
    from deepseek_cost.estimates.estimate import Estimate
    from deepseek_cost.estimates.tally import PromptTokens, Tally
    from deepseek_cost.pricing.book import Price, PriceBook
    from deepseek_cost.pricing.cost import Cost, TokenUsage
    from deepseek_cost.pricing.currency import Currency
    from deepseek_cost.pricing.entries import Rates
    from deepseek_cost.pricing.loader import load_prices
    from deepseek_cost.pricing.schedule import Tier
    from deepseek_cost.prompt.template import Effort

__all__ = [
    "Charge",
    "Cost",
    "Currency",
    "DscostError",
    "Effort",
    "Estimate",
    "InputError",
    "LiveError",
    "Meter",
    "Price",
    "PriceBook",
    "PriceTableError",
    "PromptTokens",
    "Rates",
    "Tally",
    "Tier",
    "TokenUsage",
    "UnknownModelError",
    "UnpricedError",
    "UsageError",
    "VocabularyError",
    "count_texts",
    "count_tokens",
    "estimate",
    "estimate_report",
    "load_prices",
    "price_answer",
    "price_usage",
]

# The module that has each name, which is loaded when it is asked for.
_HOMES = {
    "api": ("count_texts", "count_tokens", "estimate", "estimate_report"),
    "billing.meter": ("Charge", "Meter", "price_answer", "price_usage"),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "estimates.estimate": ("Estimate",),
    "estimates.tally": ("PromptTokens", "Tally"),
    "pricing.book": ("Price", "PriceBook"),
    "pricing.cost": ("Cost", "TokenUsage"),
    "pricing.entries": ("Currency", "Rates"),
    "pricing.loader": ("load_prices",),
    "pricing.schedule": ("Tier",),
    "prompt.template": ("Effort",),
}


def __getattr__(name: str) -> object:
    from importlib import import_module  # noqa: PLC0415 - a status line needs none of it

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
