"""What a prompt costs on DeepSeek's API, before it is sent.

`count_tokens` and `estimate` take a text, the messages of a chat or a whole request; `price_usage`
and `price_answer` take what came back; `load_prices` reads a price table. All load on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepseek_cost.api import count_texts, count_tokens, estimate, estimate_report
    from deepseek_cost.charge import Charge, Meter, price_answer, price_usage
    from deepseek_cost.cost import Cost
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
    from deepseek_cost.estimates import Estimate, PromptTokens, Tally
    from deepseek_cost.pricebook import Price, PriceBook
    from deepseek_cost.pricefile import load_prices
    from deepseek_cost.prices import Currency, Rates
    from deepseek_cost.prompt import Effort
    from deepseek_cost.schedule import Tier
    from deepseek_cost.usage import TokenUsage

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

_HOMES = {
    "api": ("count_texts", "count_tokens", "estimate", "estimate_report"),
    "charge": ("Charge", "Meter", "price_answer", "price_usage"),
    "cost": ("Cost",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "estimates": ("Estimate", "PromptTokens", "Tally"),
    "pricebook": ("Price", "PriceBook"),
    "pricefile": ("load_prices",),
    "prices": ("Currency", "Rates"),
    "prompt": ("Effort",),
    "schedule": ("Tier",),
    "usage": ("TokenUsage",),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the module's own attributes
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
