"""The Python interface: count and estimate a prompt given as text."""

from datetime import datetime
from decimal import Decimal

from deepseek_cost.estimates import Estimate, PromptTokens, Scenario, prompt_tokens, tally_text
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.pricefile import load_prices
from deepseek_cost.prices import Currency
from deepseek_cost.prompt import Effort, Mode
from deepseek_cost.tokens import default_counter


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
    mode = Scenario(Mode(thinking, Effort(effort))).mode_for(found)
    counter = default_counter()
    return prompt_tokens(found, counter.count([text]), system, mode, counter)


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
    (tally,) = tally_text([price.model], [text], system, scenario, default_counter())
    return Estimate(tally, price)
