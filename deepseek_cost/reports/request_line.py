"""One line of JSON per request: `dscost estimate --per-request --json`."""

from collections.abc import Callable, Sequence

from deepseek_cost.estimates.estimate import Estimate
from deepseek_cost.estimates.ledger import Place
from deepseek_cost.estimates.quote import Quote
from deepseek_cost.estimates.tally import Tally
from deepseek_cost.prompt.breakdown import RequestTokens
from deepseek_cost.reports.estimate_fields import EstimateEntry, estimate_entry
from deepseek_cost.reports.parts import Part, to_json
from deepseek_cost.reports.requests import LedgerDetails, breakdown_entry, refused_entry


class RequestLine(Part):
    """The estimates of one request, one per model."""

    source: str
    line: int
    custom_id: str | None
    estimates: tuple[EstimateEntry, ...]


def request_lines(
    quote: Quote, write: Callable[[str], None], *, breakdown: bool
) -> Callable[[Place, Sequence[Tally], Sequence[RequestTokens]], None]:
    """Return a function that writes a line for each request it is called with."""

    def on_request(
        place: Place, tallies: Sequence[Tally], counted: Sequence[RequestTokens]
    ) -> None:
        estimates = zip(quote.price(tallies), counted, strict=True)
        line = RequestLine(
            source=place.source,
            line=place.line,
            custom_id=place.custom_id,
            estimates=tuple(_line_entry(e, tokens, breakdown=breakdown) for e, tokens in estimates),
        )
        write(to_json(line, indent=None) + "\n")

    return on_request


def _line_entry(estimate: Estimate, tokens: RequestTokens, *, breakdown: bool) -> EstimateEntry:
    parts = tokens.parts.times(estimate.tally.requests)
    details = LedgerDetails(
        refused=refused_entry(estimate.tally.requests, tokens.refused),
        breakdown=breakdown_entry(parts, estimate.price) if breakdown else None,
        images=parts.images,
    )
    return estimate_entry(estimate, details)
