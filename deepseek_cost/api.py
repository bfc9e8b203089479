"""The Python interface: count and estimate a request, before it is sent."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from deepseek_cost.errors import InputError, UsageError
from deepseek_cost.estimates import (
    Estimate,
    PromptTokens,
    Scenario,
    Tally,
    addressees,
    require_output_limit,
    tally_request,
)
from deepseek_cost.pricebook import PriceBook
from deepseek_cost.pricefile import load_prices
from deepseek_cost.prices import Currency, Model
from deepseek_cost.prompt import Effort, Mode, require_renderer
from deepseek_cost.requests import places
from deepseek_cost.tokens import sparing_counter

# A text, the messages of a chat, or the whole body of a request to any of the API's endpoints.
Request = str | Sequence[Mapping[str, Any]] | Mapping[str, Any]


def count_tokens(
    request: Request,
    *,
    model: str = "deepseek-v4-pro",
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    prices: PriceBook | None = None,
) -> PromptTokens:
    """Count the prompt tokens of a request, as the bill will.

    `request` is a text sent as one user message after `system`, or a list of chat messages, or the
    whole body of a request, which says all else itself; thinking is on at effort high by default,
    as on the API. Raises UnknownModelError, InputError for what the API would not take,
    UsageError for options that a body has itself, VocabularyError.
    """
    found = (prices or load_prices()).find(model)
    tally = _tally(request, found, system, Scenario(), thinking, effort)
    return PromptTokens(tally.text, tally.template)


def estimate(
    request: Request,
    *,
    model: str,
    at: datetime,
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    output_tokens: int | None = None,
    cache_hit_ratio: Decimal | str = "0",
    requests: int = 1,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Estimate:
    """Estimate what a request costs, sent `requests` times at an instant; see count_tokens.

    `at` carries its time zone; `output_tokens` are of one request. Raises as count_tokens, and
    UnpricedError where no price is known, UsageError for more output than the model gives.
    """
    price = (prices or load_prices()).price(model, at, Currency(currency))
    scenario = Scenario(
        output_tokens=output_tokens, cache_hit_ratio=Decimal(cache_hit_ratio), requests=requests
    )
    return Estimate(_tally(request, price.model, system, scenario, thinking, effort), price)


def _tally(  # noqa: PLR0917 - the options of both functions, handed on
    request: Request,
    model: Model,
    system: str,
    scenario: Scenario,
    thinking: bool | None,  # noqa: FBT001 - as on the API, where None is its default
    effort: Effort | str | None,
) -> Tally:
    scenario = replace(scenario, mode=Mode(thinking is not False, Effort(effort or Effort.HIGH)))
    if isinstance(request, str):
        return _tally_text(request, model, system, scenario)
    if not isinstance(request, Mapping):
        return _tally_body(_body(request, model, system, scenario), model, scenario)
    if system or thinking is not None or effort is not None:
        raise UsageError("system, thinking and effort stand in the body of a request itself")
    return _tally_body(request, model, scenario)


def _tally_text(text: str, model: Model, system: str, scenario: Scenario) -> Tally:
    counter = sparing_counter()
    (addressee,) = addressees([model], system, scenario, counter)
    return tally_request(model, addressee.tokens(counter.count([text])), scenario)


def _body(
    messages: Sequence[Mapping[str, Any]], model: Model, system: str, scenario: Scenario
) -> dict[str, Any]:
    """Return the body that a chat is sent in."""
    mode = scenario.mode_for(model)
    effort = {"reasoning_effort": str(mode.effort)} if mode.thinking else {}
    return {
        "model": model.name,
        "messages": [*([{"role": "system", "content": system}] if system else []), *messages],
        "thinking": {"type": "enabled" if mode.thinking else "disabled"},
        **effort,
    }


def _tally_body(body: Mapping[str, Any], model: Model, scenario: Scenario) -> Tally:
    from deepseek_cost.prompt.bodies import count_body  # noqa: PLC0415 - they need the renderer
    from deepseek_cost.prompt.segments import SegmentCounter  # noqa: PLC0415
    from deepseek_cost.workload import tally_body  # noqa: PLC0415

    require_renderer()
    require_output_limit(model, scenario)
    counter = SegmentCounter(sparing_counter())
    counted = count_body(_read(body), model, counter, thinking=model.thinking)
    if counted.refused:
        raise InputError(f"the API refuses the request: {counted.refused}")
    return tally_body(counted, scenario)


def _read(body: Mapping[str, Any]) -> places.Request:
    """Take a body as if it had been read from a file, with the same refusals."""
    from deepseek_cost.requests.reader import request_of  # noqa: PLC0415 - not for plain text
    from deepseek_cost.requests.strictjson import JsonFaultError, parse  # noqa: PLC0415

    try:
        text = json.dumps(body)
        found = request_of(places.Line("request", text, 1), parse(text), None)
    except JsonFaultError as error:
        raise InputError(f"request: {error.reason}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"request: cannot be written as JSON: {error}") from error
    if isinstance(found, places.Fault):
        raise InputError(str(found))
    return found
