"""Tallies: the tokens of requests before they are sent."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field
from msgspec.structs import replace

from deepseek_cost.errors import UsageError
from deepseek_cost.pricing.cost import TokenUsage
from deepseek_cost.pricing.entries import Model
from deepseek_cost.prompt.breakdown import (
    Hits,
    RequestTokens,
    UnknownInput,
    joined_unknown,
    times_unknown,
)
from deepseek_cost.prompt.template import Mode
from deepseek_cost.text import token_limit

if TYPE_CHECKING:
    from fractions import Fraction

# One object each for the tallies of many sources, which are kept.
_NO_HITS: Final = Hits()
_AT_NO_RATIO: Final[Mapping[Decimal, int]] = {}


def whole_hits(ratio: "Decimal | Fraction", tokens: int) -> int:
    """Return how many tokens of a request hit at a ratio, rounded down."""
    part, whole = ratio.as_integer_ratio()
    return part * tokens // whole


class Scenario(Struct, frozen=True):
    """What a prompt alone does not show.

    `output_tokens` are of one request, None where unknown. `cache_hit_ratio` is None where hits
    are forecast from the requests themselves; `cached_tokens`, if known, are the hits of one.
    `other_ratios` are those at which hits are counted as well.
    """

    mode: Mode = field(default_factory=Mode)
    output_tokens: int | None = None
    cache_hit_ratio: Decimal | None = Decimal(0)
    requests: int = 1
    cached_tokens: int | None = None
    other_ratios: tuple[Decimal, ...] = ()

    def hits(self, tokens: int) -> Hits:
        """Return the hits of a request: `cached_tokens` if set, else by the ratio, rounded down."""
        if self.cached_tokens is not None:
            return Hits(self.cached_tokens)
        if not self.cache_hit_ratio:
            return _NO_HITS
        return Hits(whole_hits(self.cache_hit_ratio, tokens))

    def mode_for(self, model: Model) -> Mode:
        """Return the mode; a retired model name that implied a mode has that one."""
        return self.mode if model.thinking is None else replace(self.mode, thinking=model.thinking)


class PromptTokens(Struct, frozen=True):
    """The input tokens of one request: the user's text, and what the template adds."""

    text: int
    template: int

    @property
    def input(self) -> int:
        """All input tokens, which the bill calls prompt tokens."""
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
    unknown: UnknownInput = field(default_factory=dict)
    calls: int = 0  # the most of server tools that the bodies allow
    hits_at: Mapping[Decimal, int] = field(default_factory=dict)  # at a scenario's other ratios

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
            unknown=joined_unknown(self.unknown, other.unknown),
            calls=self.calls + other.calls,
            hits_at={at: hits + other.hits_at[at] for at, hits in self.hits_at.items()},
        )

    @property
    def unknown_images(self) -> int:
        """The number of images whose size is unknown."""
        return self.unknown["image"].count if "image" in self.unknown else 0

    @property
    def is_bounded(self) -> bool:
        """Return whether the maximum input is known."""
        return all(one.most is not None for one in self.unknown.values())

    @property
    def unknown_most(self) -> int:
        """The maximum of unknown tokens that may add to the input, as far as it is bounded."""
        return sum(one.most - one.least for one in self.unknown.values() if one.most is not None)

    @property
    def input(self) -> int:
        """All prompt tokens that are counted."""
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
            unknown=times_unknown(self.unknown, bodies),
            calls=bodies * self.calls,
            hits_at={at: bodies * hits for at, hits in self.hits_at.items()},
        )

    def with_hits(self, cache_hit: int) -> "Tally":
        """Return the tally with so many hits instead."""
        return replace(self, hits=Hits(cache_hit))


def tally_body(body: RequestTokens, scenario: Scenario, hits: Hits | None = None) -> Tally:
    """Tally a body, sent `scenario.requests` times; each of its choices is output of its own.

    `hits` are of all the requests, if they are forecast.
    """
    sent = scenario.requests
    asked = scenario.output_tokens
    ceiling, more = body.output_ceiling, 0
    if body.is_open and asked is not None:
        ceiling, more = max(ceiling, asked), asked
    output = None if asked is None else min(asked, ceiling) * body.choices
    text, template = body.parts.text, body.parts.template
    if hits is None:
        hits = scenario.hits(text + template)
        hits = hits if sent == 1 else hits.times(sent)
    return Tally(
        requests=sent,
        text=sent * text,
        template=sent * template,
        hits=hits,
        output=None if output is None else sent * output,
        output_ceiling=sent * ceiling * body.choices,
        largest_request=text + template + more,
        unknown=times_unknown(body.unknown, sent),
        calls=sent * body.calls,
        hits_at=_hits_at(scenario, text + template),
    )


def _hits_at(scenario: Scenario, tokens: int) -> Mapping[Decimal, int]:
    """Return the hits of a body of so many tokens at each of the other ratios."""
    if not scenario.other_ratios:
        return _AT_NO_RATIO
    return {at: scenario.requests * whole_hits(at, tokens) for at in scenario.other_ratios}


def require_output_limit(model: Model, scenario: Scenario) -> None:
    """Raise UsageError for more output than the model can give in a request."""
    output = scenario.output_tokens
    if output is not None and output > model.max_output_tokens:
        raise UsageError(
            f"is more than {model.name} allows in a request: its output limit is "
            f"{token_limit(model.max_output_tokens)} ({model.max_output_tokens:,})",
            field="output_tokens",
            value=output,
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """Add up tallies, field by field; there must be one at least."""
    found = list(tallies)
    outputs = [one.output for one in found if one.output is not None]
    return Tally(
        requests=sum(one.requests for one in found),
        text=sum(one.text for one in found),
        template=sum(one.template for one in found),
        hits=reduce(add, (one.hits for one in found)),
        output=sum(outputs) if len(outputs) == len(found) else None,
        output_ceiling=sum(one.output_ceiling for one in found),
        largest_request=max(one.largest_request for one in found),
        unknown=reduce(joined_unknown, (one.unknown for one in found)),
        calls=sum(one.calls for one in found),
        hits_at={at: sum(one.hits_at[at] for one in found) for at in found[0].hits_at},
    )
