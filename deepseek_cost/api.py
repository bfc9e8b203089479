"""Count_tokens, estimate, estimate_report.

A request is a text (one user message), a list of messages, or a whole request as a dict: the body
of Chat Completions, Messages or Responses, or the arguments with which a client is called.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from msgspec import Struct

from deepseek_cost.errors import InputError, UnknownModelError, UsageError
from deepseek_cost.estimates.assumptions import warnings_of, warnings_of_workload
from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.ledger import Ledger
from deepseek_cost.estimates.partial_result import PartialResult
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import PromptTokens, Scenario
from deepseek_cost.estimates.unknown_input import listed
from deepseek_cost.estimates.workload import Workload
from deepseek_cost.inputs.kinds import Kind
from deepseek_cost.inputs.reader import Input
from deepseek_cost.inputs.request import Fault
from deepseek_cost.inputs.routing import Route, Routes, own_name, route
from deepseek_cost.inputs.source import TextSource
from deepseek_cost.pricing.book import PriceBook
from deepseek_cost.pricing.currency import Currency
from deepseek_cost.pricing.entries import Model, Rates
from deepseek_cost.pricing.loader import load_prices
from deepseek_cost.prompt.template import Effort, Mode
from deepseek_cost.reports.estimate import EstimateReport
from deepseek_cost.reports.estimate import estimate_report as report_of
from deepseek_cost.reports.parts import PriceTable
from deepseek_cost.text import choice, parse_ratio
from deepseek_cost.tokenizer import sparing_counter

Request = str | Sequence[Any] | Mapping[str, Any]
# The name of the request in errors, in place of a file name.
_SOURCE: Final = TextSource("request", None)
# Arguments of the clients' methods that are not sent.
_OF_CLIENT: Final = ("extra_headers", "extra_query", "timeout")
WHICH_MODEL: Final = "which model? pass model='deepseek-v4-pro' or another name"


class PromptOptions(Struct, frozen=True):
    """Options for a text or messages; None means the API's default."""

    system: str = ""
    thinking: bool | None = None
    effort: Effort | None = None

    def __post_init__(self) -> None:
        if self.effort is not None and self.thinking is False:
            raise UsageError("effort needs thinking", tip="leave out effort or thinking=False")

    @property
    def names(self) -> list[str]:
        """The names of the options that are set."""
        model_name = {
            "system": self.system != "",
            "thinking": self.thinking is not None,
            "effort": self.effort is not None,
        }
        return [name for name, is_given in model_name.items() if is_given]


class ValueInput(Input):
    """A text that needs no decoding, whatever its characters."""

    text: str = ""

    def blocks(self) -> Iterator[str]:
        """Yield the text."""
        yield self.text


def open_request(request: Request, model: str | None, options: PromptOptions) -> Input:
    """Open a request; messages become a body for `model`. Raises InputError, UsageError."""
    if isinstance(request, str):
        _require_model(model)
        return ValueInput(_SOURCE, BytesIO(), Kind.TEXT, is_text=True, text=request)
    if isinstance(request, Mapping):
        if options.names:
            names = ", ".join(options.names)
            raise UsageError(f"{names}: only for texts and messages; a whole request has its own")
        return _of_json(_sent(request))
    if isinstance(request, Sequence) and not isinstance(request, bytes | bytearray):
        return _of_json(_body(request, _require_model(model), options))
    raise InputError(
        f"a request is a text, a list of messages or a whole request as a dict, "
        f"not {type(request).__name__}"
    )


def plain(value: object) -> Any:  # noqa: ANN401 - whatever the object holds
    """Return the contents of a client's object, as it was received or would be sent."""
    dump = getattr(value, "model_dump", None)  # of pydantic's models, which the clients return
    if callable(dump) and not isinstance(value, type):
        return dump(mode="json", exclude_unset=True, warnings=False)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it contains a {type(value).__name__}")


def _require_model(model: str | None) -> str:
    if model is None:
        raise UsageError(WHICH_MODEL)
    return model


def _body(messages: Sequence[Any], model: str, options: PromptOptions) -> dict[str, Any]:
    system = [{"role": "system", "content": options.system}] if options.system else []
    body: dict[str, Any] = {"model": model, "messages": [*system, *messages]}
    if options.thinking is not None:
        body["thinking"] = {"type": "enabled" if options.thinking else "disabled"}
    return body | ({"reasoning_effort": options.effort.value} if options.effort else {})


def _sent(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request body that a client sends when called with these arguments."""
    body = {key: value for key, value in request.items() if key not in _OF_CLIENT}
    extra = body.pop("extra_body", None)
    return body | (dict(extra) if isinstance(extra, Mapping) else {})


def _of_json(value: dict[str, Any]) -> Input:
    try:
        text = json.dumps(value, allow_nan=False, default=plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the request cannot be sent as JSON: {error}") from error
    return Input(_SOURCE, BytesIO(text.encode()), None, is_text=False)


_DEFAULT_MODEL: Final = "deepseek-v4-pro"
_MOST_REQUESTS: Final = 10**12


def count_tokens(
    request: Request,
    *,
    model: str | None = None,
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    prices: PriceBook | None = None,
) -> PromptTokens:
    """Count the prompt tokens of a request, exactly as billed.

    `model` overrides the one named in the request; if there is neither, deepseek-v4-pro is used.
    Thinking is on at high effort by default, as on the API. Raises UnknownModelError and
    VocabularyError, InputError for a request that the API would refuse or images of unknown size,
    and UsageError for options that belong in a whole request itself.
    """
    book = prices or load_prices()
    options = _prompt_options(system, thinking, effort)
    model_name = model or (None if isinstance(request, Mapping) else _DEFAULT_MODEL)
    opened, found = _addressed(request, model_name, options, book)
    columns = [(found, None)]
    (tally,) = _counted(
        opened, _workload(book, options, _scenario(options), columns, model_name)
    ).totals()
    if tally.unknown:
        raise InputError(
            f"part of the input is not in the request: {listed(tally.unknown)}; "
            f"estimate() gives the range of its cost"
        )
    return PromptTokens(tally.text, tally.template)


def count_texts(
    texts: Iterable[str],
    *,
    model: str,
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    prices: PriceBook | None = None,
) -> list[int]:
    """Count the prompt tokens of each of many texts, each sent as its own user message.

    Gives the same counts as `count_tokens`, but much faster: meant for table columns.
    """
    around = count_tokens(
        "", model=model, system=system, thinking=thinking, effort=effort, prices=prices
    )
    listed = list(texts)
    for number, text in enumerate(listed):
        if not isinstance(text, str):
            raise InputError(f"texts[{number}] is no text but {type(text).__name__}")
    each = sparing_counter().count_each(listed)
    return [around.input + tokens for tokens in each]


def estimate(
    request: Request,
    *,
    at: datetime,
    model: str | None = None,
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    output_tokens: int | None = None,
    cache_hit_ratio: Decimal | float | str = "0",
    requests: int = 1,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> Estimate:
    """Estimate the cost of a request sent `requests` times at `at`, which needs a time zone.

    `model` is required if the request names none; `output_tokens` are per request, and the
    total is None without them. Raises the errors of `count_tokens` (images only widen the range),
    UnpricedError if no price is known, and UsageError for more output than the model allows.
    """
    book = prices or load_prices()
    options = _prompt_options(system, thinking, effort)
    scenario = _scenario(options, output_tokens, cache_hit_ratio, requests)
    opened, found = _addressed(request, model, options, book)
    price = book.price(found.name, at, choice(Currency, currency, "currency"))
    columns = [(found, price.rates)]
    workload = _counted(opened, _workload(book, options, scenario, columns, model))
    (tally,) = workload.totals()
    doubts = (*warnings_of(book, [Estimate(tally, price)]), *workload.partial.notes)
    return Estimate(tally, price, (*doubts, *warnings_of_workload(workload)))


def estimate_report(
    request: Request,
    *,
    at: datetime,
    models: Sequence[str] = ("deepseek-v4-flash", "deepseek-v4-pro"),
    system: str = "",
    thinking: bool | None = None,
    effort: Effort | str | None = None,
    output_tokens: int | None = None,
    cache_hit_ratio: Decimal | float | str = "0",
    requests: int = 1,
    currency: Currency | str = Currency.USD,
    prices: PriceBook | None = None,
) -> EstimateReport:
    """Return the report of `dscost estimate --json`: models side by side, and all assumptions.

    A notebook shows the report as a table. Raises the same errors as `estimate`.
    """
    book = prices or load_prices()
    options = _prompt_options(system, thinking, effort)
    scenario = _scenario(options, output_tokens, cache_hit_ratio, requests)
    wanted = choice(Currency, currency, "currency")
    if not models:
        raise UsageError("models is empty", tip="name at least one")
    opened, _ = _addressed(request, models[0], options, book)
    listed = [book.price(name, at, wanted) for name in dict.fromkeys(map(own_name, models))]
    columns = [(price.model, price.rates) for price in listed]
    workload = _counted(opened, _workload(book, options, scenario, columns, models[0]))
    quote = Quote(book, listed, scenario, time_label=None, zone="UTC")
    table = PriceTable(
        source="given" if prices else "bundled",
        chosen_by="prices" if prices else "bundled",
        checked=book.checked,
    )
    return report_of(quote, workload, table, (), per_file=False)


def _addressed(
    request: Request, model_name: str | None, options: PromptOptions, book: PriceBook
) -> tuple[Input, Model]:
    """Open a request, and find the model given, else the one that serves the name in it."""
    model = None if model_name is None else book.find(own_name(model_name))
    opened = open_request(request, model.name if model else None, options)
    return opened, model or _own_model(opened, book)


def _own_model(opened: Input, book: PriceBook) -> Model:
    found = opened.first()
    if found is None or isinstance(found, Fault):
        raise InputError("; ".join(map(str, opened.requests())))
    name = found.body.get("model")
    if not isinstance(name, str):
        raise UsageError(WHICH_MODEL)
    return route(name, found.kind, book).model


def _workload(
    book: PriceBook,
    options: PromptOptions,
    scenario: Scenario,
    columns: Sequence[tuple[Model, Rates | None]],
    model_name: str | None,
) -> Workload:
    """Return an empty workload; a model given by the caller also replaces unknown names."""

    def find(name: str, kind: Kind) -> Route | None:
        try:
            return route(name, kind, book)
        except UnknownModelError:
            if model_name is None:
                raise
            return None

    return Workload(
        PartialResult([Ledger(model, rates) for model, rates in columns]),
        scenario=scenario,
        system=options.system,
        counter=sparing_counter(),
        routes=Routes(find),
    )


def _counted(opened: Input, workload: Workload) -> Workload:
    """Add a request to a workload; raises InputError if the API would refuse the request."""
    workload.read(opened)
    for ledger in workload.ledgers:
        if ledger.refusals.first:
            raise InputError(f"{ledger.model.name}: the API refuses {ledger.refusals.first}")
    return workload


def _prompt_options(
    system: str,
    thinking: bool | None,  # noqa: FBT001 - as the public functions have it
    effort: Effort | str | None,
) -> PromptOptions:
    return PromptOptions(
        system, thinking, None if effort is None else choice(Effort, effort, "effort")
    )


def _scenario(
    options: PromptOptions,
    output_tokens: int | None = None,
    cache_hit_ratio: Decimal | float | str = "0",
    requests: int = 1,
) -> Scenario:
    if not 1 <= requests <= _MOST_REQUESTS:
        raise UsageError(f"requests={requests!r} is not between 1 and {_MOST_REQUESTS:,}")
    if output_tokens is not None and output_tokens < 0:
        raise UsageError(f"output_tokens={output_tokens!r} is negative")
    mode = Mode(options.thinking is not False, options.effort or Effort.HIGH)
    return Scenario(mode, output_tokens, parse_ratio(str(cache_hit_ratio)), requests)
