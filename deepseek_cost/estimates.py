"""What requests cost before they are sent: tokens, tallied and priced at an instant."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.breakdown import LEAST_IMAGE_TOKENS, MOST_IMAGE_TOKENS, RequestTokens
from deepseek_cost.cache.hits import Hits
from deepseek_cost.cost import Cost, cost_of
from deepseek_cost.errors import UsageError
from deepseek_cost.pricebook import Price
from deepseek_cost.prices import Model, Rates
from deepseek_cost.prompt import Frame, Mode, frame
from deepseek_cost.usage import TokenUsage

if TYPE_CHECKING:
    from deepseek_cost.tokens import TextCounter


class Scenario(Struct, frozen=True):
    """What a prompt alone does not say.

    `output_tokens` are of one request, None where unknown. `cache_hit_ratio` is None where hits
    are forecast from the requests themselves.
    """

    mode: Mode = field(default_factory=Mode)
    output_tokens: int | None = None
    cache_hit_ratio: Decimal | None = Decimal(0)
    requests: int = 1

    def hits(self, tokens: int) -> Hits:
        """Return the hits of a request by the ratio, rounded down; none where there is none."""
        return Hits(int(Fraction(self.cache_hit_ratio or 0) * tokens))

    def mode_for(self, model: Model) -> Mode:
        """Return the mode; a retired name that stood for one mode has that one."""
        return self.mode if model.thinking is None else replace(self.mode, thinking=model.thinking)


class PromptTokens(Struct, frozen=True):
    """The input of one request: what the user wrote, and what the template adds."""

    text: int
    template: int

    @property
    def input(self) -> int:
        """What the bill calls prompt tokens."""
        return self.text + self.template


class Tally(Struct, frozen=True):
    """Tokens summed over requests; tallies of parts add up to that of the whole, in any order."""

    requests: int
    text: int
    template: int
    hits: Hits
    output: int | None
    output_ceiling: int
    largest_request: int  # input plus output, as far as known, of the largest single request
    unknown_images: int = 0  # in the input with the fewest tokens that an image has

    def __add__(self, other: "Tally") -> "Tally":
        known = self.output is not None and other.output is not None
        return Tally(
            requests=self.requests + other.requests,
            text=self.text + other.text,
            template=self.template + other.template,
            hits=self.hits + other.hits,
            output=(self.output or 0) + (other.output or 0) if known else None,
            output_ceiling=self.output_ceiling + other.output_ceiling,
            largest_request=max(self.largest_request, other.largest_request),
            unknown_images=self.unknown_images + other.unknown_images,
        )

    @property
    def input(self) -> int:
        """All prompt tokens."""
        return self.text + self.template

    @property
    def cache_hit(self) -> int:
        """The tokens priced as cache hits: those expected."""
        return self.hits.expected

    def usage(self, output: int) -> TokenUsage:
        """Return the billed tokens with this much output."""
        return TokenUsage(self.cache_hit, self.input - self.cache_hit, output)

    def times(self, bodies: int) -> "Tally":
        """Return the tally of so many bodies that are tallied like this one."""
        return Tally(
            requests=bodies * self.requests,
            text=bodies * self.text,
            template=bodies * self.template,
            hits=self.hits.times(bodies),
            output=None if self.output is None else bodies * self.output,
            output_ceiling=bodies * self.output_ceiling,
            largest_request=self.largest_request,
            unknown_images=bodies * self.unknown_images,
        )

    def with_hits(self, cache_hit: int) -> "Tally":
        """Return the tally with so many hits instead."""
        return replace(self, hits=Hits(cache_hit))


class Estimate(Struct, frozen=True):
    """A tally with its price; `warnings` say what is doubtful about it, where that is known."""

    tally: Tally
    price: Price
    warnings: tuple[str, ...] = ()

    @property
    def cost(self) -> Cost:
        """The cost as far as known: without output where that is unknown."""
        return cost_of(self.tally.usage(self.tally.output or 0), self.price.rates)

    @property
    def total(self) -> Decimal | None:
        """The whole cost; None while the output is unknown."""
        return self.total_at(self.price.rates)

    @property
    def floor(self) -> Decimal:
        """The cost with no output."""
        return self.floor_at(self.price.rates)

    @property
    def ceiling(self) -> Decimal:
        """The cost with the most output that the requests allow."""
        return self.ceiling_at(self.price.rates)

    def total_at(self, rates: Rates) -> Decimal | None:
        """Return the whole cost at other rates."""
        return None if self.tally.output is None else self._known_total_at(rates)

    def floor_at(self, rates: Rates) -> Decimal:
        """Return the cost with no output at other rates."""
        return cost_of(self.tally.usage(0), rates).total

    def ceiling_at(self, rates: Rates) -> Decimal:
        """Return the cost with the most output, and the largest images, at other rates."""
        return self._at_most(self.tally.output_ceiling, rates)

    def _repr_html_(self) -> str:
        from deepseek_cost.notebook import of_estimate  # noqa: PLC0415 - for notebooks alone

        return of_estimate(self)

    @property
    def over_context(self) -> int:
        """By how many tokens the largest request is longer than the API accepts; 0 if it fits."""
        return max(0, self.tally.largest_request - self.price.model.context_tokens)

    def limit_cost(self, *, any_tier: bool) -> Decimal:
        """Return what a cost limit is held against: the ceiling while the output is unknown.

        With `any_tier`, at the dearer of the two tiers.
        """
        rates = [self.price.rates]
        if any_tier and self.price.other_rates:
            rates.append(self.price.other_rates)
        known = self.tally.output
        output = self.tally.output_ceiling if known is None else known
        return max(self._at_most(output, rate) for rate in rates)

    def _at_most(self, output: int, rates: Rates) -> Decimal:
        usage = self.tally.usage(output)
        unseen = self.tally.unknown_images * (MOST_IMAGE_TOKENS - LEAST_IMAGE_TOKENS)
        return cost_of(replace(usage, cache_miss=usage.cache_miss + unseen), rates).total

    def _known_total_at(self, rates: Rates) -> Decimal:
        return cost_of(self.tally.usage(self.tally.output or 0), rates).total


def tally_request(
    model: Model, tokens: PromptTokens, scenario: Scenario, hits: Hits | None = None
) -> Tally:
    """Tally `scenario.requests` requests of this prompt to `model`.

    `hits` are of all the requests, where they are forecast. Raises UsageError for more output
    than the model can give.
    """
    require_output_limit(model, scenario)
    output = scenario.output_tokens
    left = max(0, model.context_tokens - tokens.input)
    allowed = min(scenario.mode_for(model).default_max_tokens, left)
    n = scenario.requests
    return Tally(
        requests=n,
        text=n * tokens.text,
        template=n * tokens.template,
        hits=scenario.hits(tokens.input).times(n) if hits is None else hits,
        output=None if output is None else n * output,
        output_ceiling=n * max(allowed, output or 0),
        largest_request=tokens.input + (output or 0),
    )


def tally_body(body: RequestTokens, scenario: Scenario, hits: Hits | None = None) -> Tally:
    """Tally a body, sent `scenario.requests` times; each of its choices is output of its own.

    `hits` are of all the requests, where they are forecast.
    """
    sent = scenario.requests
    given = scenario.output_tokens
    output = None if given is None else min(given, body.output_ceiling) * body.choices
    return Tally(
        requests=sent,
        text=sent * body.parts.text,
        template=sent * body.parts.template,
        hits=scenario.hits(body.parts.input).times(sent) if hits is None else hits,
        output=None if output is None else sent * output,
        output_ceiling=sent * body.output_ceiling * body.choices,
        largest_request=body.parts.input,
        unknown_images=sent * body.unknown_images,
    )


def require_output_limit(model: Model, scenario: Scenario) -> None:
    """Raise UsageError for more output than the model can give in a request."""
    output = scenario.output_tokens
    if output is not None and output > model.max_output_tokens:
        raise UsageError(
            f"--output-tokens {output:,} is more than {model.name} gives in a request: "
            f"its output limit is {model.max_output_tokens:,} (384K)"
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """Add up tallies; there must be one at least."""
    return reduce(add, tallies)


class Addressee(Struct, frozen=True):
    """A model with what stands around a user's message to it, counted once for many messages."""

    model: Model
    around: Frame

    def tokens(self, text: int) -> PromptTokens:
        """Return the input of a message of `text` tokens."""
        return PromptTokens(text + self.around.system, self.around.template)


def addressees(
    models: Iterable[Model], system: str, scenario: Scenario, counter: "TextCounter"
) -> list[Addressee]:
    """Count what each model's template puts around a message, after `system` if not empty."""
    forecasts = scenario.cache_hit_ratio is None
    return [
        Addressee(
            model,
            frame(model.template, scenario.mode_for(model), system, counter, in_pieces=forecasts),
        )
        for model in models
    ]
