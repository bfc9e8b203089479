"""The Python interface: count and estimate a prompt given as text."""

from datetime import datetime
from decimal import Decimal

from deepseek_cost.estimates import (
    Estimate,
    PromptTokens,
    Scenario,
    addressees,
    tally_request,
)
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.pricefile import load_prices
from deepseek_cost.prices import Currency
from deepseek_cost.prompt import Effort, Mode
from deepseek_cost.tokens import sparing_counter


def count(
    text: str,
    *,
    model: str = "deepseek-v4-pro",
    system: str = "",
    thinking: bool = True,
    effort: Effort | str = Effort.HIGH,
    prices: PriceBook | None = None,
) -> PromptTokens:
    """Count the prompt tokens of `text` sent as one user message, after `system` if not empty.

    Raises UnknownModelError, InputError for a lone surrogate, VocabularyError.
    """
    found = (prices or load_prices()).find(model)
    scenario = Scenario(Mode(thinking, Effort(effort)))
    counter = sparing_counter()
    (addressee,) = addressees([found], system, scenario, counter)
    return addressee.tokens(counter.count([text]))


def estimate(
    text: str,
    *,
    model: str,
    at: datetime,
    system: str = "",
    thinking: bool = True,
    effort: Effort | str = Effort.HIGH,
    output_tokens: int | None = None,
    cache_hit_ratio: Decimal | str = "0",
    requests: int = 1,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Estimate:
    """Estimate what `text` costs, sent as one user message `requests` times at an instant.

    `at` carries its time zone; `output_tokens` are of one request. Raises UnknownModelError,
    UnpricedError where no price is known, UsageError for more output than the model gives.
    """
    price = (prices or load_prices()).price(model, at, Currency(currency))
    ratio = Decimal(cache_hit_ratio)
    scenario = Scenario(Mode(thinking, Effort(effort)), output_tokens, ratio, requests)
    counter = sparing_counter()
    (addressee,) = addressees([price.model], system, scenario, counter)
    tokens = addressee.tokens(counter.count([text]))
    return Estimate(tally_request(price.model, tokens, scenario), price)
